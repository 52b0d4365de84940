import type { Context } from '../core/context.ts'
import { isAbort } from '../core/errors.ts'
import type { Codec, EventLog, LogBatch, LogRecord } from '../core/log.ts'
import type { ConversationEvent, DeadLetter } from '../core/records.ts'
import type { StateStore } from '../core/state.ts'
import type { Topics } from '../core/topics.ts'
import { Conversation, nothingWritten, RecentConversations } from './assemble/conversation.ts'
import { type Emission, emissionOf, writeEmissions } from './assemble/emit.ts'
import { type Known, mergeEvents } from './assemble/merge.ts'
import { openAssemblyStore } from './assemble/store.ts'
import { createDeadLetters } from './dead-letters.ts'
import { batchesAndTicks, commitBatch } from './loop.ts'
import type { StageMetrics } from './metrics.ts'
import { retrying } from './retry.ts'
import type { Stage } from './stage.ts'

const stageName = 'assemble'

export interface AssembleSettings {
  /** A conversation is written when nothing about it has changed for this long, milliseconds… */
  readonly quietMs: number
  /** …and at the latest this long after its first unwritten change, milliseconds. */
  readonly maxDelayMs: number
  /** How often the clock is looked at, milliseconds. */
  readonly tickMs: number
  /** Limits of a batch of events. */
  readonly maxRecords: number
  readonly maxBytes: number
  readonly lingerMs: number
  /** Memory for the facts of conversations that began not long ago, bytes. */
  readonly recentBytes: number
}

export const defaultAssembleSettings: AssembleSettings = {
  quietMs: 2_000,
  maxDelayMs: 30_000,
  tickMs: 250,
  maxRecords: 5_000,
  maxBytes: 8 * 1024 * 1024,
  lingerMs: 20,
  recentBytes: 32 * 1024 * 1024,
}

export interface AssembleDeps {
  readonly log: EventLog
  readonly state: StateStore
  readonly codecs: { readonly event: Codec<ConversationEvent>; readonly deadLetter: Codec<DeadLetter> }
  readonly topics: Topics
  readonly metrics: StageMetrics
  readonly settings?: Partial<AssembleSettings>
}

/** A conversation that differs from what was written. Times are Unix milliseconds. */
interface Dirty {
  readonly since: number
  readonly changedAt: number
  /** It closed or was erased: it is not to wait. */
  readonly urgent: boolean
}

/** One partition: its state, and what of it waits to be written. */
interface Assembly extends Known {
  readonly dirty: Map<string, Dirty>
}

/** One append and one transaction of emissions. */
const maxEmissions = 500
const maxEmissionBytes = 8 * 1024 * 1024
/** Partitions that are worked on at once. */
const maxBusy = 3

/**
 * Folds the events of each conversation into its vCon and writes it to the topic conversations: when it closes, when it
 * has been quiet, and at the latest every so often. Events are in the durable state before their offsets are committed, and
 * a conversation is on the topic before the state says so, so nothing is lost and at worst the same revision is written twice.
 */
