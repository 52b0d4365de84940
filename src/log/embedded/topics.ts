import { configError, type VconduitError } from '../../core/errors.ts'
import type { TopicSpec } from '../../core/log.ts'
import type { Database } from './environment.ts'
import type { PartitionId } from './keys.ts'
import { readTopics, type Topic, writeTopic } from './tables.ts'
import type { Unit } from './unit.ts'

/** Kafka's rule for names of topics. */
const namePattern = /^[a-zA-Z0-9._-]{1,249}$/
const maxPartitions = 10_000

/** The topics as this process knows them; another process may have made more. */
export class Topics {
  readonly #database: Database
  #byName: ReadonlyMap<string, Topic> = new Map()

  constructor(database: Database) {
    this.#database = database
    this.reload()
  }

  reload(): void {
    this.#database.resetReadTxn()
    this.#byName = new Map(readTopics(this.#database).map(topic => [topic.name, topic]))
  }

  all(): readonly Topic[] {
    this.reload()
    return [...this.#byName.values()]
  }

  /** Refuses (`config`) a topic that is not there. */
  get(name: string): Topic {
    if (!this.#byName.has(name)) this.reload()
    const topic = this.#byName.get(name)
    if (topic === undefined) throw configError('unknown-topic', `looking up topic ${name}: there is no such topic`)
    return topic
  }

  /** Refuses (`config`) a partition that is not there. */
  partition(name: string, partition: number): PartitionId {
    const topic = this.get(name)
    if (!Number.isInteger(partition) || partition < 0 || partition >= topic.partitions)
      throw configError(
        'unknown-partition',
        `looking up partition ${partition} of ${name}: it has partitions 0 to ${topic.partitions - 1}`,
      )
    return { topicId: topic.id, partition }
  }
}

export const partitionsOf = (topic: Topic): readonly PartitionId[] =>
  Array.from({ length: topic.partitions }, (_, partition) => ({ topicId: topic.id, partition }))

/** Makes the topics that are missing and takes over new limits; all of them or, if one is refused, none. */
export function createTopics(unit: Unit, specs: readonly TopicSpec[]): void {
  const known = new Map(readTopics(unit.database).map(topic => [topic.name, topic]))
  for (const spec of specs) check(spec, known.get(spec.name))
  let nextId = known.size
  for (const { name, partitions, retention } of specs) {
    const topic = { name, partitions, retention, id: known.get(name)?.id ?? nextId++ }
    known.set(name, topic)
    writeTopic(unit.database, topic)
  }
}

function check(spec: TopicSpec, known: Topic | undefined): void {
  const refuse = (code: string, why: string): VconduitError => configError(code, `creating topic ${spec.name}: ${why}`)
  if (!namePattern.test(spec.name))
    throw refuse('topic-name', 'a name is 1 to 249 letters, digits, dots, dashes and underscores')
  if (!Number.isInteger(spec.partitions) || spec.partitions < 1 || spec.partitions > maxPartitions)
    throw refuse('topic-partitions', `${spec.partitions} partitions, it takes 1 to ${maxPartitions}`)
  if (spec.retention !== 'compact' && !(spec.retention.ageMs > 0 && spec.retention.bytes > 0))
    throw refuse('topic-retention', 'its limits of age and of bytes have to be above 0')
  if (known === undefined) return
  if (known.partitions !== spec.partitions)
    throw refuse('topic-partitions', `it has ${known.partitions} partitions, ${spec.partitions} were asked for`)
  if ((known.retention === 'compact') !== (spec.retention === 'compact'))
    throw refuse('topic-retention', 'a compacted topic stays one, and no other becomes one')
}
