import { z } from 'zod'

const unixMs = z.int()

/** One job over a span of time, while its pages are being read. */
const pass = z.strictObject({
  from: unixMs,
  to: unixMs,
  jobId: z.string(),
  /** When the job was seen to be done: what its pages show was so then. */
  observedAt: unixMs,
  /** Cursor of the page that is being read; null for the first one. */
  page: z.string().nullable(),
  /** Conversations of that page that are durable. */
  done: z.int(),
})

/** Where a slice of windows stands. */
export const windowCursor = z.strictObject({
  kind: z.literal('window'),
  /** The start of the window that the slice follows. */
  window: unixMs,
  /** Everything of it before this was read at least once. */
  readTo: unixMs,
  /** Complete re-reads since it was read to its end. */
  rereads: z.int(),
  /** When the last read that began at its start ended. */
  readAt: unixMs,
  /**
   * Conversations of the window: id, a hash of its details (with `+` if all that belongs to it was found as well), and
   * whether the pass under way, or else the last one, has seen it.
   */
  known: z.array(z.tuple([z.string(), z.string(), z.boolean()])),
  pass: pass.nullable(),
})

/** Where the history stands: every window before `window` was read after it had come to rest. */
export const historyCursor = z.strictObject({ kind: z.literal('history'), window: unixMs, pass: pass.nullable() })

/** Where the turns of a bot flow stand. */
export const botTurnsCursor = z.strictObject({
  kind: z.literal('bot-turns'),
  readTo: unixMs,
  /** The span that is being read and the link to its next page. */
  pass: z.strictObject({ from: unixMs, to: unixMs, next: z.string() }).nullable(),
})

export const genesysCursor = z.discriminatedUnion('kind', [windowCursor, historyCursor, botTurnsCursor])

export type Pass = z.infer<typeof pass>
export type WindowCursor = z.infer<typeof windowCursor>
export type HistoryCursor = z.infer<typeof historyCursor>
export type BotTurnsCursor = z.infer<typeof botTurnsCursor>
export type GenesysCursor = z.infer<typeof genesysCursor>
