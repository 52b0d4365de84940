import { type EventFact, event, textAt } from '../../src/sdk/index.ts'
import { type About, addressOf } from './about.ts'
import {
  type Conversation,
  customerOf,
  hasMetric,
  lastSegmentOf,
  type Participant,
  type Segment,
  type Session,
} from './conversation.ts'
import { textsOf } from './fields.ts'

/** A target may have been rung up to this long before the other left (consultations aside) and clocks differ, milliseconds. */
const slackMs = 2_000

/** The conversation was handed over: by an agent, or by a bot to people. Routing from a queue to an agent is no transfer. */
export const transferFacts = (about: About): readonly EventFact[] =>
  about.conversation.participants.flatMap(participant =>
    participant.tookPart && (participant.role === 'agent' || participant.role === 'bot')
      ? oncePerMoment(participant.sessions.flatMap(session => handoverOf(participant, session))).map(handover =>
          transferOf(about, participant, handover),
        )
      : [],
  )

/** A session that ended with a transfer. */
interface Handover {
  readonly session: Session
  /** Unix milliseconds. */
  readonly at: number
  readonly disconnectType: string | undefined
  /** The conversation that it went on in. */
  readonly destination: string | undefined
  /** True if Genesys counted it as a transfer. */
  readonly isMeasured: boolean
}

function handoverOf(from: Participant, session: Session): readonly Handover[] {
  const last = lastSegmentOf(session.segments.filter(segment => segment.type !== 'wrapup'))
  if (last === undefined) return []
  const disconnectType = last.disconnectType ?? session.segments.findLast(hasDisconnectType)?.disconnectType
  const destination = textAt(last.fields, 'destinationConversationId')
  const isTransfer = disconnectType?.toLowerCase().includes('transfer') === true
  if (!isTransfer && destination === undefined) return []
  const at = last.to ?? from.leftAt ?? last.from ?? from.joinedAt
  const isMeasured = hasMetric(session, 'nConsultTransferred') || hasMetric(session, 'nBlindTransferred')
  return [{ session, at, disconnectType, destination, isMeasured }]
}

/** The sessions with the customer and with who was consulted end together: they are one transfer. */
function oncePerMoment(handovers: readonly Handover[]): readonly Handover[] {
  const kept: Handover[] = []
  for (const handover of [...handovers.filter(isMeasured), ...handovers.filter(each => !isMeasured(each))])
    if (kept.every(({ at }) => Math.abs(at - handover.at) > slackMs)) kept.push(handover)
  return kept
}

const isMeasured = (handover: Handover) => handover.isMeasured

function transferOf(about: About, from: Participant, handover: Handover): EventFact {
  const { conversation, to } = about
  const { session, at, disconnectType, destination } = handover
  const kind = kindOf(from, session, disconnectType, destination)
  const target = targetOf(conversation, from, at, kind)
  const queueId = target.queue
  return event({
    to,
    type: 'transfer',
    key: `${conversation.id}/${from.key}/${session.key}/transfer`,
    occurredAt: at,
    section: {
      kind,
      vendorKind: disconnectType ?? 'destinationConversationId',
      fromPartyKey: from.key,
      toPartyKey: target.party?.key,
      transfereePartyKey: customerOf(conversation)?.key,
      toQueueId: queueId,
      toQueueName: queueId === undefined ? null : about.context.queues.get(queueId),
      toAddress: addressOf(textsOf(session.fields, 'destinationAddresses')[0]) ?? destination,
    },
  })
}

const hasDisconnectType = (segment: Segment) => segment.disconnectType !== undefined

function kindOf(
  from: Participant,
  session: Session,
  disconnectType: string | undefined,
  destination: string | undefined,
): string {
  if (from.role === 'bot') return 'handover'
  if (hasMetric(session, 'nConsultTransferred')) return 'consult'
  if (hasMetric(session, 'nBlindTransferred')) return 'blind'
  const type = disconnectType?.toLowerCase() ?? ''
  if (type.includes('consult') || type.includes('conference')) return 'consult'
  return type.includes('transfer') && destination === undefined ? 'blind' : 'unknown'
}

interface Target {
  /** Who received it; undefined if nobody did. */
  readonly party?: Participant | undefined
  /** The queue that it went through. */
  readonly queue?: string | undefined
}

/** Who came next: Genesys does not name the target, but participants are in the record with their times. */
function targetOf(conversation: Conversation, from: Participant, at: number, kind: string): Target {
  const others = conversation.participants.filter(party => party !== from && party.role !== 'customer')
  const position = conversation.participants.indexOf(from)
  const isLater = (party: Participant) =>
    party.timed || from.timed ? party.joinedAt >= at - slackMs : conversation.participants.indexOf(party) > position
  // Who was consulted was there before the other left, and stayed.
  const consulted = others.filter(party => party.tookPart && isThere(party, from, at) && party.role !== 'system')
  if (kind === 'consult' && consulted.length > 0) return { party: consulted.at(-1) }
  const later = others.filter(isLater).sort((a, b) => a.joinedAt - b.joinedAt)
  const queue = later.find(party => party.purpose.toLowerCase() === 'acd')
  const person = later.find(party => party.tookPart && party.role !== 'system')
  const throughQueue = queue !== undefined && (person === undefined || queue.joinedAt <= person.joinedAt)
  return {
    party: person,
    queue: throughQueue ? queueIdOf(queue) : undefined,
  }
}

const isThere = (party: Participant, from: Participant, at: number) =>
  party.joinedAt >= from.joinedAt && party.joinedAt <= at && (party.leftAt === undefined || party.leftAt > at)

const queueIdOf = (participant: Participant) =>
  participant.sessions.flatMap(session => session.segments.flatMap(segment => segment.queueId ?? []))[0]
