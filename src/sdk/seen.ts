import { createHash } from 'node:crypto'
import type { State, StateWriter } from '../core/state.ts'

/** The content of a record of a stream. */
export interface SeenEntry {
  readonly stream: string
  /** The vendor's key of the record. */
  readonly key: string
  /** SHA-256 of the payload, lower-case hex. */
  readonly hash: string
  /** When the vendor held this content, Unix milliseconds: of two, the later one is what the vendor has. */
  readonly observedAt: number
}

/**
 * What each record held when it was last stored, so that reading unchanged bytes again stores nothing. It may forget, and
 * then lets a duplicate through; it never holds back content that the log does not have as the latest.
 */
export interface SeenIndex {
  /**
   * Whether the content differs from what was remembered last: content that returns to an older value is new again.
   * Once it has said so of a record, everything of that record is new until that content is remembered: a failed append
   * may be asked again.
   */
  isNew(stream: string, key: string, hash: string): boolean
  /**
   * Call it when the records are durable on the log, never before. Resolves when it is durable itself. `alongside` writes
   * more to the same state in the same transaction, under keys of its own; such transactions come one after the other.
   */
  remember(entries: readonly SeenEntry[], alongside?: (writer: StateWriter) => void): Promise<void>
}

export interface SeenOptions {
  /** What was stored longer ago is forgotten, milliseconds. Longer than the oldest re-read, or that stores duplicates. */
  readonly keepMs: number
  readonly now: () => Date
}

interface Remembered {
  readonly hash: string
  readonly observedAt: number
  /** Unix hour. */
  readonly hour: number
}

const hourMs = 3_600_000
/** Forgotten entries that one `remember` removes for each entry it writes, so that it never takes long. */
const removalsPerEntry = 4

/** A seen index in a stage's state, under keys that begin with `seen/`. */
export function createSeenIndex(state: State, { keepMs, now }: SeenOptions): SeenIndex {
  const keptHours = Math.max(1, Math.ceil(keepMs / hourMs))
  const hourNow = () => Math.floor(now().getTime() / hourMs)
  // Records that were handed out and are not known to be durable: nothing may be held back against them.
  const unsettled = new Map<string, Set<string>>()
  let writing: Promise<void> = Promise.resolve()

  const lookUp = (id: string): Remembered | undefined => {
    const value = state.get(entryKey(id))
    return value === undefined ? undefined : decode(value)
  }
  const isForgotten = (hour: number) => hour + keptHours < hourNow()

  function sweep(writer: StateWriter, spared: ReadonlySet<string>, limit: number): void {
    let removals = limit
    for (const { key } of state.range(agePrefix)) {
      const [hour, id] = ageOf(key)
      if (!isForgotten(hour) || removals === 0) return
      removals -= 1
      writer.remove(key)
      if (!spared.has(id)) writer.remove(entryKey(id))
    }
  }

  return {
    isNew(stream, key, hash) {
      const id = idOf(stream, key)
      const remembered = unsettled.has(id) ? undefined : lookUp(id)
      const fresh = remembered === undefined || remembered.hash !== hash || isForgotten(remembered.hour)
      if (fresh) unsettled.set(id, (unsettled.get(id) ?? new Set()).add(hash))
      return fresh
    },
    async remember(entries, alongside) {
      if (entries.length === 0 && alongside === undefined) return
      // One after the other, as each compares with what the one before has written.
      const mine = writing.then(() => write(entries, alongside))
      writing = mine.catch(() => {})
      await mine
      for (const { stream, key, hash } of entries) {
        const id = idOf(stream, key)
        const hashes = unsettled.get(id)
        hashes?.delete(hash)
        if (hashes?.size === 0) unsettled.delete(id)
      }
    },
  }

  function write(entries: readonly SeenEntry[], alongside: ((writer: StateWriter) => void) | undefined): Promise<void> {
    const hour = hourNow()
    const latest = new Map<string, SeenEntry>()
    for (const entry of entries) {
      const id = idOf(entry.stream, entry.key)
      const other = latest.get(id)
      if (other === undefined || entry.observedAt >= other.observedAt) latest.set(id, entry)
    }
    return state.transaction(writer => {
      const written = new Set<string>()
      for (const [id, { hash, observedAt }] of latest) {
        const before = lookUp(id)
        if (before !== undefined && before.observedAt > observedAt && !isForgotten(before.hour)) continue
        if (before !== undefined && before.hour !== hour) writer.remove(ageKey(before.hour, id))
        written.add(id)
        writer.put(entryKey(id), encode({ hash, observedAt, hour }))
        writer.put(ageKey(hour, id), empty)
      }
      sweep(writer, written, removalsPerEntry * entries.length)
      alongside?.(writer)
    })
  }
}

const empty = Buffer.alloc(0)
const agePrefix = 'seen/age/'
const entryKey = (id: string) => `seen/entry/${id}`
const ageKey = (hour: number, id: string) => `${agePrefix}${String(hour).padStart(9, '0')}/${id}`
const ageOf = (key: string): [hour: number, id: string] => [
  Number(key.slice(agePrefix.length, agePrefix.length + 9)),
  key.slice(agePrefix.length + 10),
]

/** Keys of any length and form become short ones that a state takes; 128 bits do not collide by chance. */
const idOf = (stream: string, key: string) =>
  createHash('sha256')
    .update(`${Buffer.byteLength(stream)}:${stream}${key}`)
    .digest('hex')
    .slice(0, 32)

const encode = ({ hash, observedAt, hour }: Remembered): Buffer => Buffer.from(`${hour} ${observedAt} ${hash}`)

function decode(value: Buffer): Remembered {
  const [hour = '', observedAt = '', hash = ''] = value.toString().split(' ')
  return { hash, observedAt: Number(observedAt), hour: Number(hour) }
}
