import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pino, { type Logger } from 'pino'
import { z } from 'zod'
import type { Account, Connector, RawInput, Slice, SourceBatch } from '../../src/core/connector.ts'
import { defineConnector } from '../../src/core/connector.ts'
import type { Context } from '../../src/core/context.ts'
import { event, type Fact } from '../../src/core/fact.ts'
import { conversationIdOf } from '../../src/core/ids.ts'
import type { EventLog, StoredRecord } from '../../src/core/log.ts'
import { deadLetter, drop, emit } from '../../src/core/outcome.ts'
import type { ConversationEvent, DeadLetter } from '../../src/core/records.ts'
import type { AnyRange, RangeLimits, Sink, SinkInput } from '../../src/core/sink.ts'
import type { StateStore } from '../../src/core/state.ts'
import { type Topics, topicSpecs, topicsOf } from '../../src/core/topics.ts'
import { type RecordCodecs, singleObjectCodecs } from '../../src/log/avro.ts'
import { type EmbeddedLog, openEmbeddedLog, openStateStore } from '../../src/log/embedded/index.ts'

export const silent: Logger = pino({ level: 'silent' })

/** A logger that keeps its lines, parsed. */
export function keptLogger(): { readonly log: Logger; readonly lines: { level: number; msg: string }[] } {
  const lines: { level: number; msg: string }[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { log, lines }
}

/** Without jitter: retries come at once. */
export const contextOf = (signal: AbortSignal, log = silent): Context => ({
  signal,
  log,
  now: () => new Date(),
  random: () => 0,
})

export interface Rig {
  readonly log: EmbeddedLog
  readonly state: StateStore
  readonly codecs: RecordCodecs
  readonly topics: Topics
  /** Closes log and state and opens them again, as a new process would. */
  reopen(): Promise<void>
}

/** The embedded log and state in a directory of their own, removed after the test; with the topics of vendor `tiny`. */
export async function createRig(t: TestContext, partitions = 2): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), 'vconduit-stages-'))
  const open = async () => {
    const log = await openEmbeddedLog(join(directory, 'log'), { log: silent, now: () => new Date() })
    return { log, state: openStateStore(join(directory, 'state')), codecs: singleObjectCodecs(log.schemas) }
  }
  let opened = await open()
  const close = async () => {
    await opened.log.close()
    await opened.state.close()
  }
  t.after(async () => {
    await close()
    await rm(directory, { recursive: true })
  })
  const topics = topicsOf('')
  const limits = { partitions, ageMs: 3_600_000, bytes: 1 << 30 }
  await opened.log.createTopics(topicSpecs(topics, ['tiny'], limits))
  return {
    get log() {
      return opened.log
    },
    get state() {
      return opened.state
    },
    get codecs() {
      return opened.codecs
    },
    topics,
    async reopen() {
      await close()
      opened = await open()
    },
  }
}

/** Something hangs if a test has not got there by then, milliseconds. */
const hangsAfterMs = 30_000

/** Runs until `done`, then aborts and waits for the end. Rejects if `run` rejects, or ends before it is told to. */
export async function runUntil(
  run: (ctx: Context) => Promise<void>,
  done: () => boolean | Promise<boolean>,
  log = silent,
): Promise<void> {
  const stop = new AbortController()
  let ended = false
  const running = run(contextOf(stop.signal, log)).finally(() => (ended = true))
  running.catch(() => {})
  try {
    const deadline = performance.now() + hangsAfterMs
    while (!ended && !(await done())) {
      if (performance.now() > deadline) throw new Error('running: it hangs')
      await delay(5)
    }
    if (ended && !stop.signal.aborted) {
      await running
      throw new Error('running: ended by itself')
    }
  } finally {
    stop.abort()
    await running
  }
}

export async function readAll(log: EventLog, topic: string): Promise<readonly StoredRecord[]> {
  const records: StoredRecord[] = []
  for (const { partition, first } of await log.stats([topic]))
    for await (const record of log.read(topic, partition, first)) records.push(record)
  return records
}

async function decodeAll<T>(
  log: EventLog,
  topic: string,
  decode: (bytes: Buffer) => T | Promise<T>,
): Promise<readonly T[]> {
  const values: T[] = []
  for (const { value } of await readAll(log, topic)) if (value !== null) values.push(await decode(value))
  return values
}

export const readEvents = ({ log, codecs, topics }: Rig): Promise<readonly ConversationEvent[]> =>
  decodeAll(log, topics.events, codecs.event.decode)

export const readDeadLetters = ({ log, codecs, topics }: Rig): Promise<readonly DeadLetter[]> =>
  decodeAll(log, topics.deadLetters, codecs.deadLetter.decode)

/** What is live, as `conversation id` → sorted event keys: the winners that are not retracted. */
export function liveOf(events: readonly ConversationEvent[]): Readonly<Record<string, readonly string[]>> {
  const winners = new Map<string, ConversationEvent>()
  for (const each of events) {
    const name = `${each.conversationId} ${each.id}`
    const winner = winners.get(name)
    if (winner === undefined || isNewer(each, winner)) winners.set(name, each)
  }
  const live: Record<string, string[]> = {}
  for (const { retracted, conversationKey, sourceKey } of winners.values())
    if (!retracted) live[conversationKey] = [...(live[conversationKey] ?? []), sourceKey].sort()
  return live
}

const isNewer = (a: ConversationEvent, b: ConversationEvent) =>
  a.version !== b.version
    ? a.version > b.version
    : a.revision !== b.revision
      ? a.revision > b.revision
      : a.contentHash > b.contentHash

