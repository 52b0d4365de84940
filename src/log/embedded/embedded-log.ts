import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Context } from '../../core/context.ts'
import { configError } from '../../core/errors.ts'
import type {
  CommittedOffset,
  ConsumeOptions,
  EventLog,
  LogBatch,
  LogRecord,
  Output,
  PartitionStats,
  Position,
  StoredRecord,
  TopicSpec,
} from '../../core/log.ts'
import type { SchemaStore } from '../avro.ts'
import { Appender } from './appending.ts'
import { Budget } from './budget.ts'
import { type Database, openDatabase, transact } from './environment.ts'
import { Group } from './group.ts'
import { type DirectoryLock, lockPath } from './lock.ts'
import { Maintenance } from './maintenance.ts'
import { offsetAtTime, PartitionReader } from './reader.ts'
import { createSchemaStore } from './schemas.ts'
import { allGroups, checkFormat, firstOffset, readHead, writeFormat } from './tables.ts'
import { createTopics, partitionsOf, Topics } from './topics.ts'
import type { Unit } from './unit.ts'
import { closedError, Writer } from './writer.ts'

/** How to open the embedded log. */
export interface EmbeddedLogOptions {
  readonly log: Logger
  readonly now: () => Date
  /** For a process that only looks: whatever would write is refused, and nothing is created. Default false. */
  readonly readOnly?: boolean
  /** Bytes of appends that may be under way per topic; more wait. Default 32 MiB. */
  readonly maxInFlightBytes?: number
  /**
   * How long a member of a group may take to commit what it was handed of a partition that moves to another member,
   * milliseconds; after that its commits are refused. Default 30 s.
   */
  readonly handoverMs?: number
  /** How long a tombstone stands on a compacted topic, and longer if a known group has not read it, milliseconds. Default 1 day. */
  readonly tombstoneMs?: number
  /** How long a superseded record may stay on a compacted topic; most go sooner. Milliseconds, default 1 hour. */
  readonly compactionMs?: number
  /** How often old records and tombstones are looked for, milliseconds. Default 30 s. */
  readonly maintenanceMs?: number
}

/** The log that needs no server, and the schemas of what is on it. */
export interface EmbeddedLog extends EventLog {
  readonly schemas: SchemaStore
  /** Forgets what a group has committed, so that retention no longer waits for it. Refuses (`config`) while it is consumed. */
  forget(group: string): Promise<void>
}

const defaults = {
  maxInFlightBytes: 32 << 20,
  handoverMs: 30_000,
  tombstoneMs: 86_400_000,
  compactionMs: 3_600_000,
  maintenanceMs: 30_000,
}

/**
 * Opens the log in a directory, and makes it there unless `readOnly`. Any number of processes may have it open: records
 * that one appends reach the consumers of another within a quarter of a second. A group is consumed by one process.
 */
export async function openEmbeddedLog(directory: string, options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const readOnly = options.readOnly ?? false
  const database = openDatabase(directory, readOnly)
  try {
    checkFormat(database, directory)
    if (!readOnly) {
      await transact(database, `opening the log in ${directory}`, () => writeFormat(database))
      mkdirSync(groupFolder(directory), { recursive: true })
    }
    return new LmdbLog(directory, database, { ...defaults, ...options, readOnly })
  } catch (error) {
    await database.close()
    throw error
  }
}

const groupFolder = (directory: string): string => join(directory, 'groups')

/** Bytes that `read` takes from the log at a time. */
const readBytes = 1 << 20

class LmdbLog implements EmbeddedLog {
  readonly schemas: SchemaStore
  readonly #directory: string
  readonly #database: Database
  readonly #options: Required<EmbeddedLogOptions>
  readonly #topics: Topics
  readonly #writer: Writer
  readonly #budgets = new Map<string, Budget>()
  /** Also those that have no member any more: their batches may still be at work. */
  readonly #groups = new Map<string, Group>()
  /** Of the groups that have members. */
  readonly #leases = new Map<string, DirectoryLock>()
  readonly #appender: Appender
  readonly #maintenance: Maintenance
  #closing: Promise<void> | undefined

