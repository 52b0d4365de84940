import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { openRig, users, type WarehouseRig } from './rig.ts'

describe('warehouse endpoint', () => {
  let rig: WarehouseRig
  let client: ClickHouseClient
  let compressing: ClickHouseClient
  before(async () => {
    rig = await openRig()
    const { name, password } = users.ingest
    const options = { url: rig.url, username: name, password, log: { level: ClickHouseLogLevel.OFF } }
    client = createClient(options)
    compressing = createClient({ ...options, compression: { request: true, response: true } })
    await client.command({ query: 'CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a' })
  })
  after(async () => {
    await client.close()
    await compressing.close()
    await rig.close()
  })

  const authorization = `Basic ${Buffer.from(`${users.ingest.name}:${users.ingest.password}`).toString('base64')}`
  const post = (query: string, body?: Buffer | string, headers: Record<string, string> = {}) =>
    fetch(`${rig.url}/?${new URLSearchParams({ query })}`, {
      method: 'POST',
      headers: { authorization, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    })
  const rowsOf = async (query: string) => (await client.query({ query, format: 'JSONEachRow' })).json()
  const failsWith = (code: string, type: string) => (error: unknown) => {
    assert.ok(error instanceof ClickHouseError, String(error))
    assert.deepEqual([error.code, error.type], [code, type])
    return true
  }

  describe('with @clickhouse/client', () => {
    it('answers pings, with a user and without', async () => {
      assert.equal((await client.ping()).success, true)
      assert.equal((await client.ping({ select: true })).success, true)
      assert.equal(await (await fetch(`${rig.url}/ping`)).text(), 'Ok.\n')
    })

    it('takes rows as JSON, plain and compressed', async () => {
      const values = Array.from({ length: 1_000 }, (_, a) => ({ a, b: `it's "${a}"\t\n\\ ü` }))
      await client.insert({ table: 't', values, format: 'JSONEachRow' })
      await compressing.insert({
        table: 't',
        values: [{ a: 1_000, b: 'z' }],
        format: 'JSONEachRow',
        columns: ['a', 'b'],
      })
      assert.deepEqual(await rowsOf('SELECT count() AS n, uniqExact(a) AS u, max(b) AS b FROM t'), [
        { n: 1_001, u: 1_001, b: 'z' },
      ])
    })

    it('takes binary rows byte by byte, however they begin and whatever they hold', async () => {
      await client.command({ query: 'CREATE TABLE bytes (a UInt64, b String) ENGINE = MergeTree ORDER BY a' })
      const rows = Array.from({ length: 256 }, (_, byte) => {
        const row = Buffer.alloc(8 + 1 + 3)
        // The first row begins with a byte that is a new line in text.
        row.writeBigUInt64LE(BigInt((byte + 10) % 256), 0)
        row.writeUInt8(3, 8)
        row.fill(byte, 9)
        return row
      })
      const response = await post('INSERT INTO bytes FORMAT RowBinary', Buffer.concat(rows))
      assert.equal(response.status, 200, await response.clone().text())
      assert.equal(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '{}').written_rows, '256')
      assert.deepEqual(
        await rowsOf(`SELECT count() AS n, countIf(b = repeat(char((a + 246) % 256), 3)) AS same FROM bytes`),
        [{ n: 256, same: 256 }],
      )
    })

    it('binds parameters', async () => {
      const params = { s: `it's\ta "b"\n\\N {x}`, n: 7, list: [`q'`, 'w\t', ''], t: new Date(0), none: null }
      const result = await client.query({
        query: `SELECT {s: String} AS s, {n: UInt8} AS n, {list: Array(String)} AS list,
          toUnixTimestamp({t: DateTime('UTC')}) AS t, {none: Nullable(String)} AS none`,
        query_params: params,
        format: 'JSONEachRow',
      })
      assert.deepEqual(await result.json(), [{ s: params.s, n: 7, list: params.list, t: 0, none: null }])
    })

    it('binds parameters of many requests at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, n) => {
          const result = await client.query({
            query: 'SELECT {n: UInt32} AS n',
            query_params: { n },
            format: 'JSONEachRow',
          })
          return (await result.json<{ n: number }>())[0]?.n
        }),
      )
      assert.deepEqual(
        answers,
        Array.from({ length: 50 }, (_, n) => n),
      )
    })

    it('takes parameters that are too long for a URL', async () => {
      const s = 'ü\t'.repeat(50_000)
      const query = { query: 'SELECT length({s: String}) AS n', query_params: { s }, format: 'JSONEachRow' } as const
      const result = await client.query({ ...query, use_multipart_params: true })
      assert.deepEqual(await result.json(), [{ n: 150_000 }])
    })

    it('hands out large results as they come, in every format of rows', async () => {
      const query = `SELECT number AS a, concat('row "', toString(number), '"') AS b FROM numbers(200000)`
      for (const format of ['JSONEachRow', 'JSONCompactEachRow', 'CSV', 'TabSeparated'] as const) {
        let rows = 0
        for await (const some of (await compressing.query({ query, format })).stream()) rows += some.length
        assert.equal(rows, 200_000, format)
      }
      for (const [format, headers] of [
        ['CSVWithNames', 1],
        ['CSVWithNamesAndTypes', 2],
        ['TabSeparatedWithNamesAndTypes', 2],
        ['JSONCompactEachRowWithNames', 1],
      ] as const) {
        const text = await (await client.query({ query, format })).text()
        assert.equal(text.trimEnd().split('\n').length, 200_000 + headers, format)
      }
    })

    it('hands out the header of an empty result', async () => {
      const empty = async (format: string) => (await post(`SELECT 1 AS a, 'x' AS b WHERE 0 FORMAT ${format}`)).text()
      assert.equal(await empty('TabSeparatedWithNames'), 'a\tb\n')
      assert.equal(await empty('CSVWithNamesAndTypes'), '"a","b"\n"UInt8","String"\n')
      assert.equal(await empty('RowBinaryWithNamesAndTypes'), '\x02\x01a\x01b\x05UInt8\x06String')
      assert.equal(await empty('JSONEachRow'), '')
    })

    it('joins binary parts into one result', async () => {
      const response = await post('SELECT number AS n FROM numbers(200000) FORMAT RowBinaryWithNamesAndTypes')
      const bytes = Buffer.from(await response.arrayBuffer())
      const header = Buffer.from('\x01\x01n\x06UInt64')
      assert.deepEqual(bytes.subarray(0, header.length), header)
      assert.equal(bytes.length, header.length + 200_000 * 8)
      assert.equal(bytes.readBigUInt64LE(header.length + 199_999 * 8), 199_999n)
    })

    it('gives whole documents in formats that are ones', async () => {
      const result = await client.query({ query: 'SELECT number AS n FROM numbers(100000)', format: 'JSON' })
      const { rows, data } = await result.json<{ n: string }>()
      assert.deepEqual([rows, data.length], [100_000, 100_000])
      const parquet = await post('SELECT number FROM numbers(100000) FORMAT Parquet')
      const bytes = Buffer.from(await parquet.arrayBuffer())
      assert.equal(bytes.toString('latin1', 0, 4) + bytes.toString('latin1', bytes.length - 4), 'PAR1PAR1')
    })

    it('runs what gives no rows, and what is no SELECT', async () => {
      await client.command({ query: 'CREATE DATABASE IF NOT EXISTS other' })
      assert.deepEqual(await rowsOf(`SHOW TABLES LIKE 't'`), [{ name: 't' }])
      assert.deepEqual(await rowsOf('EXISTS TABLE t'), [{ result: 1 }])
      const { stream } = await client.exec({ query: 'SELECT 1 FORMAT CSV' })
      assert.equal((await stream.toArray()).join(''), '1\n')
    })

    it('sets what a request sets for that request alone', async () => {
      const query = { query: `SELECT toUInt64(1) AS n`, format: 'JSONEachRow' } as const
      const quoted = await client.query({
        ...query,
        clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
      })
      assert.equal(await quoted.text(), '{"n":"1"}\n')
      assert.equal(await (await client.query(query)).text(), '{"n":1}\n')
    })

    it('tells errors as ClickHouse does', async () => {
      const run = (query: string) => client.query({ query, format: 'JSONEachRow' }).then(result => result.json())
      await assert.rejects(run('SELECT nothing'), failsWith('47', 'UNKNOWN_IDENTIFIER'))
      await assert.rejects(run('SELEC 1'), failsWith('62', 'SYNTAX_ERROR'))
      await assert.rejects(run('SELECT * FROM nowhere'), failsWith('60', 'UNKNOWN_TABLE'))
      await assert.rejects(client.command({ query: 'SET nothing = 1' }), failsWith('115', 'UNKNOWN_SETTING'))
      await assert.rejects(
        client.query({ query: 'SELECT 1', clickhouse_settings: { nothing: '1' } as Record<string, string> }),
        failsWith('115', 'UNKNOWN_SETTING'),
      )
      await assert.rejects(
        client.insert({ table: 't', values: [{ a: 'no number' }], format: 'JSONEachRow' }),
        (error: unknown) => error instanceof ClickHouseError,
      )
    })

    it('tells an error in the middle of a result', async () => {
      const failing = `SELECT throwIf(number = 300000, 'enough') AS n FROM numbers(1000000)`
      for (const some of [client, compressing])
        await assert.rejects(
          some.query({ query: failing, format: 'JSONEachRow' }).then(result => result.json()),
          failsWith('395', 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'),
        )
    })

    it('stops a query whose client has gone', async () => {
      const gone = new AbortController()
      const result = await client.query({
        query: 'SELECT number FROM numbers(1000000000000)',
        format: 'JSONEachRow',
        abort_signal: gone.signal,
      })
      for await (const rows of result.stream()) {
        assert.ok(rows.length > 0)
        break
      }
      gone.abort()
      const running = () =>
        rowsOf(`SELECT query FROM system.processes WHERE query LIKE '%1000000000000%' AND query NOT LIKE '%processes%'`)
      while ((await running()).length > 0) await new Promise(resolve => setTimeout(resolve, 20))
    })
  })

  describe('over HTTP', () => {
    it('answers with the headers of ClickHouse', async () => {
      const response = await fetch(`${rig.url}/?query=SELECT+1&query_id=mine&default_format=JSONCompact`, {
        headers: { authorization },
      })
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('x-clickhouse-query-id'), 'mine')
      assert.equal(response.headers.get('x-clickhouse-format'), 'JSONCompact')
      assert.equal(response.headers.get('x-clickhouse-timezone'), 'UTC')
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
      assert.equal(typeof JSON.parse(response.headers.get('x-clickhouse-summary') ?? '').read_rows, 'string')
    })

    it('answers errors with their code, body and status', async () => {
      for (const [query, status, code] of [
        ['SELECT x', 404, '47'],
        ['SELECT (', 400, '62'],
        ['SELECT throwIf(1)', 500, '395'],
      ] as const) {
        const response = await post(query)
        assert.equal(response.status, status, query)
        assert.equal(response.headers.get('x-clickhouse-exception-code'), code)
        assert.match(await response.text(), new RegExp(`^Code: ${code}\\. DB::Exception: .*\\([A-Z_]+\\)\\n$`, 's'))
      }
      assert.equal((await post('')).status, 400)
    })

    it('answers HEAD without a body, and other methods not at all', async () => {
      const head = await fetch(`${rig.url}/?query=SELECT+1`, { method: 'HEAD', headers: { authorization } })
      assert.deepEqual([head.status, await head.text()], [200, ''])
      assert.equal(
        (await fetch(`${rig.url}/?query=SELECT+1`, { method: 'PUT', headers: { authorization } })).status,
        405,
      )
      assert.equal((await fetch(`${rig.url}/elsewhere`)).status, 404)
    })

    it('writes nothing for GET', async () => {
      const query = encodeURIComponent('CREATE TABLE by_get (a UInt8) ENGINE = Memory')
      const response = await fetch(`${rig.url}/?query=${query}`, { headers: { authorization } })
      assert.equal(response.headers.get('x-clickhouse-exception-code'), '164')
    })

    it('knows its users by header, by basic authentication and by URL, and nobody else', async () => {
      const { name, password } = users.reader
      const ask = (headers: Record<string, string>, parameters: Record<string, string> = {}) =>
        fetch(`${rig.url}/?${new URLSearchParams({ query: 'SELECT 1', ...parameters })}`, { headers })
      const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
      assert.equal((await ask({ 'x-clickhouse-user': name, 'x-clickhouse-key': password })).status, 200)
      assert.equal((await ask(basic(`${name}:${password}`))).status, 200)
      assert.equal((await ask({}, { user: name, password })).status, 200)
      assert.equal((await ask({})).status, 401)
      assert.equal((await ask({ 'x-clickhouse-user': 'default' })).status, 403)
      assert.equal((await ask({ 'x-clickhouse-user': name, 'x-clickhouse-key': `${password}x` })).status, 403)
      assert.equal((await ask(basic(`${users.ingest.name}:${password}`))).status, 403)
      assert.equal((await ask(basic('no colon'))).status, 403)
    })

    it('takes compressed bodies, and rows behind a statement in the body', async () => {
      await client.command({ query: 'CREATE TABLE packed (a UInt32) ENGINE = MergeTree ORDER BY a' })
      const csv = (from: number) => Buffer.from(Array.from({ length: 1_000 }, (_, n) => `${from + n}\n`).join(''))
      const whole = (from: number) => Buffer.concat([Buffer.from('INSERT INTO packed (a) FORMAT CSV\n'), csv(from)])
      const sent = [
        await post('INSERT INTO packed FORMAT CSV', gzipSync(csv(0)), { 'content-encoding': 'gzip' }),
        await post('INSERT INTO packed FORMAT CSV', zstdCompressSync(csv(1_000)), { 'content-encoding': 'zstd' }),
        await fetch(rig.url, { method: 'POST', headers: { authorization }, body: new Uint8Array(whole(2_000)) }),
        await post('INSERT INTO packed VALUES', '(3000), (3001)'),
        await post('INSERT INTO packed VALUES (3002)'),
      ]
      for (const response of sent) assert.equal(response.status, 200, await response.text())
      assert.deepEqual(await rowsOf('SELECT count() AS n, uniqExact(a) AS u, max(a) AS m FROM packed'), [
        { n: 3_003, u: 3_003, m: 3_002 },
      ])
      const broken = await post('INSERT INTO packed FORMAT CSV', 'no gzip', { 'content-encoding': 'gzip' })
      assert.equal(broken.ok, false)
      assert.equal(
        (await post('SELECT 1', 'x', { 'content-encoding': 'snappy' })).headers.get('x-clickhouse-exception-code'),
        '89',
      )
    })

    it('inserts a body larger than memory should hold, and nothing of one that is cut off', async () => {
      await client.command({ query: 'CREATE TABLE large (a String) ENGINE = MergeTree ORDER BY tuple()' })
      const line = Buffer.from(`${'x'.repeat(1_023)}\n`)
      const megabyte = Buffer.concat(Array.from({ length: 1_024 }, () => line))
      const send = (megabytes: number, fails: boolean) => {
        let sent = 0
        return fetch(`${rig.url}/?query=${encodeURIComponent('INSERT INTO large FORMAT LineAsString')}`, {
          method: 'POST',
          headers: { authorization },
          duplex: 'half',
          body: new ReadableStream({
            pull(controller) {
              if (sent++ < megabytes) controller.enqueue(new Uint8Array(megabyte))
              else if (fails) controller.error(new Error('cut'))
              else controller.close()
            },
          }),
        } as RequestInit)
      }
      assert.equal((await send(100, false)).status, 200)
      await assert.rejects(send(10, true))
      assert.deepEqual(await rowsOf('SELECT count() AS n FROM large'), [{ n: 102_400 }])
    })
  })
})
