import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import type { Context } from '../../core/context.ts'
import { VconduitError } from '../../core/errors.ts'
import type { ConversationEvent } from '../../core/records.ts'
import type { AnyRange, OffsetRange, RangeLimits, Sink, SinkRecord } from '../../core/sink.ts'
import { conversationHeaders } from '../../core/sink.ts'
import { type ConversationRow, conversationRows } from './conversation-rows.ts'
import {
  type ErasureRow,
  erasureInEvent,
  erasureRows,
  erasuresInConversations,
  findErasures,
  removeErased,
} from './erasures.ts'
import { warehouseError } from './errors.ts'
import { eventRows } from './event-rows.ts'
import { createInserter, type Insert, insertTimeoutSeconds } from './insert.ts'
import type { RowWriter } from './row-binary.ts'
import { ensureDatabase, ensureSchema } from './schema.ts'
import { readTable } from './tables.ts'

/** A ClickHouse, or the embedded warehouse: the sink makes no difference. */
export interface WarehouseSinkOptions {
  /** `http://…` or `https://…`. */
  readonly url: string
  /** Made if it is missing. */
  readonly database: string
  /** Who may create tables, insert, select and delete in it. */
  readonly username: string
  readonly password: string
  readonly log: Logger
  /** How large a range it is fed. */
  readonly limits?: RangeLimits
}

/** The default of a configuration too. ClickHouse wants 10,000 rows and more; an event has about 600 bytes. */
export const defaultWarehouseLimits: RangeLimits = { maxRecords: 50_000, maxBytes: 8 << 20, lingerMs: 1_000 }

/** A larger range is inserted in pieces of at most so much, each under a token of its own. */
const pieceLimits = { records: 200_000, bytes: 64 << 20 }

/**
 * Exports events and conversations to ClickHouse ≥ 25.8 over HTTP.
 *
 * A range is one insert under its token, so that writing it again changes nothing: within the tables' deduplication window
 * the server drops it, and beyond it the views still show every event and conversation once.
 */
export function createWarehouseSink(options: WarehouseSinkOptions): Sink {
  const { url, database, username, password, log } = options
  const clientOf = (inDatabase: boolean) =>
    createClient({
      url,
      username,
      password,
      ...(inDatabase ? { database } : {}),
      // Longer than the server may take: a slow success must not look like a failure.
      request_timeout: (insertTimeoutSeconds + 60) * 1_000,
      max_open_connections: 16,
      // What fails is thrown, classified and logged by the runtime; the client would log statements.
      log: { level: ClickHouseLogLevel.OFF },
    })
  const client = clientOf(true)
  const inserter = createInserter(client)
  const events = eventRows(readTable('events_all'))
  const conversations = conversationRows(readTable('conversations_all'))
  const erasures = erasureRows(readTable('erasures_all'))

  async function insert<Row>(rows: Insert<Row>, ctx: Context): Promise<void> {
    const adjusted = await inserter.insertOnce(rows, ctx.signal)
    if (adjusted > 0) log.warn({ table: rows.table, token: rows.token, adjusted }, 'values out of range were adjusted')
  }

  /** Records the erasures for ever, then removes what they, or earlier ones, take away. */
  async function erase(range: AnyRange, found: readonly ErasureRow[], ids: Iterable<string>, ctx: Context) {
    if (found.length > 0)
      await insert(
        {
          table: 'erasures_all',
          ...erasures,
          rows: found,
          bytes: found.length * rowOverhead,
          token: `${range.token}:erasures`,
        },
        ctx,
      )
    // Asked after the rows are in: an erasure that another process records meanwhile removes them, or is found here.
    const toRemove = await findErasures(client, ids)
    if (toRemove.length > 0) await removeErased(client, toRemove)
  }

  async function writeEvents(range: OffsetRange<'events'>, ctx: Context): Promise<void> {
    const ids = new Set<string>()
    const erasing: ErasureRow[] = []
    const write = (out: RowWriter, { stored, value }: SinkRecord<ConversationEvent>) => {
      if (value === null) return
      events.write(out, value)
      ids.add(value.conversationId)
      const erasure = erasureInEvent(range, stored, value)
      if (erasure !== undefined) erasing.push(erasure)
    }
    for (const piece of piecesOf(range.records, sizeOf, range.token))
      await insert({ table: 'events_all', columns: events.columns, write, ...piece }, ctx)
    await erase(range, erasing, ids, ctx)
  }

  async function writeConversations(range: OffsetRange<'conversations'>, ctx: Context): Promise<void> {
    // Of the revisions in a range only the last is of use to anybody.
    const last = new Map<string, ConversationRow>()
    for (const { stored, value } of range.records) {
      const conversationId = value?.conversationId ?? stored.key.toString()
      const revision = value?.revision ?? Number(stored.headers[conversationHeaders.revision] ?? 0)
      const vcon = stored.value ?? Buffer.alloc(0)
      last.set(conversationId, { conversationId, revision, head: value, vcon })
    }
    for (const piece of piecesOf([...last.values()], ({ vcon }) => vcon.length, range.token))
      await insert({ table: 'conversations_all', ...conversations, ...piece }, ctx)
    await erase(range, erasuresInConversations(range), last.keys(), ctx)
  }

  return {
    name: 'warehouse',
    inputs: ['events', 'conversations'],
    limits: options.limits ?? defaultWarehouseLimits,
    async check(ctx) {
      const outside = clientOf(false)
      try {
        await ensureDatabase(outside, database)
        await ensureSchema(client, database)
      } catch (error) {
        throw classified(`checking the warehouse at ${url} as ${username}`, error, ctx)
      } finally {
        await outside.close()
      }
    },
    async write(range, ctx) {
      if (range.records.length === 0) return
      try {
        if (range.input === 'events') await writeEvents(range, ctx)
        else if (range.input === 'conversations') await writeConversations(range, ctx)
      } catch (error) {
        throw classified(`writing ${range.token} to the warehouse`, error, ctx)
      }
    },
    close: () => client.close(),
  }
}

function classified(doing: string, error: unknown, { signal }: Context): unknown {
  // The client tells an abort in words of its own, which nobody would take for one.
  if (signal.aborted) return signal.reason
  return error instanceof VconduitError ? error : warehouseError(doing, error)
}

const sizeOf = ({ stored }: SinkRecord<unknown>) => stored.value?.length ?? 0

interface Piece<Row> {
  readonly rows: readonly Row[]
  readonly bytes: number
  readonly token: string
}

/** A row takes at most about so much more in the warehouse's format than on the log, bytes. */
const rowOverhead = 320

/** Cuts a range by what is on the log alone, so that every replay cuts it alike. */
function piecesOf<Row>(rows: readonly Row[], bytesOf: (row: Row) => number, token: string): readonly Piece<Row>[] {
  const pieces: Omit<Piece<Row>, 'token'>[] = []
  let first = 0
  let bytes = 0
  const cut = (end: number) => {
    if (end > first) pieces.push({ rows: rows.slice(first, end), bytes })
    first = end
    bytes = 0
  }
  for (const [index, row] of rows.entries()) {
    const size = bytesOf(row) + rowOverhead
    if (index - first >= pieceLimits.records || bytes + size > pieceLimits.bytes) cut(index)
    bytes += size
  }
  cut(rows.length)
  return pieces.map((piece, index) => ({ ...piece, token: pieces.length === 1 ? token : `${token}/${index}` }))
}
