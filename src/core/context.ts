import type { Logger } from 'pino'

/** Everything from outside that code below `cli/` may use: there is no other clock, log, chance or way to stop. */
export interface Context {
  /** Aborted when the work should stop; whoever waits must stop waiting within a second. */
  readonly signal: AbortSignal
  readonly log: Logger
  readonly now: () => Date
  /** 0 (inclusive) to 1 (exclusive). For jitter only. */
  readonly random: () => number
}
