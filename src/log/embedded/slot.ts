import { fatalError, type VconduitError } from '../../core/errors.ts'
import type { ConsumeOptions, LogBatch, Output, StoredRecord } from '../../core/log.ts'
import type { Append, Appender } from './appending.ts'
import { release } from './compaction.ts'
import type { Database } from './environment.ts'
import type { PartitionId } from './keys.ts'
import type { Member } from './member.ts'
import { extentOf, PartitionReader } from './reader.ts'
import { type GroupOffset, type OffsetSpan, readHead, type Topic } from './tables.ts'
import type { Unit } from './unit.ts'
import { type Writer, waitsForRoom } from './writer.ts'

export interface SlotOptions {
  readonly id: PartitionId
  readonly topic: Topic
  readonly group: string
  readonly member: Member
  readonly place: GroupOffset
  readonly database: Database
  readonly writer: Writer
  readonly appender: Appender
  /** Called when nothing that was handed out is uncommitted any more, or the time to commit it is over. */
  readonly mayMove: () => void
}

interface Handed extends OffsetSpan {
  /** The commit under way, or done. */
  commit: Promise<void> | undefined
}

const nothingSeen = { records: 0, bytes: 0 }

/** A partition in the hands of one member: cuts its batches and commits them in their order. */
export class Slot {
  readonly member: Member
  readonly #options: SlotOptions
  readonly #reader: PartitionReader
  #pending: OffsetSpan | undefined
  #handed: Handed[] = []
  /** What lies ahead of the reader, as far as it was looked at. */
  #seen = nothingSeen
  #seenTo: number
  #lingered = false
  #lingerTimer: NodeJS.Timeout | undefined
  #giving: { timer: NodeJS.Timeout; over: boolean } | undefined

  constructor(options: SlotOptions) {
    const { database, id, place, member } = options
    this.#options = options
    this.member = member
    this.#reader = new PartitionReader(database, id, place.offset)
    this.#seenTo = place.offset
    this.#pending = place.pending
  }

  get topicId(): number {
    return this.#options.id.topicId
  }

  /** Counts the moves of the partition from member to member. */
  get epoch(): number {
    return this.#options.place.epoch
  }

  outstanding(): readonly OffsetSpan[] {
    return this.#handed.filter(({ commit }) => commit === undefined)
  }

  /** Hands nothing more out from now on. True if the partition may move at once; else `mayMove` will be called. */
  giveUp(withinMs: number): boolean {
    this.#giving ??= {
      over: false,
      timer: setTimeout(() => {
        if (this.#giving !== undefined) this.#giving.over = true
        this.#options.mayMove()
      }, withinMs),
    }
    return this.#handed.length === 0 || this.#giving.over
  }

