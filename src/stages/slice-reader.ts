import type { Account, Connector, Slice } from '../core/connector.ts'
import type { Context } from '../core/context.ts'
import { VconduitError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import { systemTimer } from '../sdk/timer.ts'
import { type Checkpoints, cursorOf, sliceKeyOf } from './checkpoints.ts'
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
export interface SliceProgress {
  readonly vendor: string
  readonly account: string
  readonly stream: string
  readonly slice: string
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
 * Pulls one slice. For every batch: its records are durable, then its cursor is saved, then the next batch is asked for. So
 * there is one batch in flight, and whatever happens, reading resumes at a cursor whose records the log has.
 */
export function createSliceReader(opened: OpenAccount, slice: Slice, deps: SliceReaderDeps): SliceReader {
  const { checkpoints, intake, metrics, slots } = deps
  const { connector, vendor, account, source } = opened
  const key = sliceKeyOf(vendor, account, slice)
  const what = `reading ${vendor} account ${account}, stream ${slice.stream}, slice ${slice.id}`
  let caughtUpSince: number | null = null

  /** Reads on until the vendor has nothing more. */
  async function pass(onProgress: () => void, ctx: Context): Promise<void> {
    const startedAt = ctx.now().getTime()
    const from = checkpoints.get(key)
    let records = from?.records ?? 0
    for await (const batch of source.read(slice, from && cursorOf(from, connector), ctx)) {
      records += await intake.append(vendor, account, batch.records, ctx)
      const cursor = JSON.stringify(batch.cursor)
      if (cursor !== checkpoints.get(key)?.cursor)
        await checkpoints.save({
          vendor,
          account,
          stream: slice.stream,
          slice: slice.id,
          cursor,
          records,
          savedAt: ctx.now().getTime(),
        })
      onProgress()
    }
    // A reader that ends because it was told to stop has not caught up.
    ctx.signal.throwIfAborted()
    caughtUpSince = startedAt
  }

  return {
    progress() {
      const saved = checkpoints.get(key)
      return {
        vendor,
        account,
        stream: slice.stream,
        slice: slice.id,
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
