import type { Context } from '../core/context.ts'
import { isAbort } from '../core/errors.ts'
import type { ConsumeOptions, EventLog, LogBatch, LogRecord } from '../core/log.ts'
import type { DeadLetters, Refused } from './dead-letters.ts'
import type { StageMetrics } from './metrics.ts'
import { retrying } from './retry.ts'

/** How a stage turns batches into something durable. */
export interface Loop<W> {
  readonly log: EventLog
  readonly consume: ConsumeOptions
  readonly metrics: StageMetrics
  /** How many partitions may settle at once. */
  readonly maxInFlight: number
  /** Reads and decides, without effects: it runs while earlier batches settle, and again after a `retriable` error. */
  process(batch: LogBatch, ctx: Context): Promise<W>
  /**
   * Makes everything that comes of the batch durable; the loop commits when it resolves. Called in order and one at a
   * time per partition. Called again after a `retriable` error, and after a crash with the same records in other batches.
   */
  settle(batch: LogBatch, work: W, ctx: Context): Promise<void>
}

/**
 * The one loop of the stages that keep no state: process, settle, commit, batch after batch, the next batch being
 * processed while the last one settles. Retriable errors wait in place; anything else stops the loop and is rethrown after
 * what is in flight has ended. Ends without an error when `ctx.signal` aborts.
 */
export async function runLoop<W>(loop: Loop<W>, ctx: Context): Promise<void> {
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
    await retrying(`settling ${name} for ${consume.group}`, () => loop.settle(batch, work, inner), metrics, inner)
    await retrying(`committing ${name} for ${consume.group}`, () => batch.commit(), metrics, inner)
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

/** What a stage makes of a batch: nothing is done yet. */
export interface Work {
  readonly outputs: readonly { readonly topic: string; readonly records: readonly LogRecord[] }[]
  readonly refused: readonly Refused[]
  /** How many records had nothing to emit, by reason. */
  readonly dropped: ReadonlyMap<string, number>
}

/** Appends the outputs and dead letters of a batch, and counts them once they are durable. */
export async function settleWork(
  batch: LogBatch,
  work: Work,
  { log, deadLetters, metrics }: { log: EventLog; deadLetters: DeadLetters; metrics: StageMetrics },
): Promise<void> {
  const appends = work.outputs.filter(output => output.records.length > 0)
  await Promise.all([
    ...appends.map(({ topic, records }) => log.append(topic, records)),
    deadLetters.ofBatch(batch, work.refused),
  ])
  for (const [reason, count] of work.dropped) metrics.dropped(reason, count)
  metrics.finished(
    batch.records.length,
    appends.reduce((sum, output) => sum + output.records.length, 0),
  )
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
