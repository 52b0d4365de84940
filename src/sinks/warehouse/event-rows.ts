import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConversationEvent, EventType } from '../../core/records.ts'
import { sectionFields } from '../../core/records.ts'
import { isHeldTime, type RowWriter } from './row-binary.ts'
import type { TableDefinition } from './tables.ts'
import { snakeCase, writerFor } from './types.ts'

/**
 * The column of `events_all` that a section's field goes to, where it does not bear the field's name in snake case.
 * A field that has no column at all goes to `details`.
 */
const renamed: { readonly [T in EventType]?: Readonly<Record<string, string>> } = {
  'conversation.started': { subject: 'text' },
  'queue.left': { outcome: 'status' },
  transfer: { fromPartyKey: 'party_key', toQueueId: 'queue_id', toQueueName: 'queue_name' },
  recording: { media: 'kind', state: 'status' },
  disposition: { note: 'text' },
  sentiment: { scope: 'kind' },
  survey: { formName: 'name', comment: 'text' },
  'reasoning.step': { responseModel: 'model' },
  'evaluation.result': { evaluatorKind: 'kind', explanation: 'text' },
  'consent.signal': { purpose: 'name' },
  deletion: { scope: 'kind' },
}

/** The columns that every event has. */
const common: Readonly<Record<string, (event: ConversationEvent) => unknown>> = {
  type: event => event.type,
  conversation_id: event => event.conversationId,
  id: event => event.id,
  version: event => event.version,
  revision: event => event.revision,
  retracted: event => event.retracted,
  conversation_vendor: event => event.conversationVendor,
  conversation_account: event => event.conversationAccount,
  conversation_key: event => event.conversationKey,
  source_vendor: event => event.sourceVendor,
  source_account: event => event.sourceAccount,
  source_stream: event => event.sourceStream,
  source_key: event => event.sourceKey,
  occurred_at: event => event.occurredAt,
  occurred_at_raw: event => (isHeldTime(event.occurredAt) ? null : event.occurredAt),
  sequence: event => event.sequence,
  observed_at: event => event.observedAt,
  observed_at_raw: event => (isHeldTime(event.observedAt) ? null : event.observedAt),
  raw_topic: event => event.rawTopic,
  raw_partition: event => event.rawPartition,
  raw_offset: event => event.rawOffset,
  raw_hash: event => event.rawHash,
}

type Section = Readonly<Record<string, unknown>>

/** How the rows of `events_all` are written: the columns inserted, in their order, and the writer of a row. */
export interface EventRows {
  readonly columns: readonly string[]
  write(out: RowWriter, event: ConversationEvent): void
}

/** Makes the writer of event rows from the definition of `events_all`. */
export function eventRows(table: TableDefinition): EventRows {
  const inserted = table.columns.filter(column => !column.isAlias)
  const isOfSection = (name: string) => !(name in common) && name !== 'precedence' && name !== 'details'
  const sectionColumns = inserted.filter(column => isOfSection(column.name)).map(column => column.name)

  const writersOf = (type: EventType): readonly Write[] => {
    const places = placesOf(type, sectionColumns)
    const writers: Write[] = []
    let nulls = 0
    const writeNulls = () => {
      const count = nulls
      if (count > 0) writers.push(out => out.repeat(1, count))
      nulls = 0
    }
    for (const { name, type: columnType } of inserted) {
      if (isOfSection(name) && !places.fields.has(name)) {
        nulls++
        continue
      }
      writeNulls()
      writers.push(writerOf(name, columnType, places))
    }
    writeNulls()
    return writers
  }
  const writers = new Map(
    Object.entries(sectionFields).map(([type, field]) => [type, { field, columns: writersOf(type as EventType) }]),
  )

  // A type that a later version wrote has no section that this one could read.
  const unknownType = { field: sectionFields['hold.started'], columns: writersOf('hold.started') }

  return {
    columns: inserted.map(column => column.name),
    write(out, event) {
      const { field, columns } = writers.get(event.type) ?? unknownType
      const section = (event[field] ?? {}) as Section
      for (const write of columns) write(out, event, section)
    },
  }
}

type Write = (out: RowWriter, event: ConversationEvent, section: Section) => void

/** Where the fields of a type's section go. */
interface Places {
  /** The field of each column that has one. */
  readonly fields: ReadonlyMap<string, string>
  /** The fields without a column. */
  readonly others: readonly string[]
}

function placesOf(type: EventType, sectionColumns: readonly string[]): Places {
  const elsewhere: Readonly<Record<string, string>> = renamed[type] ?? {}
  const fields = new Map<string, string>()
  const others: string[] = []
  for (const field of fieldsOf(type)) {
    const column = elsewhere[field] ?? snakeCase(field)
    if (sectionColumns.includes(column) && (field in elsewhere || !Object.values(elsewhere).includes(column)))
      fields.set(column, field)
    else others.push(field)
  }
  return { fields, others }
}

function writerOf(name: string, type: string, { fields, others }: Places): Write {
  if (name === 'precedence')
    return (out, { version, revision, contentHash, retracted }) =>
      out.precedence(version, revision, contentHash, retracted)
  const write = writerFor(type)
  if (name === 'details') return (out, _event, section) => out.string(details(section, others))
  const read = common[name]
  if (read !== undefined) return (out, event) => write(out, read(event))
  const field = fields.get(name) ?? name
  return (out, _event, section) => write(out, section[field])
}

interface AvroRecord {
  readonly fields: readonly { readonly name: string; readonly type: unknown }[]
}

const eventSchema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../schemas/avro/event.avsc'), 'utf8'),
) as AvroRecord

/** The fields of a type's section, by the event schema: a union of null and the section's record. */
function fieldsOf(type: EventType): readonly string[] {
  const section = eventSchema.fields.find(({ name }) => name === sectionFields[type])?.type
  const record = Array.isArray(section) ? (section[1] as AvroRecord) : undefined
  return record?.fields.map(({ name }) => name) ?? []
}

/** What a section says beyond the columns, as JSON; empty if that is nothing but nulls, empty lists and `false`. */
function details(section: Section, fields: readonly string[]): string {
  let rest: Record<string, unknown> | undefined
  for (const field of fields) {
    const value = section[field]
    if (value === null || value === undefined || value === false || (Array.isArray(value) && value.length === 0))
      continue
    rest ??= {}
    rest[field] = value
  }
  return rest === undefined ? '' : JSON.stringify(rest)
}
