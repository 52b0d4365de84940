import { booleanAt, dataError, objectAt, textAt } from '../../src/sdk/index.ts'
import { earliest, type Fields, isTrue, latest, listOf, strictTimeOf, timeOf } from './fields.ts'

/** A stretch of a session, as conversation details tell it. Times are Unix milliseconds and often missing. */
export interface Segment {
  readonly fields: Fields
  readonly type: string
  readonly from: number | undefined
  readonly to: number | undefined
  readonly queueId: string | undefined
  readonly disconnectType: string | undefined
}

export interface Session {
  readonly fields: Fields
  /** sessionId, or its position where there is none: unique within the participant. */
  readonly key: string
  /** The communication that transcripts and recordings name. */
  readonly sessionId: string | undefined
  readonly mediaType: string | undefined
  readonly segments: readonly Segment[]
}

export interface Participant {
  readonly fields: Fields
  /** participantId, or its position where there is none. */
  readonly key: string
  readonly purpose: string
  readonly role: string
  readonly kind: string
  readonly userId: string | undefined
  readonly sessions: readonly Session[]
  /** When it came in: its first segment, else the start of the conversation. */
  readonly joinedAt: number
  /** When it went: its last segment besides after-call work, else the end of the conversation; undefined while it is in. */
  readonly leftAt: number | undefined
  /** Whether both times are its own and not the conversation's. */
  readonly timed: boolean
  /** True if it talked, wrote or listened, and was not only rung. */
  readonly tookPart: boolean
}

export interface Conversation {
  readonly fields: Fields
  readonly id: string
  readonly startedAt: number
  /** Undefined while it is open. */
  readonly endedAt: number | undefined
  readonly participants: readonly Participant[]
}

/**
 * Conversation details as a model. Throws a `data` error if they cannot be used: without an id, without any time, or with
 * a start or an end that cannot be.
 */
export function readConversation(fields: Fields): Conversation {
  const id = textAt(fields, 'conversationId')
  if (id === undefined) throw dataError('missing-conversation-id', 'reading conversation details: no conversationId')
  const startedAt = strictTimeOf(fields, 'conversationStart') ?? earliestSegment(fields)
  const endedAt = strictTimeOf(fields, 'conversationEnd')
  if (startedAt === undefined)
    throw dataError('missing-start', 'reading conversation details: no conversationStart and no segmentStart')
  const listed = listOf(fields, 'participants')
  const hasCustomer = listed.some(participant => textAt(participant, 'purpose')?.toLowerCase() === 'customer')
  const participants = listed.map((participant, index) =>
    readParticipant(participant, index, hasCustomer, startedAt, endedAt),
  )
  return { fields, id, startedAt, endedAt, participants }
}

const earliestSegment = (fields: Fields): number | undefined =>
  earliest(
    listOf(fields, 'participants')
      .flatMap(participant => listOf(participant, 'sessions'))
      .flatMap(session => listOf(session, 'segments'))
      .flatMap(segment => timeOf(segment, 'segmentStart') ?? []),
  )

function readParticipant(
  fields: Fields,
  index: number,
  hasCustomer: boolean,
  startedAt: number,
  endedAt: number | undefined,
): Participant {
  const purpose = textAt(fields, 'purpose') ?? ''
  const userId = textAt(fields, 'userId')
  const sessions = listOf(fields, 'sessions').map(readSession)
  const segments = sessions.flatMap(session => session.segments)
  const role = roleOf(purpose.toLowerCase(), userId, sessions, hasCustomer)
  const starts = segments.flatMap(segment => segment.from ?? [])
  // After-call work goes on when the party has left; a party that only wrapped up has nothing else to go by.
  const present = segments.some(isPresence) ? segments.filter(isPresence) : segments
  const ends = present.flatMap(segment => segment.to ?? [])
  const stillIn =
    endedAt === undefined &&
    (ends.length === 0 || present.some(segment => segment.from !== undefined && segment.to === undefined))
  const ownEnd = latest(ends)
  return {
    fields,
    key: textAt(fields, 'participantId') ?? `participant-${index}`,
    purpose,
    role,
    kind: role === 'bot' ? 'bot' : role === 'system' ? 'system' : 'person',
    userId,
    sessions,
    joinedAt: earliest(starts) ?? startedAt,
    leftAt: stillIn ? undefined : (ownEnd ?? endedAt),
    timed: starts.length > 0 && ownEnd !== undefined,
    tookPart: segments.some(
      segment => segment.type === 'interact' || segment.type === 'hold' || (role === 'bot' && segment.type === 'ivr'),
    ),
  }
}

const isPresence = (segment: Segment) => segment.type !== 'wrapup'

