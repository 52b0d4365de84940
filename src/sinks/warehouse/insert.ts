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
export const insertSettings = {
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

/** Rows that are encoded before they are sent and the rest of the process gets its turn: some milliseconds. */
const rowsAtOnce = 1_000

export interface Insert<Row> {
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
  readonly write: (out: RowWriter, row: Row) => void
  /** About how many bytes the rows will take. */
  readonly bytes: number
  /** The same rows always come under the same token, and other rows never do. */
  readonly token: string
}

/** Inserts rows into one warehouse. */
export interface Inserter {
  /** Inserts the rows once, however often it is called with the same token. Resolves with the number of adjusted values. */
  insertOnce<Row>(insert: Insert<Row>, signal: AbortSignal): Promise<number>
}

export function createInserter(client: ClickHouseClient): Inserter {
  // One insert is encoded at a time: side by side they would all be ready at once, and the server would wait till then.
  let encoding: Promise<void> = Promise.resolve()
  return {
    async insertOnce(insert, signal) {
      const before = encoding
      const own = Promise.withResolvers<void>()
      encoding = own.promise
      await before
      try {
        const out = new RowWriter(insert.bytes / Math.max(1, Math.ceil(insert.rows.length / rowsAtOnce)))
        const { stream } = await client.exec({
          query: `INSERT INTO ${insert.table} (${insert.columns.join(', ')}) FORMAT RowBinary`,
          values: Readable.from(encoded(insert, out, own.resolve, signal), { objectMode: false }),
          clickhouse_settings: { ...insertSettings, insert_deduplication_token: insert.token },
          abort_signal: signal,
        })
        for await (const _ of stream) void _
        return out.adjusted
      } finally {
        // A request that never got through has not encoded anything.
        own.resolve()
      }
    },
  }
}

/** The rows, some at a time as the server takes them: encoded they are larger than on the log. */
async function* encoded<Row>(
  { rows, write }: Insert<Row>,
  out: RowWriter,
  done: () => void,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    for (let at = 0; at < rows.length; at += rowsAtOnce) {
      signal.throwIfAborted()
      for (const row of rows.slice(at, at + rowsAtOnce)) write(out, row)
      yield out.take()
      await setImmediate()
    }
  } finally {
    done()
  }
}
