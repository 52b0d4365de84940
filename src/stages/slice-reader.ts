import type { Account, Connector, Slice } from '../core/connector.ts'
import type { Context } from '../core/context.ts'
import { VconduitError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import type { Checkpoint } from '../core/records.ts'
import { systemTimer } from '../sdk/timer.ts'
import { type Checkpoints, cursorOf, type SliceName } from './checkpoints.ts'
import type { Intake } from './intake.ts'
import type { StageMetrics } from './metrics.ts'
import { createOutage } from './retry.ts'
import type { Slots } from './slots.ts'

/** One account at one vendor, opened. */
export interface OpenAccount {
  readonly connector: Connector
  readonly vendor: string
  readonly account: string
  readonly source: Account<Json>
}

/** How far a slice is. Times are Unix milliseconds. */
export interface SliceProgress extends SliceName {
  /** Records appended since the slice began. */
  readonly records: number
  /** When its cursor last moved; null if never. */
  readonly savedAt: number | null
  /** When the last pass began that ended with nothing more to read; null if none has. */
  readonly caughtUpSince: number | null
}

export interface SliceReader {
  progress(): SliceProgress
  /** Reads, again and again, until `ctx.signal` aborts: then it rejects with an abort. */
  run(ctx: Context): Promise<never>
}

export interface SliceReaderDeps {
  readonly checkpoints: Checkpoints
  readonly intake: Intake
  readonly metrics: StageMetrics
  /** A pass over a slice takes one. */
  readonly slots: Slots
}

/**
 * Pulls one slice. Every batch becomes durable together with its cursor, then the next one is asked for. So there is one batch
 * in flight, and whatever happens, reading resumes at the cursor after the last records that the log has.
 */
export function createSliceReader(opened: OpenAccount, slice: Slice, deps: SliceReaderDeps): SliceReader {
  const { checkpoints, intake, metrics, slots } = deps
  const { connector, vendor, account, source } = opened
  const name: SliceName = { vendor, account, stream: slice.stream, slice: slice.id }
  const what = `reading ${vendor} account ${account}, stream ${slice.stream}, slice ${slice.id}`
  let caughtUpSince: number | null = null

  /** Reads on until the vendor has nothing more. */
  async function pass(onProgress: () => void, ctx: Context): Promise<void> {
    const startedAt = ctx.now().getTime()
    const from = checkpoints.get(name)
    let records = from?.records ?? 0
    for await (const batch of source.read(slice, from && cursorOf(from, connector), ctx)) {
      const cursor = JSON.stringify(batch.cursor)
      let checkpoint: Checkpoint | undefined
      const fresh = await intake.append(vendor, account, batch.records, ctx, appended => {
        if (cursor === checkpoints.get(name)?.cursor) return []
        checkpoint = { ...name, cursor, records: records + appended, savedAt: ctx.now().getTime() }
        return [checkpoints.outputOf(checkpoint)]
      })
      if (checkpoint !== undefined) checkpoints.saved(checkpoint)
      records += fresh
      onProgress()
    }
    // A reader that ends because it was told to stop has not caught up.
    ctx.signal.throwIfAborted()
    caughtUpSince = startedAt
  }

  return {
    progress() {
      const saved = checkpoints.get(name)
      return {
        ...name,
        records: saved?.records ?? 0,
        savedAt: saved?.savedAt ?? null,
        caughtUpSince,
      }
    },
    async run(ctx) {
      const outage = createOutage(what, metrics, ctx)
      for (;;) {
        try {
          await naming(what, () => slots.use(() => pass(outage.over, ctx), ctx.signal))
          outage.over()
          await systemTimer.sleep(source.pollIntervalMs, ctx.signal)
        } catch (error) {
          await outage.wait(error)
        }
      }
    },
  }
}

/** Does `task`; an error of a known kind then says what was being done. */
export async function naming<T>(what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (!(error instanceof VconduitError)) throw error
    const { kind, code, message, retryAfterMs } = error
    const options = { code, cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    throw new VconduitError(kind, `${what}: ${message}`, options)
  }
}
