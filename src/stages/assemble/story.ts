import type { ConversationEnded, ConversationEvent, ConversationStarted } from '../../core/records.ts'
import { byType, compareEvents, type EventsByType } from './facts.ts'
import { type PartyTable, partiesOf } from './parties.ts'

/** The facts of a conversation that count, in order, and what everything else is told relative to. */
export interface Story extends EventsByType {
  readonly conversationId: string
  readonly vendor: string
  readonly account: string
  readonly key: string
  readonly events: readonly ConversationEvent[]
  readonly parties: PartyTable
  readonly started: ConversationStarted | undefined
  readonly ended: ConversationEnded | undefined
  /** Unix milliseconds. */
  readonly startedAt: number
  /** Unix milliseconds; undefined while open. */
  readonly endedAt: number | undefined
  readonly durationMs: number | undefined
}

/**
 * What the conversation's own vendor says of its beginning and end goes before what others say: an agent's trace begins
 * and ends within the call that it served. Without either, it began with its first fact. Undefined if there is nothing to
 * tell; a deletion alone tells nothing.
 */
export function storyOf(live: readonly ConversationEvent[]): Story | undefined {
  const events = live.toSorted(compareEvents)
  const first = events.find(({ type }) => type !== 'deletion')
  if (first === undefined) return undefined
  const isOwn = (event: ConversationEvent) =>
    event.sourceVendor === event.conversationVendor && event.sourceAccount === event.conversationAccount
  const told = byType(events)
  const starts = told.of('conversation.started')
  const ends = told.of('conversation.ended')
  const start = starts.find(([event]) => isOwn(event)) ?? starts[0]
  const end = ends.findLast(([event]) => isOwn(event)) ?? ends.at(-1)
  const startedAt = (start?.[0] ?? first).occurredAt
  const endedAt = end?.[0].occurredAt
  return {
    conversationId: first.conversationId,
    vendor: first.conversationVendor,
    account: first.conversationAccount,
    key: first.conversationKey,
    events,
    of: told.of,
    parties: partiesOf(events, told),
    started: start?.[1],
    ended: end?.[1],
    startedAt,
    endedAt,
    durationMs: endedAt === undefined ? undefined : Math.max(0, end?.[1].durationMs ?? endedAt - startedAt),
  }
}
