import type { Models } from 'purecloud-platform-client-v2'
import type { Conversation, Participant } from '../model.ts'
import type { Org } from '../org.ts'
import { iso, wire } from './wire.ts'

/** A conversation as the conversations API shows it at `at`: state, participants, wrap-ups; without its media. */
export function conversationOf(conversation: Conversation, org: Org, at: number): Models.Conversation {
  const ended = conversation.endedAt <= at
  return wire<Models.Conversation>({
    id: conversation.id,
    startTime: iso(conversation.startedAt),
    endTime: ended ? iso(conversation.endedAt) : undefined,
    state: ended ? 'disconnected' : 'connected',
    recordingState: conversation.recordings.length > 0 ? 'ACTIVE' : 'NONE',
    divisions: [{ division: { id: org.division.id, name: org.division.name } }],
    participants: conversation.participants.flatMap(participant => {
      const from = participant.sessions[0]?.segments[0]?.from
      return from === undefined || from > at ? [] : [participantOf(participant, from, org, at)]
    }),
    selfUri: `/api/v2/conversations/${conversation.id}`,
  })
}

function participantOf(participant: Participant, from: number, org: Org, at: number): Models.Participant {
  const segments = participant.sessions.flatMap(session => session.segments)
  const talkEnd = Math.max(...segments.filter(segment => segment.type !== 'wrapup').map(segment => segment.to))
  const wrapUp = segments.find(segment => segment.wrapUp !== undefined && segment.wrapUp.shownFrom <= at)
  const queueId = segments.find(segment => segment.queueId !== undefined)?.queueId
  const code = org.wrapUpCodes.find(candidate => candidate.id === wrapUp?.wrapUp?.code)
  return wire<Models.Participant>({
    id: participant.id,
    name: participant.name,
    purpose: participant.purpose,
    userId: participant.userId,
    queueId,
    queueName: org.queues.find(queue => queue.id === queueId)?.name,
    startTime: iso(from),
    connectedTime: iso(from),
    endTime: talkEnd <= at ? iso(talkEnd) : undefined,
    attributes: { ...participant.attributes },
    wrapupRequired: participant.purpose === 'agent',
    wrapup:
      wrapUp === undefined
        ? undefined
        : wire<Models.Wrapup>({
            code: wrapUp.wrapUp?.code,
            name: code?.name,
            notes: wrapUp.wrapUp?.note,
            durationSeconds: Math.round((wrapUp.to - wrapUp.from) / 1000),
            endTime: iso(wrapUp.to),
          }),
  })
}
