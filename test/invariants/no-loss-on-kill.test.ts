import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { stringify } from 'yaml'
import { type GenesysSandbox, startGenesysSandbox } from '../../connectors/genesys-cloud/sandbox/index.ts'
import type { RunStatus } from '../../src/cli/status.ts'
import { startCli } from '../e2e/cli.ts'
import { type Exported, readExported } from './exported.ts'

const kills = 25
const conversations = 60
/** Slow enough that work is going on at every kill: requests per minute. */
const requestsPerMinute = 2_000
const token = 'a-token-of-this-test'
const giveUpAfterMs = 120_000

/** One pipeline: its folder, its vendor, its processes. */
interface Site {
  readonly folder: string
  readonly sandbox: GenesysSandbox
}

describe('kill -9 at any moment', () => {
  let root: string
  const sites: Site[] = []
  const children = new Set<ChildProcess>()
  const startedAt = Date.now()

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'vconduit-kill-'))
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(sites.map(({ sandbox }) => sandbox.close()))
    await rm(root, { recursive: true, force: true })
  })

  /** A vendor that has the same to tell at every site: everything late is out before anything is read. */
  async function openSite(name: string): Promise<Site> {
    const folder = join(root, name)
    await mkdir(folder)
    const receiverPort = await freePort()
    // Stands still while the sandbox is made, however long that takes: what it invents is dated from then.
    let opened: number | undefined
    const sandbox = await startGenesysSandbox({
      seed: 11,
      conversations,
      // Both sites see the same times, so that what they export can be compared.
      now: () => new Date(startedAt + (opened === undefined ? 0 : Date.now() - opened)),
      log: pino({ enabled: false }),
      otlp: { url: `http://127.0.0.1:${receiverPort}`, token },
      lateAfterMs: 1,
      jobMs: 50,
      requestsPerMinute: 1_000_000,
    })
    opened = Date.now()
    await delay(2_500)
    await writeFile(join(folder, 'vconduit.yaml'), stringify(configOf(sandbox, receiverPort)))
    const site = { folder, sandbox }
    sites.push(site)
    return site
  }

  /** Starts `vconduit run`; its errors end up in `stderr`. */
  function run({ folder }: Site) {
    const child = startCli(folder, ['run'])
    const output = { stderr: '' }
    children.add(child)
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text
    })
    child.stdout?.resume()
    const ended = once(child, 'close').then(() => children.delete(child))
    return { child, output, ended }
  }

  /** Runs until everything that the vendor has is in every store, then stops as Ctrl-C does. */
  async function runToTheEnd(site: Site): Promise<void> {
    const { child, output, ended } = run(site)
    const giveUpAt = Date.now() + giveUpAfterMs
    while (!(await isComplete(site))) {
      assert.equal(child.exitCode, null, output.stderr)
      assert.ok(Date.now() < giveUpAt, `not complete after ${giveUpAfterMs} ms: ${output.stderr}`)
      await delay(200)
    }
    child.kill('SIGINT')
    await ended
    assert.equal(child.exitCode, 0, output.stderr)
  }

  it(`exports the same after ${kills} of them as without`, { timeout: 10 * 60_000 }, async test => {
    const undisturbed = await openSite('undisturbed')
    await runToTheEnd(undisturbed)
    const expected = await readExported(undisturbed.folder)
    assert.ok(expected.vcons.length > conversations / 2)
    assert.equal(expected.repeatedRows, 0)

    const disturbed = await openSite('disturbed')
    let midWork = 0
    for (let kill = 0; kill < kills; kill++) {
      const { child, output, ended } = run(disturbed)
      await delay(300 + Math.random() * 1_700)
      assert.equal(child.exitCode, null, `ended by itself before kill ${kill + 1}: ${output.stderr}`)
      if (!(await isComplete(disturbed))) midWork++
      child.kill('SIGKILL')
      await ended
      assert.equal(child.signalCode, 'SIGKILL')
    }
    await runToTheEnd(disturbed)
    const actual = await readExported(disturbed.folder)

    test.diagnostic(
      `${kills} kills, ${midWork} with work unfinished; ${actual.tables['events']?.length} facts in SQL, ` +
        `${actual.vcons.length} vCons, ${actual.fileRawRecords.length} raw records; lost ${lost(expected, actual)}, ` +
        `doubled in tables and vCons ${lost(actual, expected)}, rows repeated in files ${actual.repeatedRows}`,
    )
    assert.ok(midWork >= kills / 2, `only ${midWork} of ${kills} kills met unfinished work`)
    assert.deepEqual(actual.tables, expected.tables)
    assert.deepEqual(actual.vcons, expected.vcons)
    assert.deepEqual(actual.fileFacts, expected.fileFacts)
    assert.deepEqual(actual.fileRawRecords, expected.fileRawRecords)
    assert.equal(actual.repeatedRows, 0)
  })
})

/** How many rows and vCons of one are not in the other. */
function lost(from: Exported, to: Exported): number {
  const missing = (all: readonly string[], there: readonly string[]) => {
    const known = new Set(there)
    return all.filter(each => !known.has(each)).length
  }
  return (
    missing(from.tables['events'] ?? [], to.tables['events'] ?? []) +
    missing(from.tables['conversations'] ?? [], to.tables['conversations'] ?? []) +
    missing(from.vcons, to.vcons)
  )
}

/** Every slice read to its end by this process, every span accepted, nothing left on the way. */
async function isComplete({ folder, sandbox }: Site): Promise<boolean> {
  const said = await readFile(join(folder, 'data/status.json'), 'utf8').catch(() => undefined)
  if (said === undefined || !sandbox.settled()) return false
  const { at, startedAt, slices, stages } = JSON.parse(said) as RunStatus
  const isFresh = Date.now() - Date.parse(at) < 2_000
  const isCaughtUp = slices.length > 2 && slices.every(slice => (slice.caughtUpSince ?? 0) >= Date.parse(startedAt))
  // Twice the linger of the archive: what was appended last is in a range by then.
  return isFresh && isCaughtUp && stages.every(stage => (stage.lag?.records ?? 0) === 0 && stage.pending === 0)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const configOf = (sandbox: GenesysSandbox, receiverPort: number) => ({
  data: './data',
  archive: { type: 'directory', directory: './archive', linger: '300ms' },
  warehouse: { type: 'embedded', port: 0 },
  warehouseBatch: { linger: '200ms' },
  receiver: { port: receiverPort },
  ingest: { sliceRefresh: '1s' },
  // Longer than the test: a trace whose link is still on its way is not to become a conversation of its own.
  correlate: { wait: '10m' },
  assemble: { quiet: '500ms', maxDelay: '2s' },
  log: { level: 'warn' },
  connectors: [
    {
      vendor: 'genesys-cloud',
      account: 'sandbox',
      apiUrl: sandbox.apiUrl,
      loginUrl: sandbox.loginUrl,
      clientId: sandbox.clientId,
      clientSecret: sandbox.clientSecret,
      requestsPerMinute,
      windowMinutes: 60,
      rereadAfterSeconds: 3_600,
      rereadDays: 1,
      pollSeconds: 1,
    },
    {
      vendor: 'agent-telemetry',
      account: 'sandbox',
      sources: [{ name: 'agents', token, conversation: { vendor: 'genesys-cloud', account: 'sandbox' } }],
    },
  ],
})
