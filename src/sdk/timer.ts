import { setTimeout as delay } from 'node:timers/promises'

/** Measures durations and waits. Apart from `Context.now`, as the wall clock may jump and a wait must not. */
export interface Timer {
  /** Milliseconds since some fixed moment; never goes back. */
  elapsedMs(): number
  /** Resolves after `ms` milliseconds (at most 24 days); rejects with the reason of `signal` as soon as it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const systemTimer: Timer = {
  elapsedMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(Math.max(0, Math.ceil(ms)), undefined, { signal })
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    }
  },
}

/**
 * Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. The promise goes on unobserved:
 * for work that cannot be stopped at once, like connecting.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {})
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop)
  }
}
