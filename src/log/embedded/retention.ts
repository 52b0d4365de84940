import { type ChunkKey, lastOf, type PartitionId } from './keys.ts'
import { chunksFrom } from './tables.ts'
import type { Unit } from './unit.ts'

/*
 * Retention removes whole chunks from the old end of a partition, and never one that a known group has yet to commit:
 * late is allowed, short is not. Limits are those of each partition, as in Kafka.
 */

/**
 * Removes the oldest chunks until `bytes` more stay within `limit`. False if that would take what a group still needs:
 * the append has to wait. An empty partition takes anything, or a record larger than the limit would wait forever.
 */
export function makeRoom(unit: Unit, id: PartitionId, bytes: number, limit: number): boolean {
  while (unit.bytesOf(id) > 0 && unit.bytesOf(id) + bytes > limit) {
    unit.settle(id)
    const oldest = removable(unit, id)
    if (oldest === undefined) return false
    unit.removeChunk(oldest)
  }
  return true
}

/** Removes chunks whose records are all older than `before` (Unix ms), at most `most`; true if there may be more. */
export function expire(unit: Unit, id: PartitionId, before: number, most: number): boolean {
  for (let removed = 0; removed < most; removed++) {
    const oldest = removable(unit, id)
    if (oldest === undefined || oldest.retainedFrom >= before) return false
    unit.removeChunk(oldest)
  }
  return true
}

function removable(unit: Unit, id: PartitionId): ChunkKey | undefined {
  const [oldest] = chunksFrom(unit.database, id, 0, 1)
  return oldest !== undefined && lastOf(oldest) < unit.neededFrom(id) ? oldest : undefined
}
