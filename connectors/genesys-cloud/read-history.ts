import type { Context, SourceBatch } from '../../src/sdk/index.ts'
import type { HistoryCursor } from './cursor.ts'
import { type PassDeps, readPass } from './read-pass.ts'
import { beginning, type WindowPlan, windowOf } from './windows.ts'

/**
 * Reads every window once, in order, after it has come to rest: the backfill at first, then the last look at each window.
 * Whatever kept the other slices from a window, it is read here.
 */
export async function* readHistory(
  deps: PassDeps,
  plan: WindowPlan,
  from: HistoryCursor | undefined,
  ctx: Context,
): AsyncGenerator<SourceBatch<HistoryCursor>, void, undefined> {
  const now = ctx.now().getTime()
  let cursor: HistoryCursor = from ?? {
    kind: 'history',
    window: windowOf(plan, beginning(deps.config, now)),
    pass: null,
  }
  // Without `since` the beginning depends on when this first ran, and has to be kept.
  if (from === undefined) yield { records: [], cursor }
  const until = Math.min(now - plan.restMs, await deps.client.availability(ctx))
  while (cursor.window + plan.windowMs <= until) {
    const end = cursor.window + plan.windowMs
    for await (const step of readPass(deps, { from: cursor.window, to: end }, cursor.pass, () => undefined, ctx)) {
      cursor = step.next === null ? { ...cursor, window: end, pass: null } : { ...cursor, pass: step.next }
      yield { records: step.records, cursor }
    }
  }
}
