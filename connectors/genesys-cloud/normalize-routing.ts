import { type EventFact, event, textAt } from '../../src/sdk/index.ts'
import type { About } from './about.ts'
import {
  type Conversation,
  hasMetric,
  lastSegmentOf,
  type Participant,
  type Segment,
  type Session,
  wasAnswered,
} from './conversation.ts'
import { leaveReasonOf } from './disconnect.ts'
import { earliest, spanOf, textsOf } from './fields.ts'

/** One stay in a queue: the segments of one session in it without another queue between. */
interface Stay {
  readonly participant: Participant
  readonly session: Session
  readonly queueId: string
  /** How many stays of this session in this queue came before. */
  readonly index: number
  readonly segments: readonly Segment[]
}

/** The conversation came into queues and left them. */
export function queueFacts(about: About): readonly EventFact[] {
  return staysOf(about.conversation).flatMap(stay => {
    const { conversation, to } = about
    const key = `${conversation.id}/${stay.participant.key}/${stay.session.key}/${stay.queueId}/${stay.index}`
    const queue = { partyKey: stay.participant.key, queueId: stay.queueId, queueName: queueNameOf(about, stay) }
    const from = earliest(stay.segments.flatMap(segment => segment.from ?? []))
    const enteredAt = from ?? stay.participant.joinedAt
    const entered = event({
      to,
      type: 'queue.entered',
      key,
      occurredAt: enteredAt,
      section: { ...queue, skills: skillsOf(stay) },
    })
    const last = lastSegmentOf(stay.segments)
    const leftAt = last?.to ?? (last?.from === undefined ? stay.participant.leftAt : conversation.endedAt)
    if (leftAt === undefined) return [entered]
    return [
      entered,
      event({
        to,
        type: 'queue.left',
        key,
        occurredAt: leftAt,
        section: {
          ...queue,
          outcome: outcomeOf(conversation, stay, last),
          vendorOutcome: last?.disconnectType,
          durationMs: spanOf(from, last?.to),
        },
      }),
    ]
  })
}

/** Routing (ACD) waits in queues; where a record shows no routing party, a customer that is being put through does. */
function staysOf(conversation: Conversation): readonly Stay[] {
  const routing = conversation.participants
    .filter(participant => participant.purpose.toLowerCase() === 'acd')
    .flatMap(participant => staysOfParticipant(participant, () => true))
  if (routing.length > 0) return routing
  return conversation.participants
    .filter(participant => participant.role === 'customer')
    .flatMap(participant => staysOfParticipant(participant, segment => segment.type === 'alert'))
}

function staysOfParticipant(participant: Participant, waits: (segment: Segment) => boolean): readonly Stay[] {
  const stays: (Stay & { readonly segments: Segment[] })[] = []
  for (const session of participant.sessions)
    for (const segment of session.segments) {
      const { queueId } = segment
      if (queueId === undefined || !waits(segment)) continue
      const last = stays.at(-1)
      if (last?.session === session && last.queueId === queueId) last.segments.push(segment)
      else {
        const index = stays.filter(stay => stay.session === session && stay.queueId === queueId).length
        stays.push({ participant, session, queueId, index, segments: [segment] })
      }
    }
  return stays
}

const queueNameOf = (about: About, stay: Stay) =>
  about.context.queues.get(stay.queueId) ??
  stay.segments.flatMap(segment => textAt(segment.fields, 'queueName') ?? [])[0]

const skillsOf = (stay: Stay): readonly string[] => [
  ...new Set(stay.segments.flatMap(segment => textsOf(segment.fields, 'requestedRoutingSkillIds'))),
]

/** What Genesys measured (tAbandon, tAnswered, tFlowOut) counts; without measurements, what happened next. */
function outcomeOf(conversation: Conversation, stay: Stay, last: Segment | undefined): string {
  if (hasMetric(stay.session, 'tAbandon')) return 'abandoned'
  if (hasMetric(stay.session, 'tAnswered')) return 'answered'
  if (hasMetric(stay.session, 'tFlowOut')) return 'flowed-out'
  const answered = conversation.participants.some(
    participant =>
      participant.role === 'agent' &&
      participant.sessions.some(session =>
        session.segments.some(segment => segment.type === 'interact' && segment.queueId === stay.queueId),
      ),
  )
  if (answered) return 'answered'
  const how = leaveReasonOf(last?.disconnectType)
  if (how === 'transferred') return 'transferred'
  if (how === 'timeout') return 'flowed-out'
  // Where nobody answered, the end of the waiting was the end of the caller's patience.
  if (how !== undefined && how !== 'error' && !wasAnswered(conversation)) return 'abandoned'
  return 'unknown'
}

/** Holds. Both ends of a call may show the same hold: the agents' sessions count, the customer's only where they are silent. */
export function holdFacts(about: About): readonly EventFact[] {
  const { participants } = about.conversation
  const holding = participants.filter(participant => participant.sessions.some(holds))
  const inside = holding.filter(participant => participant.role !== 'customer')
  return (inside.length > 0 ? inside : holding).flatMap(participant =>
    participant.sessions.flatMap(session =>
      session.segments.filter(isHold).flatMap((segment, index) => holdOf(about, participant, session, segment, index)),
    ),
  )
}

const isHold = (segment: Segment) => segment.type === 'hold'
const holds = (session: Session) => session.segments.some(isHold)

function holdOf(
  about: About,
  participant: Participant,
  session: Session,
  segment: Segment,
  index: number,
): readonly EventFact[] {
  const { conversation, to } = about
  const key = `${conversation.id}/${participant.key}/${session.key}/hold/${index}`
  const started = event({
    to,
    type: 'hold.started',
    key,
    occurredAt: segment.from ?? participant.joinedAt,
    section: { partyKey: participant.key },
  })
  const endedAt = segment.to ?? (segment.from === undefined ? participant.leftAt : conversation.endedAt)
  if (endedAt === undefined) return [started]
  const durationMs = spanOf(segment.from, segment.to)
  return [
    started,
    event({ to, type: 'hold.ended', key, occurredAt: endedAt, section: { partyKey: participant.key, durationMs } }),
  ]
}
