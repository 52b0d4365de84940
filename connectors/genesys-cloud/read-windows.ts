import type { Context, RawInput, SourceBatch } from '../../src/sdk/index.ts'
import type { GenesysConfig } from './config.ts'
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

  if (cursor.window >= watermark) return
  const end = cursor.window + plan.windowMs
  if (cursor.readTo < end) {
    const to = Math.min(end, watermark)
    while (cursor.pass !== null || cursor.readTo < to) {
      const from = isDue(config, cursor, now) ? cursor.window : cursor.readTo
      for await (const step of readPass(deps, { from, to }, cursor.pass, knownIn(cursor), ctx)) {
        const { pass } = cursor
        cursor = advanced(cursor, step, 0)
        if (step.next === null && pass !== null) {
          const readAt = pass.from === cursor.window ? ctx.now().getTime() : cursor.readAt
          cursor = { ...cursor, readTo: pass.to, readAt }
        }
        yield { records: step.records, cursor }
      }
    }
    return
  }
  if (cursor.pass !== null || isDue(config, cursor, now)) yield* reread(deps, cursor, end, ctx)
}

/** A window that is still open is read again as well, from its start, while it is being followed. */
const isDue = (config: GenesysConfig, { readAt, rereads }: WindowCursor, now: number) =>
  rereadDue(config, readAt, rereads) <= now

const freshCursor = (window: number): WindowCursor => ({
  kind: 'window',
  window,
  readTo: window,
  rereads: 0,
  readAt: 0,
  known: [],
  pass: null,
})

async function* reread(
  deps: PassDeps,
  from: WindowCursor,
  end: number,
  ctx: Context,
): AsyncGenerator<SourceBatch<WindowCursor>, void, undefined> {
  const round = from.rereads + 1
  let cursor = from
  let last: readonly RawInput[] = []
  // The first re-read looks for what changed; later ones also ask for what may change unseen: recordings, transcripts.
  const isKnown = cursor.rereads === 0 ? knownIn(cursor) : () => undefined
  for await (const step of readPass(deps, { from: cursor.window, to: end }, cursor.pass, isKnown, ctx)) {
    const { pass } = cursor
    cursor = advanced(cursor, step, round)
    if (step.next !== null) yield { records: step.records, cursor }
    else {
      // The pass is not over before it is known what has gone: until then it resumes at its last step.
      last = step.records
      cursor = { ...cursor, pass }
    }
  }
  for (;;) {
    const missing = cursor.known.filter(([, , seenIn]) => seenIn !== round).slice(0, confirmationsPerStep)
    if (missing.length === 0) break
    const ids = missing.map(([id]) => id)
    const { records, deleted } = await confirmDeleted(deps, ids, ctx)
    cursor = confirmed(cursor, new Set(ids), deleted, round)
    yield { records: [...last, ...records], cursor }
    last = []
  }
  yield { records: last, cursor: { ...cursor, pass: null, rereads: round, readAt: ctx.now().getTime() } }
}

/** Those that are still there were merely not listed: they count as seen. */
const confirmed = (
  cursor: WindowCursor,
  asked: ReadonlySet<string>,
  deleted: ReadonlySet<string>,
  round: number,
): WindowCursor => ({
  ...cursor,
  known: cursor.known
    .filter(([id]) => !deleted.has(id))
    .map(([id, mark, seenIn]) => [id, mark, asked.has(id) ? round : seenIn]),
})

/** Conversations whose details are as they were and of which nothing is missing. */
function knownIn(cursor: WindowCursor): (id: string, hash: string) => Reading | undefined {
  const marks = new Map(cursor.known.map(([id, mark]) => [id, mark]))
  return (id, hash) => (marks.get(id) === `${hash}+` ? { id, mark: `${hash}+` } : undefined)
}

/** The cursor once a step is durable: what it read is known, and was seen in `seenIn`. */
function advanced(cursor: WindowCursor, { read, next }: PassStep, seenIn: number): WindowCursor {
  const fresh = new Map(read.map(({ id, mark }) => [id, [id, mark, seenIn] as [string, string, number]]))
  const kept = cursor.known.map(entry => {
    const replaced = fresh.get(entry[0])
    fresh.delete(entry[0])
    return replaced ?? entry
  })
  return { ...cursor, known: [...kept, ...fresh.values()], pass: next }
}
