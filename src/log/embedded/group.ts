import type { ConsumeOptions } from '../../core/log.ts'
import type { Appender } from './appending.ts'
import { type Assignable, assign } from './assignment.ts'
import type { Database } from './environment.ts'
import type { PartitionId } from './keys.ts'
import { Member } from './member.ts'
import { Slot } from './slot.ts'
import type { GroupOffset, OffsetSpan, Topic } from './tables.ts'
import type { Unit } from './unit.ts'
import type { Writer } from './writer.ts'

export interface GroupOptions {
  readonly name: string
  readonly database: Database
  readonly writer: Writer
  readonly appender: Appender
  readonly topicOf: (name: string) => Topic
  /**
   * How long a member may take to commit what it was handed of a partition that moves to another member, milliseconds;
   * then the partition moves anyway.
   */
  readonly handoverMs: number
}

interface Partition extends Assignable, PartitionId {}

/**
 * The members of one group in this process, and who has which partition.
 *
 * When a partition moves to another member, its holder is handed nothing more of it. It moves once every batch that was
 * handed out is committed, or after `handoverMs`, or at once if the holder has left. From then on the former holder's
 * batches are fenced: their `prepare` and `commit` reject, and the new holder gets the same records.
 */
export class Group {
  readonly #options: GroupOptions
  readonly #members = new Set<Member>()
  readonly #slots = new Map<string, Slot>()
  #again = false
  #balancing: Promise<void> | undefined

  constructor(options: GroupOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  join(options: ConsumeOptions): Member {
    const topics = new Set(options.topics)
    const member = new Member(options, topics)
    this.#members.add(member)
    this.balance()
    return member
  }

  leave(member: Member): void {
    if (!this.#members.delete(member)) return
    member.end()
    this.balance()
  }

  /** Ends every member with an error. */
  fail(error: unknown): void {
    for (const member of this.#members) member.end(error)
    this.#members.clear()
  }

  wake(topicIds: ReadonlySet<number>): void {
    for (const member of this.#members) member.wakeFor(topicIds)
  }

  /**
   * What a member was handed of a partition in this epoch and has not committed. A member that has left counts too: it may
   * be preparing or writing such a batch, and whoever has the partition next must be able to read it as it was.
   */
  outstanding(id: PartitionId, epoch: number): readonly OffsetSpan[] {
    const slot = this.#slots.get(nameOf(id))
    return slot?.epoch === epoch ? slot.outstanding() : []
  }

  /** Lets partitions move, now or when the transaction under way has ended. */
  balance(): void {
    this.#again = true
    this.#balancing ??= this.#balance()
  }

  async #balance(): Promise<void> {
    // A step of its own: members that join in the same turn share the partitions from the start.
    await Promise.resolve()
    try {
      while (this.#again) {
        this.#again = false
        await this.#moveWhatMayMove()
      }
    } catch (error) {
      this.fail(error)
    }
    this.#balancing = undefined
  }

  async #moveWhatMayMove(): Promise<void> {
    const { writer, handoverMs } = this.#options
    const moves: { readonly partition: Partition; readonly member: Member }[] = []
    for (const [partition, member] of this.#target()) {
      const slot = this.#slots.get(partition.name)
      if (slot === undefined || slot.member.ended) moves.push({ partition, member })
      else if (slot.member === member) slot.keep()
      else if (slot.giveUp(handoverMs)) moves.push({ partition, member })
    }
    if (moves.length === 0) return
    const places = await writer.submit(unit => moves.map(({ partition }) => this.#claim(unit, partition)))
    moves.forEach(({ partition, member }, index) => {
      const place = places[index]
      if (place === undefined) return
      this.#slots.get(partition.name)?.close()
      const slot = this.#slotOf(partition, member, place)
      this.#slots.set(partition.name, slot)
      member.take(slot)
    })
    // Members may have come and gone meanwhile.
    this.#again = true
  }

  #target(): Map<Partition, Member> {
    const topics = new Set([...this.#members].flatMap(member => [...member.topics]))
    const partitions = [...topics].flatMap(topic => {
      const { id, partitions: count } = this.#options.topicOf(topic)
      return Array.from({ length: count }, (_, partition) => {
        const partitionId = { topicId: id, partition }
        return { ...partitionId, topic, name: nameOf(partitionId) }
      })
    })
    return assign(partitions, [...this.#members], ({ name }) => this.#slots.get(name)?.member)
  }

  /** Fences whoever had the partition, and remembers the group in it, so that retention waits for it. */
  #claim(unit: Unit, id: PartitionId): GroupOffset {
    const { name } = this.#options
    const known = unit.group(id, name)
    const place = {
      offset: known?.offset ?? unit.first(id),
      pending: known?.pending,
      epoch: (known?.epoch ?? 0) + 1,
    }
    unit.setGroup(id, name, place)
    return place
  }

  #slotOf(partition: Partition, member: Member, place: GroupOffset): Slot {
    const { name, database, writer, appender, topicOf } = this.#options
    return new Slot({
      id: { topicId: partition.topicId, partition: partition.partition },
      topic: topicOf(partition.topic),
      group: name,
      member,
      place,
      database,
      writer,
      appender,
      mayMove: () => this.balance(),
    })
  }
}

const nameOf = ({ topicId, partition }: PartitionId): string => `${topicId}/${partition}`
