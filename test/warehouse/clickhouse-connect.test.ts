import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { eventRange, sampleEvent } from '../contract/sink-samples.ts'
import { context, openRig, users, type WarehouseRig } from './rig.ts'

const run = promisify(execFile)
const version = '1.12.0'

/** A Python with clickhouse-connect, kept from run to run. */
async function pythonWithClient(): Promise<string> {
  const kept = join(tmpdir(), `vconduit-clickhouse-connect-${version}`)
  const python = join(kept, 'bin', 'python3')
  if (existsSync(join(kept, 'complete'))) return python
  await run('python3', ['-m', 'venv', '--help']).catch(() => {
    throw new Error('python3 with venv is missing: apt-get install -y python3-venv')
  })
  await rm(kept, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', kept])
  await run(python, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    `clickhouse-connect==${version}`,
  ])
  // Half an environment must not be taken for a whole one.
  await mkdir(join(kept, 'incomplete'))
  await rename(join(kept, 'incomplete'), join(kept, 'complete'))
  return python
}

const prelude = `
import clickhouse_connect, json, sys
port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
client = clickhouse_connect.get_client(host='127.0.0.1', port=port, username=user, password=password, database='vconduit')
def refused(act):
    try:
        act()
    except Exception as error:
        return str(error)[:300]
    return None
`

describe('warehouse with clickhouse-connect', () => {
  let rig: WarehouseRig
  let python: string
  before(async () => {
    python = await pythonWithClient()
    rig = await openRig()
    const sink = rig.sink()
    await sink.check(context)
    const specs = Array.from({ length: 500 }, (_, key) => ({ type: 'tool.call', of: 'a', key: `${key}` }) as const)
    await sink.write(eventRange(0, specs.map(sampleEvent)), context)
  })
  after(() => rig.close())

  const answerOf = async (role: 'ingest' | 'reader', script: string): Promise<unknown> => {
    const { name, password } = users[role]
    const { stdout } = await run(python, ['-c', prelude + script, new URL(rig.url).port, name, password], {
      maxBuffer: 64 << 20,
    })
    return JSON.parse(stdout)
  }

  it('is queried by the reader', async () => {
    const answer = await answerOf(
      'reader',
      `
print(json.dumps({
  'rows': client.query('SELECT name, is_error, duration_ms FROM tool_calls LIMIT 1').result_rows,
  'count': client.command('SELECT count() FROM events'),
  'bound': client.query('SELECT {s: String} AS s, {n: UInt8} AS n', parameters={'s': "it's\\ta \\\\ b", 'n': 7}).result_rows,
  'many': len(client.query('SELECT number, toString(number) FROM numbers(300000)').result_rows),
  'columns': client.query('SELECT * FROM events LIMIT 1').column_names[:3],
  'raw': client.raw_query('SELECT 1', fmt='CSV').decode(),
  'shown': [row[0] for row in client.query('SHOW TABLES').result_rows if row[0] == 'events'],
  'streamed': sum(len(block) for block in client.query_row_block_stream('SELECT number FROM numbers(500000)').gen),
}))`,
    )
    assert.deepEqual(answer, {
      rows: [['replace_card', true, 812.5]],
      count: 500,
      bound: [["it's\ta \\ b", 7]],
      many: 300_000,
      columns: ['type', 'conversation_id', 'id'],
      raw: '1\n',
      shown: ['events'],
      streamed: 500_000,
    })
  })

  it('tells the reader what it may not do, and what went wrong', async () => {
    const answer = (await answerOf(
      'reader',
      `
print(json.dumps([
  refused(lambda: client.command('CREATE TABLE x (a UInt8) ENGINE = Memory')),
  refused(lambda: client.insert('events_all', [['message']], column_names=['type'])),
  refused(lambda: client.query("SELECT * FROM url('http://127.0.0.1:1/x', 'CSV', 'a String')")),
  refused(lambda: client.query("SELECT file('/etc/hostname')")),
  refused(lambda: client.query('SELECT nothing')),
  refused(lambda: client.query('SELECT throwIf(number = 400000) FROM numbers(1000000)')),
]))`,
    )) as (string | null)[]
    const expected = [/READONLY/, /READONLY/, /ACCESS_DENIED/, /ACCESS_DENIED/, /UNKNOWN_IDENTIFIER/, /throwIf/]
    assert.equal(answer.length, expected.length)
    for (const [index, pattern] of expected.entries()) assert.match(answer[index] ?? 'was not refused', pattern)
  })

  it('inserts for whoever may', async () => {
    const answer = await answerOf(
      'ingest',
      `
client.command('CREATE TABLE IF NOT EXISTS numbers (a UInt32, b String, c Nullable(Float64)) ENGINE = MergeTree ORDER BY a')
summary = client.insert('numbers', [[n, 'x' * (n % 50), None if n % 2 else n / 4] for n in range(100000)], column_names=['a', 'b', 'c'])
print(json.dumps({'written': summary.written_rows, 'rows': client.query('SELECT count(), sum(a), sum(length(b)), sum(c) FROM numbers').result_rows}))`,
    )
    assert.deepEqual(answer, { written: 100_000, rows: [[100_000, 4_999_950_000, 2_450_000, 624_987_500]] })
  })
})
