import { configError, fatalError } from '../../core/errors.ts'
import type { TopicSpec } from '../../core/log.ts'
import type { Database } from './environment.ts'
import {
  allOf,
  allOfPartition,
  type ChunkKey,
  chunkBound,
  decodeChunkKey,
  formatKey,
  groupKey,
  groupOf,
  headKey,
  nameOf,
  type PartitionId,
  partitionIdOf,
  topicKey,
} from './keys.ts'

/** A topic as it is kept. */
export interface Topic extends TopicSpec {
  readonly id: number
}

/** The end of a partition. */
export interface Head {
  /** Offset that the next record gets. */
  readonly next: number
  /** Bytes of all its chunks. */
  readonly bytes: number
  /** The latest timestamp that was ever appended, Unix milliseconds; -Infinity if none was. */
  readonly newestSoFar: number
}

/** Where a group stands in a partition. */
export interface GroupOffset {
  /** The next offset that the group reads. */
  readonly offset: number
  /** The range that `prepare` recorded, both ends included; undefined if none is pending. */
  readonly pending: OffsetSpan | undefined
  /** Grows with every assignment of the partition: a commit of an earlier one is refused. */
  readonly epoch: number
}

/** First and last offset of a range, both included. */
export interface OffsetSpan {
  readonly first: number
  readonly last: number
}

const format = Buffer.of(1)

/** Refuses a directory that another version of the log wrote. */
export function checkFormat(database: Database, directory: string): void {
  const found = database.get(formatKey)
  if (found !== undefined && !found.equals(format))
    throw configError(
      'log-format',
      `opening ${directory}: its log has format ${found.toString('hex')}, this version reads ${format.toString('hex')}`,
    )
}

export const writeFormat = (database: Database): unknown => database.put(formatKey, format)

interface StoredTopic {
  readonly id: number
  readonly partitions: number
  /** JSON has no Infinity: null is no limit. */
  readonly retention: 'compact' | { readonly ageMs: number | null; readonly bytes: number | null }
}

export function readTopics(database: Database): Topic[] {
  return [...database.getRange(allOf('topic'))].map(({ key, value }) => {
    const { id, partitions, retention } = JSON.parse(value.toString()) as StoredTopic
    return {
      id,
      name: nameOf(key),
      partitions,
      retention:
        retention === 'compact'
          ? retention
          : { ageMs: retention.ageMs ?? Number.POSITIVE_INFINITY, bytes: retention.bytes ?? Number.POSITIVE_INFINITY },
    }
  })
}

export function writeTopic(database: Database, { name, id, partitions, retention }: Topic): void {
  void database.put(topicKey(name), Buffer.from(JSON.stringify({ id, partitions, retention })))
}

export function readHead(database: Database, id: PartitionId): Head {
  const bytes = database.get(headKey(id))
  if (bytes === undefined) return { next: 0, bytes: 0, newestSoFar: Number.NEGATIVE_INFINITY }
  return { next: bytes.readDoubleBE(0), bytes: bytes.readDoubleBE(8), newestSoFar: bytes.readDoubleBE(16) }
}

export function writeHead(database: Database, id: PartitionId, head: Head): void {
  const bytes = Buffer.allocUnsafe(24)
  bytes.writeDoubleBE(head.next, 0)
  bytes.writeDoubleBE(head.bytes, 8)
  bytes.writeDoubleBE(head.newestSoFar, 16)
  void database.put(headKey(id), bytes)
}

const decodeGroupOffset = (bytes: Buffer): GroupOffset => ({
  offset: bytes.readDoubleBE(0),
  epoch: bytes.readDoubleBE(8),
  pending: bytes.length < 32 ? undefined : { first: bytes.readDoubleBE(16), last: bytes.readDoubleBE(24) },
})

export function writeGroupOffset(database: Database, id: PartitionId, group: string, value: GroupOffset): void {
  const bytes = Buffer.allocUnsafe(value.pending === undefined ? 16 : 32)
  bytes.writeDoubleBE(value.offset, 0)
  bytes.writeDoubleBE(value.epoch, 8)
  if (value.pending !== undefined) {
    bytes.writeDoubleBE(value.pending.first, 16)
    bytes.writeDoubleBE(value.pending.last, 24)
  }
  void database.put(groupKey(id, group), bytes)
}

/** A group's place in one partition. */
export interface GroupEntry {
  readonly id: PartitionId
  readonly group: string
  readonly place: GroupOffset
}

const groupEntry = ({ key, value }: { key: Buffer; value: Buffer }): GroupEntry => ({
  id: partitionIdOf(key),
  group: groupOf(key),
  place: decodeGroupOffset(value),
})

export const groupsOf = (database: Database, id: PartitionId): GroupEntry[] =>
  [...database.getRange(allOfPartition('group', id))].map(groupEntry)

export const allGroups = (database: Database): GroupEntry[] => [...database.getRange(allOf('group'))].map(groupEntry)

/** The chunk that holds `offset`, or the one before it if compaction took what was there. */
export function chunkAtOrBefore(database: Database, id: PartitionId, offset: number): ChunkKey | undefined {
  const range = { start: chunkBound(id, offset + 1), end: chunkBound(id, 0), reverse: true, limit: 1 }
  // The lower bound is exclusive in a reverse range; a chunk's key is longer than the bound, so base 0 is included.
  for (const key of database.getKeys(range)) return decodeChunkKey(key)
  return undefined
}

/** The chunks whose base is at least `offset`, oldest first, at most `limit`. */
export const chunksFrom = (database: Database, id: PartitionId, offset: number, limit: number): ChunkKey[] =>
  [...database.getKeys({ start: chunkBound(id, offset), end: allOfPartition('chunk', id).end, limit })].map(
    decodeChunkKey,
  )

/** Offset of the oldest record kept, or undefined if there is none. */
export const firstOffset = (database: Database, id: PartitionId): number | undefined =>
  chunksFrom(database, id, 0, 1)[0]?.base

/** The bytes of a chunk, in a buffer of their own. */
export function readChunk(database: Database, key: Buffer, chunk: ChunkKey): Buffer {
  // lmdb's copy for large values clears a new buffer first; its shared buffer would stay as large as the largest value.
  if (chunk.bytes > sharedBufferBytes) {
    const value = database.getBinary(key)
    if (value !== undefined) return Buffer.from(value.buffer, value.byteOffset, chunk.bytes)
  }
  const shared = database.getBinaryFast(key)
  if (shared === undefined)
    throw fatalError('chunk-missing', `reading partition ${chunk.partition}: the chunk at ${chunk.base} is not there`)
  const bytes = Buffer.allocUnsafeSlow(chunk.bytes)
  shared.copy(bytes, 0, 0, chunk.bytes)
  return bytes
}

const sharedBufferBytes = 1 << 20
