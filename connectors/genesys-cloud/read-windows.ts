import type { Context, RawInput, SourceBatch } from '../../src/sdk/index.ts'
import type { WindowCursor } from './cursor.ts'
import { confirmDeleted } from './read-deletions.ts'
import { type PassDeps, type PassStep, type Reading, readPass } from './read-pass.ts'
import { beginning, firstWindowOf, oldestWindow, rereadDue, type WindowPlan } from './windows.ts'

/** Conversations that are asked for one by one in a step. */
const confirmationsPerStep = 20

/**
 * Follows one window after another: reads it as the data lake fills it, then again and again at growing distances for what
 * comes late and for what was deleted, until it has come to rest and the slice takes up its next window. A window that is
 * too old when its turn comes is left to the history.
 */
export async function* readWindows(
  deps: PassDeps,
  plan: WindowPlan,
  slice: number,
  from: WindowCursor | undefined,
  ctx: Context,
): AsyncGenerator<SourceBatch<WindowCursor>, void, undefined> {
  const { client, config } = deps
  const now = ctx.now().getTime()
  const watermark = await client.availability(ctx)
  const oldest = oldestWindow(plan, beginning(config, now), now)
  // Without `since` only the first start counts back from now: a slice that stands somewhere goes on from there.
  const floor = from === undefined || config.since !== undefined ? oldest : oldestWindow(plan, 0, now)
  let cursor = from ?? freshCursor(firstWindowOf(plan, slice, oldest))
  if (cursor.window < floor) cursor = freshCursor(firstWindowOf(plan, slice, floor))

  const end = cursor.window + plan.windowMs
  const to = Math.min(end, watermark)
  const isDue = () => rereadDue(config, cursor.readAt, cursor.rereads) <= now
  // A window that is still open is read again only together with what is new in it.
  while (cursor.pass !== null || cursor.readTo < to || (cursor.readTo === end && isDue())) {
    const span = { from: isDue() ? cursor.window : cursor.readTo, to }
    for await (const batch of readSpan(deps, span, cursor, end, ctx)) {
      cursor = batch.cursor
      yield batch
    }
  }
}

const freshCursor = (window: number): WindowCursor => ({
  kind: 'window',
  window,
  readTo: window,
  rereads: 0,
  readAt: 0,
  known: [],
  pass: null,
})

/**
 * One pass over the window up to some moment, or over what is new in it; the pass that is under way goes on. What a pass
 * that began at the start of the window did not list is asked for by id before the pass is over.
 */
async function* readSpan(
  deps: PassDeps,
  span: { readonly from: number; readonly to: number },
  from: WindowCursor,
  end: number,
  ctx: Context,
): AsyncGenerator<SourceBatch<WindowCursor>, void, undefined> {
  let cursor = from.pass === null ? unseen(from) : from
  const { from: start, to } = from.pass ?? span
  // Until the second re-read only what changed is asked for; then also what may change unseen: recordings, transcripts.
  const isKnown = cursor.rereads === 0 ? knownIn(cursor) : () => undefined
  let last: readonly RawInput[] = []
  for await (const step of readPass(deps, span, cursor.pass, isKnown, ctx)) {
    const { pass } = cursor
    cursor = advanced(cursor, step)
    if (step.next !== null) yield { records: step.records, cursor }
    else {
      // The pass is not over before it is known what has gone: until then it resumes at its last step.
      last = step.records
      cursor = { ...cursor, pass }
    }
  }
  if (start > cursor.window) {
    yield { records: last, cursor: { ...cursor, readTo: to, pass: null } }
    return
  }
  for (;;) {
    const missing = cursor.known.filter(([, , seen]) => !seen).slice(0, confirmationsPerStep)
    if (missing.length === 0) break
    const ids = missing.map(([id]) => id)
    const { records, deleted } = await confirmDeleted(deps, ids, ctx)
    cursor = confirmed(cursor, new Set(ids), deleted)
    yield { records: [...last, ...records], cursor }
    last = []
  }
  const rereads = cursor.readTo === end ? cursor.rereads + 1 : 0
  yield { records: last, cursor: { ...cursor, readTo: to, rereads, readAt: ctx.now().getTime(), pass: null } }
}

const unseen = (cursor: WindowCursor): WindowCursor => ({
  ...cursor,
  known: cursor.known.map(([id, mark]) => [id, mark, false]),
})

/** Those that are still there were merely not listed: they count as seen. */
const confirmed = (cursor: WindowCursor, asked: ReadonlySet<string>, deleted: ReadonlySet<string>): WindowCursor => ({
  ...cursor,
  known: cursor.known.filter(([id]) => !deleted.has(id)).map(([id, mark, seen]) => [id, mark, seen || asked.has(id)]),
})

/** Conversations whose details are as they were and of which nothing is missing. */
function knownIn(cursor: WindowCursor): (id: string, hash: string) => Reading | undefined {
  const marks = new Map(cursor.known.map(([id, mark]) => [id, mark]))
  return (id, hash) => (marks.get(id) === `${hash}+` ? { id, mark: `${hash}+` } : undefined)
}

/** The cursor once a step is durable: what it read is known and was seen. */
function advanced(cursor: WindowCursor, { read, next }: PassStep): WindowCursor {
  const fresh = new Map(read.map(({ id, mark }) => [id, [id, mark, true] as [string, string, boolean]]))
  const kept = cursor.known.map(entry => {
    const replaced = fresh.get(entry[0])
    fresh.delete(entry[0])
    return replaced ?? entry
  })
  return { ...cursor, known: [...kept, ...fresh.values()], pass: next }
}
