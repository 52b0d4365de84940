import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pino from 'pino'
import { parse, stringify } from 'yaml'
import { type GenesysSandbox, startGenesysSandbox } from '../../connectors/genesys-cloud/sandbox/index.ts'
import { type Ran, runCli, startCli } from './cli.ts'

const names = ['quickstart', 'init', 'check', 'run', 'status', 'sql', 'tail', 'show', 'dlq', 'replay', 'sandbox']

const jsonLines = <T>({ stdout }: Ran): readonly T[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map(text => JSON.parse(text) as T)

describe('vconduit', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vconduit-commands-'))
    const { code, stderr } = await runCli(folder, ['quickstart', '--conversations', '25', '--seed', '5'])
    assert.equal(code, 0, stderr)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const vconduit = (...args: readonly string[]) => runCli(folder, args)

  it('explains every command', async () => {
    for (const name of names) {
      const { code, stdout } = await vconduit(name, '--help')
      assert.equal(code, 0, name)
      assert.match(stdout, new RegExp(`Usage: vconduit ${name}`))
    }
  })

  it('refuses unknown commands and options with exit code 2', async () => {
    for (const args of [
      ['exprt'],
      ['sql', '--fromat', 'CSV'],
      ['replay', '--stage', 'normalize', '--from', 'yesterday'],
    ]) {
      const { code, stderr } = await vconduit(...args)
      assert.equal(code, 2, args.join(' '))
      assert.match(stderr, /error: /)
    }
  })

  it('asks the warehouse in any format, as a user who can only read', async () => {
    const counted = await vconduit('sql', '--format', 'JSONEachRow', 'SELECT toInt32(count()) AS n FROM conversations;')
    assert.ok((jsonLines<{ n: number }>(counted)[0]?.n ?? 0) > 15)
    const csv = await vconduit('sql', 'SELECT 1 AS one, 2 AS two FORMAT CSVWithNames')
    assert.equal(csv.stdout, '"one","two"\n1,2\n')
    for (const query of [
      'DROP TABLE events_all',
      "SELECT * FROM file('/etc/passwd', 'LineAsString')",
      'SELECT nothing FROM conversations',
    ]) {
      const { code, stderr } = await vconduit('sql', query)
      assert.equal(code, 1, query)
      assert.match(stderr, /^error: asking the warehouse: /)
    }
  })

  it('shows a conversation by its id and by the key of the vendor, and its vCon', async () => {
    const [known] = jsonLines<{ id: string; key: string }>(
      await vconduit(
        'sql',
        '--format',
        'JSONEachRow',
        "SELECT conversation_id AS id, conversation_key AS key FROM conversations WHERE channel = 'voice' LIMIT 1",
      ),
    )
    const byId = await vconduit('show', known?.id ?? '')
    assert.equal(byId.code, 0, byId.stderr)
    assert.match(byId.stdout, /customer/)
    assert.equal((await vconduit('show', known?.key ?? '')).stdout, byId.stdout)
    const vcon = JSON.parse((await vconduit('show', '--vcon', known?.id ?? '')).stdout) as { uuid: string }
    assert.equal(vcon.uuid, known?.id)
    const unknown = await vconduit('show', 'nobody')
    assert.equal(unknown.code, 1)
    assert.match(unknown.stderr, /showing nobody: the warehouse has no such conversation/)
  })

  it('tails every topic, readable and as JSON', async () => {
    for (const topic of [
      'raw.genesys-cloud',
      'raw.agent-telemetry',
      'events',
      'conversations',
      'uncorrelated',
      'checkpoints',
    ]) {
      const readable = await vconduit('tail', topic, '--no-follow', '-n', '2')
      assert.equal(readable.code, 0, readable.stderr)
      const records = jsonLines<{ topic: string; value: Record<string, unknown> | null }>(
        await vconduit('tail', topic, '--no-follow', '--json', '-n', '2'),
      )
      assert.ok(records.length > 0, topic)
      for (const record of records) {
        assert.equal(record.topic, topic)
        assert.equal(record.value?.['undecodable'], undefined, topic)
      }
    }
    const unknown = await vconduit('tail', 'evnts', '--no-follow')
    assert.equal(unknown.code, 2)
    assert.match(unknown.stderr, /there is none; expected one of checkpoints, conversations/)
  })

  it('tells the status of a pipeline that does not run, also as JSON', async () => {
    const { stdout } = await vconduit('status')
    assert.match(stdout, /^Not running\. Dead letters: 0\./)
    const status = JSON.parse((await vconduit('status', '--json')).stdout) as {
      running: null
      stages: { stage: string; lag: { records: number } | null }[]
    }
    assert.equal(status.running, null)
    assert.deepEqual(
      status.stages.map(({ stage, lag }) => [stage, lag?.records ?? 0]),
      [
        ['ingest', 0],
        ['normalize', 0],
        ['correlate', 0],
        ['assemble', 0],
        ['sink-warehouse', 0],
        ['sink-archive', 0],
      ],
    )
  })

  it('moves a stage back, and a second run writes nothing twice', async () => {
    const before = await vconduit('sql', 'SELECT count(), sum(cityHash64(id, content_hash)) FROM events')
    const unknown = await vconduit('replay', '--stage', 'digest', '--from', 'beginning')
    assert.equal(unknown.code, 2)
    assert.match(
      unknown.stderr,
      /replaying digest: expected one of normalize, correlate, assemble, sink-warehouse, sink-archive/,
    )
    const moved = await vconduit('replay', '--stage', 'normalize', '--from', 'beginning')
    assert.equal(moved.code, 0, moved.stderr)
    assert.match(moved.stdout, /raw\.genesys-cloud/)
    const lag = JSON.parse((await vconduit('status', '--json')).stdout) as {
      stages: { stage: string; lag: { records: number } | null }[]
    }
    assert.ok((lag.stages.find(({ stage }) => stage === 'normalize')?.lag?.records ?? 0) > 0)

    await runUntilIdle(folder, await vendorDown(folder))
    const again = await vconduit('sql', 'SELECT count(), sum(cityHash64(id, content_hash)) FROM events')
    assert.equal(again.stdout, before.stdout)
  })

  it('refuses a second run on one data directory by the name of the first', async () => {
    const config = await vendorDown(folder)
    const first = await startRun(folder, config)
    const second = await runCli(folder, ['run', '-c', config])
    assert.equal(second.code, 2)
    assert.match(
      second.stderr,
      new RegExp(`error: locking .*data: process ${first.child.pid} \\(run\\) has used it since `),
    )
    const { stdout } = await runCli(folder, ['status', '-c', config])
    assert.match(stdout, new RegExp(`^Running as process ${first.child.pid} for `))
    await first.interrupt()
  })

  it('names what is wrong with an account, and starts nothing', async () => {
    const sandbox: GenesysSandbox = await startGenesysSandbox({
      seed: 1,
      conversations: 1,
      now: () => new Date(),
      log: pino({ enabled: false }),
    })
    try {
      const { apiUrl, loginUrl, clientId } = sandbox
      const account = {
        vendor: 'genesys-cloud',
        account: 'main',
        apiUrl,
        loginUrl,
        clientId,
        clientSecret: 'not-the-secret',
      }
      await writeFile(
        join(folder, 'wrong.yaml'),
        stringify({ data: './wrong', warehouse: { type: 'none' }, archive: { type: 'none' }, connectors: [account] }),
      )
      for (const command of ['check', 'run']) {
        const { code, stdout, stderr } = await runCli(folder, [command, '-c', 'wrong.yaml'])
        assert.equal(code, 2, `${command}\n${stdout}\n${stderr}`)
        assert.match(`${stdout}${stderr}`, /genesys-cloud account main|Genesys Cloud CX, account main/)
        assert.doesNotMatch(`${stdout}${stderr}`, /not-the-secret/)
      }
    } finally {
      await sandbox.close()
    }
  })
})

