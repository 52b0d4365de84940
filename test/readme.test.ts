import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pino from 'pino'
import { stringify } from 'yaml'
import { type GenesysSandbox, startGenesysSandbox } from '../connectors/genesys-cloud/sandbox/index.ts'
import { lintConfigText } from '../src/cli/config.ts'
import { runCli, startCli } from './e2e/cli.ts'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)

const commands = blocks('sh').flatMap(block => block.trimEnd().split('\n'))

/** Runs a command of the README in a folder, where `npx vconduit` is this checkout's. */
async function shell(folder: string, command: string) {
  const npx = `npx() { shift; ${JSON.stringify(process.execPath)} ${JSON.stringify(join(root, 'bin/vconduit.js'))} "$@"; }`
  const child = spawn('bash', ['-c', `${npx}\n${command}`], { cwd: folder })
  let output = ''
  child.stdout.on('data', text => {
    output += text
  })
  child.stderr.on('data', text => {
    output += text
  })
  const [code] = await once(child, 'close')
  return { code: Number(code), output }
}

describe('README', () => {
  let folder: string
  let sandbox: GenesysSandbox
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vconduit-readme-'))
    sandbox = await startGenesysSandbox({
      seed: 3,
      conversations: 5,
      now: () => new Date(),
      log: pino({ enabled: false }),
    })
  })
  after(async () => {
    await sandbox.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('names the test command that CI runs, and CI runs nothing else', () => {
    const ci = readFileSync(join(root, '.ci/run'), 'utf8')
    const last = ci.trimEnd().split('\n').at(-1) ?? ''
    assert.ok(commands.includes(last), `.ci/run ends with ${last}`)
  })

  it('shows commands that work, one after the other', async () => {
    const shown = commands.filter(command => command.startsWith('npx vconduit') && !/ (check|run|init)$/.test(command))
    assert.ok(shown.length >= 6)
    assert.ok(commands.includes('npm ci && npm run quickstart'))
    const quickstart = await runCli(folder, ['quickstart', '--conversations', '30'])
    assert.equal(quickstart.code, 0, quickstart.stderr)
    for (const command of shown) {
      const { code, output } = await shell(folder, command)
      assert.equal(code, 0, `${command}\n${output}`)
      assert.notEqual(output.trim(), '', command)
    }
  })

  it('leads from init over check to run', async () => {
    const init = await shell(folder, 'npx vconduit init')
    assert.equal(init.code, 0, init.output)
    const unset = await shell(folder, 'npx vconduit check')
    assert.equal(unset.code, 2)
    assert.match(
      unset.output,
      /vconduit\.yaml:\d+:\d+: the environment variable GENESYS_CLOUD_CLIENT_SECRET is not set/,
    )

    const { apiUrl, loginUrl, clientId, clientSecret } = sandbox
    const account = { vendor: 'genesys-cloud', account: 'main', apiUrl, loginUrl, clientId, clientSecret }
    const warehouse = { type: 'embedded', port: 0 }
    await writeFile(
      join(folder, 'vconduit.yaml'),
      stringify({ warehouse, receiver: { port: 0 }, connectors: [account] }),
    )
    const check = await shell(folder, 'npx vconduit check')
    assert.equal(check.code, 0, check.output)

    const run = startCli(folder, ['run'])
    let said = ''
    run.stderr?.on('data', text => {
      const wasExporting = said.includes('"exporting"')
      said += text
      // Once: a second Ctrl-C ends it without draining.
      if (!wasExporting && said.includes('"exporting"')) run.kill('SIGINT')
    })
    const [code] = await once(run, 'close')
    assert.equal(code, 0, said)
  })

  it('shows configurations that pass the lint', () => {
    const environment = {
      GENESYS_CLOUD_CLIENT_ID: 'id',
      GENESYS_CLOUD_CLIENT_SECRET: 'secret',
      AGENT_TELEMETRY_TOKEN: 'token-of-a-bot',
      CLICKHOUSE_PASSWORD: 'secret',
    }
    const shown = blocks('yaml')
    assert.ok(shown.length >= 4)
    const [account = ''] = shown
    for (const block of shown) {
      const whole = block.includes('connectors:') ? block : `${account}\n${block}`
      assert.deepEqual(
        'problems' in lintConfigText(whole, '/tmp/vconduit.yaml', environment)
          ? lintConfigText(whole, '/tmp/vconduit.yaml', environment)
          : [],
        [],
        block,
      )
    }
  })

  it('links only to what is there', () => {
    for (const [, path = ''] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) readFileSync(join(root, path))
  })
})
