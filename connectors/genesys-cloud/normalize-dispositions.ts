import { type EventFact, event, textAt } from '../../src/sdk/index.ts'
import type { About } from './about.ts'
import { lastSegmentOf, type Participant, type Segment, type Session } from './conversation.ts'
import { spanOf, textsOf } from './fields.ts'

/**
 * Wrap-up codes, one per session: a code that is changed, or a segment that is repeated, is the same fact. After-call work
 * may begin before the talk ends and ends after the conversation.
 */
export const dispositionFacts = (about: About): readonly EventFact[] =>
  about.conversation.participants.flatMap(participant =>
    participant.sessions.flatMap(session => dispositionOf(about, participant, session)),
  )

function dispositionOf(about: About, participant: Participant, session: Session): readonly EventFact[] {
  const coded = session.segments.filter(segment => textAt(segment.fields, 'wrapUpCode') !== undefined)
  const last = lastSegmentOf(coded)
  const code = textAt(last?.fields, 'wrapUpCode')
  if (last === undefined || code === undefined) return []
  const { conversation, context, to } = about
  const queueId = last.queueId ?? session.segments.flatMap(segment => segment.queueId ?? [])[0]
  return [
    event({
      to,
      type: 'disposition',
      key: `${conversation.id}/${participant.key}/${session.key}/wrap-up`,
      occurredAt: last.to ?? last.from ?? conversation.endedAt ?? participant.joinedAt,
      section: {
        // Some records keep the code on the customer's session; it is not the customer who gave it.
        partyKey: participant.role === 'customer' ? null : participant.key,
        code,
        name: context.wrapUpCodes.get(code) ?? textAt(last.fields, 'wrapUpName'),
        note: textAt(last.fields, 'wrapUpNote'),
        tags: textsOf(last.fields, 'wrapUpTags'),
        durationMs: afterCallWorkMs(session.segments),
        queueId,
        queueName: queueId === undefined ? null : (context.queues.get(queueId) ?? textAt(last.fields, 'queueName')),
      },
    }),
  ]
}

/** Time in wrap-up segments, a repeated one counted once; undefined while it goes on or where times are missing. */
function afterCallWorkMs(segments: readonly Segment[]): number | undefined {
  const spans = new Map<string, number | undefined>()
  for (const segment of segments)
    if (segment.type === 'wrapup') spans.set(`${segment.from}/${segment.to}`, spanOf(segment.from, segment.to))
  let total: number | undefined
  for (const span of spans.values()) {
    if (span === undefined) return undefined
    total = (total ?? 0) + span
  }
  return total
}
