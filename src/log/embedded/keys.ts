/**
 * The keys of the log's one LMDB database. The first byte says what an entry is; numbers are big-endian, so that LMDB's
 * byte order is their order. Offsets and times are doubles: exact up to 2^53, and ordered as long as they are not negative.
 */
const kinds = {
  format: 0x00,
  topic: 0x01,
  head: 0x02,
  chunk: 0x03,
  group: 0x04,
  latest: 0x05,
  superseded: 0x06,
  tombstone: 0x07,
  schema: 0x08,
} as const

type Kind = keyof typeof kinds

/** The number under which a topic's entries are kept, and one of its partitions. */
export interface PartitionId {
  readonly topicId: number
  readonly partition: number
}

/** A half-open range of keys. */
export interface KeyRange {
  readonly start: Buffer
  readonly end: Buffer
}

/**
 * What the log knows of a chunk without opening it: its key holds it all, so that scanning, retention and the search by
 * time touch no record.
 */
export interface ChunkKey extends PartitionId {
  /** Offset of its first record. */
  readonly base: number
  /** Offset of its last record, minus `base`, plus 1. */
  readonly span: number
  /** Records in it; less than `span` once compaction took some. */
  readonly count: number
  /** Bytes of its value. */
  readonly bytes: number
  /** The latest timestamp in it, Unix milliseconds. */
  readonly newest: number
  /** The latest timestamp in it and in every chunk written before it to the partition. */
  readonly newestSoFar: number
  /** The latest timestamp in it, but not later than when it was appended: what retention by age goes by. */
  readonly retainedFrom: number
}

const partitionBytes = 9
const chunkKeyBytes = partitionBytes + 8 + 3 * 4 + 3 * 8

const named = (kind: Kind, name: string): Buffer => Buffer.concat([Buffer.of(kinds[kind]), Buffer.from(name)])

function ofPartition(kind: Kind, { topicId, partition }: PartitionId, extraBytes = 0): Buffer {
  const key = Buffer.allocUnsafe(partitionBytes + extraBytes)
  key[0] = kinds[kind]
  key.writeUInt32BE(topicId, 1)
  key.writeUInt32BE(partition, 5)
  return key
}

function atOffset(kind: Kind, id: PartitionId, offset: number): Buffer {
  const key = ofPartition(kind, id, 8)
  key.writeDoubleBE(offset, partitionBytes)
  return key
}

const withTail = (kind: Kind, id: PartitionId, tail: Buffer): Buffer => Buffer.concat([ofPartition(kind, id), tail])

/** Every key of a kind. */
export const allOf = (kind: Kind): KeyRange => ({
  start: Buffer.of(kinds[kind]),
  end: Buffer.of(kinds[kind] + 1),
})

/** Every key of a kind and partition. */
export const allOfPartition = (kind: Kind, id: PartitionId): KeyRange => ({
  start: ofPartition(kind, id),
  end: ofPartition(kind, { topicId: id.topicId, partition: id.partition + 1 }),
})

export const formatKey: Buffer = Buffer.of(kinds.format)

export const topicKey = (name: string): Buffer => named('topic', name)

export const nameOf = (key: Buffer): string => key.toString('utf8', 1)

export const headKey = (id: PartitionId): Buffer => ofPartition('head', id)

export const schemaKey = (fingerprint: string): Buffer => named('schema', fingerprint)

export const groupKey = (id: PartitionId, group: string): Buffer => withTail('group', id, Buffer.from(group))

export const partitionIdOf = (key: Buffer): PartitionId => ({
  topicId: key.readUInt32BE(1),
  partition: key.readUInt32BE(5),
})

export const groupOf = (key: Buffer): string => key.toString('utf8', partitionBytes)

/** Where compaction keeps the offset of the latest record of a key. `digest` is at most 257 bytes. */
export const latestKey = (id: PartitionId, digest: Buffer): Buffer => withTail('latest', id, digest)

/** Where compaction keeps how many records of the chunk at `base` are superseded. */
export const supersededKey = (id: PartitionId, base: number): Buffer => atOffset('superseded', id, base)

export const tombstoneKey = (id: PartitionId, offset: number): Buffer => atOffset('tombstone', id, offset)

export const offsetOf = (key: Buffer): number => key.readDoubleBE(partitionBytes)

/** Sorts before the chunk at `offset` and after every chunk below it. */
export const chunkBound = (id: PartitionId, offset: number): Buffer => atOffset('chunk', id, offset)

export function encodeChunkKey(chunk: ChunkKey): Buffer {
  const key = ofPartition('chunk', chunk, chunkKeyBytes - partitionBytes)
  let at = key.writeDoubleBE(chunk.base, partitionBytes)
  at = key.writeUInt32BE(chunk.span, at)
  at = key.writeUInt32BE(chunk.count, at)
  at = key.writeUInt32BE(chunk.bytes, at)
  at = key.writeDoubleBE(chunk.newest, at)
  at = key.writeDoubleBE(chunk.newestSoFar, at)
  key.writeDoubleBE(chunk.retainedFrom, at)
  return key
}

export const decodeChunkKey = (key: Buffer): ChunkKey => ({
  topicId: key.readUInt32BE(1),
  partition: key.readUInt32BE(5),
  base: key.readDoubleBE(9),
  span: key.readUInt32BE(17),
  count: key.readUInt32BE(21),
  bytes: key.readUInt32BE(25),
  newest: key.readDoubleBE(29),
  newestSoFar: key.readDoubleBE(37),
  retainedFrom: key.readDoubleBE(45),
})

/** Offset of the last record of a chunk. */
export const lastOf = (chunk: ChunkKey): number => chunk.base + chunk.span - 1
