import type { ClickHouseClient } from '@clickhouse/client'
import type { StoredRecord } from '../../core/log.ts'
import type { ConversationEvent } from '../../core/records.ts'
import { conversationHeaders, type OffsetRange } from '../../core/sink.ts'
import type { RowWriter } from './row-binary.ts'
import type { TableDefinition } from './tables.ts'
import { camelCase, writerFor } from './types.ts'

/** A row of `erasures_all`. */
export interface ErasureRow {
  readonly conversationId: string
  /** conversation, recording or transcript. */
  readonly scope: string
  /** Empty for all of them. */
  readonly targetId: string
  readonly position: number
  readonly topic: string
  readonly partition: number
  readonly recordedAt: number
}

export interface ErasureRows {
  readonly columns: readonly string[]
  write(out: RowWriter, row: ErasureRow): void
}

export function erasureRows(table: TableDefinition): ErasureRows {
  const writers = table.columns.map(({ name, type }) => ({ field: camelCase(name), write: writerFor(type) }))
  return {
    columns: table.columns.map(column => column.name),
    write(out, row) {
      for (const { field, write } of writers) write(out, row[field as keyof ErasureRow])
    },
  }
}

/** What the event asks to erase; undefined unless it is a deletion. */
export function erasureInEvent(
  range: OffsetRange<'events'>,
  stored: StoredRecord,
  { deletion, retracted, conversationId }: ConversationEvent,
): ErasureRow | undefined {
  if (deletion === null || retracted) return undefined
  return erasureRow(range, stored, conversationId, deletion.scope, deletion.targetId ?? '')
}

/** The conversations that the tombstones ask to erase. A tombstone that does not say so is of an empty conversation. */
export function erasuresInConversations(range: OffsetRange<'conversations'>): readonly ErasureRow[] {
  return range.records.flatMap(({ stored, value }) =>
    value === null && stored.headers[conversationHeaders.erase] !== undefined
      ? [erasureRow(range, stored, stored.key.toString(), 'conversation', '')]
      : [],
  )
}

const erasureRow = (
  { topic, partition }: { topic: string; partition: number },
  { offset, timestamp }: { offset: number; timestamp: number },
  conversationId: string,
  scope: string,
  targetId: string,
): ErasureRow => ({ conversationId, scope, targetId, position: offset, topic, partition, recordedAt: timestamp })

/** As many ids as go into one statement. */
const idsAtOnce = 5_000

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const quoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`

/** What of these conversations has to be, or to stay, erased. */
export async function findErasures(
  client: ClickHouseClient,
  conversationIds: Iterable<string>,
): Promise<readonly Pick<ErasureRow, 'conversationId' | 'scope' | 'targetId'>[]> {
  // Most warehouses have erased nothing yet, and counting is free.
  const [counted] = await select<{ erasures: string }>(client, 'SELECT count() AS erasures FROM erasures_all')
  if (counted === undefined || Number(counted.erasures) === 0) return []
  const ids = [...new Set(conversationIds)].filter(id => uuid.test(id))
  const found: { conversationId: string; scope: string; targetId: string }[] = []
  for (let at = 0; at < ids.length; at += idsAtOnce) {
    const result = await client.query({
      query: `SELECT DISTINCT conversation_id AS conversationId, scope, target_id AS targetId
        FROM erasures_all WHERE conversation_id IN (${ids
          .slice(at, at + idsAtOnce)
          .map(quoted)
          .join(', ')})`,
      format: 'JSONEachRow',
      clickhouse_settings: { max_query_size: '1000000' },
    })
    found.push(...(await result.json<(typeof found)[number]>()))
  }
  return found
}

/**
 * Removes what is erased: the events that each erasure takes away, and the revisions of the conversations that still had
 * it. Doing it again removes nothing more.
 */
export async function removeErased(
  client: ClickHouseClient,
  erasures: readonly Pick<ErasureRow, 'conversationId' | 'scope' | 'targetId'>[],
): Promise<void> {
  const known = erasures.filter(({ conversationId }) => uuid.test(conversationId))
  for (let at = 0; at < known.length; at += idsAtOnce) {
    const some = known.slice(at, at + idsAtOnce)
    const ids = [...new Set(some.map(({ conversationId }) => quoted(conversationId)))].join(', ')
    await remove(client, 'events_all', some.map(erasedEvents).join(' OR '))
    const latest = await select<{ id: string; revision: string }>(
      client,
      `SELECT conversation_id AS id, toString(max(revision)) AS revision
        FROM conversations_all WHERE conversation_id IN (${ids}) GROUP BY conversation_id`,
    )
    const superseded = latest.map(({ id, revision }) => `(conversation_id = ${quoted(id)} AND revision < ${revision})`)
    if (superseded.length > 0) await remove(client, 'conversations_all', superseded.join(' OR '))
  }
}

/** The condition for what an erasure takes away: the same events that the assembler leaves out of the vCon. */
function erasedEvents({ conversationId, scope, targetId }: Pick<ErasureRow, 'conversationId' | 'scope' | 'targetId'>) {
  const of = `conversation_id = ${quoted(conversationId)}`
  const named = (field: string) =>
    targetId === '' ? '' : ` AND JSONExtractString(details, '${field}') = ${quoted(targetId)}`
  if (scope === 'conversation') return `(${of} AND type != 'deletion')`
  if (scope === 'recording') return `(${of} AND type = 'recording'${named('recordingId')})`
  if (scope !== 'transcript') return 'false'
  return `(${of} AND (type = 'utterance'${named('transcriptId')} OR type = 'sentiment' AND text IS NOT NULL))`
}

async function remove(client: ClickHouseClient, table: string, condition: string): Promise<void> {
  await client.command({
    query: `DELETE FROM ${table} WHERE ${condition}`,
    clickhouse_settings: {
      lightweight_deletes_sync: '2',
      max_query_size: '4000000',
      max_ast_elements: '1000000',
      max_expanded_ast_elements: '1000000',
    },
  })
}

async function select<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  const result = await client.query({
    query,
    format: 'JSONEachRow',
    clickhouse_settings: { max_query_size: '4000000' },
  })
  return result.json<Row>()
}
