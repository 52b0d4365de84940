import type { Context } from '../core/context.ts'
import { isAbort } from '../core/errors.ts'

/** Things that run at once and stop together. */
export interface Tasks {
  readonly ctx: Context
  /** Runs `task` with the context of the group, whose signal aborts as soon as any task fails. */
  start(task: (ctx: Context) => Promise<unknown>): void
}

/**
 * Runs what `begin` starts, and what that starts, until all of it has ended. The first error aborts the others and is
 * rethrown when they have ended. If `ctx.signal` aborts, it ends without an error.
 */
export async function runTasks(ctx: Context, begin: (tasks: Tasks) => void): Promise<void> {
  const stopping = new AbortController()
  const inner: Context = { ...ctx, signal: AbortSignal.any([ctx.signal, stopping.signal]) }
  const running = new Set<Promise<void>>()
  const run = async (task: (ctx: Context) => Promise<unknown>) => {
    try {
      await task(inner)
    } catch (error) {
      // Only the first abort counts: it keeps the first error.
      if (!isAbort(error, ctx.signal)) stopping.abort(error)
    }
  }
  begin({
    ctx: inner,
    start(task) {
      const ended = run(task).finally(() => running.delete(ended))
      running.add(ended)
    },
  })
  while (running.size > 0) await Promise.all(running)
  if (stopping.signal.aborted) throw stopping.signal.reason
}