const readSession = (fields: Fields, index: number): Session => {
  const sessionId = textAt(fields, 'sessionId')
  return {
    fields,
    key: sessionId ?? `session-${index}`,
    sessionId,
    mediaType: textAt(fields, 'mediaType')?.toLowerCase(),
    segments: listOf(fields, 'segments').map(readSegment),
  }
}

const readSegment = (fields: Fields): Segment => ({
  fields,
  type: textAt(fields, 'segmentType')?.toLowerCase() ?? 'unknown',
  from: timeOf(fields, 'segmentStart'),
  to: timeOf(fields, 'segmentEnd'),
  queueId: textAt(fields, 'queueId'),
  disconnectType: textAt(fields, 'disconnectType'),
})

/** Purposes of participants that are no person, even where they carry somebody's userId, as a personal voicemail does. */
const machines = new Set(['acd', 'api', 'campaign', 'dialer', 'fax', 'station', 'voicemail', 'workflow'])
const botFlowTypes = new Set(['BOT', 'DIGITALBOT'])
const watching = ['monitoredParticipantId', 'coachedParticipantId', 'bargedParticipantId'] as const

/** Our role for a participant's purpose (AnalyticsParticipant.purpose); unknown ones with a user are agents, others systems. */
function roleOf(
  purpose: string,
  userId: string | undefined,
  sessions: readonly Session[],
  hasCustomer: boolean,
): string {
  switch (purpose) {
    case 'customer':
      return 'customer'
    case 'external':
      // Without a customer it is the other end of a direct call; beside one, somebody whom an agent brought in.
      return hasCustomer ? 'thirdparty' : 'customer'
    case 'agent':
    case 'user':
      return sessions.some(session => watching.some(name => textAt(session.fields, name) !== undefined))
        ? 'supervisor'
        : 'agent'
    case 'botflow':
      return 'bot'
    case 'ivr':
      return sessions.some(isBotSession) ? 'bot' : 'system'
    default:
      return userId === undefined || machines.has(purpose) ? 'system' : 'agent'
  }
}

const isBotSession = (session: Session) => botFlowTypes.has(textAt(objectAt(session.fields, 'flow'), 'flowType') ?? '')

/** The party that the others talk to: the first customer, else the first third party. */
export const customerOf = (conversation: Conversation): Participant | undefined =>
  conversation.participants.find(participant => participant.role === 'customer') ??
  conversation.participants.find(participant => participant.role === 'thirdparty')

/** The session that says how the conversation came about: the customer's first, else the first of all. */
export const firstSessionOf = (conversation: Conversation): Session | undefined =>
  customerOf(conversation)?.sessions[0] ?? conversation.participants.flatMap(participant => participant.sessions)[0]

/** inbound, outbound, internal or unknown. */
export function directionOf(conversation: Conversation): string {
  const hasOutside = customerOf(conversation) !== undefined
  if (!hasOutside && conversation.participants.some(participant => participant.role === 'agent')) return 'internal'
  const direction = vendorDirectionOf(conversation)?.toLowerCase()
  return direction === 'inbound' || direction === 'outbound' ? direction : 'unknown'
}

export const vendorDirectionOf = (conversation: Conversation): string | undefined =>
  textAt(conversation.fields, 'originatingDirection') ?? textAt(firstSessionOf(conversation)?.fields, 'direction')

/** True if Genesys measured something (`metrics`) in a session. */
export const hasMetric = (session: Session, name: string): boolean =>
  listOf(session.fields, 'metrics').some(metric => textAt(metric, 'name') === name)

/** True if Genesys measured something in any session. */
export const wasMeasured = (conversation: Conversation, name: string): boolean =>
  conversation.participants.some(({ sessions }) => sessions.some(session => hasMetric(session, name)))

/** True if somebody or something answered: an agent or a bot took part, or the flows served the customer to the end. */
export const wasAnswered = (conversation: Conversation): boolean =>
  isTrue(conversation.fields, 'selfServed') ||
  wasMeasured(conversation, 'tAnswered') ||
  conversation.participants.some(
    participant => (participant.role === 'agent' || participant.role === 'bot') && participant.tookPart,
  )

/** True if the customer of a written conversation never wrote a message. */
export const customerWasSilent = (conversation: Conversation): boolean =>
  booleanAt(conversation.fields, 'customerParticipation') === false

/** The last segment of a session by its end; among equal ends the later in the list. */
export const lastSegmentOf = (segments: readonly Segment[]): Segment | undefined =>
  segments.reduce<Segment | undefined>(
    (last, segment) => (last === undefined || (segment.to ?? 0) >= (last.to ?? 0) ? segment : last),
    undefined,
  )
