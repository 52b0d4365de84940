import { configError } from '../core/errors.ts'
import type { EventLog } from '../core/log.ts'
import type { Stage } from './stage.ts'

/** Where a replay begins: at the oldest record kept, at a time, or at an offset of one partition. */
export type ReplayFrom =
  | 'beginning'
  /** The first record that is not older, Unix milliseconds. */
  | { readonly timestamp: number }
  | { readonly topic: string; readonly partition: number; readonly offset: number }

export interface ReplayRequest {
  readonly stage: string
  readonly from: ReplayFrom
}

/** A partition that will be processed again. */
export interface ReplayedPartition {
  readonly topic: string
  readonly partition: number
  /** The next offset that the stage will read. */
  readonly offset: number
  /** The one that it would have read, undefined if it had read nothing. */
  readonly before: number | undefined
}

/**
 * Moves a stage back, so that it processes a range again when it runs next; what it emits again is recognized by its id. It
 * never moves a stage forward: that would skip records. Refuses (`config`) while the stage runs, unknown stages, and topics that
 * the stage does not read.
 */
export async function replay(
  log: EventLog,
  stages: readonly Pick<Stage, 'name' | 'input'>[],
  { stage: name, from }: ReplayRequest,
): Promise<readonly ReplayedPartition[]> {
  const input = stages.find(stage => stage.name === name)?.input
  if (input === undefined) {
    const known = stages.filter(stage => stage.input !== undefined).map(stage => stage.name)
    throw configError('unknown-stage', `replaying ${name}: expected one of ${known.join(', ')}`)
  }
  const { group, topics } = input
  if (typeof from === 'object' && 'topic' in from && !topics.includes(from.topic))
    throw configError('unknown-topic', `replaying ${name} from ${from.topic}: it reads ${topics.join(', ')}`)

  const committed = new Map((await log.committed(group)).map(at => [`${at.topic}:${at.partition}`, at.offset]))
  const moved: ReplayedPartition[] = []
  for (const { topic, partition, first } of await log.stats(topics)) {
    const before = committed.get(`${topic}:${partition}`)
    const start = await startOf(log, from, topic, partition, first)
    if (start === undefined || before === undefined || start >= before) continue
    await log.seek(group, { topic, partition, offset: start })
    moved.push({ topic, partition, offset: start, before })
  }
  return moved
}

async function startOf(
  log: EventLog,
  from: ReplayFrom,
  topic: string,
  partition: number,
  first: number,
): Promise<number | undefined> {
  if (from === 'beginning') return first
  if ('timestamp' in from) return log.offsetAt(topic, partition, from.timestamp)
  return from.topic === topic && from.partition === partition ? Math.max(first, from.offset) : undefined
}