// A vendor of our own: what it serves is in the test's hands.

export const tinyConfig = (account = 'acme') => ({ vendor: 'tiny', account })

export const conversation = (key: string, account = 'acme') => ({ vendor: 'tiny', account, key })
export const idOf = (key: string, account = 'acme') => conversationIdOf(conversation(key, account))

/** A payload that becomes one utterance. */
export const said = (key: string, conversationKey: string, text: string, version = 1) =>
  ({ kind: 'said', key, conversationKey, text, version }) as const
/** A payload that becomes one utterance of a span. */
export const spanSaid = (key: string, scope: string, span: string, text = key) =>
  ({ kind: 'span', key, scope, span, text }) as const
/** A payload that becomes a link. */
export const linked = (key: string, scope: string, span: string, to: { conversation: string } | { parent: string }) =>
  ({ kind: 'link', key, scope, span, ...to }) as const

export type TinyPayload =
  | ReturnType<typeof said>
  | ReturnType<typeof spanSaid>
  | ReturnType<typeof linked>
  | { readonly kind: 'dull' | 'broken' | 'misfit'; readonly key: string }

export const tinyRecord = (payload: TinyPayload): RawInput => ({
  stream: 'things',
  key: payload.key,
  observedAt: 1_700_000_000_000,
  contentType: 'application/json',
  payload: Buffer.from(JSON.stringify(payload)),
  ...('conversationKey' in payload && { conversationKey: payload.conversationKey }),
})

function factOf(payload: TinyPayload, account: string): Fact | undefined {
  const utterance = { type: 'utterance', key: payload.key, occurredAt: 1_700_000_000_000 } as const
  switch (payload.kind) {
    case 'said': {
      const to = conversation(payload.conversationKey, account)
      return event({ ...utterance, to, version: payload.version, section: { text: payload.text } })
    }
    case 'span':
      return event({ ...utterance, to: aliasOf(payload, account), version: 1, section: { text: payload.text } })
    case 'link': {
      const to = 'parent' in payload ? { parentAlias: payload.parent } : conversation(payload.conversation, account)
      return { kind: 'link', from: aliasOf(payload, account), to, version: 1 }
    }
    case 'misfit':
      return event({ ...utterance, to: conversation('c', account), occurredAt: 0.5, section: { text: 'x' } })
    default:
      return undefined
  }
}

const aliasOf = ({ scope, span }: { readonly scope: string; readonly span: string }, account: string) => ({
  scope,
  alias: span,
  fallback: conversation(`fallback-${scope}`, account),
})

type TinyCursor = number

export interface TinyVendor {
  readonly connector: Connector
  /** How often `read` was called. */
  readonly reads: readonly { readonly slice: string; readonly from: TinyCursor | undefined }[]
}

export interface TinyOptions {
  /** Batches of each slice; the cursor counts those read. */
  readonly batches: () => Readonly<Record<string, readonly (readonly RawInput[])[]>>
  /** Called before each batch is handed over; may throw. */
  readonly before?: (slice: string, index: number) => void | Promise<void>
  readonly check?: () => Promise<void>
  readonly pollIntervalMs?: number
}

/** A vendor with slices of ready-made batches. */
export function tinyVendor({ batches, before, check, pollIntervalMs = 10 }: TinyOptions): TinyVendor {
  const reads: { slice: string; from: TinyCursor | undefined }[] = []
  const open = (): Account<TinyCursor> => ({
    pollIntervalMs,
    check: async () => check?.(),
    slices: async () => Object.keys(batches()).map((id): Slice => ({ stream: 'things', id })),
    async *read(slice, from): AsyncGenerator<SourceBatch<TinyCursor>> {
      reads.push({ slice: slice.id, from })
      const all = batches()[slice.id] ?? []
      for (let index = from ?? 0; index < all.length; index++) {
        await before?.(slice.id, index)
        yield { records: all[index] ?? [], cursor: index + 1 }
      }
    },
  })
  const connector = defineConnector<{ vendor: string; account: string }, TinyCursor>({
    vendor: 'tiny',
    title: 'Tiny',
    config: z.strictObject({ vendor: z.literal('tiny'), account: z.string() }),
    cursor: z.int(),
    open,
    normalize(record) {
      const payload = JSON.parse(record.payload.toString()) as TinyPayload
      if (payload.kind === 'broken') return deadLetter('payload-broken', 'reading things: the payload is broken')
      const fact = factOf(payload, record.account)
      return fact === undefined ? drop('dull') : emit(fact)
    },
  })
  return { connector, reads }
}

/** A sink that keeps what it was given, by token, and throws what `fail` returns. */
export function memorySink(
  inputs: readonly SinkInput[],
  { limits, fail }: { limits?: Partial<RangeLimits>; fail?: (range: AnyRange) => Error | undefined } = {},
): Sink & {
  readonly ranges: Map<string, AnyRange>
  readonly writes: string[]
  inFlight: number
  mostInFlight: number
} {
  const ranges = new Map<string, AnyRange>()
  const writes: string[] = []
  return {
    name: 'memory',
    inputs,
    limits: { maxRecords: 10, maxBytes: 1 << 20, lingerMs: 0, ...limits },
    ranges,
    writes,
    inFlight: 0,
    mostInFlight: 0,
    async check() {},
    async write(range) {
      writes.push(range.token)
      this.inFlight++
      this.mostInFlight = Math.max(this.mostInFlight, this.inFlight)
      await delay(1)
      this.inFlight--
      const error = fail?.(range)
      if (error !== undefined) throw error
      ranges.set(range.token, range)
    },
    async close() {},
  }
}
