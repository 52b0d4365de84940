import type { KnownParty } from './context.ts'
import type { Conversation, Participant } from './conversation.ts'
import { outsideAddressOf } from './normalize-parties.ts'

/** The participants of details as the context of other payloads keeps them. */
export const knownParties = (conversation: Conversation): readonly KnownParty[] =>
  conversation.participants.map(participant => ({
    partyKey: participant.key,
    purpose: participant.purpose,
    role: participant.role,
    userId: participant.userId,
    sessionIds: participant.sessions.flatMap(session => session.sessionId ?? []),
    address: isOutside(participant) ? outsideAddressOf(participant) : undefined,
    from: participant.joinedAt,
    to: participant.leftAt,
  }))

const isOutside = (participant: Participant) => participant.role === 'customer' || participant.role === 'thirdparty'
