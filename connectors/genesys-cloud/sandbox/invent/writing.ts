import type { BotSession, Schedule, Session, Utterance } from '../model.ts'
import { agentWho, converse, recordAgentEnd, recordAlert, recordQueue, wrappingUp } from './agents.ts'
import { recordBot } from './bot.ts'
import type { Cast } from './cast.ts'
import type { Course } from './course.ts'
import type { Plot } from './plots.ts'
import { type Leg, Recorder } from './recorder.ts'

type SessionInput = Omit<Session, 'id' | 'segments'>

/**
 * A web chat or a conversation by messages. Recording begins when an agent takes over, so what a bot said before is
 * only in its reporting turns.
 */
export function recordWriting(cast: Cast, plot: Plot, startedAt: number, schedule: Schedule): Course {
  const record = new Recorder(cast, startedAt)
  const session = sessionOf(cast, plot)
  const customer = record.join('customer', session, { name: cast.customer })
  record.pass(1, 4)
  const bot = plot.bot ? recordChatBot(record, plot, session, customer) : undefined
  const utterances: Utterance[] = []
  let recordedFrom = record.at
  let servedBy: { userId: string; queueId: string } | undefined
  if (plot.ends === 'abandoned')
    recordQueue(record, record.join('acd', session, { name: cast.queue.name }), cast.queue, 'peer')
  else if (plot.ends === undefined) {
    recordQueue(record, record.join('acd', session, { name: cast.queue.name }), cast.queue, 'transfer')
    recordedFrom = record.at
    servedBy = recordPeople(record, plot, session, customer, utterances, schedule)
  }
  const endedAt = record.at
  customer.segments.push({ type: 'interact', from: startedAt, to: endedAt, disconnectType: 'peer' })
  return {
    record,
    utterances,
    transcripts: [],
    recordings:
      utterances.length === 0
        ? []
        : [
            {
              id: cast.id('recording'),
              communicationId: customer.sessionId,
              media: plot.channel === 'chat' ? 'chat' : 'messaging',
              from: recordedFrom,
              to: endedAt,
              readyAt: endedAt + 5_000,
              messages: utterances.map((utterance, index) => ({ ...utterance, id: cast.id('message', index) })),
            },
          ],
    bot,
    servedBy: servedBy && { ...servedBy, communicationId: customer.sessionId },
    selfServed: plot.ends === 'self-served',
    endedAt,
  }
}

function sessionOf(cast: Cast, plot: Plot): SessionInput {
  if (plot.channel === 'chat')
    return { mediaType: 'chat', direction: 'inbound', provider: 'PureCloud Webchat v2', remote: cast.customer }
  const messageType = cast.chance.pick(['webmessaging', 'whatsapp', 'sms'] as const)
  return {
    mediaType: 'message',
    direction: 'inbound',
    provider: 'PureCloud Messaging',
    messageType,
    addressFrom: messageType === 'webmessaging' ? cast.id('web-guest') : cast.phone.replace('tel:', ''),
    addressTo: messageType === 'webmessaging' ? 'Meridian web messenger' : '+18005550100',
    remote: cast.customer,
  }
}

const recordChatBot = (record: Recorder, plot: Plot, session: SessionInput, customer: Leg): BotSession =>
  recordBot(
    record,
    record.join('botflow', session, { name: 'Assistant' }),
    customer,
    session.messageType === 'webmessaging' ? 'Webmessaging' : 'Messaging',
    plot.ends === 'self-served',
  )

function recordPeople(
  record: Recorder,
  plot: Plot,
  session: SessionInput,
  customer: Leg,
  utterances: Utterance[],
  schedule: Schedule,
) {
  const { cast } = record
  const { phrases } = cast
  const wrapUp = wrappingUp(plot, schedule)
  // People write slower than they speak.
  const write = (leg: Leg, line: Parameters<Recorder['speak']>[1]) => {
    record.pass(6, 40)
    utterances.push({ ...record.speak(leg, line), durationMs: 0 })
  }
  const agent = record.join('agent', { ...session, peerId: customer.sessionId }, agentWho(cast.agent))
  recordAlert(record, agent, cast.queue)
  const from = record.at
  write(agent, ['agent', 0.2, ...phrases.greeting])
  for (const utterance of converse(record, { channel: plot.channel }, customer, agent, [])) {
    utterances.push({ ...utterance, durationMs: 0 })
    record.pass(6, 40)
  }
  let last = { leg: agent, from, person: cast.agent, queue: cast.queue }
  if (plot.transfer !== undefined) {
    for (const line of phrases.handover) write(line[0] === 'agent' ? agent : customer, line)
    const other = record.join('agent', { ...session, peerId: customer.sessionId }, agentWho(cast.otherAgent))
    recordAgentEnd(
      record,
      agent,
      cast.queue,
      from,
      [],
      { disconnectType: 'transfer', transfer: 'blind', destinationSessionId: other.sessionId },
      wrapUp,
    )
    recordQueue(record, record.join('acd', session, { name: cast.secondQueue.name }), cast.secondQueue, 'transfer')
    recordAlert(record, other, cast.secondQueue)
    last = { leg: other, from: record.at, person: cast.otherAgent, queue: cast.secondQueue }
    for (const line of phrases.takeover) write(line[0] === 'agent' ? other : customer, line)
  }
  for (const line of phrases.goodbye) write(line[0] === 'agent' ? last.leg : customer, line)
  recordAgentEnd(record, last.leg, last.queue, last.from, [], { disconnectType: 'client' }, wrapUp)
  return { userId: last.person.id, queueId: last.queue.id }
}
