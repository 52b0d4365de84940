import type { Timer } from '../../src/sdk/timer.ts'

/** Time that passes only when everybody waits: tests of waits are exact and take no time. */
export interface VirtualTimer extends Timer {
  /** Lets time pass, from one wait's end to the next, until `ms` milliseconds have gone. */
  pass(ms: number): Promise<void>
}

interface Wait {
  readonly at: number
  readonly end: () => void
}

export function virtualTimer(): VirtualTimer {
  let now = 0
  const waits = new Set<Wait>()
  return {
    elapsedMs: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const stop = () => {
          waits.delete(wait)
          reject(signal.reason)
        }
        const wait: Wait = {
          at: now + ms,
          end: () => {
            signal.removeEventListener('abort', stop)
            resolve()
          },
        }
        waits.add(wait)
        signal.addEventListener('abort', stop, { once: true })
      }),
    async pass(ms) {
      const until = now + ms
      for (;;) {
        await settled()
        const next = [...waits].sort((a, b) => a.at - b.at)[0]
        if (next === undefined || next.at > until) break
        now = Math.max(now, next.at)
        waits.delete(next)
        next.end()
      }
      now = until
    },
  }
}

/** Everything that does not wait for time has happened. */
const settled = () => new Promise(resolve => setImmediate(resolve))
