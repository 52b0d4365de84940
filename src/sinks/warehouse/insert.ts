import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { RowWriter } from './row-binary.ts'

/** Longest that the server works on an insert, seconds. */
export const insertTimeoutSeconds = 240

/**
 * One insert of one block: its token means these very rows. `async_insert` would gather rows of several inserts, and
 * smaller blocks would each need an entry of the deduplication window.
 */
const settings = {
  async_insert: 0,
  insert_deduplicate: 1,
  max_insert_block_size: '10000000',
  min_insert_block_size_rows: '10000000',
  min_insert_block_size_bytes: '4000000000',
  max_execution_time: insertTimeoutSeconds,
  // What is doubled within one insert is left to the views, as everything is that is doubled across inserts.
  optimize_on_insert: 0,
  wait_end_of_query: 1,
} as const

/** Bytes that are encoded at a time: what is sent while the next ones are encoded. */
const chunkBytes = 1 << 20

export interface Insert<Row> {
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
  readonly write: (out: RowWriter, row: Row) => void
  /** The same rows always come under the same token, and other rows never do. */
  readonly token: string
}

/** Inserts the rows once, however often it is called with the same token. Resolves with the values that were adjusted. */
export async function insertOnce<Row>(
  client: ClickHouseClient,
  insert: Insert<Row>,
  signal: AbortSignal,
): Promise<number> {
  const out = new RowWriter(chunkBytes + (chunkBytes >> 2))
  const { stream } = await client.exec({
    query: `INSERT INTO ${insert.table} (${insert.columns.join(', ')}) FORMAT RowBinary`,
    values: Readable.from(encoded(insert, out), { objectMode: false, highWaterMark: chunkBytes * 4 }),
    clickhouse_settings: { ...settings, insert_deduplication_token: insert.token },
    abort_signal: signal,
  })
  for await (const _ of stream) void _
  return out.adjusted
}

async function* encoded<Row>({ rows, write }: Insert<Row>, out: RowWriter): AsyncGenerator<Buffer> {
  for (const row of rows) {
    write(out, row)
    if (out.length < chunkBytes) continue
    yield out.take()
    // Encoding is a long stretch of work: the rest of the process gets its turn.
    await setImmediate()
  }
  if (out.length > 0) yield out.take()
}
