import type { Logger } from 'pino'
import { dataError } from '../../core/errors.ts'
import {
  conversationHeaders,
  type OffsetRange,
  type RangeLimits,
  type Sink,
  type SinkInputs,
  type SinkRecord,
} from '../../core/sink.ts'
import { type Coverage, readCoverage } from './coverage.ts'
import { type Erasures, openErasures } from './erase.ts'
import { hourOf, rangePath, vconPath } from './layout.ts'
import { eventColumns, parquetOf, rawColumns } from './parquet.ts'
import type { ArchiveStore } from './store.ts'

export interface ArchiveSettings {
  readonly store: ArchiveStore
  readonly limits: RangeLimits
  readonly now: () => Date
  readonly log: Logger
}

/** The default of a configuration. A range is in memory as a whole, so files are as large as that allows. */
export const defaultArchiveLimits: RangeLimits = { maxRecords: 50_000, maxBytes: 16 << 20, lingerMs: 60_000 }

/** vCons that are put at once: each waits for the disk, which has the log to sync as well. */
const objectsAtOnce = 3

/** What the archive holds and must not hold, read from it once. */
interface Known {
  readonly erasures: Erasures
  readonly coverage: Coverage
}

/**
 * Exports raw records and events as Parquet and each conversation's latest vCon as JSON. A range always leaves the same
 * files (`layout.ts`), put only where there is none, so that writing it again changes nothing.
 */
export function createArchiveSink({ store, limits, now, log }: ArchiveSettings): Sink {
  let opened: Promise<Known> | undefined
  const known = () => {
    opened ??= Promise.all([openErasures(store, now), readCoverage(store)]).then(([erasures, coverage]) => ({
      erasures,
      coverage,
    }))
    return opened
  }

  /** One file for each hour of the range, of the records that are to be kept and stand in no other file. */
  async function writeHours<I extends 'raw' | 'events'>(
    range: OffsetRange<I>,
    coverage: Coverage,
    columns: Parameters<typeof parquetOf<SinkInputs[I]>>[0],
    isErased: (value: SinkInputs[I]) => boolean,
  ) {
    const isElsewhere = coverage.elsewhere(range)
    const fresh = range.records.filter(({ stored }) => stored.value !== null && !isElsewhere(stored.offset))
    let files = 0
    for (const [hour, records] of byHour(fresh)) {
      const file = await parquetOf(columns, records, value => !isErased(value))
      if (file === undefined) continue
      await store.putIfAbsent(rangePath(range, hour), file)
      files++
    }
    if (files > 0) coverage.add(range)
  }

  async function writeConversations(range: OffsetRange<'conversations'>) {
    const latest = new Map(range.records.map(record => [record.stored.key.toString(), record]))
    const erased: string[] = []
    const rest = latest.entries()
    const writeRest = async () => {
      for (const [conversationId, { stored }] of rest) {
        if (stored.value === null) {
          await store.remove(vconPath(conversationId))
          if (stored.headers[conversationHeaders.erase] !== undefined) erased.push(conversationId)
        } else await store.put(vconPath(conversationId), stored.value)
      }
    }
    const ended = await Promise.allSettled(Array.from({ length: objectsAtOnce }, writeRest))
    for (const end of ended) if (end.status === 'rejected') throw end.reason
    if (erased.length === 0) return
    const { files } = await (await known()).erasures.erase(erased)
    log.info({ conversations: erased.length, files }, 'erased conversations from the archive')
  }

  return {
    name: 'archive',
    inputs: ['raw', 'events', 'conversations'],
    limits,
    // Files are made by this process: two at once would take as long, and twice the memory.
    writesAtOnce: 1,
    async check() {
      await store.check()
      await known()
    },
    async write(range) {
      switch (range.input) {
        case 'raw': {
          const { erasures, coverage } = await known()
          return await writeHours(range, coverage, rawColumns, erasures.isErasedRaw)
        }
        case 'events': {
          const { erasures, coverage } = await known()
          return await writeHours(range, coverage, eventColumns, erasures.isErasedEvent)
        }
        case 'conversations':
          return await writeConversations(range)
        default:
          throw dataError('unknown-input', `archiving ${JSON.stringify(range satisfies never)}: no such input`)
      }
    },
    close: async () => {},
  }
}

/** The records of a range by the hour that they belong to, each in offset order. */
function byHour<T>(records: readonly SinkRecord<T>[]): ReadonlyMap<string, SinkRecord<T>[]> {
  const hours = new Map<string, SinkRecord<T>[]>()
  for (const record of records) {
    const hour = hourOf(record.stored.timestamp)
    const inHour = hours.get(hour)
    if (inHour === undefined) hours.set(hour, [record])
    else inHour.push(record)
  }
  return hours
}
