import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { createInserter } from '../../src/sinks/warehouse/insert.ts'
import { firstTimeMs, isHeldTime, lastTimeMs, RowWriter } from '../../src/sinks/warehouse/row-binary.ts'
import { writerFor } from '../../src/sinks/warehouse/types.ts'
import { context, openRig, type WarehouseRig } from './rig.ts'

const types = {
  i: 'UInt32',
  s: 'String',
  n: 'Nullable(String)',
  lc: 'LowCardinality(Nullable(String))',
  u: 'UUID',
  l: 'Int64',
  f: 'Float64',
  b: 'Bool',
  t: `DateTime64(3, 'UTC')`,
  a: 'Array(String)',
  p: 'Array(Tuple(party_key String, name Nullable(String)))',
} as const

type Row = { readonly [K in keyof typeof types]: unknown }

describe('RowBinary', () => {
  let rig: WarehouseRig
  before(async () => {
    rig = await openRig()
    const columns = Object.entries(types).map(([name, type]) => `${name} ${type}`)
    await rig.sink().check(context)
    await rig.ingest.command({ query: `CREATE TABLE rows (${columns.join(', ')}) ENGINE = MergeTree ORDER BY i` })
  })
  after(() => rig.close())

  const insert = (rows: readonly Row[], token: string) => {
    const writers = Object.entries(types).map(([name, type]) => ({ name: name as keyof Row, write: writerFor(type) }))
    const write = (out: RowWriter, row: Row) => {
      for (const { name, write: value } of writers) value(out, row[name])
    }
    return createInserter(rig.ingest).insertOnce(
      { table: 'rows', columns: Object.keys(types), rows, write, bytes: 1_024, token },
      new AbortController().signal,
    )
  }

  it('is read by the engine as it was meant', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ maxLength: 20 }),
      // Around the lengths at which a length takes another byte.
      fc
        .tuple(
          fc.constantFrom('x', 'ü', '漢', '😀'),
          fc.constantFrom(30, 31, 32, 42, 63, 64, 127, 128, 5_461, 16_383, 16_384),
        )
        .map(([unit, length]) => unit.repeat(length)),
    )
    const rowOf = fc.record({
      s: text,
      n: fc.option(text),
      lc: fc.option(fc.constantFrom('a', 'b')),
      u: fc.uuid(),
      l: fc.maxSafeInteger(),
      f: fc.double({ noNaN: true, noDefaultInfinity: true }),
      b: fc.boolean(),
      t: fc.integer({ min: firstTimeMs, max: lastTimeMs }),
      a: fc.array(text, { maxLength: 3 }),
      p: fc.array(fc.record({ partyKey: text, name: fc.option(text) }), { maxLength: 3 }),
    })
    const rows = fc.sample(rowOf, { numRuns: 400, seed: 1 }).map((row, i) => ({ i, ...row }))
    assert.equal(await insert(rows, 'as meant'), 0)
    const read = await rig.ingest.query({
      query: `SELECT i, s, n, lc, u, toString(l) AS l, f, b, toUnixTimestamp64Milli(t) AS t, a, p FROM rows ORDER BY i`,
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0, output_format_json_quote_denormals: 0 },
    })
    const expected = rows.map(({ p, l, f, ...row }) => ({
      ...row,
      l: `${l}`,
      // JSON has no negative zero that ClickHouse would print.
      f: f === 0 ? 0 : f,
      p: p.map(({ partyKey, name }) => ({ party_key: partyKey, name })),
    }))
    const rowsRead = await read.json<{ f: number }>()
    assert.deepEqual(
      rowsRead.map(row => ({ ...row, f: row.f === 0 ? 0 : row.f })),
      expected,
    )
  })

  it('takes the nearest value for what a type cannot hold, and counts it', async () => {
    const odd = {
      s: 7,
      n: 1n,
      lc: undefined,
      u: 'no uuid',
      l: Number.NaN,
      f: Number.NaN,
      b: 'x',
      t: Infinity,
      a: 'x',
      p: null,
    }
    const adjusted = await insert([{ i: -1, ...odd }], 'odd')
    assert.equal(adjusted, 4)
    const read = await rig.ingest.query({
      query: `SELECT * EXCEPT (f) FROM rows WHERE i = 0 AND s = '7'`,
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    })
    assert.deepEqual(await read.json(), [
      {
        ...{ i: 0, s: '7', n: '1', lc: null, u: '00000000-0000-0000-0000-000000000000', l: '0', b: false },
        ...{ t: '2299-12-31 23:59:59.999', a: [], p: [] },
      },
    ])
  })

  it('orders version, revision, content hash and retraction by one number', () => {
    const triple = fc.tuple(
      fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, 1)),
      fc.oneof(fc.integer(), fc.constantFrom(0, 1)),
      fc.oneof(
        fc
          .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 32, maxLength: 32 })
          .map(digits => digits.join('')),
        fc.constant('ab'.repeat(16)),
      ),
      fc.boolean(),
    )
    const numberOf = (parts: [number, number, string, boolean]) => {
      const out = new RowWriter(64)
      out.precedence(...parts)
      return BigInt(`0x${Buffer.from(out.bytes()).reverse().toString('hex')}`)
    }
    const compare = <T extends number | bigint | string>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0)
    fc.assert(
      fc.property(triple, triple, (a, b) => {
        const expected =
          compare(a[0], b[0]) || compare(a[1], b[1]) || compare(a[2], b[2]) || Number(a[3]) - Number(b[3])
        assert.equal(compare(numberOf(a), numberOf(b)), expected)
      }),
    )
  })

  it('knows the times that a column can hold', () => {
    assert.deepEqual([firstTimeMs, lastTimeMs, firstTimeMs - 1, lastTimeMs + 1, Number.NaN, 0.5].map(isHeldTime), [
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })
})
