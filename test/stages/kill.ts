import { fatalError } from '../../src/core/errors.ts'
import type { EventLog, LogBatch } from '../../src/core/log.ts'
import type { Sink } from '../../src/core/sink.ts'
import type { State, StateStore } from '../../src/core/state.ts'

/** Where a process dies: at its nth durable effect (from 0), before it or right after it. */
export interface Death {
  readonly at: number
  readonly when: 'before' | 'after'
}

/** A log, a state and sinks that die: the effect rejects, and so does every effect after it, as of a process that is gone. */
export interface Mortal {
  readonly log: EventLog
  readonly state: StateStore
  sink(sink: Sink): Sink
  /** How many effects there were so far. */
  effects(): number
}

export function mortal(log: EventLog, state: StateStore, death: Death): Mortal {
  let effects = 0
  let dead = false
  const killed = () => fatalError('killed', 'killing the process')

  const effect = async <T>(happen: () => Promise<T>): Promise<T> => {
    if (dead) throw killed()
    dead = effects++ === death.at
    if (!dead) return happen()
    if (death.when === 'after') await happen()
    throw killed()
  }

  const mortalBatch = (batch: LogBatch): LogBatch => ({
    ...batch,
    prepare: () => effect(() => batch.prepare()),
    commit: outputs => effect(() => batch.commit(outputs)),
  })

  return {
    effects: () => effects,
    sink: sink => ({
      name: sink.name,
      inputs: sink.inputs,
      limits: sink.limits,
      check: ctx => sink.check(ctx),
      write: (range, ctx) => effect(() => sink.write(range, ctx)),
      close: () => sink.close(),
    }),
    log: {
      createTopics: topics => log.createTopics(topics),
      append: (topic, records) => effect(() => log.append(topic, records)),
      appendAll: outputs => effect(() => log.appendAll(outputs)),
      async *consume(options, ctx) {
        for await (const batch of log.consume(options, ctx)) yield mortalBatch(batch)
      },
      read: (...args) => log.read(...args),
      offsetAt: (...args) => log.offsetAt(...args),
      stats: topics => log.stats(topics),
      committed: group => log.committed(group),
      seek: (...args) => log.seek(...args),
      close: () => log.close(),
    },
    state: {
      open(stage, partition): State {
        const opened = state.open(stage, partition)
        return {
          get: key => opened.get(key),
          range: prefix => opened.range(prefix),
          transaction: write => effect(() => opened.transaction(write)),
        }
      },
      close: () => state.close(),
    },
  }
}
