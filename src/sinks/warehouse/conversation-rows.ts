import type { ConversationHead } from '../../core/sink.ts'
import type { RowWriter } from './row-binary.ts'
import type { TableDefinition } from './tables.ts'
import { camelCase, writerFor } from './types.ts'

/** A row of `conversations_all`. Without a head it is a tombstone. */
export interface ConversationRow {
  readonly conversationId: string
  readonly revision: number
  readonly head: ConversationHead | null
  /** JSON; empty for a tombstone. */
  readonly vcon: Buffer
}

/** How the rows of `conversations_all` are written: the columns inserted, in their order, and the writer of a row. */
export interface ConversationRows {
  readonly columns: readonly string[]
  write(out: RowWriter, row: ConversationRow): void
}

const special: Readonly<Record<string, (row: ConversationRow) => unknown>> = {
  conversation_id: row => row.conversationId,
  revision: row => row.revision,
  is_deleted: row => row.head === null,
  vcon: row => row.vcon,
  conversation_key: row => row.head?.key,
}

/** Makes the writer of conversation rows from the definition of `conversations_all`. */
export function conversationRows(table: TableDefinition): ConversationRows {
  const writers = table.columns.map(({ name, type }) => {
    const write = writerFor(type)
    const field = camelCase(name)
    const ofHead = (row: ConversationRow) => (row.head as Readonly<Record<string, unknown>> | null)?.[field]
    const read = special[name] ?? ofHead
    return (out: RowWriter, row: ConversationRow) => write(out, read(row))
  })
  return {
    columns: table.columns.map(column => column.name),
    write(out, row) {
      for (const write of writers) write(out, row)
    },
  }
}