  constructor(directory: string, database: Database, options: Required<EmbeddedLogOptions>) {
    this.#directory = directory
    this.#database = database
    this.#options = options
    this.#topics = new Topics(database)
    this.schemas = createSchemaStore(database, directory, options.readOnly)
    this.#writer = new Writer({
      database,
      directory,
      now: options.now,
      outstanding: (group, id, epoch) => this.#groups.get(group)?.outstanding(id, epoch) ?? [],
      committed: ({ appended }) => {
        if (appended.size > 0) for (const group of this.#groups.values()) group.wake(appended)
      },
    })
    this.#appender = new Appender({ topicOf: name => this.#topics.get(name), log: options.log })
    this.#maintenance = new Maintenance(this.#writer, this.#topics, options)
    if (!options.readOnly) this.#maintenance.start()
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    this.#checkWritable('creating topics')
    await this.#writer.submit(unit => createTopics(unit, topics))
    this.#topics.reload()
  }

  append(topic: string, records: readonly LogRecord[]): Promise<readonly Position[]> {
    return this.appendAll([{ topic, records }])
  }

  async appendAll(outputs: readonly Output[]): Promise<readonly Position[]> {
    this.#checkWritable(`appending to ${outputs.map(({ topic }) => topic).join(', ')}`)
    const { encode, bytes, totalBytes } = this.#appender.prepare(outputs)
    if (totalBytes === 0) return []
    // In one order, whoever asks: two that want the budgets of the same topics cannot wait for each other.
    const shares = [...bytes].sort(([a], [b]) => (a < b ? -1 : 1))
    const taken: (() => void)[] = []
    try {
      for (const [topic, share] of shares) {
        const budget = this.#budgetOf(topic)
        // Not awaited without need: an append that was called before `close` is in flight already.
        if (!budget.tryTake(share)) await budget.take(share)
        taken.push(() => budget.give(share))
      }
      return await this.#writer.submit(encode(), totalBytes)
    } finally {
      for (const give of taken) give()
    }
  }

  async *consume(options: ConsumeOptions, ctx: Context): AsyncIterable<LogBatch> {
    this.#checkWritable(`consuming as ${options.group}`)
    for (const topic of options.topics) this.#topics.get(topic)
    if (ctx.signal.aborted) return
    const group = this.#groupOf(options.group)
    const member = group.join(options)
    const leave = (): void => {
      group.leave(member)
      this.#releaseIfEmpty(options.group)
    }
    ctx.signal.addEventListener('abort', leave, { once: true })
    try {
      while (!ctx.signal.aborted) {
        const batch = member.next()
        if (batch === undefined) await member.wait()
        else yield batch
        // What other processes wrote is seen only by a new read transaction.
        if (batch === undefined && !this.#isClosed) this.#database.resetReadTxn()
      }
    } finally {
      ctx.signal.removeEventListener('abort', leave)
      leave()
    }
  }

  async *read(topic: string, partition: number, from: number, to?: number): AsyncIterable<StoredRecord> {
    this.#refresh()
    const id = this.#topics.partition(topic, partition)
    const end = Math.min(to ?? Number.POSITIVE_INFINITY, readHead(this.#database, id).next)
    const reader = new PartitionReader(this.#database, id, from)
    for (;;) {
      this.#checkOpen()
      const records = reader.take({ maxRecords: Number.POSITIVE_INFINITY, maxBytes: readBytes, end })
      if (records.length === 0) return
      yield* records
    }
  }

  async offsetAt(topic: string, partition: number, timestamp: number): Promise<number> {
    this.#refresh()
    const id = this.#topics.partition(topic, partition)
    return offsetAtTime(this.#database, id, timestamp) ?? readHead(this.#database, id).next
  }

  async stats(topics?: readonly string[]): Promise<readonly PartitionStats[]> {
    this.#refresh()
    const wanted = topics === undefined ? this.#topics.all() : topics.map(name => this.#topics.get(name))
    return wanted.flatMap(topic =>
      partitionsOf(topic).map(id => {
        const { next, bytes } = readHead(this.#database, id)
        const first = firstOffset(this.#database, id) ?? next
        return { topic: topic.name, partition: id.partition, first, next, bytes }
      }),
    )
  }

  async committed(group?: string): Promise<readonly CommittedOffset[]> {
    this.#refresh()
    const names = new Map(this.#topics.all().map(topic => [topic.id, topic.name]))
    return allGroups(this.#database)
      .filter(entry => group === undefined || entry.group === group)
      .flatMap(entry => {
        const topic = names.get(entry.id.topicId)
        const { partition } = entry.id
        return topic === undefined ? [] : [{ group: entry.group, topic, partition, offset: entry.place.offset }]
      })
  }

  async seek(group: string, { topic, partition, offset }: Position): Promise<void> {
    this.#checkWritable(`moving group ${group}`)
    const id = this.#topics.partition(topic, partition)
    await this.#whileUnused(group, 'moving', unit => {
      const { next } = unit.head(id)
      if (!Number.isInteger(offset) || offset < 0 || offset > next)
        throw configError(
          'offset-out-of-range',
          `moving group ${group} to ${offset} of ${topic}/${partition}: it takes 0 to ${next}`,
        )
      unit.setGroup(id, group, { offset, pending: undefined, epoch: (unit.group(id, group)?.epoch ?? 0) + 1 })
    })
  }

  async forget(group: string): Promise<void> {
    this.#checkWritable(`forgetting group ${group}`)
    await this.#whileUnused(group, 'forgetting', unit => {
      for (const entry of allGroups(unit.database)) if (entry.group === group) unit.dropGroup(entry.id, group)
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const maintained = this.#maintenance.stop()
    const closed = closedError(this.#directory)
    for (const budget of this.#budgets.values()) budget.stop(closed)
    for (const group of this.#groups.values()) group.fail(closed)
    for (const lease of this.#leases.values()) lease.release()
    this.#leases.clear()
    await this.#writer.close()
    await maintained
    await this.#database.close()
  }

  get #isClosed(): boolean {
    return this.#closing !== undefined
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError(this.#directory)
  }

  #checkWritable(doing: string): void {
    this.#checkOpen()
    if (this.#options.readOnly)
      throw configError('read-only', `${doing}: the log in ${this.#directory} is open for reading only`)
  }

  /** Lets the next read see what other processes have written. */
  #refresh(): void {
    this.#checkOpen()
    this.#database.resetReadTxn()
  }

  #budgetOf(topic: string): Budget {
    let budget = this.#budgets.get(topic)
    if (budget === undefined) {
      budget = new Budget(this.#options.maxInFlightBytes)
      this.#budgets.set(topic, budget)
    }
    return budget
  }

  #groupOf(name: string): Group {
    if (!this.#leases.has(name)) this.#leases.set(name, this.#lease(name, 'consuming'))
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const group = new Group({
      name,
      database: this.#database,
      writer: this.#writer,
      appender: this.#appender,
      topicOf: topic => this.#topics.get(topic),
      handoverMs: this.#options.handoverMs,
    })
    this.#groups.set(name, group)
    return group
  }

  #releaseIfEmpty(name: string): void {
    if (this.#groups.get(name)?.isEmpty !== true) return
    this.#leases.get(name)?.release()
    this.#leases.delete(name)
  }

  /** Keeps other processes, and the rest of this one, from consuming a group. */
  #lease(group: string, doing: string): DirectoryLock {
    const path = join(groupFolder(this.#directory), `${encodeURIComponent(group)}.lock`)
    const lease = lockPath(path, `${doing} ${group}`)
    if (lease === undefined) throw configError('group-in-use', `${doing} group ${group}: it is being consumed`)
    return lease
  }

  async #whileUnused(group: string, doing: string, change: (unit: Unit) => void): Promise<void> {
    const lease = this.#lease(group, doing)
    try {
      await this.#writer.submit(change)
    } finally {
      lease.release()
    }
  }
}
