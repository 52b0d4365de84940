/** A half-open span of time, Unix milliseconds: `from` belongs to it, `to` does not. */
export interface TimeWindow {
  readonly from: number
  readonly to: number
}

/**
 * How far a stream that is read by time has come; a part of its cursor, JSON. It starts as `{ position: since, rereads: {} }`.
 */
export type WindowProgress = {
  /** Everything before this was read at least once. Unix milliseconds. */
  readonly position: number
  /**
   * For each age (milliseconds, as a decimal string): everything before this was read when it was at least that old.
   * An age that is missing, because it is new, begins at the position.
   */
  readonly rereads: { readonly [age: string]: number }
}

export interface WindowRules {
  /** Longest window, milliseconds. */
  readonly windowMs: number
  /** How far a fresh window reaches back into what was read before, milliseconds. Default 0. */
  readonly overlapMs?: number
  /** A fresh window is not planned before it is this long, milliseconds: each costs requests. Default 1. */
  readonly minWindowMs?: number
  /**
   * Ages at which what was read is read again, for what changes late, milliseconds: `[1, 6, 24, 72].map(h => h * 3_600_000)`.
   * Default none. Content that did not change is not stored again.
   */
  readonly rereadAges?: readonly number[]
  /** Longest window of a re-read, milliseconds; only whole ones are planned. Default `windowMs`. */
  readonly rereadWindowMs?: number
}

/** A window to read. Once it is durable, `progress` is the cursor. */
export interface PlannedWindow extends TimeWindow {
  /** Undefined for a fresh one; else the age at which it is read again, milliseconds. */
  readonly rereadAge: number | undefined
  readonly progress: WindowProgress
}

/**
 * The next window to read, or undefined if nothing is due. Never past `watermark`: the moment, Unix milliseconds, up to
 * which the vendor shows everything. Fresh windows first, then re-reads, young before old. Reading and planning on leaves
 * no gap: every moment is in a fresh window, and for each age in one that was read when the moment was at least that old,
 * as soon as a whole re-read window is due.
 */
export function nextWindow(progress: WindowProgress, watermark: number, rules: WindowRules): PlannedWindow | undefined {
  const { windowMs, overlapMs = 0, minWindowMs = 1, rereadWindowMs = windowMs } = rules
  const ages = [...(rules.rereadAges ?? [])].sort((a, b) => a - b)
  const step = wholeMs('windowMs', windowMs, 1)
  const rereadStep = wholeMs('rereadWindowMs', rereadWindowMs, 1)
  const overlap = wholeMs('overlapMs', overlapMs, 0)
  const least = Math.min(step, wholeMs('minWindowMs', minWindowMs, 1))
  for (const age of ages) wholeMs('an age of rereadAges', age, 1)

  const { position } = progress
  const reached = (age: number) => Math.min(progress.rereads[age] ?? position, position)
  const planned = (from: number, to: number, start: number, rereadAge: number | undefined): PlannedWindow => ({
    from: start,
    to,
    rereadAge,
    progress: {
      position: Math.max(position, to),
      rereads: Object.fromEntries(
        // What is read when it is old enough already needs no re-read at that age: a backfill is read once.
        ages.map(age => {
          const done = reached(age)
          return [age, done >= from && to <= watermark - age ? Math.max(done, to) : done]
        }),
      ),
    },
  })

  if (watermark - position >= least) {
    const to = Math.min(position + step, watermark)
    return planned(position, to, position - overlap, undefined)
  }
  for (const age of ages) {
    const from = reached(age)
    const to = from + rereadStep
    if (to <= Math.min(watermark - age, position)) return planned(from, to, from, age)
  }
  return undefined
}

/** Every window that is due, each planned from the progress of the one before. */
export function* windowsUntil(
  progress: WindowProgress,
  watermark: number,
  rules: WindowRules,
): Generator<PlannedWindow, void, undefined> {
  let at = progress
  for (;;) {
    const window = nextWindow(at, watermark, rules)
    if (window === undefined) return
    yield window
    at = window.progress
  }
}

function wholeMs(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`${name} must be whole milliseconds from ${least} on, not ${value}`)
  return value
}
