import type { ConversationEvent } from '../../core/records.ts'
import { vconDate } from '../../vcon/date.ts'
import type { Vcon } from '../../vcon/model.ts'
import { analysesOf } from './analysis.ts'
import { attachmentsOf } from './attachments.ts'
import { dialogsOf } from './dialog.ts'
import { type Erasure, erasesConversation, erasureOf, isErased, withErasure } from './erasure.ts'
import { factsOf, type KnownFact } from './facts.ts'
import { type FoldedHead, headOf } from './head.ts'
import { storyOf } from './story.ts'

/** What a conversation's facts amount to. */
export interface FoldedConversation {
  readonly vcon: Vcon
  readonly head: FoldedHead
}

/**
 * The vCon of one conversation: a function of the set of its events. Any order, duplication or batching of them gives the
 * same, down to the bytes of `vconJson`. Null if there is nothing (left) to tell: no events, all retracted, or erased.
 */
export function foldConversation(events: Iterable<ConversationEvent>): FoldedConversation | null {
  const all = [...events]
  const erasures = all
    .map(erasureOf)
    .filter(erasure => erasure !== undefined)
    .reduce(withErasure, [] as readonly Erasure[])
  return foldFacts(factsOf(all), erasures)
}

/** As `foldConversation`, for facts whose observations have been compared already. */
export function foldFacts(facts: readonly KnownFact[], erasures: readonly Erasure[]): FoldedConversation | null {
  if (erasesConversation(erasures)) return null
  // What is retracted never belonged here: another order of arrival would not have brought it.
  const live = facts.filter(({ event }) => !event.retracted && !isErased(event, erasures))
  const story = storyOf(live.map(({ event }) => event))
  if (story === undefined) return null

  const updatedAt = live.reduce((latest, { effectiveVersion }) => Math.max(latest, effectiveVersion), story.startedAt)
  const dialogs = dialogsOf(story)
  const { attachments, files } = attachmentsOf(story, dialogs)
  const analysis = [...analysesOf(story, dialogs), ...files]
  const { parties } = story.parties
  return {
    vcon: {
      vcon: '0.4.0',
      uuid: story.conversationId,
      extensions: ['CC'],
      created_at: vconDate(story.startedAt),
      updated_at: vconDate(updatedAt),
      ...(story.started?.subject && { subject: story.started.subject }),
      parties,
      dialog: dialogs.dialog,
      ...(analysis.length > 0 && { analysis }),
      ...(attachments.length > 0 && { attachments }),
    },
    head: headOf(story, updatedAt),
  }
}
