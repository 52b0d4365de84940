import type { GenesysConfig } from './config.ts'

const dayMs = 86_400_000

/** How time is cut: windows of equal length, and slices that each follow one window until it has come to rest. */
export interface WindowPlan {
  readonly windowMs: number
  /** Windows are read again until they are this old. */
  readonly restMs: number
  /** As many slices as windows are young at any moment; slice `n` follows every window whose number leaves `n`. */
  readonly slices: number
}

export function windowPlan(config: GenesysConfig): WindowPlan {
  const windowMs = config.windowMinutes * 60_000
  const restMs = config.rereadDays * dayMs
  // One more for the window that has begun, one for the one that is about to come to rest.
  return { windowMs, restMs, slices: Math.ceil(restMs / windowMs) + 2 }
}

export const windowOf = (plan: WindowPlan, at: number): number => Math.floor(at / plan.windowMs) * plan.windowMs

/** The first window of a slice that is not before the window `from`. */
export function firstWindowOf(plan: WindowPlan, slice: number, from: number): number {
  const number = from / plan.windowMs
  return (number + ((((slice - number) % plan.slices) + plan.slices) % plan.slices)) * plan.windowMs
}

/** The oldest window that slices still follow; older ones are the history's. */
export const oldestWindow = (plan: WindowPlan, since: number, now: number): number =>
  Math.max(windowOf(plan, since), windowOf(plan, now - plan.restMs))

/** The slice that follows a window. */
export const sliceOf = (plan: WindowPlan, window: number): number => (window / plan.windowMs) % plan.slices

/**
 * When a window that was read to its end is due again, Unix milliseconds: after the configured wait, then after four times
 * as long each time.
 */
export const rereadDue = (config: GenesysConfig, readAt: number, rereads: number): number =>
  readAt + config.rereadAfterSeconds * 1000 * 4 ** rereads

/** Where reading begins without an earlier cursor, Unix milliseconds. */
export const beginning = (config: GenesysConfig, now: number): number =>
  config.since === undefined ? now - dayMs : Date.parse(config.since)
