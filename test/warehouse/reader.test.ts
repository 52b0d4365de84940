import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { eventRange, sampleEvent } from '../contract/sink-samples.ts'
import { context, openRig, users, type WarehouseRig } from './rig.ts'

/** What an analyst may do, and what nobody may do with an analyst's password. */
describe('warehouse reader', () => {
  let rig: WarehouseRig
  let trap: Server
  let visitors = 0
  let secretFile = ''
  let outside = ''
  let port = 0

  before(async () => {
    rig = await openRig({ memoryBytes: 256 << 20, seconds: 2, resultRows: 100_000 })
    const sink = rig.sink()
    await sink.check(context)
    await sink.write(eventRange(0, [sampleEvent({ type: 'message', of: 'a' })]), context)
    outside = join(rig.directory, 'outside')
    secretFile = join(rig.directory, 'secret.csv')
    writeFileSync(secretFile, 'header-hunter2,1\nhunter2,2\n')
    // Whoever is led to the network comes by here.
    trap = createServer(socket => {
      visitors++
      socket.destroy()
    })
    await new Promise<void>(resolve => trap.listen(0, '127.0.0.1', resolve))
    port = (trap.address() as AddressInfo).port
  })
  after(async () => {
    trap.close()
    await rig.close()
  })

  /** Asks in every way that a request can be made; undefined if it was refused, otherwise what was answered. */
  async function ask(query: string, parameters: Record<string, string> = {}): Promise<string | undefined> {
    const headers = { 'x-clickhouse-user': users.reader.name, 'x-clickhouse-key': users.reader.password }
    const url = (all: Record<string, string>) => `${rig.url}/?${new URLSearchParams({ ...all, ...parameters })}`
    const form = new FormData()
    form.append('query', query)
    const answers = await Promise.all([
      fetch(url({}), { method: 'POST', headers, body: query }),
      fetch(url({ query }), { method: 'POST', headers }),
      fetch(url({ query }), { headers }),
      fetch(url({ query, wait_end_of_query: '1' }), { method: 'POST', headers }),
      fetch(url({}), { method: 'POST', headers, body: form }),
    ])
    const texts = await Promise.all(answers.map(async answer => ({ ok: answer.ok, text: await answer.text() })))
    for (const { text } of texts) assert.doesNotMatch(text, /hunter2/, query)
    // A result that fails half-way has begun well.
    return texts.find(({ ok, text }) => ok && !text.includes('__exception__'))?.text
  }

  const refused = async (queries: readonly string[], parameters?: Record<string, string>) => {
    const files = readdirSync(rig.directory).sort()
    for (const query of queries) assert.equal(await ask(query, parameters), undefined, query)
    assert.equal(visitors, 0, 'somebody was led to the network')
    assert.deepEqual(readdirSync(rig.directory).sort(), files)
    assert.equal(existsSync(outside), false)
  }

  it('reads tables, views and what describes them', async () => {
    for (const query of [
      'SELECT count() FROM vconduit.events',
      'WITH x AS (SELECT text FROM vconduit.messages) SELECT * FROM x UNION ALL SELECT * FROM x',
      "SELECT arrayMap(x -> upper(x), [text]), JSONExtractString(details, 'mediaType') FROM vconduit.events",
      'SELECT quantile(0.9)(number), uniq(number), argMax(number, number) FROM numbers(100)',
      'SELECT toStartOfHour(occurred_at) AS hour, count() FROM vconduit.events GROUP BY ALL ORDER BY hour',
      'SELECT * APPLY toString FROM vconduit.utterances',
      'SHOW TABLES FROM vconduit',
      'SHOW CREATE TABLE vconduit.events_all',
      'DESCRIBE TABLE vconduit.events',
      'EXPLAIN SELECT * FROM vconduit.events',
      'EXISTS TABLE vconduit.events',
      'SELECT name, value, readonly FROM system.settings LIMIT 3',
      `SELECT version(), timezone(), currentDatabase(), 'file(x)' AS answer, 'file' AS f`,
    ])
      assert.notEqual(await ask(query), undefined, query)
  })

  it('writes nothing', async () => {
    await refused([
      `INSERT INTO vconduit.events_all (id) VALUES ('${'0'.repeat(8)}-0000-0000-0000-000000000000')`,
      'INSERT INTO vconduit.events_all FORMAT JSONEachRow {}',
      'INSERT INTO vconduit.events_all SELECT * FROM vconduit.events_all',
      'WITH x AS (SELECT 1) INSERT INTO vconduit.events_all SELECT * FROM x',
      'CREATE TABLE vconduit.x (a UInt8) ENGINE = Memory',
      'CREATE TEMPORARY TABLE x (a UInt8)',
      'CREATE OR REPLACE VIEW vconduit.events AS SELECT 1',
      'CREATE MATERIALIZED VIEW vconduit.mv ENGINE = Memory AS SELECT 1',
      'CREATE DATABASE x',
      'CREATE FUNCTION f AS x -> x',
      'ALTER TABLE vconduit.events_all DELETE WHERE 1',
      'ALTER TABLE vconduit.events_all FREEZE',
      'DELETE FROM vconduit.events_all WHERE 1',
      'UPDATE vconduit.events_all SET text = NULL WHERE 1',
      'DROP TABLE vconduit.events_all',
      'TRUNCATE TABLE vconduit.events_all',
      'UNDROP TABLE vconduit.events_all',
      'DETACH TABLE vconduit.events_all',
      'ATTACH TABLE vconduit.events_all',
      'RENAME TABLE vconduit.events_all TO vconduit.x',
      'EXCHANGE TABLES vconduit.events_all AND vconduit.conversations_all',
      'OPTIMIZE TABLE vconduit.events_all FINAL',
      'CHECK TABLE vconduit.events_all',
    ])
  })

  it('changes no setting, user, right or running query', async () => {
    await refused([
      'SET readonly = 0',
      'SET readonly = DEFAULT',
      `SET profile = 'default'`,
      'SET max_memory_usage = 0',
      `SET param_x = 'y'`,
      'SELECT 1 SETTINGS readonly = 0',
      'SELECT 1 SETTINGS max_execution_time = 0',
      `SELECT 1 SETTINGS allow_experimental_eval_table_function = 1`,
      'SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)',
      'SELECT 1; SELECT 2',
      'SELECT 1; SET readonly = 0',
      'USE system',
      'SYSTEM FLUSH LOGS',
      'SYSTEM SHUTDOWN',
      'SYSTEM STOP MERGES',
      'KILL QUERY WHERE 1',
      'KILL MUTATION WHERE 1',
      'CREATE USER x',
      'CREATE NAMED COLLECTION x AS a = 1',
      'GRANT ALL ON *.* TO default',
      'SET ROLE ALL',
      'EXECUTE AS default SELECT 1',
      'BEGIN TRANSACTION',
      'WATCH vconduit.events',
    ])
    for (const setting of [
      ...['readonly', 'allow_ddl', 'max_memory_usage', 'max_execution_time', 'max_result_rows', 'profile'],
      ...['format_schema', 'output_format_schema', 'allow_experimental_eval_table_function'],
      ...['s3_truncate_on_insert', 'max_rows_to_read', 'storage_file_read_method', 'allow_introspection_functions'],
    ])
      await refused(['SELECT 1'], { [setting]: '0' })
    await refused(['SELECT 1'], { role: 'default' })
    await refused(['SELECT 1'], { 'readonly = 0, max_threads': '1' })
    assert.equal((await ask('SELECT {x: String}', { param_x: `'; SET readonly = 0; --` })) !== undefined, true)
  })

  it('reads no file of the host', async () => {
    const path = secretFile
    await refused([
      `SELECT * FROM file('${path}')`,
      `SELECT * FROM file('${path}', 'CSV', 'a String, b String')`,
      `DESCRIBE TABLE file('${path}')`,
      `DESC file('${path}')`,
      `DESCRIBE TABLE (SELECT * FROM file('${path}'))`,
      `EXPLAIN SELECT * FROM file('${path}')`,
      `EXPLAIN QUERY TREE SELECT file('${path}')`,
      `SELECT file('${path}')`,
      `SELECT \`file\`('${path}')`,
      `SELECT "fi\\x6ce"('${path}')`,
      `SELECT \`f\\x69le\`('${path}')`,
      `SELECT/**/file/**/('${path}')`,
      `SELECT file  (\n'${path}')`,
      `SELECT * APPLY(file) FROM (SELECT '${path}' AS p)`,
      `SELECT * APPLY file FROM (SELECT '${path}' AS p)`,
      `SELECT * APPLY(x -> file(x)) FROM (SELECT '${path}' AS p)`,
      `SELECT COLUMNS('p') APPLY(\`file\`) FROM (SELECT '${path}' AS p)`,
      `SELECT arrayMap(x -> file(x), ['${path}'])`,
      `SELECT arrayMap(file, ['${path}'])`,
      `WITH file('${path}') AS x SELECT x`,
      `WITH x -> file(x) AS f SELECT f('${path}')`,
      `SELECT 1 WHERE file('${path}') = ''`,
      `SELECT (SELECT file('${path}'))`,
      `SELECT 1 IN (SELECT * FROM file('${path}'))`,
      `SELECT 1 ORDER BY file('${path}')`,
      `SELECT * FROM numbers(length(file('${path}')))`,
      `SELECT * FROM eval('SELECT file(\\'${path}\\')')`,
      `SELECT * FROM view(SELECT file('${path}'))`,
      `SELECT * FROM viewIfPermitted(SELECT file('${path}') ELSE null('a String'))`,
      `SELECT arrayMap((x, y) -> file(y), [1], ['${path}'])`,
      `SELECT arrayFold(file, ['${path}'], '')`,
      `SELECT * FROM '${path}'`,
      `SELECT * FROM "${path}"`,
      `SELECT * FROM \`${path}\``,
      `SELECT * FROM default."${path}"`,
      `DESCRIBE TABLE "${path}"`,
      `SELECT * FROM fileCluster('default', '${path}')`,
      `SELECT * FROM filesystem('${rig.directory}')`,
      `SELECT * FROM sqlite('${path}', 't')`,
      `SELECT * FROM executable('cat', 'CSV', 'a String')`,
      `SELECT * FROM icebergLocal('${rig.directory}')`,
      `SELECT * FROM deltaLakeLocal('${rig.directory}')`,
      `SELECT * FROM paimonLocal('${rig.directory}')`,
      `SELECT * FROM url('file://${path}', 'CSV', 'a String, b String')`,
      `SELECT * FROM merge(file('${path}'))`,
      `SELECT * FROM loop(file('${path}'))`,
      `SELECT catboostEvaluate('${path}', 1)`,
      `SELECT * FROM dictionary('x')`,
      `SELECT dictGet('x', 'y', 1)`,
      `SELECT joinGet('x', 'y', 1)`,
      `SELECT filesystemAvailable()`,
      `SELECT structureToProtobufSchema('a String')`,
      `BACKUP TABLE vconduit.events_all TO File('${outside}')`,
      `BACKUP TABLE vconduit.events_all TO Memory('x')`,
      `RESTORE TABLE vconduit.events_all FROM File('${path}')`,
      `CREATE DICTIONARY d (a String) PRIMARY KEY a SOURCE(FILE(path '${path}' format 'CSV')) LAYOUT(FLAT()) LIFETIME(1)`,
      `CREATE TABLE x (a String) ENGINE = File(CSV, '${path}')`,
      `INSERT INTO vconduit.events_all FROM INFILE '${path}' FORMAT CSV`,
    ])
  })

  it('reads no file by a name that comes as a parameter', async () => {
    assert.equal(await ask('SELECT {f: Identifier} FROM numbers(1)', { param_f: 'number' }), '0\n')
    for (const name of ['file', 'fi\\x6ce', '`file`'])
      await refused([`SELECT arrayMap({f: Identifier}, ['${secretFile}'])`], { param_f: name })
    await refused([`SELECT * FROM {t: Identifier}`], { param_t: secretFile })
  })

  it('writes no file of the host', async () => {
    await refused([
      `SELECT 1 INTO OUTFILE '${outside}'`,
      `SELECT 1 INTO OUTFILE '${outside}' FORMAT CSV`,
      `SELECT 1 /* x */ INTO /* y */ OUTFILE '${outside}' TRUNCATE`,
      `(SELECT 1) UNION ALL (SELECT 2) INTO OUTFILE '${outside}'`,
      `INSERT INTO FUNCTION file('${outside}') SELECT 1`,
      `INSERT INTO TABLE FUNCTION url('http://127.0.0.1:${port}/x') SELECT 1`,
    ])
  })

  it('reaches nobody over the network', async () => {
    const host = `127.0.0.1:${port}`
    const url = `http://${host}/bucket/x.csv`
    const sources = [
      `url('${url}')`,
      `url('${url}', 'CSV', 'a String')`,
      `urlCluster('default', '${url}', 'CSV', 'a String')`,
      `s3('${url}', 'CSV', 'a String')`,
      `s3('${url}')`,
      `s3Cluster('default', '${url}')`,
      `gcs('${url}')`,
      `oss('${url}')`,
      `cosn('${url}')`,
      `hdfs('hdfs://${host}/x', 'CSV', 'a String')`,
      `azureBlobStorage('${url}', 'c', 'p')`,
      `remote('${host}', system.one)`,
      `remote('${host}', system, one)`,
      `remoteSecure('${host}', system.one)`,
      `cluster('default', system.one)`,
      `clusterAllReplicas('default', system.one)`,
      `mysql('${host}', 'a', 'b', 'c', 'd')`,
      `postgresql('${host}', 'a', 'b', 'c', 'd')`,
      `mongodb('${host}', 'a', 'b', 'c', 'd', 'x String')`,
      `redis('${host}', 'a', 'a String')`,
      `odbc('DSN=x', 'a', 'b')`,
      `jdbc('jdbc:x', 'a', 'b')`,
      `iceberg('${url}')`,
      `icebergS3('${url}')`,
      `deltaLake('${url}')`,
      `hudi('${url}')`,
      `paimon('${url}')`,
      `ytsaurus('${url}', 'a', 'b', 'c String')`,
      `prometheusQuery('a', 'b', 'c')`,
      `arrowstream('${url}')`,
    ]
    await refused(sources.map(source => `SELECT * FROM ${source}`))
    await refused(sources.map(source => `DESCRIBE TABLE ${source}`))
    await refused(sources.map(source => `EXPLAIN SELECT 1 FROM ${source}`))
    await refused([
      `EXPLAIN TABLE OVERRIDE mysql('${host}', 'a', 'b', 'c', 'd') COLUMNS (a String)`,
      `BACKUP TABLE vconduit.events_all TO S3('${url}', 'a', 'b')`,
      `SELECT aiGenerate('x', 'y')`,
      `SELECT * FROM "${url}"`,
      `CREATE TABLE x (a String) ENGINE = URL('${url}', CSV)`,
      `CREATE DATABASE x ENGINE = MySQL('${host}', 'a', 'b', 'c')`,
    ])
  })

  it('uses no table function but generators, whatever the engine has', async () => {
    const functions = await rig.ask<{ name: string }>('SELECT name FROM system.table_functions')
    assert.ok(functions.length > 50)
    const allowed: string[] = []
    for (const { name } of functions) {
      const response = await fetch(
        `${rig.url}/?${new URLSearchParams({ query: `DESCRIBE TABLE ${name}(${argumentsOf(name)})` })}`,
        {
          headers: { 'x-clickhouse-user': users.reader.name, 'x-clickhouse-key': users.reader.password },
        },
      )
      if (!(await response.text()).includes('Readers may not use the function')) allowed.push(name)
    }
    assert.deepEqual(allowed.sort(), [
      ...['SQLStandardValues', 'format', 'generateRandom', 'generateSeries', 'generate_series', 'merge', 'null'],
      ...['numbers', 'numbers_mt', 'primes', 'values', 'view', 'zeros', 'zeros_mt'],
    ])
  })

  it('finds no name of a column of ours among the functions that it may not use', async () => {
    const tables = await rig.ask<{ table: string; names: readonly string[] }>(
      `SELECT table, groupArray(name) AS names FROM system.columns WHERE database = 'vconduit' GROUP BY table`,
    )
    for (const { table, names } of tables)
      assert.notEqual(await ask(`SELECT ${names.join(', ')} FROM vconduit.${table} LIMIT 1`), undefined, table)
  })

  it('is limited in memory, time and rows', async () => {
    await refused([
      'SELECT groupArray(number), groupArray(toString(number)) FROM numbers(300000000)',
      'SELECT count() FROM numbers(100000000000000)',
      'SELECT number FROM numbers(200000) FORMAT TabSeparated',
      'SELECT number FROM numbers(200000) FORMAT JSON',
    ])
  })
})

const argumentsOf = (name: string) =>
  name === 'viewIfPermitted' ? `SELECT 1 ELSE null('a UInt8')` : name === 'view' ? 'SELECT 1' : `'a'`
