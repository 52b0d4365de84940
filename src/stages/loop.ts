import type { Context } from '../core/context.ts'
import { isAbort } from '../core/errors.ts'
import type { ConsumeOptions, EventLog, LogBatch, Output } from '../core/log.ts'
import type { DeadLetters, Refused } from './dead-letters.ts'
import type { StageMetrics } from './metrics.ts'
import { retrying } from './retry.ts'

/** What a stage makes of a batch: nothing is done yet. */
export interface Work {
  /** Go to the log with the commit. */
  readonly outputs: readonly Output[]
  /** Become dead letters with the commit. */
  readonly refused: readonly Refused[]
  /** How many records had nothing to emit, by reason. */
  readonly dropped: ReadonlyMap<string, number>
  /** How many records come of it, in all outputs and everywhere else. */
  readonly emitted: number
}

/** How a stage turns batches into something durable. */
export interface Loop<W extends Work> {
  readonly log: EventLog
  readonly consume: ConsumeOptions
  readonly deadLetters: DeadLetters
  readonly metrics: StageMetrics
  /** How many partitions may settle at once. */
  readonly maxInFlight: number
  /** Reads and decides, without effects: it runs while earlier batches settle, and again after a `retriable` error. */
  process(batch: LogBatch, ctx: Context): Promise<W>
  /**
   * Makes durable what comes of the batch anywhere but on the log; the loop commits when it resolves. Called in order and one
   * at a time per partition. Called again after a `retriable` error, and after a crash with the same records in other batches.
   */
  settle?(batch: LogBatch, work: W, ctx: Context): Promise<void>
}

/**
 * The one loop of the stages that keep no state: process, settle, commit, batch after batch, the next batch being
 * processed while the last one settles. Retriable errors wait in place; anything else stops the loop and is rethrown after
 * what is in flight has ended. Ends without an error when `ctx.signal` aborts.
 */
export async function runLoop<W extends Work>(loop: Loop<W>, ctx: Context): Promise<void> {
  const { log, consume, metrics, maxInFlight } = loop
  const stopping = new AbortController()
  const inner: Context = { ...ctx, signal: AbortSignal.any([ctx.signal, stopping.signal]) }
  const settling = new Map<string, Promise<void>>()
  const errors: unknown[] = []
  const fail = (error: unknown) => {
    if (!isAbort(error, ctx.signal)) errors.push(error)
    stopping.abort(error)
  }

  const settleAndCommit = async (batch: LogBatch, work: W) => {
    const name = `${batch.topic}:${batch.partition}`
    const settle = async () => loop.settle?.(batch, work, inner)
    await retrying(`settling ${name} for ${consume.group}`, settle, metrics, inner)
    await commitBatch(batch, work, loop, inner)
  }

  try {
    for await (const batch of log.consume(consume, inner)) {
      const name = `${batch.topic}:${batch.partition}`
      const what = `processing ${name} for ${consume.group}`
      const work = await retrying(what, () => loop.process(batch, inner), metrics, inner)
      await settling.get(name)
      while (settling.size >= maxInFlight) await Promise.race(settling.values())
      const settled = settleAndCommit(batch, work).finally(() => settling.delete(name))
      settled.catch(fail)
      settling.set(name, settled)
    }
  } catch (error) {
    fail(error)
  }
  await Promise.allSettled(settling.values())
  // The first one: those after it are of what it aborted.
  if (errors.length > 0) throw errors[0]
}

/** Commits a batch with everything that goes to the log for it, and counts that once it is durable. */
export async function commitBatch(
  batch: LogBatch,
  { outputs, refused, dropped, emitted }: Work,
  { deadLetters, metrics }: { readonly deadLetters: DeadLetters; readonly metrics: StageMetrics },
  ctx: Context,
): Promise<void> {
  const what = `committing ${batch.topic}:${batch.partition}`
  const letters = deadLetters.ofBatch(batch, refused)
  await retrying(what, () => batch.commit([...outputs, letters]), metrics, ctx)
  for (const [reason, count] of dropped) metrics.dropped(reason, count)
  for (const { code } of refused) metrics.deadLetter(code)
  metrics.finished(batch.records.length, emitted)
}

/**
 * The batches of a group one by one, and in between, every `everyMs` at the least, `undefined`: time to look at what waits
 * for its time. For stages that keep state, which one loop must own.
 */
export async function* batchesAndTicks(
  log: EventLog,
  consume: ConsumeOptions,
  everyMs: number,
  ctx: Context,
): AsyncGenerator<LogBatch | undefined> {
  const stopping = new AbortController()
  const inner: Context = { ...ctx, signal: AbortSignal.any([ctx.signal, stopping.signal]) }
  const batches = log.consume(consume, inner)[Symbol.asyncIterator]()
  let wake = () => {}
  let due = false
  let arrived: { readonly result: IteratorResult<LogBatch> } | { readonly error: unknown } | undefined
  // One handler per batch asked for: racing a pending promise on every tick would pile up handlers on a quiet log.
  const ask = () =>
    batches.next().then(
      result => {
        arrived = { result }
        wake()
      },
      (error: unknown) => {
        arrived = { error }
        wake()
      },
    )
  const timer = setInterval(() => {
    due = true
    wake()
  }, everyMs)
  let asked = ask()
  try {
    for (;;) {
      if (!due && arrived === undefined) await new Promise<void>(resolve => (wake = resolve))
      if (due) {
        due = false
        if (ctx.signal.aborted) return
        yield undefined
      } else if (arrived !== undefined) {
        if ('error' in arrived) throw arrived.error
        if (arrived.result.done === true) return
        const batch = arrived.result.value
        arrived = undefined
        asked = ask()
        yield batch
      }
    }
  } finally {
    clearInterval(timer)
    stopping.abort()
    await asked
    await batches.return?.()
  }
}
