import type { Participant, Segment } from './conversation.ts'
import { lastSegmentOf } from './conversation.ts'

/** How a party left, in our words: `PartyLeft.reason`. */
export type LeaveReason = 'hung-up' | 'transferred' | 'disconnected' | 'timeout' | 'error'

/**
 * What a disconnectType says (AnalyticsConversationSegment): `client` and `endpoint` are the party's own doing, `peer` and
 * `system` somebody else's. Older records spell transfers `transfer.consult`, newer ones `consultTransfer`.
 */
export function leaveReasonOf(disconnectType: string | undefined): LeaveReason | undefined {
  const type = disconnectType?.toLowerCase()
  if (type === undefined) return undefined
  if (type.includes('transfer')) return 'transferred'
  switch (type.replaceAll(/[^a-z]/g, '')) {
    case 'client':
    case 'endpoint':
      return 'hung-up'
    case 'timeout':
    case 'inactivity':
    case 'sessionexpired':
      return 'timeout'
    case 'error':
    case 'transportfailure':
    case 'uncallable':
    case 'dndendpoint':
      return 'error'
    default:
      return 'disconnected'
  }
}

/** How the last segment of a participant ended, besides after-call work. */
export function disconnectTypeOf(participant: Participant): string | undefined {
  const segments = participant.sessions.flatMap(session => session.segments)
  const present = segments.filter(segment => segment.type !== 'wrapup')
  const last = lastSegmentOf(present.length > 0 ? present : segments)
  // Only the segment that ends a session carries the type, and without times the last one need not be it.
  return last?.disconnectType ?? (isUntimed(present) ? present.findLast(hasType)?.disconnectType : undefined)
}

const isUntimed = (segments: readonly Segment[]) => segments.every(segment => segment.to === undefined)
const hasType = (segment: Segment) => segment.disconnectType !== undefined
