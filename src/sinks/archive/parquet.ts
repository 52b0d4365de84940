import { setImmediate } from 'node:timers/promises'
import { parquetReadObjects } from 'hyparquet'
import { type BasicType, ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import { type ConversationEvent, type EventType, type RawRecord, sectionFields } from '../../core/records.ts'
import type { SinkRecord } from '../../core/sink.ts'

/** A row as it stands in a file, by column. */
export type Row = Readonly<Record<string, unknown>>

/** A column of a file: what it holds, and how a record fills it. */
interface Column<T> {
  readonly name: string
  readonly type: BasicType
  readonly of: (value: T, record: SinkRecord<T>) => unknown
}

const string = <T>(name: string, of: (value: T) => string | null): Column<T> => ({ name, type: 'STRING', of })
const integer = <T>(name: string, of: (value: T, record: SinkRecord<T>) => number | null): Column<T> => ({
  name,
  type: 'INT64',
  of: (value, record) => {
    const number = of(value, record)
    return number === null ? null : BigInt(number)
  },
})
const time = <T>(name: string, of: (value: T, record: SinkRecord<T>) => number): Column<T> => ({
  name,
  type: 'TIMESTAMP',
  of: (value, record) => {
    const date = new Date(of(value, record))
    return Number.isNaN(date.getTime()) ? null : date
  },
})

const onTheLog = <T>(): readonly Column<T>[] => [
  integer('log_offset', (_value, record) => record.stored.offset),
  time('log_time', (_value, record) => record.stored.timestamp),
]

/** Columns of an archived raw record. `payload` holds the vendor's bytes; it is null once they were erased. */
export const rawColumns: readonly Column<RawRecord>[] = [
  string('vendor', record => record.vendor),
  string('account', record => record.account),
  string('stream', record => record.stream),
  string('key', record => record.key),
  string('conversation_key', record => record.conversationKey),
  time('observed_at', record => record.observedAt),
  integer('version', record => record.version),
  string('content_type', record => record.contentType),
  { name: 'payload', type: 'BYTE_ARRAY', of: record => record.payload },
  string('hash', record => record.hash),
  string('context', record => record.context),
  ...onTheLog<RawRecord>(),
]

/** Columns of an archived event. `section` is the JSON of the one section that `type` names. */
export const eventColumns: readonly Column<ConversationEvent>[] = [
  string('id', event => event.id),
  string('type', event => event.type),
  integer('version', event => event.version),
  integer('revision', event => event.revision),
  { name: 'retracted', type: 'BOOLEAN', of: event => event.retracted },
  string('conversation_id', event => event.conversationId),
  string('conversation_vendor', event => event.conversationVendor),
  string('conversation_account', event => event.conversationAccount),
  string('conversation_key', event => event.conversationKey),
  string('source_vendor', event => event.sourceVendor),
  string('source_account', event => event.sourceAccount),
  string('source_stream', event => event.sourceStream),
  string('source_key', event => event.sourceKey),
  time('occurred_at', event => event.occurredAt),
  integer('sequence', event => event.sequence),
  time('observed_at', event => event.observedAt),
  string('raw_topic', event => event.rawTopic),
  integer('raw_partition', event => event.rawPartition),
  integer('raw_offset', event => event.rawOffset),
  string('raw_hash', event => event.rawHash),
  string('content_hash', event => event.contentHash),
  { name: 'section', type: 'STRING', of: sectionJson },
  ...onTheLog<ConversationEvent>(),
]

function sectionJson(event: ConversationEvent): string | null {
  const field = sectionFields[event.type as EventType]
  return field === undefined ? null : JSON.stringify(event[field])
}

/** What a row group holds at most: so much of a file is decoded at a time. Bytes are those on the log. */
const groupLimits = { records: 5_000, bytes: 8 * 1024 * 1024 }

/** A Parquet file (Snappy) of the records that `isKept` keeps; undefined if there are none. Tombstones are left out. */
export async function parquetOf<T>(
  columns: readonly Column<T>[],
  records: readonly SinkRecord<T>[],
  isKept: (value: T) => boolean = () => true,
): Promise<Uint8Array | undefined> {
  const file = createFile(columns)
  let bytes = 0
  for (const record of records) {
    const { value, stored } = record
    if (value === null || !isKept(value)) continue
    file.add(column => column.of(value, record))
    bytes += stored.value?.length ?? 0
    if (file.waiting() < groupLimits.records && bytes < groupLimits.bytes) continue
    file.endGroup()
    bytes = 0
    // A group takes tens of milliseconds, and the rest of the process has work of its own.
    await setImmediate()
  }
  return file.rows() === 0 ? undefined : file.finish()
}

/** The same columns, filled with rows that were read back. */
export function parquetOfRows<T>(columns: readonly Column<T>[], rows: readonly Row[]): Uint8Array {
  const file = createFile(columns)
  for (const row of rows) {
    file.add(column => row[column.name] ?? null)
    if (file.waiting() >= groupLimits.records) file.endGroup()
  }
  return file.finish()
}

/** A file that is written row group by row group. */
function createFile<T>(columns: readonly Column<T>[]) {
  const emptied = () => columns.map(({ name }) => ({ name, data: [] as unknown[] }))
  const output = new ByteWriter()
  const schema = schemaFromColumnData({ columnData: columns.map(({ name, type }) => ({ name, type, data: [] })) })
  const writer = new ParquetWriter({ writer: output, schema, createdBy: 'vconduit' })
  let group = emptied()
  let waiting = 0
  let rows = 0
  const endGroup = () => {
    if (waiting > 0) void writer.write({ columnData: group, rowGroupSize: waiting })
    group = emptied()
    waiting = 0
  }
  return {
    add(read: (column: Column<T>) => unknown) {
      for (const [index, column] of columns.entries()) group[index]?.data.push(read(column))
      waiting++
      rows++
    },
    endGroup,
    /** Rows of the open group. */
    waiting: () => waiting,
    rows: () => rows,
    finish(): Uint8Array {
      endGroup()
      void writer.finish()
      return output.getBytes()
    },
  }
}

/** Reads a file's rows, all columns or the ones named. Bytes stay bytes. */
export async function parquetRows(bytes: Uint8Array, columns?: readonly string[]): Promise<readonly Row[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  return await parquetReadObjects({ file, utf8: false, ...(columns === undefined ? {} : { columns: [...columns] }) })
}
