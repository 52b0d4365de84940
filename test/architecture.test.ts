import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, it } from 'node:test'

const root = join(import.meta.dirname, '..')

/** Every room, which rooms it may use, and what to do when it seems to need another. */
const rooms: readonly { readonly room: string; readonly uses: readonly string[]; readonly instead: string }[] = [
  {
    room: 'src/core',
    uses: [],
    instead: 'put a contract into src/core and the code that fulfils it into its own room',
  },
  {
    room: 'src/sdk',
    uses: ['src/core'],
    instead: 'a connector kit that knows the runtime cannot be used by a connector',
  },
  {
    room: 'connectors',
    uses: ['src/core', 'src/sdk'],
    instead:
      'what two connectors need belongs into src/sdk; what the runtime needs to know belongs into the Connector contract',
  },
  {
    room: 'src/vcon',
    uses: [],
    instead: 'src/vcon is to be usable alone; fold events into it from src/stages/assemble',
  },
  {
    room: 'src/log',
    uses: ['src/core'],
    instead: 'the log knows bytes and positions; what they mean belongs into a stage',
  },
  {
    room: 'src/stages',
    uses: ['src/core', 'src/sdk', 'src/vcon'],
    instead: 'take it as an argument of the stage; src/cli hands it in',
  },
  {
    room: 'src/sinks',
    uses: ['src/core'],
    instead: 'a sink gets ranges and writes them; the runtime in src/stages/export owns the rest',
  },
  {
    room: 'src/warehouse',
    uses: ['src/core'],
    instead: 'the embedded warehouse is a process of its own that speaks HTTP',
  },
  { room: 'src/server', uses: ['src/core', 'src/sdk'], instead: 'take it as an argument; src/cli hands it in' },
]

const sources = (folder: string) =>
  globSync(`${folder}/**/*.ts`, { cwd: root }).filter(file => !file.endsWith('.test.ts') && !file.endsWith('.d.ts'))

/** The files that a file imports, relative to the root; packages and node's own modules are left out. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].map(([, path = '']) =>
    normalize(join(dirname(file), path)),
  )
}

/** The connector or sink that a file belongs to; those do not know each other. */
const sibling = (file: string) => /^((?:connectors|src\/sinks)\/[^/]+)\//.exec(file)?.[1]

describe('architecture', () => {
  for (const { room, uses, instead } of rooms)
    it(`${room} uses only ${uses.length === 0 ? 'itself' : uses.join(', ')}`, () => {
      const files = sources(room)
      assert.ok(files.length > 0, `${room} is empty`)
      for (const file of files)
        for (const imported of importsOf(file)) {
          const allowed = [room, ...uses].some(prefix => imported.startsWith(`${prefix}/`))
          assert.ok(allowed, `${file} imports ${imported}. Instead: ${instead}.`)
          assert.ok(existsSync(join(root, imported)), `${file} imports ${imported}, which does not exist.`)
          const [from, to] = [sibling(file), sibling(imported)]
          assert.ok(
            from === undefined || to === undefined || from === to,
            `${file} imports ${imported}. Instead: what two of them need belongs into a room that both may use.`,
          )
        }
    })

  it('reads the environment only in src/cli', () => {
    for (const file of [...sources('src'), ...sources('connectors')].filter(name => !name.startsWith('src/cli/')))
      assert.doesNotMatch(
        readFileSync(join(root, file), 'utf8'),
        /process\.env|process\.argv/,
        `${file} reads the process's environment. Instead: take what it needs as an argument; src/cli reads it.`,
      )
  })

  it('keeps files short enough to be read', () => {
    for (const file of [...sources('src'), ...sources('connectors')].filter(name => name !== 'src/core/records.ts')) {
      const lines = readFileSync(join(root, file), 'utf8').split('\n').length
      assert.ok(
        lines <= 400,
        `${file} has ${lines} lines. Instead: it has two reasons to be opened; make it two files.`,
      )
    }
  })

  it('imports files by their .ts name', () => {
    for (const file of [...sources('src'), ...sources('connectors')])
      for (const imported of importsOf(file))
        assert.match(imported, /\.(ts|json)$/, `${file} imports ${imported}. Instead: name the file with its ending.`)
  })
})