/** The quickstart's configuration; its vendor is down by now, so that a run has only the log to go by. */
async function vendorDown(folder: string): Promise<string> {
  const path = join(folder, 'vconduit-quickstart/vendor-down.yaml')
  const config = parse(await readFile(join(folder, 'vconduit-quickstart/vconduit.yaml'), 'utf8'))
  await writeFile(path, stringify({ ...config, receiver: { port: 0 }, log: { level: 'info' } }))
  return path
}

/** Starts a run, and resolves once it exports. */
async function startRun(folder: string, config: string) {
  const child = startCli(folder, ['run', '-c', config])
  const output = { stderr: '' }
  const exporting = Promise.withResolvers<void>()
  child.stderr?.on('data', text => {
    output.stderr += text
    if (output.stderr.includes('"exporting"')) exporting.resolve()
  })
  const ended = once(child, 'close')
  await Promise.race([exporting.promise, ended.then(() => assert.fail(output.stderr))])
  return {
    child,
    async interrupt() {
      child.kill('SIGINT')
      await ended
      assert.equal(child.exitCode, 0, output.stderr)
    },
  }
}

async function runUntilIdle(folder: string, config: string): Promise<void> {
  const running = await startRun(folder, config)
  for (;;) {
    const { running: now, stages } = JSON.parse((await runCli(folder, ['status', '--json', '-c', config])).stdout) as {
      running: unknown
      stages: { lag: { records: number } | null; pending: number }[]
    }
    if (now !== null && stages.every(({ lag, pending }) => (lag?.records ?? 0) === 0 && pending === 0)) break
  }
  await running.interrupt()
}
