import type { ConversationEvent, RawRecord } from '../../core/records.ts'
import { erasurePath, rangeOfPath } from './layout.ts'
import { eventColumns, parquetOfRows, parquetRows, type Row, rawColumns } from './parquet.ts'
import type { ArchiveStore } from './store.ts'

/**
 * The erasure of one conversation, kept as `erasures/<conversationId>.json`. It is written before anything is rewritten,
 * so that an erasure that was cut short is finished, and not forgotten, when its tombstone comes again.
 */
interface Erasure {
  readonly conversationId: string
  readonly erasedAt: string
  /** `[vendor, account, key]` of the conversation; null if the archive had no event of it. */
  readonly conversation: readonly [string, string, string] | null
  /** `topic:partition:offset` of the raw records that its events were read from. */
  readonly rawPositions: readonly string[]
}

export interface Erasures {
  /** True for facts of an erased conversation that reach the archive late; the deletion itself is kept. */
  isErasedEvent(event: ConversationEvent): boolean
  isErasedRaw(record: RawRecord): boolean
  /** Records the erasure, then rewrites every file that holds something of these conversations. May be called again. */
  erase(conversationIds: readonly string[]): Promise<{ readonly files: number }>
}

/** The erasures of an archive, read from it. */
export async function openErasures(store: ArchiveStore, now: () => Date): Promise<Erasures> {
  const ids = new Set<string>()
  const conversations = new Set<string>()
  const remember = ({ conversationId, conversation }: Erasure) => {
    ids.add(conversationId)
    if (conversation !== null) conversations.add(JSON.stringify(conversation))
  }
  for await (const path of store.list('erasures')) {
    const erasure = await readErasure(store, path.slice('erasures/'.length, -'.json'.length))
    if (erasure !== undefined) remember(erasure)
  }

  const isErased = (vendor: string, account: string, conversationKey: string) =>
    conversationKey !== '' && conversations.has(JSON.stringify([vendor, account, conversationKey]))

  /** Records the erasure of the conversations that have none yet, with what the archive knows of them. */
  async function record(conversationIds: readonly string[]): Promise<readonly Erasure[]> {
    const recorded = await Promise.all(conversationIds.map(id => readErasure(store, id)))
    const missing = new Set(conversationIds.filter((_id, index) => recorded[index] === undefined))
    const found = new Map<string, { conversation: Erasure['conversation']; rawPositions: Set<string> }>()
    for (const id of missing) found.set(id, { conversation: null, rawPositions: new Set() })
    for await (const { rows } of filesWith('events', eventKeyColumns, row => missing.has(text(row, 'conversation_id'))))
      for (const row of rows) {
        const known = found.get(text(row, 'conversation_id'))
        if (known === undefined) continue
        known.conversation = [
          text(row, 'conversation_vendor'),
          text(row, 'conversation_account'),
          text(row, 'conversation_key'),
        ]
        known.rawPositions.add(position(text(row, 'raw_topic'), text(row, 'raw_partition'), text(row, 'raw_offset')))
      }
    const erasures = recorded.filter(erasure => erasure !== undefined)
    for (const [conversationId, { conversation, rawPositions }] of found) {
      const erasure = { conversationId, erasedAt: now().toISOString(), conversation, rawPositions: [...rawPositions] }
      await store.put(erasurePath(conversationId), Buffer.from(`${JSON.stringify(erasure, null, 2)}\n`))
      erasures.push(erasure)
    }
    return erasures
  }

  /** The files of an input in which a row matches, by their key columns. */
  async function* filesWith(
    input: string,
    keyColumns: readonly string[],
    matches: (row: Row, path: string) => boolean,
  ) {
    for await (const path of store.list(input)) {
      const bytes = await store.get(path)
      if (bytes === undefined) continue
      const rows = await parquetRows(bytes, keyColumns)
      if (rows.some(row => matches(row, path))) yield { path, bytes, rows }
    }
  }

  /** Rewrites the events files without the events of these conversations; deletions stay. */
  async function eraseEvents(erased: ReadonlySet<string>) {
    const goes = (row: Row) => erased.has(text(row, 'conversation_id')) && text(row, 'type') !== 'deletion'
    let files = 0
    for await (const { path, bytes } of filesWith('events', eventKeyColumns, goes)) {
      const kept = (await parquetRows(bytes)).filter(row => !goes(row))
      await store.put(path, parquetOfRows(eventColumns, kept))
      files++
    }
    return files
  }

  /**
   * Rewrites the raw files without the raw records of these conversations. One that several conversations share (a
   * batch of spans) keeps its row but loses its payload: the events of the others stay.
   */
  async function eraseRaw(erased: readonly Erasure[]) {
    const rawPositions = new Set(erased.flatMap(erasure => erasure.rawPositions))
    const belongs = (row: Row, path: string) => {
      const { topic, partition } = rangeOfPath(path) ?? { topic: '', partition: -1 }
      return (
        isErased(text(row, 'vendor'), text(row, 'account'), text(row, 'conversation_key')) ||
        rawPositions.has(position(topic, `${partition}`, text(row, 'log_offset')))
      )
    }
    const isDone = (row: Row) => text(row, 'conversation_key') === '' && row['payload'] === null
    let files = 0
    for await (const { path, bytes } of filesWith('raw', rawKeyColumns, belongs)) {
      const rows = await parquetRows(bytes)
      if (!rows.some(row => belongs(row, path) && !isDone(row))) continue
      const kept = rows.flatMap((row): readonly Row[] => {
        if (!belongs(row, path)) return [row]
        return text(row, 'conversation_key') === '' ? [{ ...row, payload: null }] : []
      })
      await store.put(path, parquetOfRows(rawColumns, kept))
      files++
    }
    return files
  }

  return {
    isErasedEvent: event => ids.has(event.conversationId) && event.type !== 'deletion',
    isErasedRaw: record => isErased(record.vendor, record.account, record.conversationKey ?? ''),
    async erase(conversationIds) {
      const erased = await record(conversationIds)
      erased.forEach(remember)
      return { files: (await eraseEvents(new Set(conversationIds))) + (await eraseRaw(erased)) }
    },
  }
}

async function readErasure(store: ArchiveStore, conversationId: string): Promise<Erasure | undefined> {
  const bytes = await store.get(erasurePath(conversationId))
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as Erasure)
}

const eventKeyColumns = [
  ...['conversation_id', 'type', 'conversation_vendor', 'conversation_account', 'conversation_key'],
  ...['raw_topic', 'raw_partition', 'raw_offset'],
]
const rawKeyColumns = ['vendor', 'account', 'conversation_key', 'log_offset']

/** A cell as text; empty for null. */
const text = (row: Row, column: string): string => {
  const value = row[column]
  return value === null || value === undefined ? '' : String(value)
}

const position = (topic: string, partition: string, offset: string) => `${topic}:${partition}:${offset}`