export function createAssembleStage(deps: AssembleDeps): Stage {
  const { log, state, codecs, topics, metrics } = deps
  const settings: AssembleSettings = { ...defaultAssembleSettings, ...deps.settings }
  const { quietMs, maxDelayMs, tickMs, maxRecords, maxBytes, lingerMs } = settings
  const assemblies = new Map<number, Assembly>()
  const recent = new RecentConversations(settings.recentBytes)

  const open = (partition: number): Assembly => {
    const known = assemblies.get(partition)
    if (known !== undefined) return known
    const store = openAssemblyStore(state.open(stageName, partition))
    const dirty = new Map<string, Dirty>()
    for (const [id, since] of store.dirty()) dirty.set(id, { since, changedAt: since, urgent: true })
    const assembly = { store, recent, dirty }
    assemblies.set(partition, assembly)
    return assembly
  }

  const isDue = ({ since, changedAt, urgent }: Dirty, now: number) =>
    urgent || now >= changedAt + quietMs || now >= since + maxDelayMs

  /** Writes what is due, a bounded number at a time; stops between two when the stage is to stop. */
  async function emitDue(assembly: Assembly, ctx: Context, prepared: readonly Emission[] = []): Promise<void> {
    const { dirty } = assembly
    const now = ctx.now().getTime()
    let emissions: Emission[] = []
    let bytes = 0
    const flush = async () => {
      const append = (records: readonly LogRecord[]) =>
        retrying('appending conversations', () => log.append(topics.conversations, records), metrics, ctx)
      const emitted = await writeEmissions(emissions, assembly, append)
      for (const { conversation } of emissions) dirty.delete(conversation.id)
      metrics.finished(0, emitted)
      emissions = []
      bytes = 0
    }
    const add = async (emission: Emission) => {
      emissions.push(emission)
      bytes += emission.record?.value?.length ?? 0
      if (emissions.length >= maxEmissions || bytes >= maxEmissionBytes) await flush()
    }
    for (const emission of prepared) await add(emission)
    const done = new Set(prepared.map(({ conversation }) => conversation.id))
    for (const [id, waiting] of dirty) {
      if (done.has(id) || !isDue(waiting, now)) continue
      if (ctx.signal.aborted) break
      const conversation = assembly.recent.get(id) ?? assembly.store.read(id)
      await add(await emissionOf(conversation ?? new Conversation(id, nothingWritten), codecs.event))
    }
    if (emissions.length > 0) await flush()
  }

  /** Folds what is to be written at once and is in memory: time that would be spent waiting for the disk. */
  async function prepare(changed: ReadonlyMap<string, boolean>, assembly: Assembly): Promise<readonly Emission[]> {
    const emissions: Emission[] = []
    let bytes = 0
    for (const [id, urgent] of changed) {
      if (emissions.length >= maxEmissions || bytes >= maxEmissionBytes) break
      const conversation = urgent ? assembly.recent.get(id) : undefined
      if (conversation === undefined) continue
      const emission = await emissionOf(conversation, codecs.event)
      emissions.push(emission)
      bytes += emission.record?.value?.length ?? 0
    }
    return emissions
  }

  async function takeIn(batch: LogBatch, ctx: Context): Promise<void> {
    const isNew = !assemblies.has(batch.partition)
    const assembly = open(batch.partition)
    if (isNew) await emitDue(assembly, ctx)
    const { store, dirty } = assembly
    const { changed, dropped, refused, write } = await mergeEvents(batch.records, assembly, codecs.event)
    const now = ctx.now().getTime()
    const durable = store.transaction(writer => {
      write(writer)
      for (const id of changed.keys()) if (!dirty.has(id)) writer.dirty(id, now)
    })
    for (const [id, urgent] of changed) {
      const before = dirty.get(id)
      dirty.set(id, { since: before?.since ?? now, changedAt: now, urgent: urgent || (before?.urgent ?? false) })
    }
    const [emissions] = await Promise.all([prepare(changed, assembly), durable])
    await commitBatch(
      batch,
      { outputs: [], refused, dropped, emitted: 0 },
      { deadLetters: deadLetters(ctx), metrics },
      ctx,
    )
    await emitDue(assembly, ctx, emissions)
  }

  const deadLetters = ({ now }: Context) =>
    createDeadLetters({ codec: codecs.deadLetter, topic: topics.deadLetters, stage: stageName, now })

  return {
    name: stageName,
    input: { group: stageName, topics: [topics.events] },
    metrics,
    pending: () => [...assemblies.values()].reduce((sum, { dirty }) => sum + dirty.size, 0),
    async run(ctx) {
      try {
        await work(ctx)
      } catch (error) {
        if (!isAbort(error, ctx.signal)) throw error
      }
    },
  }

  async function work(ctx: Context) {
    // What an earlier run left unwritten may be on the topic already, under this revision: it is written again as it
    // was, before a new event can change it. Here, as nothing new may come; and whenever a partition is opened.
    for (const { partition } of await log.stats([topics.events])) await emitDue(open(partition), ctx)

    const stopping = new AbortController()
    const inner: Context = { ...ctx, signal: AbortSignal.any([ctx.signal, stopping.signal]) }
    /** One thing at a time per partition; while one partition waits for the disk another gets on. */
    const busy = new Map<number, Promise<void>>()
    const begin = (partition: number, task: () => Promise<void>) => {
      const running = task().finally(() => busy.delete(partition))
      running.catch(error => stopping.abort(error))
      busy.set(partition, running)
    }
    const consume = { topics: [topics.events], group: stageName, maxRecords, maxBytes, lingerMs }
    try {
      for await (const batch of batchesAndTicks(log, consume, tickMs, inner)) {
        if (batch === undefined) {
          for (const [partition, assembly] of assemblies)
            if (!busy.has(partition)) begin(partition, () => emitDue(assembly, inner))
          continue
        }
        await busy.get(batch.partition)
        while (busy.size >= maxBusy) await Promise.race(busy.values())
        begin(batch.partition, () => takeIn(batch, inner))
      }
    } catch (error) {
      stopping.abort(error)
    }
    await Promise.allSettled(busy.values())
    if (stopping.signal.aborted) throw stopping.signal.reason
  }
}
