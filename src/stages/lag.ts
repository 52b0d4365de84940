import type { EventLog } from '../core/log.ts'
import type { Stage } from './stage.ts'

/** How far a stage is behind the log. */
export interface Lag {
  /** Records that it has not finished. An upper bound where offsets have gaps. */
  readonly records: number
  /** How long the oldest of them has been on the log, milliseconds; null if there is none. */
  readonly oldestAgeMs: number | null
}

/** Reads the log only: it can be asked from another process than the one that runs the stage. */
export async function lagOf(log: EventLog, input: NonNullable<Stage['input']>, now: () => Date): Promise<Lag> {
  // The commits before the ends: what is finished in between makes the lag look longer than it is, never shorter.
  const committed = new Map<string, number>()
  for (const { topic, partition, offset } of await log.committed(input.group))
    committed.set(`${topic}:${partition}`, offset)
  let records = 0
  let oldest: number | undefined
  // Of all topics: before the first run the stage's own are not there yet.
  for (const { topic, partition, first, next } of await log.stats()) {
    if (!input.topics.includes(topic)) continue
    const from = Math.max(first, committed.get(`${topic}:${partition}`) ?? first)
    if (from >= next) continue
    records += next - from
    for await (const { timestamp } of log.read(topic, partition, from, next)) {
      oldest = Math.min(oldest ?? timestamp, timestamp)
      break
    }
  }
  return { records, oldestAgeMs: oldest === undefined ? null : Math.max(0, now().getTime() - oldest) }
}
