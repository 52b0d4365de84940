import { createHash } from 'node:crypto'
import type { LogRecord } from '../../core/log.ts'
import { decodeChunk, encodeSparse } from './chunk.ts'
import {
  allOfPartition,
  type ChunkKey,
  encodeChunkKey,
  lastOf,
  latestKey,
  offsetOf,
  type PartitionId,
  supersededKey,
  tombstoneKey,
} from './keys.ts'
import { chunkAtOrBefore, chunksFrom, type OffsetSpan, readChunk } from './tables.ts'
import type { Unit } from './unit.ts'

/*
 * A compacted topic knows where the latest record of each key is. An append therefore knows which record it supersedes,
 * and counts it against its chunk; a chunk goes when nothing in it is current, and is rewritten when half of it is not.
 * So compaction costs a bounded part of the append that causes it, and there is no cleaner that could fall behind.
 * No group holds it up, but for the ranges that a group recorded or is at work on: a replay must find them unchanged.
 */

/** What compaction needs to know of an appended record. */
export interface Keyed {
  readonly digest: Buffer
  readonly tombstone: boolean
}

const longestPlainKey = 256
const digestKinds = { plain: Buffer.of(0), hashed: Buffer.of(1) } as const

/** Names a record's key in the index: the key itself, or its SHA-256 if it is too long for an index. */
function digestOf(key: Buffer): Buffer {
  return key.length <= longestPlainKey
    ? Buffer.concat([digestKinds.plain, key])
    : Buffer.concat([digestKinds.hashed, createHash('sha256').update(key).digest()])
}

export const keyed = ({ key, value }: LogRecord): Keyed => ({ digest: digestOf(key), tombstone: value === null })

/** Takes note of appended records, which are written already, and drops what they supersede. */
export function supersede(unit: Unit, id: PartitionId, base: number, records: readonly Keyed[]): void {
  const superseded = records.flatMap(({ digest, tombstone }, index) => {
    const key = latestKey(id, digest)
    const previous = unit.database.get(key)?.readDoubleBE()
    const offset = Buffer.allocUnsafe(8)
    offset.writeDoubleBE(base + index)
    unit.put(key, offset)
    if (tombstone) {
      const since = Buffer.allocUnsafe(8)
      since.writeDoubleBE(unit.now)
      unit.put(tombstoneKey(id, base + index), since)
    }
    return previous ?? []
  })
  // Only now: a rewrite keeps what is the latest of its key, and of every appended record that has to be known first.
  for (const offset of superseded) drop(unit, id, offset)
}

/** Compacts what could not be compacted while the range was held. */
export function release(unit: Unit, id: PartitionId, { first, last }: OffsetSpan): void {
  let chunk = chunkAtOrBefore(unit.database, id, first)
  while (chunk !== undefined && chunk.base <= last) {
    compact(unit, chunk)
    chunk = chunksFrom(unit.database, id, lastOf(chunk) + 1, 1)[0]
  }
}

/**
 * Removes tombstones that have stood for `tombstoneMs` and that every known group has read, with the last trace of their
 * keys. At most `limit` of them; true if there may be more.
 */
export function removeTombstones(unit: Unit, id: PartitionId, tombstoneMs: number, limit: number): boolean {
  const { database } = unit
  const neededFrom = unit.neededFrom(id)
  const found = [...database.getRange({ ...allOfPartition('tombstone', id), limit })]
  for (const { key, value } of found) {
    const offset = offsetOf(key)
    if (offset >= neededFrom || value.readDoubleBE() + tombstoneMs > unit.now) return false
    const record = recordAt(unit, id, offset)
    if (record !== undefined) unit.remove(latestKey(id, digestOf(record)))
    drop(unit, id, offset)
  }
  return found.length === limit
}

function recordAt(unit: Unit, id: PartitionId, offset: number): Buffer | undefined {
  const chunk = chunkAtOrBefore(unit.database, id, offset)
  if (chunk === undefined) return undefined
  const records = decodeChunk(readChunk(unit.database, encodeChunkKey(chunk), chunk), chunk.base)
  return records.find(record => record.offset === offset)?.key
}

/**
 * Rewrites chunks that have had superseded records for `compactionMs`, whatever their share: what was erased must go. Looks
 * at `limit` chunks from the offset `from` on, and says where to go on; undefined after the last one.
 */
export function removeSuperseded(
  unit: Unit,
  id: PartitionId,
  compactionMs: number,
  from: number,
  limit: number,
): number | undefined {
  const { end } = allOfPartition('superseded', id)
  const found = [...unit.database.getRange({ start: supersededKey(id, from), end, limit })]
  for (const { key, value } of found) {
    const chunk = chunkAtOrBefore(unit.database, id, offsetOf(key))
    if (chunk !== undefined && decodeTally(value).since + compactionMs <= unit.now) rewrite(unit, chunk)
  }
  const last = found.at(-1)
  return last === undefined || found.length < limit ? undefined : offsetOf(last.key) + 1
}

/** How many records of a chunk are superseded, and since when the first is, Unix milliseconds. */
interface Tally {
  readonly count: number
  readonly since: number
}

const decodeTally = (bytes: Buffer): Tally => ({ count: bytes.readUInt32BE(0), since: bytes.readDoubleBE(4) })

const tallyOf = (unit: Unit, chunk: ChunkKey): Tally => {
  const bytes = unit.database.get(supersededKey(chunk, chunk.base))
  return bytes === undefined ? { count: 0, since: unit.now } : decodeTally(bytes)
}

/** Counts a record that is no longer current against its chunk. */
function drop(unit: Unit, id: PartitionId, offset: number): void {
  unit.remove(tombstoneKey(id, offset))
  const chunk = chunkAtOrBefore(unit.database, id, offset)
  // A rewrite for another record may have taken it already.
  if (chunk === undefined || lastOf(chunk) < offset) return
  const { count, since } = tallyOf(unit, chunk)
  const bytes = Buffer.allocUnsafe(12)
  bytes.writeUInt32BE(count + 1, 0)
  bytes.writeDoubleBE(since, 4)
  unit.put(supersededKey(id, chunk.base), bytes)
  compact(unit, chunk)
}

/** Rewrites a chunk if that is worth it: half of it is superseded. */
function compact(unit: Unit, chunk: ChunkKey): void {
  if (tallyOf(unit, chunk).count * 2 >= chunk.count) rewrite(unit, chunk)
}

function rewrite(unit: Unit, chunk: ChunkKey): void {
  if (unit.isHeld(chunk, { first: chunk.base, last: lastOf(chunk) })) return
  const { database } = unit
  const current = decodeChunk(readChunk(database, encodeChunkKey(chunk), chunk), chunk.base).filter(
    ({ key, offset }) => database.get(latestKey(chunk, digestOf(key)))?.readDoubleBE() === offset,
  )
  unit.remove(supersededKey(chunk, chunk.base))
  unit.removeChunk(chunk)
  const [first] = current
  const last = current.at(-1)
  if (first === undefined || last === undefined) return
  const { bytes, newest } = encodeSparse(current)
  unit.putChunk(
    {
      ...chunk,
      base: first.offset,
      span: last.offset - first.offset + 1,
      count: current.length,
      bytes: bytes.length,
      newest,
    },
    bytes,
  )
}
