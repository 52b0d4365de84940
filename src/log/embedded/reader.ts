import type { StoredRecord } from '../../core/log.ts'
import { decodeChunk } from './chunk.ts'
import type { Database } from './environment.ts'
import {
  allOfPartition,
  type ChunkKey,
  chunkBound,
  decodeChunkKey,
  encodeChunkKey,
  lastOf,
  type PartitionId,
} from './keys.ts'
import { chunkAtOrBefore, chunksFrom, readChunk } from './tables.ts'

/** How many chunk keys are looked at together. No cursor and no snapshot stays open from one look to the next. */
const keysAtOnce = 64

export interface TakeLimits {
  readonly maxRecords: number
  /** Bytes of keys and values; the first record is taken even if it is larger. */
  readonly maxBytes: number
  /** Exclusive. */
  readonly end: number
}

/** Reads on in one partition. Holds at most one decoded chunk between calls. */
export class PartitionReader {
  /** The next offset to read. */
  position: number
  readonly #database: Database
  readonly #id: PartitionId
  #decoded: readonly StoredRecord[] = []
  #at = 0

  constructor(database: Database, id: PartitionId, position: number) {
    this.#database = database
    this.#id = id
    this.position = position
  }

  /** The next records within the limits; none if there are none before `end`. */
  take({ maxRecords, maxBytes, end }: TakeLimits): readonly StoredRecord[] {
    const taken: StoredRecord[] = []
    let bytes = 0
    while (taken.length < maxRecords) {
      const record = this.#peek(end)
      if (record === undefined) break
      bytes += recordBytes(record)
      if (taken.length > 0 && bytes > maxBytes) break
      taken.push(record)
      this.#at += 1
      this.position = record.offset + 1
    }
    return taken
  }

  #peek(end: number): StoredRecord | undefined {
    while (this.position < end) {
      const record = this.#decoded[this.#at]
      if (record !== undefined) return record.offset < end ? record : undefined
      if (!this.#decodeNext()) return undefined
    }
    return undefined
  }

  #decodeNext(): boolean {
    const chunk = chunkHolding(this.#database, this.#id, this.position)
    if (chunk === undefined) return false
    const records = decodeChunk(readChunk(this.#database, encodeChunkKey(chunk), chunk), chunk.base)
    this.#decoded = records
    this.#at = records.findIndex(record => record.offset >= this.position)
    return this.#at >= 0
  }
}

/** Bytes that count towards a batch. */
export const recordBytes = ({ key, value }: StoredRecord): number => key.length + (value?.length ?? 0)

/** The chunk with the first record at or after `offset`. */
function chunkHolding(database: Database, id: PartitionId, offset: number): ChunkKey | undefined {
  const before = chunkAtOrBefore(database, id, offset)
  return before !== undefined && lastOf(before) >= offset ? before : chunksFrom(database, id, offset, 1)[0]
}

/** How much there is to read between two offsets; `bytes` is an estimate where a chunk is cut. */
export interface Extent {
  readonly records: number
  readonly bytes: number
}

/** Looks at chunk keys only, and stops once either limit is reached. */
export function extentOf(
  database: Database,
  id: PartitionId,
  from: number,
  limits: Pick<TakeLimits, 'maxRecords' | 'maxBytes'>,
): Extent & { readonly end: number } {
  let records = 0
  let bytes = 0
  let end = from
  while (records < limits.maxRecords && bytes < limits.maxBytes) {
    const first = end === from ? chunkHolding(database, id, from) : undefined
    const chunks = first === undefined ? chunksFrom(database, id, end, keysAtOnce) : [first]
    if (chunks.length === 0) break
    for (const chunk of chunks) {
      const share = (lastOf(chunk) + 1 - Math.max(from, chunk.base)) / chunk.span
      records += Math.ceil(chunk.count * share)
      bytes += chunk.bytes * share
      end = lastOf(chunk) + 1
      if (records >= limits.maxRecords || bytes >= limits.maxBytes) break
    }
  }
  return { records, bytes, end }
}

/** The first offset from which on a record is not older than `timestamp`, or undefined. */
export function offsetAtTime(database: Database, id: PartitionId, timestamp: number): number | undefined {
  let from = firstCandidate(database, id, timestamp)
  while (from !== undefined) {
    const chunks = chunksFrom(database, id, from, keysAtOnce)
    for (const chunk of chunks) {
      if (chunk.newest < timestamp) continue
      const records = decodeChunk(readChunk(database, encodeChunkKey(chunk), chunk), chunk.base)
      const found = records.find(record => record.timestamp >= timestamp)
      if (found !== undefined) return found.offset
    }
    const last = chunks.at(-1)
    from = last === undefined ? undefined : lastOf(last) + 1
  }
  return undefined
}

/**
 * Base of the first chunk up to which some record, kept or removed since, reached `timestamp`. `newestSoFar` never falls
 * from chunk to chunk, so bisection finds it.
 */
function firstCandidate(database: Database, id: PartitionId, timestamp: number): number | undefined {
  const [oldest] = chunksFrom(database, id, 0, 1)
  const [newest] = [
    ...database.getKeys({ start: allOfPartition('chunk', id).end, end: chunkBound(id, 0), reverse: true, limit: 1 }),
  ].map(decodeChunkKey)
  if (oldest === undefined || newest === undefined || newest.newestSoFar < timestamp) return undefined
  let low = oldest.base
  let high = newest.base
  while (low < high) {
    const middle = chunkAtOrBefore(database, id, Math.floor((low + high) / 2))
    if (middle === undefined) break
    if (middle.newestSoFar >= timestamp) high = middle.base
    else low = chunksFrom(database, id, lastOf(middle) + 1, 1)[0]?.base ?? high
  }
  return low
}
