import type { TopicSpec } from './log.ts'

/** The names of the topics; every one takes the configured prefix. */
export interface Topics {
  raw(vendor: string): string
  readonly events: string
  readonly conversations: string
  readonly deadLetters: string
  readonly uncorrelated: string
  readonly checkpoints: string
}

export const topicsOf = (prefix: string): Topics => ({
  raw: vendor => `${prefix}raw.${vendor}`,
  events: `${prefix}events`,
  conversations: `${prefix}conversations`,
  deadLetters: `${prefix}dead-letters`,
  uncorrelated: `${prefix}uncorrelated`,
  checkpoints: `${prefix}checkpoints`,
})

export interface TopicLimits {
  readonly partitions: number
  readonly ageMs: number
  readonly bytes: number
}

/** Every topic that a pipeline with these vendors needs. */
export function topicSpecs(topics: Topics, vendors: readonly string[], limits: TopicLimits): readonly TopicSpec[] {
  const { partitions, ageMs, bytes } = limits
  const limited = { ageMs, bytes }
  return [
    ...vendors.map(vendor => ({ name: topics.raw(vendor), partitions, retention: limited })),
    { name: topics.events, partitions, retention: limited },
    { name: topics.uncorrelated, partitions, retention: limited },
    { name: topics.conversations, partitions, retention: 'compact' },
    { name: topics.deadLetters, partitions: 1, retention: limited },
    { name: topics.checkpoints, partitions: 1, retention: 'compact' },
  ]
}
