import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { EventLog, LogRecord, StoredRecord } from '../../src/core/log.ts'
import type { ConversationEvent, DeadLetter } from '../../src/core/records.ts'
import { conversationHeaders } from '../../src/core/sink.ts'
import type { StateStore } from '../../src/core/state.ts'
import { topicSpecs, topicsOf } from '../../src/core/topics.ts'
import { type RecordCodecs, singleObjectCodecs } from '../../src/log/avro.ts'
import { type EmbeddedLog, openEmbeddedLog, openStateStore } from '../../src/log/embedded/index.ts'
import { type AssembleSettings, createAssembleStage } from '../../src/stages/assemble.ts'
import { StageMetrics } from '../../src/stages/metrics.ts'

export const topics = topicsOf('')
const logger = pino({ level: 'silent' })

/** A record of the topic conversations. */
export interface Written {
  readonly conversationId: string
  readonly revision: number
  readonly timestamp: number
  /** Null for a tombstone. */
  readonly vcon: string | null
  readonly headers: Readonly<Record<string, string>>
}

/** Stands between the stage and what it writes to, so that a test can cut it short. */
export interface Intercept {
  readonly log?: (log: EventLog) => EventLog
  readonly state?: (state: StateStore) => StateStore
}

/** A real log and a real state, a clock that only the test moves, and the stage on top of them. */
export class AssembleRig {
  readonly directory: string
  readonly log: EmbeddedLog
  readonly codecs: RecordCodecs
  now = 1_770_000_000_000
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined
  #state: StateStore | undefined
  #metrics = new StageMetrics(() => new Date(this.now))
  #pending = () => 0
  /** As the real log is, but what is appended to conversations is noted: compaction hides what is superseded. */
  readonly #noting: EventLog
  readonly #written: Written[] = []

