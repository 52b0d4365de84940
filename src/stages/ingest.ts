import { once } from 'node:events'
import type { AccountConfig, RawInput } from '../core/connector.ts'
import type { Context } from '../core/context.ts'
import { isAbort, retriableError } from '../core/errors.ts'
import { contentHashOf } from '../core/ids.ts'
import type { Codec, EventLog } from '../core/log.ts'
import type { Checkpoint, RawRecord } from '../core/records.ts'
import type { StateStore } from '../core/state.ts'
import type { Topics } from '../core/topics.ts'
import { systemTimer } from '../sdk/timer.ts'
import { type Checkpoints, loadCheckpoints, sliceKeyOf } from './checkpoints.ts'
import type { DeadLetters } from './dead-letters.ts'
import { createIntake } from './intake.ts'
import type { StageMetrics } from './metrics.ts'
import type { AccountSetup } from './normalize.ts'
import { retrying } from './retry.ts'
import { createSeenRecords, type SeenRecords } from './seen-records.ts'
import { createSliceReader, naming, type OpenAccount, type SliceProgress, type SliceReader } from './slice-reader.ts'
import { createSlots } from './slots.ts'
import type { Stage } from './stage.ts'
import { runTasks, type Tasks } from './tasks.ts'

export interface IngestSettings {
  /** How many slices of one account are read at once. */
  readonly slicesAtOnce: number
  /** How often an account is asked for its slices, milliseconds. */
  readonly sliceRefreshMs: number
  /** The largest record taken, payload and context together, bytes. */
  readonly maxRecordBytes: number
  /** How long it is remembered what a record held, milliseconds: longer than any connector reads again. */
  readonly seenKeepMs: number
}

export interface IngestDeps {
  readonly log: EventLog
  readonly state: StateStore
  readonly codecs: { readonly rawRecord: Codec<RawRecord>; readonly checkpoint: Codec<Checkpoint> }
  readonly topics: Topics
  readonly accounts: readonly AccountSetup[]
  readonly settings: IngestSettings
  readonly deadLetters: DeadLetters
  readonly metrics: StageMetrics
  readonly now: () => Date
}

export interface IngestStage extends Stage {
  /** For what vendors and agents post: resolves when the records are durable. Works while the stage runs. */
  appendPushed(vendor: string, account: string, records: readonly RawInput[]): Promise<void>
  progress(): readonly SliceProgress[]
  /** True once every slice of every account was read to its end by a pass that began at `since` (Unix ms) or later. */
  caughtUpSince(since: number): boolean
}

/** Reads every account of every connector, and takes in what is pushed. */
export function createIngestStage(deps: IngestDeps): IngestStage {
  const { log, codecs, topics, settings, metrics, accounts, now } = deps
  const pulled = accounts.filter(({ connector }) => connector.open !== undefined).map(({ config }) => config)
  const readers = new Map<string, { readonly reader: SliceReader; readonly stop: AbortController }>()
  /** When each account was last asked for its slices, Unix milliseconds, by its name. */
  const askedAt = new Map<string, number>()
  let running: Context | undefined

  const seenRecords = new Map<string, SeenRecords>()
  const seenOf = (vendor: string, account: string): SeenRecords => {
    const name = nameOf({ vendor, account })
    const known = seenRecords.get(name)
    if (known !== undefined) return known
    const state = deps.state.open(`ingest-${contentHashOf(name)}`, 0)
    const seen = createSeenRecords({
      log,
      codec: codecs.rawRecord,
      topic: topics.raw(vendor),
      account: { vendor, account },
      state,
      keepMs: settings.seenKeepMs,
      now,
    })
    seenRecords.set(name, seen)
    return seen
  }
  const intake = createIntake({ ...deps, codec: codecs.rawRecord, maxRecordBytes: settings.maxRecordBytes, seenOf })

  /** Reads every slice that the account has, once its credentials are proved; asks again now and then, as slices come and go. */
  async function readAccount(opened: OpenAccount, checkpoints: Checkpoints, tasks: Tasks): Promise<never> {
    const { ctx } = tasks
    const { vendor, account, source } = opened
    const slots = createSlots(settings.slicesAtOnce)
    const proving = `checking ${vendor} account ${account}`
    await retrying(proving, () => naming(proving, () => source.check(ctx)), metrics, ctx)
    const what = `asking ${vendor} account ${account} for its slices`
    let keys = new Set<string>()
    for (;;) {
      const at = now().getTime()
      const slices = await retrying(what, () => naming(what, () => source.slices(ctx)), metrics, ctx)
      const before = keys
      keys = new Set(slices.map(slice => sliceKeyOf(vendor, account, slice)))
      for (const gone of before) {
        if (keys.has(gone)) continue
        readers.get(gone)?.stop.abort()
        readers.delete(gone)
      }
      for (const slice of slices) {
        const key = sliceKeyOf(vendor, account, slice)
        if (readers.has(key)) continue
        const reader = createSliceReader(opened, slice, { checkpoints, intake, metrics, slots })
        const stop = new AbortController()
        readers.set(key, { reader, stop })
        tasks.start(() => untilStopped(reader, stop.signal, ctx))
      }
      askedAt.set(nameOf(opened), at)
      await systemTimer.sleep(settings.sliceRefreshMs, ctx.signal)
    }
  }

  return {
    name: 'ingest',
    input: undefined,
    metrics,
    async run(ctx) {
      const load = () => loadCheckpoints(log, codecs.checkpoint, topics.checkpoints)
      const checkpoints = await retrying('loading checkpoints', load, metrics, ctx)
      for (const { config } of accounts) {
        const { vendor, account } = config
        const catchUp = () => seenOf(vendor, account).catchUp(ctx.signal)
        await retrying(`reading what ${vendor} account ${account} has on the log`, catchUp, metrics, ctx)
      }
      running = ctx
      try {
        await runTasks(ctx, tasks => {
          for (const { connector, config } of accounts) {
            const source = connector.open?.(config)
            const opened = source && { connector, vendor: config.vendor, account: config.account, source }
            if (opened !== undefined) tasks.start(() => readAccount(opened, checkpoints, tasks))
          }
          // There may be nothing to pull: what is pushed is taken in until the end.
          tasks.start(async ({ signal }) => signal.aborted || (await once(signal, 'abort')))
        })
      } finally {
        running = undefined
        readers.clear()
        askedAt.clear()
      }
    },
    async appendPushed(vendor, account, records) {
      if (running === undefined || running.signal.aborted)
        throw retriableError('ingest-stopped', `taking in records of ${vendor} account ${account}: not running`)
      await intake.append(vendor, account, records, running)
    },
    progress: () => [...readers.values()].map(({ reader }) => reader.progress()),
    caughtUpSince: since =>
      pulled.every(config => (askedAt.get(nameOf(config)) ?? Number.NEGATIVE_INFINITY) >= since) &&
      [...readers.values()].every(
        ({ reader }) => (reader.progress().caughtUpSince ?? Number.NEGATIVE_INFINITY) >= since,
      ),
  }
}

const nameOf = ({ vendor, account }: AccountConfig) => JSON.stringify([vendor, account])

/** Reads a slice until the slice is gone, which is no error. */
async function untilStopped(reader: SliceReader, stop: AbortSignal, ctx: Context): Promise<void> {
  try {
    await reader.run({ ...ctx, signal: AbortSignal.any([ctx.signal, stop]) })
  } catch (error) {
    if (!isAbort(error, stop)) throw error
  }
}
