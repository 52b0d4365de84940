import type { Context } from '../core/context.ts'
import { configError, isAbort } from '../core/errors.ts'
import type { Codec, EventLog, LogBatch, LogRecord } from '../core/log.ts'
import type { Checkpoint, ConversationEvent, Uncorrelated } from '../core/records.ts'
import type { StateStore } from '../core/state.ts'
import type { Topics } from '../core/topics.ts'
import { type Checkpoints, loadCheckpoints, type SliceName } from './checkpoints.ts'
import {
  type CorrelateInput,
  type CorrelatePartition,
  type CorrelateSettings,
  type Delivered,
  openCorrelatePartition,
} from './correlate-partition.ts'
import { type DeadLetters, type Refused, refusedFor } from './dead-letters.ts'
import { batchesAndTicks, commitBatch } from './loop.ts'
import type { StageMetrics } from './metrics.ts'
import { retrying } from './retry.ts'
import type { Stage } from './stage.ts'

export interface CorrelateDeps {
  readonly log: EventLog
  readonly state: StateStore
  readonly codecs: {
    readonly event: Codec<ConversationEvent>
    readonly uncorrelated: Codec<Uncorrelated>
    readonly checkpoint: Codec<Checkpoint>
  }
  readonly topics: Topics
  readonly settings: CorrelateSettings
  readonly deadLetters: DeadLetters
  readonly metrics: StageMetrics
}

const limits = { maxRecords: 500, maxBytes: 4 * 1024 * 1024, lingerMs: 0 }

/**
 * Finds the conversation of events that came without one, by the links of their scope. Keeps one durable state per
 * partition, so one loop owns them all: decide, deliver, commit. What is delivered goes to the log together with a
 * checkpoint that says so: the next run delivers the rest, whichever batch or moment the decision came of.
 */
export function createCorrelateStage(deps: CorrelateDeps): Stage {
  const { log, topics, metrics, settings } = deps
  if (settings.keepMs <= settings.waitMs)
    throw configError(
      'correlate-times',
      `correlating: a scope is kept for ${settings.keepMs} ms, expected longer than the wait of ${settings.waitMs} ms`,
    )
  const input = { group: 'correlate', topics: [topics.uncorrelated] }
  const partitions = new Map<number, Partition>()

  const deliver = async ({ decisions, checkpoints, slice }: Partition, ctx: Context) => {
    const append = async (records: readonly LogRecord[], delivered: Delivered) => {
      const checkpoint: Checkpoint = {
        ...slice,
        cursor: JSON.stringify(delivered),
        records: (checkpoints.get(slice)?.records ?? 0) + records.length,
        savedAt: ctx.now().getTime(),
      }
      await log.appendAll([{ topic: topics.events, records }, checkpoints.outputOf(checkpoint)])
      checkpoints.saved(checkpoint)
    }
    return retrying('appending correlated events', () => decisions.deliver(append), metrics, ctx)
  }

  const open = async (number: number, ctx: Context): Promise<Partition> => {
    const { state, codecs } = deps
    const load = () => loadCheckpoints(log, codecs.checkpoint, topics.checkpoints)
    const checkpoints = await retrying('loading checkpoints', load, metrics, ctx)
    const slice = sliceOf(number)
    const decisions = openCorrelatePartition({
      state: state.open('correlate', number),
      event: codecs.event,
      settings,
      now: ctx.now,
      delivered: deliveredBy(checkpoints.get(slice)),
    })
    const partition = { decisions, checkpoints, slice }
    partitions.set(number, partition)
    // What the last run decided comes before anything that this one decides.
    await deliver(partition, ctx)
    return partition
  }

  const take = async (batch: LogBatch, ctx: Context) => {
    const partition = partitions.get(batch.partition) ?? (await open(batch.partition, ctx))
    const { inputs, refused } = await decodeBatch(batch, deps.codecs)
    await partition.decisions.learn(inputs)
    const emitted = await deliver(partition, ctx)
    await commitBatch(batch, { outputs: [], refused, dropped: new Map(), emitted }, deps, ctx)
  }

  const age = async (ctx: Context) => {
    for (const partition of partitions.values())
      while (!ctx.signal.aborted && (await partition.decisions.age()))
        metrics.finished(0, await deliver(partition, ctx))
  }

  return {
    name: 'correlate',
    input,
    metrics,
    pending: () => [...partitions.values()].reduce((sum, { decisions }) => sum + decisions.waiting(), 0),
    async run(ctx) {
      try {
        const all = await retrying('looking for partitions', () => log.stats(input.topics), metrics, ctx)
        for (const { partition } of all) await open(partition, ctx)
        for await (const batch of batchesAndTicks(log, { ...limits, ...input }, settings.tickMs, ctx))
          await (batch === undefined ? age(ctx) : take(batch, ctx))
      } catch (error) {
        if (!isAbort(error, ctx.signal)) throw error
      } finally {
        partitions.clear()
      }
    },
  }
}

/** A partition at work. */
interface Partition {
  readonly decisions: CorrelatePartition
  readonly checkpoints: Checkpoints
  readonly slice: SliceName
}

/** The checkpoint of a partition has its place among those of the connectors, under a vendor that none of them can be. */
const sliceOf = (partition: number): SliceName => ({
  vendor: '',
  account: '',
  stream: 'uncorrelated',
  slice: `${partition}`,
})

/** Sound for what `deliver` wrote. */
const deliveredBy = (checkpoint: Checkpoint | undefined) =>
  checkpoint === undefined ? undefined : (JSON.parse(checkpoint.cursor) as Delivered)

async function decodeBatch(
  batch: LogBatch,
  codecs: CorrelateDeps['codecs'],
): Promise<{ readonly inputs: readonly CorrelateInput[]; readonly refused: readonly Refused[] }> {
  const inputs: CorrelateInput[] = []
  const refused: Refused[] = []
  for (const stored of batch.records) {
    if (stored.value === null) continue
    try {
      const record = await codecs.uncorrelated.decode(stored.value)
      inputs.push({ record, event: record.event === null ? undefined : await codecs.event.decode(record.event) })
    } catch (error) {
      refused.push(refusedFor(stored, error))
    }
  }
  return { inputs, refused }
}