  constructor(directory: string, log: EmbeddedLog) {
    this.directory = directory
    this.log = log
    this.codecs = singleObjectCodecs(log.schemas)
    this.#noting = {
      ...delegate(log),
      append: async (topic, records) => {
        const positions = await log.append(topic, records)
        if (topic === topics.conversations) this.#written.push(...records.map(writtenAs))
        return positions
      },
    }
  }

  static async open(): Promise<AssembleRig> {
    const directory = await mkdtemp(join(tmpdir(), 'vconduit-assemble-'))
    const log = await openEmbeddedLog(join(directory, 'log'), { log: logger, now: () => new Date() })
    const limits = { partitions: 2, ageMs: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }
    await log.createTopics(topicSpecs(topics, [], limits))
    return new AssembleRig(directory, log)
  }

  /** Starts the stage as a process would: nothing in memory. */
  start(settings: Partial<AssembleSettings> = {}, intercept: Intercept = {}): void {
    const state = openStateStore(join(this.directory, 'state'))
    const metrics = new StageMetrics(() => new Date(this.now))
    const stage = createAssembleStage({
      log: intercept.log?.(this.#noting) ?? this.#noting,
      state: intercept.state?.(state) ?? state,
      codecs: this.codecs,
      topics,
      metrics,
      settings: { tickMs: 2, lingerMs: 0, ...settings },
    })
    const stop = new AbortController()
    const done = stage.run({ signal: stop.signal, log: logger, now: () => new Date(this.now), random: Math.random })
    done.catch(() => {})
    this.#running = { stop, done }
    this.#state = state
    this.#metrics = metrics
    this.#pending = stage.pending ?? (() => 0)
  }

  get metrics() {
    return this.#metrics.snapshot()
  }

  get pending() {
    return this.#pending()
  }

  /** Stops the stage; rejects with what made it stop before. */
  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.stop.abort()
    try {
      await running?.done
    } finally {
      await this.#state?.close()
    }
  }

  async close(): Promise<void> {
    await this.stop()
    await this.log.close()
    await rm(this.directory, { recursive: true })
  }

  async append(...events: readonly ConversationEvent[]): Promise<void> {
    await this.appendBytes(events.map(event => [event.conversationId, this.codecs.event.encode(event)]))
  }

  async appendBytes(values: readonly (readonly [key: string, value: Buffer | null])[]): Promise<void> {
    const records = values.map(([key, value]) => ({ key: Buffer.from(key), value, timestamp: this.now }))
    if (records.length > 0) await this.log.append(topics.events, records)
  }

  /** Waits until the stage has done what it can without the clock moving on, or has failed. */
  async until(condition: () => boolean): Promise<void> {
    const done = this.#running?.done ?? Promise.resolve()
    for (let tries = 0; tries < 5_000 && !condition(); tries++)
      await Promise.race([done, new Promise(resolve => setTimeout(resolve, 2))])
    if (!condition()) throw new Error('waiting for the stage: it did not come to that')
  }

  /** Waits until every event appended so far is taken in. */
  async takenIn(): Promise<void> {
    const stats = await this.log.stats([topics.events])
    const isTakenIn = async () => {
      const committed = await this.log.committed('assemble')
      return stats.every(({ partition, first, next }) => {
        const offset = committed.find(entry => entry.partition === partition)?.offset ?? first
        return offset >= next
      })
    }
    for (let tries = 0; tries < 5_000; tries++) {
      if (await isTakenIn()) return
      await Promise.race([this.#running?.done, new Promise(resolve => setTimeout(resolve, 2))])
    }
    throw new Error('waiting for the stage to take the events in')
  }

  /** Lets enough time pass for everything to be written. */
  async settle(): Promise<void> {
    await this.takenIn()
    this.now += 3_600_000
    await this.until(() => this.pending === 0)
  }

  /** Everything that the topic conversations was ever given, of one conversation if asked. */
  written(conversationId?: string): readonly Written[] {
    return this.#written.filter(record => conversationId === undefined || record.conversationId === conversationId)
  }

  /** The value that stands on the topic conversations: undefined if there is none, null for a tombstone. */
  async latest(conversationId: string): Promise<string | null | undefined> {
    const records = await this.#read(topics.conversations)
    const value = records.findLast(({ key }) => key.toString() === conversationId)?.value
    return Buffer.isBuffer(value) ? value.toString() : value
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    const records = await this.#read(topics.deadLetters)
    const letters: DeadLetter[] = []
    for (const { value } of records) letters.push(await this.codecs.deadLetter.decode(value ?? Buffer.alloc(0)))
    return letters
  }

  /** Every key and value of the durable state as one string, for looking what is left in it. The stage must be stopped. */
  async stateText(): Promise<string> {
    const state = openStateStore(join(this.directory, 'state'))
    let text = ''
    for (const partition of [0, 1])
      for (const { key, value } of state.open('assemble', partition).range(''))
        text += `${key}=${value.toString('latin1')}\n`
    await state.close()
    return text
  }

  async #read(topic: string): Promise<readonly StoredRecord[]> {
    const records: StoredRecord[] = []
    for (const { partition } of await this.log.stats([topic]))
      for await (const record of this.log.read(topic, partition, 0)) records.push(record)
    return records
  }
}

const writtenAs = ({ key, value, timestamp, headers = {} }: LogRecord): Written => ({
  conversationId: key.toString(),
  revision: Number(headers[conversationHeaders.revision]),
  timestamp,
  vcon: value === null ? null : value.toString(),
  headers,
})

/** A log that passes everything on: for replacing some of it. */
export const delegate = (log: EventLog): EventLog => ({
  createTopics: specs => log.createTopics(specs),
  append: (topic, records) => log.append(topic, records),
  appendAll: outputs => log.appendAll(outputs),
  consume: (options, ctx) => log.consume(options, ctx),
  read: (topic, partition, from, to) => log.read(topic, partition, from, to),
  offsetAt: (topic, partition, timestamp) => log.offsetAt(topic, partition, timestamp),
  stats: names => log.stats(names),
  committed: group => log.committed(group),
  seek: (group, position) => log.seek(group, position),
  close: () => log.close(),
})
