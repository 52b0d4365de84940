import type { ConversationEvent } from '../../core/records.ts'
import { sectionOf } from './facts.ts'

/**
 * What a deletion takes away. An erasure is final: it holds whatever is observed of the deletion afterwards, because what it
 * took away is no longer there to be brought back. (That is what makes it independent of the order of events, too.)
 */
export interface Erasure {
  /** conversation, recording or transcript. */
  readonly scope: string
  /** The recording or transcript; null for all of them. */
  readonly targetId: string | null
}

/** The erasure that an event asks for; undefined if it asks for none. */
export function erasureOf(event: ConversationEvent): Erasure | undefined {
  const deletion = sectionOf(event, 'deletion')
  if (deletion === null || event.retracted) return undefined
  return { scope: deletion.scope, targetId: deletion.targetId }
}

/** True if the whole conversation is to go. */
export const erasesConversation = (erasures: readonly Erasure[]) =>
  erasures.some(({ scope }) => scope === 'conversation')

/** True if one of the erasures takes this event away. The deletion itself stays. */
export function isErased(event: ConversationEvent, erasures: readonly Erasure[]): boolean {
  if (erasures.length === 0 || event.type === 'deletion') return false
  const recording = sectionOf(event, 'recording')
  const utterance = sectionOf(event, 'utterance')
  const phrase = sectionOf(event, 'sentiment')?.text
  return erasures.some(({ scope, targetId }) => {
    if (scope === 'conversation') return true
    if (scope === 'recording')
      return recording !== null && (targetId ?? recording.recordingId) === recording.recordingId
    if (scope !== 'transcript') return false
    // A phrase does not say which transcript it quotes: none is kept once a transcript had to go.
    return utterance === null
      ? phrase !== null && phrase !== undefined
      : targetId === null || targetId === utterance.transcriptId
  })
}

/** The erasures with one more, in an order of their own; the same array if it is among them. */
export function withErasure(erasures: readonly Erasure[], added: Erasure): readonly Erasure[] {
  if (erasures.some(({ scope, targetId }) => scope === added.scope && targetId === added.targetId)) return erasures
  return [...erasures, added]
}
