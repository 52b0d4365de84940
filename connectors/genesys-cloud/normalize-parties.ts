import { type EventFact, event, objectAt, textAt } from '../../src/sdk/index.ts'
import { type About, contactOf } from './about.ts'
import type { Participant } from './conversation.ts'
import { disconnectTypeOf, leaveReasonOf } from './disconnect.ts'

/** Every participant came and went. */
export const partyFacts = (about: About): readonly EventFact[] =>
  about.conversation.participants.flatMap(participant => [joined(about, participant), ...left(about, participant)])

const keyOf = (about: About, participant: Participant) => `${about.conversation.id}/${participant.key}`

function joined(about: About, participant: Participant): EventFact {
  const { fields } = participant
  return event({
    to: about.to,
    type: 'party.joined',
    key: keyOf(about, participant),
    occurredAt: participant.joinedAt,
    section: {
      partyKey: participant.key,
      role: participant.role,
      vendorRole: textAt(fields, 'purpose'),
      kind: participant.kind,
      name: nameOf(about, participant),
      externalId: participant.userId ?? textAt(fields, 'externalContactId') ?? flowTextOf(participant, 'flowId'),
      ...(isOutside(participant) ? contactOf(outsideAddressOf(participant)) : {}),
      dept: textAt(fields, 'teamName'),
    },
  })
}

const isOutside = (participant: Participant) => participant.role === 'customer' || participant.role === 'thirdparty'

const nameOf = (about: About, participant: Participant) =>
  (participant.userId === undefined ? undefined : about.context.users.get(participant.userId)) ??
  textAt(participant.fields, 'userName') ??
  textAt(participant.fields, 'participantName') ??
  flowTextOf(participant, 'flowName')

const flowTextOf = (participant: Participant, name: string): string | undefined =>
  participant.sessions.flatMap(session => textAt(objectAt(session.fields, 'flow'), name) ?? [])[0]

/** Who calls is `ani` or `addressFrom`, who is called `dnis` or `addressTo`: the direction says which is the customer. */
export function outsideAddressOf(participant: Participant): string | undefined {
  for (const session of participant.sessions) {
    const outbound = textAt(session.fields, 'direction')?.toLowerCase() === 'outbound'
    const names = outbound ? (['dnis', 'addressTo'] as const) : (['ani', 'addressFrom'] as const)
    const [address] = [...names, 'addressOther', 'remote'].flatMap(name => {
      const text = textAt(session.fields, name)
      return text !== undefined && Object.keys(contactOf(text)).length > 0 ? [text] : []
    })
    if (address !== undefined) return address
  }
  return undefined
}

function left(about: About, participant: Participant): readonly EventFact[] {
  if (participant.leftAt === undefined) return []
  const disconnectType = disconnectTypeOf(participant)
  return [
    event({
      to: about.to,
      type: 'party.left',
      key: keyOf(about, participant),
      occurredAt: participant.leftAt,
      section: {
        partyKey: participant.key,
        reason: leaveReasonOf(disconnectType),
        vendorReason: disconnectType,
        durationMs: participant.timed ? Math.max(0, participant.leftAt - participant.joinedAt) : null,
      },
    }),
  ]
}
