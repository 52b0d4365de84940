import { systemTimer, type Timer } from './timer.ts'

/** A rate that all slices of an account share for one group of endpoints. */
export interface RateBudget {
  /** Resolves when one more request may go out, first come first served; rejects with the signal's reason on abort. */
  take(signal: AbortSignal): Promise<void>
  /** Nobody gets anything for the next `ms` milliseconds: the vendor answered 429. A longer pause that runs stays. */
  pause(ms: number): void
}

export interface RateBudgetOptions {
  /** No minute, wherever it begins, sees more requests than this. */
  readonly requestsPerMinute: number
  /**
   * How many may go out at once after a quiet time. Default: what one second would bring. The larger it is, the slower the
   * steady rate: both together keep to the limit.
   */
  readonly burst?: number
  readonly timer?: Timer
}

/** Shorter waits come from rounding: waiting them out would take no time, for ever. */
const noTimeMs = 1e-5

interface Waiter {
  readonly go: () => void
}

/** A smooth token bucket. Memory is bounded by the number of callers that wait. */
export function createRateBudget(options: RateBudgetOptions): RateBudget {
  const { requestsPerMinute, timer = systemTimer } = options
  if (!(requestsPerMinute >= 1)) throw new RangeError(`a rate budget needs at least 1 request per minute`)
  const burst = Math.min(Math.max(1, Math.floor(options.burst ?? requestsPerMinute / 60)), requestsPerMinute)
  // A full bucket and the refill of a minute together make the limit, not the refill alone.
  const refillPerMs = (requestsPerMinute + 1 - burst) / 60_000
  let tokens = burst
  let filledAt = timer.elapsedMs()
  let pausedUntil = Number.NEGATIVE_INFINITY
  let wakeUp = new AbortController()
  let serving = false
  const waiting = new Set<Waiter>()

  const refill = () => {
    const now = timer.elapsedMs()
    tokens = Math.min(burst, tokens + (now - filledAt) * refillPerMs)
    filledAt = now
  }
  const msUntilNext = () => {
    refill()
    const ms = Math.max(pausedUntil - filledAt, (1 - tokens) / refillPerMs)
    return ms < noTimeMs ? 0 : ms
  }

  async function serve(): Promise<void> {
    serving = true
    try {
      while (waiting.size > 0) {
        const ms = msUntilNext()
        if (ms > 0) {
          wakeUp = new AbortController()
          // Woken early when the last waiter has gone; otherwise the loop looks again, as a pause may have come meanwhile.
          await timer.sleep(ms, wakeUp.signal).catch(() => {})
          continue
        }
        const [first] = waiting
        if (first === undefined) return
        waiting.delete(first)
        tokens -= 1
        first.go()
      }
    } finally {
      serving = false
    }
  }

  return {
    async take(signal) {
      signal.throwIfAborted()
      if (waiting.size === 0 && msUntilNext() <= 0) {
        tokens -= 1
        return
      }
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting.delete(waiter)
          if (waiting.size === 0) wakeUp.abort()
          reject(signal.reason)
        }
        const waiter: Waiter = {
          go: () => {
            signal.removeEventListener('abort', leave)
            resolve()
          },
        }
        signal.addEventListener('abort', leave, { once: true })
        waiting.add(waiter)
        if (!serving) void serve()
      })
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, timer.elapsedMs() + ms)
    },
  }
}