  /** The partition stays after all. */
  keep(): void {
    if (this.#giving === undefined) return
    clearTimeout(this.#giving.timer)
    this.#giving = undefined
    this.member.wake()
  }

  close(): void {
    clearTimeout(this.#giving?.timer)
    this.#stopLingering()
    this.member.drop(this)
  }

  /** The next batch, or undefined as long as none of the limits is reached. */
  cut(limits: ConsumeOptions): LogBatch | undefined {
    if (this.#giving !== undefined) return undefined
    const pending = this.#pending
    if (pending !== undefined) {
      this.#pending = undefined
      const records = this.#reader.take({ ...unlimited, end: pending.last + 1 })
      this.#seenTo = pending.last + 1
      return this.#batch(records, true)
    }
    const end = readHead(this.#options.database, this.#options.id).next
    if (!this.#isDue(limits, end)) return undefined
    const records = this.#reader.take({ ...limits, end })
    this.#seen = nothingSeen
    this.#seenTo = this.#reader.position
    this.#stopLingering()
    return this.#batch(records, false)
  }

  #isDue(limits: ConsumeOptions, end: number): boolean {
    if (this.#reader.position >= end) return false
    if (limits.lingerMs === 0 || this.#lingered) return true
    const { records, bytes } = this.#seen
    if (this.#seenTo < end) {
      const rest = { maxRecords: limits.maxRecords - records, maxBytes: limits.maxBytes - bytes }
      const more = extentOf(this.#options.database, this.#options.id, this.#seenTo, rest)
      this.#seen = { records: records + more.records, bytes: bytes + more.bytes }
      this.#seenTo = more.end
    }
    if (this.#seen.records >= limits.maxRecords || this.#seen.bytes >= limits.maxBytes) return true
    if (this.#seen.records > 0)
      this.#lingerTimer ??= setTimeout(() => {
        this.#lingered = true
        this.member.wake()
      }, limits.lingerMs)
    return false
  }

  #stopLingering(): void {
    clearTimeout(this.#lingerTimer)
    this.#lingerTimer = undefined
    this.#lingered = false
  }

  #batch(records: readonly StoredRecord[], replayed: boolean): LogBatch | undefined {
    const first = records[0]?.offset
    const last = records.at(-1)?.offset
    if (first === undefined || last === undefined) return undefined
    const handed: Handed = { first, last, commit: undefined }
    this.#handed.push(handed)
    return {
      topic: this.#options.topic.name,
      partition: this.#options.id.partition,
      records,
      replayed,
      prepare: () => this.#prepare(handed),
      commit: outputs => this.#commit(handed, outputs ?? []),
    }
  }

  async #prepare(handed: Handed): Promise<void> {
    const { id, group, writer } = this.#options
    this.#checkOrder('preparing', handed)
    const { first, last } = handed
    await writer.submit(unit => {
      unit.setGroup(id, group, { ...this.#place(unit, 'preparing', handed), pending: { first, last } })
    })
  }

  async #commit(handed: Handed, outputs: readonly Output[]): Promise<void> {
    if (handed.commit === undefined) {
      this.#checkOrder('committing', handed)
      handed.commit = this.#commitOnce(handed, this.#options.appender.prepare(outputs))
    }
    await handed.commit
  }

  /** No budget is asked for the outputs: there are at most those of the batches that the consumer has in hand. */
  async #commitOnce(handed: Handed, outputs: Append): Promise<void> {
    const { id, topic, group, writer } = this.#options
    const append = outputs.encode()
    try {
      await writer.submit(unit => {
        const place = this.#place(unit, 'committing', handed)
        if (append(unit) === waitsForRoom) return waitsForRoom
        unit.setGroup(id, group, { offset: handed.last + 1, pending: undefined, epoch: place.epoch })
        if (topic.retention === 'compact') release(unit, id, handed)
        return undefined
      }, outputs.totalBytes)
    } catch (error) {
      handed.commit = undefined
      throw error
    }
    this.#handed = this.#handed.filter(other => other !== handed)
    if (this.#giving !== undefined && this.#handed.length === 0) this.#options.mayMove()
  }

  /** Where the group stands. Refuses if the partition was given to another member since, or the group was moved. */
  #place(unit: Unit, doing: string, span: OffsetSpan): GroupOffset {
    const { id, group, place } = this.#options
    const now = unit.group(id, group)
    if (now?.epoch !== place.epoch) throw this.#error('fenced', doing, span, 'the partition was given away meanwhile')
    return now
  }

  #checkOrder(doing: string, handed: Handed): void {
    if (this.#handed.find(({ commit }) => commit === undefined) !== handed)
      throw this.#error('out-of-order', doing, handed, 'an earlier batch is not committed, or this one is already')
  }

  #error(code: string, doing: string, { first, last }: OffsetSpan, why: string): VconduitError {
    const { topic, id, group } = this.#options
    return fatalError(code, `${doing} ${topic.name}/${id.partition} ${first} to ${last} for group ${group}: ${why}`)
  }
}

const unlimited = { maxRecords: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY }
