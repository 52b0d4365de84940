import type { Context } from '../core/context.ts'
import { kindOf, VconduitError } from '../core/errors.ts'
import { backoffMs } from '../sdk/retry.ts'
import { systemTimer } from '../sdk/timer.ts'
import type { StageMetrics } from './metrics.ts'

/** Those whom the other side told to wait equally long do not come back at the same moment, milliseconds. */
const spreadMs = 500

/**
 * How long to wait after `failures` failed attempts in a row, milliseconds: full jitter, or what the other side asked for
 * and a little more, never less.
 */
export function pauseMs(failures: number, error: unknown, random: () => number): number {
  const asked = error instanceof VconduitError ? error.retryAfterMs : undefined
  return asked === undefined ? backoffMs(failures, random) : asked + random() * spreadMs
}

/** Failed attempts at one thing, from the first failure until it works again. */
export interface Outage {
  /** Waits before the next attempt if `error` is retriable, however often it takes; rethrows anything else, and an abort. */
  wait(error: unknown): Promise<void>
  /** It works: the next failure starts a new outage. */
  over(): void
}

/** `what` says what is tried, as a gerund and an object. Warns once per outage and shows it in the metrics. */
export function createOutage(what: string, metrics: StageMetrics, ctx: Context): Outage {
  let failures = 0
  let since = 0
  return {
    async wait(error) {
      if (kindOf(error) !== 'retriable') throw error
      if (failures === 0) {
        since = ctx.now().getTime()
        ctx.log.warn({ err: error }, `${what}: waiting until it works again`)
      }
      failures++
      metrics.retry(what, error)
      await systemTimer.sleep(pauseMs(failures, error, ctx.random), ctx.signal)
    },
    over() {
      if (failures === 0) return
      ctx.log.info({ failures, forMs: ctx.now().getTime() - since }, `${what}: works again`)
      failures = 0
      metrics.recovered(what)
    },
  }
}

/** Makes `attempt` until it works, waiting in place for as long as it takes; rethrows what is not retriable. */
export async function retrying<T>(
  what: string,
  attempt: () => Promise<T>,
  metrics: StageMetrics,
  ctx: Context,
): Promise<T> {
  const outage = createOutage(what, metrics, ctx)
  for (;;) {
    try {
      const result = await attempt()
      outage.over()
      return result
    } catch (error) {
      await outage.wait(error)
    }
  }
}
