import type { Context } from '../core/context.ts'
import { fatalError } from '../core/errors.ts'
import type { Codec, EventLog } from '../core/log.ts'
import type { Checkpoint, ConversationEvent, DeadLetter, RawRecord, Uncorrelated } from '../core/records.ts'
import type { Sink } from '../core/sink.ts'
import type { StateStore } from '../core/state.ts'
import { type TopicLimits, type Topics, topicSpecs } from '../core/topics.ts'
import { type AssembleSettings, createAssembleStage } from './assemble.ts'
import { createCorrelateStage } from './correlate.ts'
import type { CorrelateSettings } from './correlate-partition.ts'
import { createDeadLetters } from './dead-letters.ts'
import { createExportStage } from './export.ts'
import { createIngestStage, type IngestSettings, type IngestStage } from './ingest.ts'
import { type Lag, lagOf } from './lag.ts'
import { StageMetrics, type StageSnapshot } from './metrics.ts'
import { type AccountSetup, createNormalizeStage, vendorsOf } from './normalize.ts'
import { retrying } from './retry.ts'
import type { Stage } from './stage.ts'
import { runTasks } from './tasks.ts'

export interface PipelineSettings {
  readonly ingest: IngestSettings
  readonly correlate: CorrelateSettings
  /** What is left out has its default. */
  readonly assemble: Partial<AssembleSettings>
  readonly topics: TopicLimits
}

const hourMs = 3_600_000
const mebibyte = 1024 * 1024

export const defaultPipelineSettings: PipelineSettings = {
  ingest: {
    slicesAtOnce: 4,
    sliceRefreshMs: 60_000,
    maxRecordBytes: 16 * mebibyte,
    seenKeepMs: 90 * 24 * hourMs,
  },
  correlate: {
    waitMs: 10 * 60_000,
    keepMs: 24 * hourMs,
    maxScopeBytes: 16 * mebibyte,
    maxPartitionBytes: 256 * mebibyte,
    tickMs: 500,
  },
  assemble: {},
  topics: { partitions: 4, ageMs: 90 * 24 * hourMs, bytes: 16 * 1024 * mebibyte },
}

export interface PipelineDeps {
  readonly log: EventLog
  readonly state: StateStore
  readonly codecs: {
    readonly rawRecord: Codec<RawRecord>
    readonly event: Codec<ConversationEvent>
    readonly uncorrelated: Codec<Uncorrelated>
    readonly deadLetter: Codec<DeadLetter>
    readonly checkpoint: Codec<Checkpoint>
  }
  readonly topics: Topics
  readonly accounts: readonly AccountSetup[]
  /** Whoever made them closes them. */
  readonly sinks: readonly Sink[]
  readonly settings: PipelineSettings
  readonly now: () => Date
}

/** A stage as it stands. */
export interface StageStatus extends StageSnapshot {
  readonly stage: string
  /** Null for ingest, which reads from vendors. */
  readonly lag: Lag | null
  /** Things that it holds back for now: events that wait for a link, conversations that are not written yet. */
  readonly pending: number
}

export interface Pipeline {
  /** In the order of the flow. */
  readonly stages: readonly Stage[]
  readonly ingest: IngestStage
  /**
   * Makes the topics, proves every sink, and runs all stages. The first error stops them all and is rethrown once they
   * have stopped. When `ctx.signal` aborts, they finish what they are at and it ends without an error.
   */
  run(ctx: Context): Promise<void>
  status(): Promise<readonly StageStatus[]>
  /**
   * True if every record on the log has gone all the way and nothing is held back: no event waits for a link, no
   * conversation is unwritten. Together with `ingest.caughtUpSince` it says that there is nothing left to do.
   */
  idle(): Promise<boolean>
}

export function createPipeline(deps: PipelineDeps): Pipeline {
  const { log, topics, codecs, settings, sinks, accounts, now } = deps
  const vendors = vendorsOf(accounts)
  const common = (stage: string) => {
    const metrics = new StageMetrics(now)
    const topic = topics.deadLetters
    return {
      ...deps,
      metrics,
      deadLetters: createDeadLetters({ codec: codecs.deadLetter, topic, stage, now }),
    }
  }
  const ingest = createIngestStage({ ...common('ingest'), settings: settings.ingest })
  const stages: readonly Stage[] = [
    ingest,
    createNormalizeStage(common('normalize')),
    createCorrelateStage({ ...common('correlate'), settings: settings.correlate }),
    createAssembleStage({ ...common('assemble'), settings: settings.assemble }),
    ...sinks.map(sink => createExportStage({ ...common(`sink-${sink.name}`), sink, vendors })),
  ]

  const makeReady = async (ctx: Context) => {
    const { metrics } = ingest
    const specs = topicSpecs(topics, vendors, settings.topics)
    await retrying('creating topics', () => log.createTopics(specs), metrics, ctx)
    for (const sink of sinks) await retrying(`checking sink ${sink.name}`, () => sink.check(ctx), metrics, ctx)
  }

  const runStage = async (stage: Stage, ctx: Context) => {
    try {
      await stage.run(ctx)
    } catch (error) {
      stage.metrics.failed(error)
      throw error
    }
    // A stage that quietly went home would be missed only when somebody looks for the data.
    if (!ctx.signal.aborted) throw fatalError('stage-ended', `running ${stage.name}: it ended by itself`)
  }

  const lag = async (stage: Stage) => (stage.input === undefined ? null : lagOf(log, stage.input, now))

  return {
    stages,
    ingest,
    run: ctx =>
      runTasks(ctx, tasks =>
        tasks.start(async inner => {
          await makeReady(inner)
          for (const stage of stages) tasks.start(each => runStage(stage, each))
        }),
      ),
    status: () =>
      Promise.all(
        stages.map(async stage => ({
          stage: stage.name,
          ...stage.metrics.snapshot(),
          lag: await lag(stage),
          pending: stage.pending?.() ?? 0,
        })),
      ),
    async idle() {
      // Down the flow, one after the other: what a stage has finished is on the log by the time the next is asked.
      for (const stage of stages) {
        const behind = await lag(stage)
        if ((behind?.records ?? 0) > 0 || (stage.pending?.() ?? 0) > 0) return false
      }
      return true
    },
  }
}
