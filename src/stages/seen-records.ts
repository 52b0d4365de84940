import type { AccountConfig } from '../core/connector.ts'
import { kindOf } from '../core/errors.ts'
import type { Codec, EventLog, Position } from '../core/log.ts'
import type { RawRecord } from '../core/records.ts'
import type { State } from '../core/state.ts'
import { createSeenIndex, type SeenEntry, type SeenIndex } from '../sdk/seen.ts'

/** What each record of an account held when it was last appended: a seen index that is kept in step with the log. */
export interface SeenRecords extends Pick<SeenIndex, 'isNew'> {
  /**
   * Appends records by `append`, which gives their positions, and remembers them once they are durable: what is remembered is
   * held back when it is read again.
   */
  append(records: readonly SeenEntry[], append: () => Promise<readonly Position[]>): Promise<void>
  /** Remembers what an earlier run appended and could not remember. Call it before anything is asked or appended. Ends early if it aborts. */
  catchUp(signal: AbortSignal): Promise<void>
}

export interface SeenRecordsDeps {
  readonly log: EventLog
  readonly codec: Codec<RawRecord>
  /** The topic of the vendor's raw records. */
  readonly topic: string
  readonly account: AccountConfig
  readonly state: State
  /** How long it is remembered what a record held, milliseconds. */
  readonly keepMs: number
  readonly now: () => Date
}

/** Of each partition the offset up to which the account's records are remembered. */
type Known = ReadonlyMap<number, number>

const knownPrefix = 'known/'
/** How many records `catchUp` remembers in one transaction. */
const entriesAtOnce = 1_000

export function createSeenRecords(deps: SeenRecordsDeps): SeenRecords {
  const { log, codec, topic, account, state, keepMs, now } = deps
  const index = createSeenIndex(state, { keepMs, now })
  /** What is appended and remembered, or about to be. */
  const next = new Map<number, number>(
    [...state.range(knownPrefix)].map(({ key, value }) => [Number(key.slice(knownPrefix.length)), Number(value)]),
  )
  /** Of each append that is not remembered yet, oldest first, what was there when it began: its records come after that. */
  const open = new Set<Known>()

  const remember = (entries: readonly SeenEntry[], knownThen: () => Known) =>
    index.remember(entries, writer => {
      for (const [partition, offset] of knownThen()) writer.put(`${knownPrefix}${partition}`, Buffer.from(`${offset}`))
    })

  const entryOf = async (value: Buffer | null): Promise<SeenEntry | undefined> => {
    if (value === null) return undefined
    try {
      const { vendor, account: name, stream, key, hash, observedAt } = await codec.decode(value)
      return vendor === account.vendor && name === account.account ? { stream, key, hash, observedAt } : undefined
    } catch (error) {
      // No record of ours: the normalize stage makes a dead letter of it.
      if (kindOf(error) !== 'data') throw error
      return undefined
    }
  }

  return {
    isNew: index.isNew,
    async append(records, append) {
      const before: Known = new Map(next)
      open.add(before)
      const positions = await append()
      for (const position of positions)
        if (position.topic === topic)
          next.set(position.partition, Math.max(next.get(position.partition) ?? 0, position.offset + 1))
      await remember(records, () => [...open].find(other => other !== before) ?? next)
      open.delete(before)
    },
    async catchUp(signal) {
      for (const { partition, first, next: end } of await log.stats([topic])) {
        const from = Math.max(first, next.get(partition) ?? 0)
        if (from >= end) continue
        let entries: SeenEntry[] = []
        const flush = async (known: number) => {
          next.set(partition, known)
          await remember(entries, () => new Map([[partition, known]]))
          entries = []
        }
        for await (const { offset, value } of log.read(topic, partition, from, end)) {
          if (signal.aborted) return
          const entry = await entryOf(value)
          if (entry !== undefined) entries.push(entry)
          if (entries.length >= entriesAtOnce) await flush(offset + 1)
        }
        await flush(end)
      }
    },
  }
}
