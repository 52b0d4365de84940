import { type Conversation, existsAt, type Schedule } from '../model.ts'
import type { Org } from '../org.ts'
import { notFound } from './errors.ts'

/** How far the data lake, from which jobs read, is behind the live system. */
export const lakeLagMs = 2_000

/** What the sandbox serves, and what time it is. */
export interface World {
  readonly seed: number
  readonly org: Org
  /** In the order in which they started. */
  readonly conversations: readonly Conversation[]
  readonly schedule: Schedule
  /** Unix milliseconds. */
  readonly now: () => number
  /** The conversation if it exists now; a 404 otherwise. */
  find(id: string): Conversation
}

export function worldOf(
  seed: number,
  org: Org,
  conversations: readonly Conversation[],
  schedule: Schedule,
  now: () => number,
): World {
  const byId = new Map(conversations.map(conversation => [conversation.id, conversation]))
  return {
    seed,
    org,
    conversations: [...conversations].sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1)),
    schedule,
    now,
    find(id) {
      const found = byId.get(id)
      if (found === undefined || !existsAt(found, now()))
        throw notFound(`A conversation with the given id was not found: ${id}`)
      return found
    },
  }
}
