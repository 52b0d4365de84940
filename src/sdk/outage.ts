import type { Context } from '../core/context.ts'
import type { Timer } from './timer.ts'

/** Waits that last longer than this are worth a line, milliseconds: shorter ones are what the internet is like. */
const worthALineMs = 5_000

/** Tells people that requests wait, once per outage: it begins with the first request that fails and ends with the last. */
export interface Outage {
  /** A request failed for the first time. */
  begin(): void
  /** It waits for its next try. */
  waits(waiting: { readonly reason: string; readonly waitMs: number }, ctx: Context): void
  /** It ended, in one way or another. */
  end(ctx: Context): void
}

export function createOutage(account: string, timer: Timer): Outage {
  let failing = 0
  let since = 0
  let told = false
  return {
    begin() {
      if (failing === 0) since = timer.elapsedMs()
      failing += 1
    },
    waits({ reason, waitMs }, ctx) {
      if (told || timer.elapsedMs() - since + waitMs < worthALineMs) return
      told = true
      ctx.log.warn({ account, reason, waitMs: Math.round(waitMs) }, 'waiting for the vendor')
    },
    end(ctx) {
      failing -= 1
      if (failing > 0 || !told) return
      told = false
      const lastedMs = Math.round(timer.elapsedMs() - since)
      ctx.log.info(
        { account, lastedMs },
        ctx.signal.aborted ? 'stopped waiting for the vendor' : 'the vendor answers again',
      )
    },
  }
}
