import type { Schedule, Session, Utterance } from '../model.ts'
import { agentWho, converse, recordAgentEnd, recordAlert, recordQueue, wrappingUp } from './agents.ts'
import type { Cast } from './cast.ts'
import type { Course } from './course.ts'
import type { Plot } from './plots.ts'
import { Recorder } from './recorder.ts'

/** Somebody asked to be called back: a callback waits in the queue, an agent takes it and calls. */
export function recordCallback(cast: Cast, plot: Plot, startedAt: number, schedule: Schedule): Course {
  const record = new Recorder(cast, startedAt)
  const callback: Omit<Session, 'id' | 'segments'> = {
    mediaType: 'callback',
    direction: 'inbound',
    provider: 'PureCloud Callback',
    callbackNumbers: [cast.phone.replace('tel:', '')],
    callbackUserName: cast.customer,
  }
  const voice: Omit<Session, 'id' | 'segments'> = {
    mediaType: 'voice',
    direction: 'outbound',
    provider: 'Edge',
    ani: 'tel:+18005550100',
    dnis: cast.phone,
  }
  const customer = record.join('customer', callback, { name: cast.customer })
  recordQueue(record, record.join('acd', callback, { name: cast.queue.name }), cast.queue, 'transfer')
  const agent = record.join('agent', callback, agentWho(cast.agent))
  recordAlert(record, agent, cast.queue)
  const takenAt = record.at
  const agentVoice = record.addSession(agent.participantId, voice)
  const customerVoice = record.addSession(customer.participantId, { ...voice, recording: true })
  record.pass(6, 18)
  agentVoice.segments.push({ type: 'dialing', from: takenAt, to: record.at, queueId: cast.queue.id })
  const from = record.at
  const legOf = { agent: agentVoice, customer: customerVoice }
  const utterances: Utterance[] = cast.phrases.outbound.map(line => record.speak(legOf[line[0]], line))
  const holds: { from: number; to: number }[] = []
  utterances.push(...converse(record, plot, customerVoice, agentVoice, holds))
  for (const line of cast.phrases.goodbye) utterances.push(record.speak(legOf[line[0]], line))
  const endedAt = record.at
  customer.segments.push({ type: 'interact', from: startedAt, to: endedAt, disconnectType: 'client' })
  customerVoice.segments.push({ type: 'interact', from, to: endedAt, disconnectType: 'client' })
  agent.segments.push({
    type: 'interact',
    from: takenAt,
    to: endedAt,
    queueId: cast.queue.id,
    disconnectType: 'client',
  })
  recordAgentEnd(record, agentVoice, cast.queue, from, holds, { disconnectType: 'peer' }, wrappingUp(plot, schedule))
  const readyAt = endedAt + 40_000
  return {
    record,
    utterances,
    transcripts: [{ communicationId: customerVoice.sessionId, language: cast.domain.language, utterances, readyAt }],
    recordings: [
      {
        id: cast.id('recording'),
        communicationId: customerVoice.sessionId,
        media: 'audio',
        from,
        to: endedAt,
        readyAt,
        messages: [],
      },
    ],
    bot: undefined,
    servedBy: { userId: cast.agent.id, queueId: cast.queue.id, communicationId: customerVoice.sessionId },
    selfServed: false,
    endedAt,
  }
}
