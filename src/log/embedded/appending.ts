import type { LogRecord, Position } from '../../core/log.ts'
import { partitionOf } from '../partition.ts'
import { type Block, encodeBlocks, sizeOf } from './chunk.ts'
import { type Keyed, keyed, supersede } from './compaction.ts'
import type { PartitionId } from './keys.ts'
import { makeRoom } from './retention.ts'
import type { Topic } from './tables.ts'
import type { Unit } from './unit.ts'
import { type Operation, waitsForRoom } from './writer.ts'

/** The records of one append that go to one partition. */
interface Share {
  readonly id: PartitionId
  /** Indexes into the append's records. */
  readonly indexes: readonly number[]
  readonly blocks: readonly Block[]
  readonly bytes: number
  /** What compaction needs; empty if the topic is not compacted. */
  readonly keyed: readonly Keyed[]
}

/** Bytes that records take on the log. Refuses (`data`) what the log cannot hold. */
export function sizesOf(records: readonly LogRecord[]): { readonly sizes: readonly number[]; readonly total: number } {
  const sizes = records.map(sizeOf)
  return { sizes, total: sizes.reduce((sum, size) => sum + size, 0) }
}

/**
 * Encodes records at once and gives the operation that appends them: all of them or, while a partition is full, none.
 * `full` is called with the partitions that have no room.
 */
export function createAppend(
  topic: Topic,
  records: readonly LogRecord[],
  sizes: readonly number[],
  full: (unit: Unit, ids: readonly PartitionId[]) => void,
): Operation<readonly Position[]> {
  const shares = shareOut(topic, records, sizes)
  const ids = shares.map(({ id }) => id)
  return unit => {
    if (topic.retention !== 'compact') {
      const limit = topic.retention.bytes
      const without = shares.filter(({ id, bytes }) => unit.isFull(id) || !makeRoom(unit, id, bytes, limit))
      if (without.length > 0) {
        unit.markFull(ids)
        full(
          unit,
          without.map(({ id }) => id),
        )
        return waitsForRoom
      }
    }
    const positions = new Array<Position>(records.length)
    for (const share of shares) {
      const base = unit.head(share.id).next
      for (const block of share.blocks) unit.append(share.id, block)
      share.indexes.forEach((index, nth) => {
        positions[index] = { topic: topic.name, partition: share.id.partition, offset: base + nth }
      })
      if (share.keyed.length > 0) {
        unit.settle(share.id)
        supersede(unit, share.id, base, share.keyed)
      }
    }
    return positions
  }
}

function shareOut(topic: Topic, records: readonly LogRecord[], sizes: readonly number[]): readonly Share[] {
  const indexes = new Map<number, number[]>()
  records.forEach(({ key }, index) => {
    const partition = partitionOf(key, topic.partitions)
    const known = indexes.get(partition)
    if (known === undefined) indexes.set(partition, [index])
    else known.push(index)
  })
  return [...indexes].map(([partition, own]) => {
    const whole = own.length === records.length
    const ownRecords = whole ? records : own.flatMap(index => records[index] ?? [])
    const ownSizes = whole ? sizes : own.map(index => sizes[index] ?? 0)
    const blocks = encodeBlocks(ownRecords, ownSizes)
    return {
      id: { topicId: topic.id, partition },
      indexes: own,
      blocks,
      bytes: blocks.reduce((sum, block) => sum + block.bytes.length, 0),
      keyed: topic.retention === 'compact' ? ownRecords.map(keyed) : [],
    }
  })
}
