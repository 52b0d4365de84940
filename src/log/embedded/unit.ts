import { type Block, joinBlocks, targetChunkBytes } from './chunk.ts'
import type { Database } from './environment.ts'
import { type ChunkKey, encodeChunkKey, groupKey, type PartitionId } from './keys.ts'
import {
  firstOffset,
  type GroupEntry,
  type GroupOffset,
  groupsOf,
  type Head,
  type OffsetSpan,
  readHead,
  writeGroupOffset,
  writeHead,
} from './tables.ts'

/** The open end of a partition while a transaction runs. */
interface Tail {
  readonly id: PartitionId
  head: Head
  changed: boolean
  base: number
  blocks: Block[]
  blockBytes: number
}

/**
 * Ranges that a group was handed in an epoch of a partition and has not committed: compaction must leave them as they
 * were read.
 */
export type Outstanding = (group: string, id: PartitionId, epoch: number) => readonly OffsetSpan[]

/**
 * What one transaction does to the log. Many operations share one: it reads each partition's head once, writes it once,
 * and joins records that several appends bring to the same partition into chunks of a good size.
 */
export class Unit {
  readonly database: Database
  /** Unix milliseconds. */
  readonly now: number
  /** Topics whose partitions got records. */
  readonly appended: Set<number> = new Set()
  /** True if a group moved: what waits for room may go on. */
  groupsMoved = false
  /** How many changes were made: an operation that fails after its first one cannot be refused alone. */
  changes = 0
  readonly #full = new Set<string>()
  readonly #outstanding: Outstanding
  readonly #tails = new Map<string, Tail>()
  readonly #groups = new Map<string, GroupEntry[]>()

  constructor(database: Database, now: number, outstanding: Outstanding) {
    this.database = database
    this.now = now
    this.#outstanding = outstanding
  }

  put(key: Buffer, value: Buffer): void {
    this.changes += 1
    void this.database.put(key, value)
  }

  remove(key: Buffer): void {
    this.changes += 1
    void this.database.remove(key)
  }

  head(id: PartitionId): Head {
    return this.#tail(id).head
  }

  /** Takes records on at the end of a partition and says the offset of the first. */
  append(id: PartitionId, block: Block): number {
    const tail = this.#tail(id)
    if (tail.blocks.length > 0 && tail.blockBytes + block.bytes.length > targetChunkBytes) this.#writeChunk(tail)
    const base = tail.head.next
    this.changes += 1
    if (tail.blocks.length === 0) tail.base = base
    tail.blocks.push(block)
    tail.blockBytes += block.bytes.length
    tail.head = { ...tail.head, next: base + block.count }
    tail.changed = true
    this.appended.add(id.topicId)
    return base
  }

  /** Writes what `append` took on for a partition, so that it can be read within the transaction. */
  settle(id: PartitionId): void {
    this.#writeChunk(this.#tail(id))
  }

  /** Offset of the oldest record, or the next offset if there is none; counts what this transaction appended. */
  first(id: PartitionId): number {
    this.settle(id)
    return firstOffset(this.database, id) ?? this.head(id).next
  }

  /** Bytes that the partition has, with what is not written yet. */
  bytesOf(id: PartitionId): number {
    const tail = this.#tail(id)
    return tail.head.bytes + tail.blockBytes
  }

  /** Keeps later appends of this transaction from overtaking one that waits for room in these partitions. */
  markFull(ids: readonly PartitionId[]): void {
    for (const id of ids) this.#full.add(nameOf(id))
  }

  isFull(id: PartitionId): boolean {
    return this.#full.has(nameOf(id))
  }

  removeChunk(chunk: ChunkKey): void {
    this.remove(encodeChunkKey(chunk))
    this.#grow(chunk, -chunk.bytes)
  }

  putChunk(chunk: ChunkKey, bytes: Buffer): void {
    this.put(encodeChunkKey(chunk), bytes)
    this.#grow(chunk, chunk.bytes)
  }

  /** Every group that is known in the partition. */
  groups(id: PartitionId): readonly GroupEntry[] {
    const name = nameOf(id)
    let entries = this.#groups.get(name)
    if (entries === undefined) {
      entries = groupsOf(this.database, id)
      this.#groups.set(name, entries)
    }
    return entries
  }

  group(id: PartitionId, group: string): GroupOffset | undefined {
    return this.groups(id).find(entry => entry.group === group)?.place
  }

  setGroup(id: PartitionId, group: string, place: GroupOffset): void {
    this.changes += 1
    writeGroupOffset(this.database, id, group, place)
    this.#groups.set(nameOf(id), [...this.groups(id).filter(entry => entry.group !== group), { id, group, place }])
    this.groupsMoved = true
  }

  dropGroup(id: PartitionId, group: string): void {
    this.remove(groupKey(id, group))
    this.#groups.delete(nameOf(id))
    this.groupsMoved = true
  }

  /** The lowest offset that a known group has yet to commit; Infinity if no group is known. */
  neededFrom(id: PartitionId): number {
    return this.groups(id).reduce((lowest, { place }) => Math.min(lowest, place.offset), Number.POSITIVE_INFINITY)
  }

  /** True if a group recorded the range, or is at work on it. */
  isHeld(id: PartitionId, { first, last }: OffsetSpan): boolean {
    return this.groups(id)
      .flatMap(({ group, place }) => [
        ...this.#outstanding(group, id, place.epoch),
        ...(place.pending === undefined ? [] : [place.pending]),
      ])
      .some(span => span.first <= last && span.last >= first)
  }

  /** Writes everything that is still in memory: the last step of the transaction. */
  finish(): void {
    for (const tail of this.#tails.values()) {
      this.#writeChunk(tail)
      if (tail.changed) writeHead(this.database, tail.id, tail.head)
    }
  }

  #tail(id: PartitionId): Tail {
    const name = nameOf(id)
    let tail = this.#tails.get(name)
    if (tail === undefined) {
      tail = { id, head: readHead(this.database, id), changed: false, base: 0, blocks: [], blockBytes: 0 }
      this.#tails.set(name, tail)
    }
    return tail
  }

  #grow(id: PartitionId, bytes: number): void {
    const tail = this.#tail(id)
    tail.head = { ...tail.head, bytes: tail.head.bytes + bytes }
    tail.changed = true
  }

  #writeChunk(tail: Tail): void {
    if (tail.blocks.length === 0) return
    const { bytes, count, newest } = joinBlocks(tail.blocks)
    const newestSoFar = Math.max(newest, tail.head.newestSoFar)
    tail.blocks = []
    tail.blockBytes = 0
    tail.head = { ...tail.head, newestSoFar }
    this.putChunk(
      {
        topicId: tail.id.topicId,
        partition: tail.id.partition,
        base: tail.base,
        span: count,
        count,
        bytes: bytes.length,
        newest,
        newestSoFar,
        retainedFrom: Math.min(newest, this.now),
      },
      bytes,
    )
  }
}

const nameOf = ({ topicId, partition }: PartitionId): string => `${topicId}/${partition}`
