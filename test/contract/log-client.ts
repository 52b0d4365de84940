import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { Context } from '../../src/core/context.ts'
import { VconduitError } from '../../src/core/errors.ts'
import type { ConsumeOptions, EventLog, LogBatch, LogRecord, StoredRecord, TopicSpec } from '../../src/core/log.ts'

/** Long enough for a broker's rebalance; nothing waits that long unless it fails. */
const patienceMs = 60_000

/** The log that the tests of a suite share, and topics of their own for each. */
export interface Fixture {
  readonly log: () => EventLog
  readonly reopen: () => Promise<EventLog>
  readonly makeTopic: (partitions?: number, retention?: TopicSpec['retention']) => Promise<string>
}

export const isConfigError = (error: unknown): boolean => error instanceof VconduitError && error.kind === 'config'

export const contextOf = (signal: AbortSignal): Context => ({
  signal,
  log: pino({ level: 'silent' }),
  now: () => new Date(),
  random: Math.random,
})

/** Waits until `check` gives something other than undefined and false; `nudge` is called between the attempts. */
export async function eventually<T>(
  what: string,
  check: () => T | Promise<T>,
  nudge?: () => Promise<unknown>,
): Promise<Exclude<T, undefined | false>> {
  const until = performance.now() + patienceMs
  for (;;) {
    const result = await check()
    if (result !== undefined && result !== false) return result as Exclude<T, undefined | false>
    if (performance.now() > until) throw new Error(`waited ${patienceMs} ms in vain: ${what}`)
    await nudge?.()
    await sleep(10)
  }
}

export interface Consumer {
  /** What was handed out so far. */
  readonly batches: LogBatch[]
  readonly records: () => StoredRecord[]
  /** Throws what `consume` failed with, if it did. */
  check(): void
  /** Leaves the group and waits for the end of `consume`; rejects if that failed. */
  stop(): Promise<void>
}

export type Limits = Partial<Omit<ConsumeOptions, 'topics' | 'group'>>

/** Consumes in the background; `handle` is awaited for every batch. */
export function startConsumer(
  log: EventLog,
  topics: readonly string[],
  group: string,
  limits: Limits = {},
  handle: (batch: LogBatch) => Promise<void> | void = batch => batch.commit(),
): Consumer {
  const abort = new AbortController()
  const batches: LogBatch[] = []
  const options = { topics, group, maxRecords: 1000, maxBytes: 1 << 20, lingerMs: 0, ...limits }
  const running = (async () => {
    for await (const batch of log.consume(options, contextOf(abort.signal))) {
      batches.push(batch)
      await handle(batch)
    }
  })()
  let failure: { readonly error: unknown } | undefined
  running.catch((error: unknown) => {
    failure = { error }
  })
  return {
    batches,
    records: () => batches.flatMap(batch => [...batch.records]),
    check() {
      if (failure !== undefined) throw failure.error
    },
    async stop() {
      abort.abort()
      await running
    },
  }
}

/** The first `count` batches that a member gets, none of them committed; it has left the group when this resolves. */
export async function takeBatches(
  log: EventLog,
  topic: string,
  group: string,
  count: number,
  limits: Limits = {},
  handle: (batch: LogBatch) => Promise<void> | void = () => undefined,
): Promise<readonly LogBatch[]> {
  const taken: LogBatch[] = []
  const consumer = startConsumer(log, [topic], group, limits, async batch => {
    if (taken.length >= count) return
    await handle(batch)
    taken.push(batch)
  })
  try {
    await eventually(`${count} batches of ${topic}`, () => {
      consumer.check()
      return taken.length >= count
    })
  } finally {
    await consumer.stop()
  }
  return taken
}

export const record = (key: string, value: string | null, timestamp = Date.now()): LogRecord => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  timestamp,
})

export const numbered = (count: number, from = 0, key = 'same'): LogRecord[] =>
  Array.from({ length: count }, (_, index) => record(key, `${from + index}`))

export const valuesOf = (records: readonly StoredRecord[]): (string | undefined)[] =>
  records.map(({ value }) => value?.toString())

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

export const readAll = (log: EventLog, topic: string, partition = 0): Promise<StoredRecord[]> =>
  collect(log.read(topic, partition, 0))
