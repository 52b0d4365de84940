import type { BotSession, Schedule, Session, Utterance } from '../model.ts'
import { idFrom } from '../seeded.ts'
import { agentWho, converse, recordAgentEnd, recordAlert, recordQueue, wrappingUp } from './agents.ts'
import { recordBot } from './bot.ts'
import type { Cast } from './cast.ts'
import type { Course } from './course.ts'
import type { Plot } from './plots.ts'
import { type Leg, Recorder } from './recorder.ts'

const transcribingMs = 40_000

/** A phone call: greeting menu, perhaps a bot, the queue, one agent or two. */
export function recordCall(cast: Cast, plot: Plot, startedAt: number, schedule: Schedule): Course {
  const record = new Recorder(cast, startedAt)
  const voice: Omit<Session, 'id' | 'segments'> = {
    mediaType: 'voice',
    direction: plot.outbound ? 'outbound' : 'inbound',
    provider: 'Edge',
    ani: plot.outbound ? 'tel:+18005550100' : cast.phone,
    dnis: plot.outbound ? cast.phone : 'tel:+18005550100',
    remote: cast.customer,
  }
  const reached = plot.ends === undefined
  const customer = record.join('customer', { ...voice, recording: reached }, { name: cast.customer })
  if (plot.outbound) {
    record.pass(5, 15)
    customer.segments.push({ type: 'dialing', from: startedAt, to: record.at })
  }
  const bot = plot.outbound ? undefined : recordMenu(record, plot, voice, customer)
  const utterances: Utterance[] = []
  const talkedFrom = reached ? recordPeople(record, plot, voice, customer, utterances, schedule) : undefined
  if (plot.ends === 'abandoned')
    recordQueue(record, record.join('acd', voice, { name: cast.queue.name }), cast.queue, 'peer')
  const endedAt = record.at
  customer.segments.push({
    type: 'interact',
    from: customer.segments.at(-1)?.to ?? startedAt,
    to: endedAt,
    disconnectType: plot.ends === 'abandoned' || cast.chance.happens(0.7) ? 'client' : 'peer',
  })
  const readyAt = plot.late?.includes('transcript') ? schedule.lateAt : endedAt + transcribingMs
  return {
    record,
    utterances,
    transcripts:
      utterances.length === 0
        ? []
        : [{ communicationId: customer.sessionId, language: cast.domain.language, utterances, readyAt }],
    recordings:
      talkedFrom === undefined
        ? []
        : [
            {
              id: cast.id('recording'),
              communicationId: customer.sessionId,
              media: 'audio',
              from: talkedFrom.from,
              to: endedAt,
              readyAt,
              messages: [],
            },
          ],
    bot,
    servedBy: talkedFrom && { ...talkedFrom.servedBy, communicationId: customer.sessionId },
    selfServed: plot.ends === 'self-served',
    endedAt,
  }
}

function recordMenu(
  record: Recorder,
  plot: Plot,
  voice: Omit<Session, 'id' | 'segments'>,
  customer: Leg,
): BotSession | undefined {
  const { cast } = record
  const menu = record.join('ivr', voice, { name: 'Main menu' })
  const from = record.at
  record.pass(6, 25)
  menu.segments.push({ type: 'ivr', from, to: record.at, disconnectType: 'transfer' })
  record.setFlow(menu, {
    id: idFrom(cast.org.id, 'flow', 'main-menu'),
    name: 'Main menu',
    type: 'INBOUNDCALL',
    exitReason: 'TRANSFER',
    transferType: 'ACD',
    transferTargetName: cast.domain.queue,
    language: cast.domain.language.toLowerCase(),
  })
  if (!plot.bot) return undefined
  return recordBot(
    record,
    record.join('botflow', voice, { name: 'Voice bot' }),
    customer,
    'Call',
    plot.ends === 'self-served',
  )
}

function recordPeople(
  record: Recorder,
  plot: Plot,
  voice: Omit<Session, 'id' | 'segments'>,
  customer: Leg,
  utterances: Utterance[],
  schedule: Schedule,
) {
  const { cast } = record
  const { phrases } = cast
  const wrapUp = wrappingUp(plot, schedule)
  if (!plot.outbound) recordQueue(record, record.join('acd', voice, { name: cast.queue.name }), cast.queue, 'transfer')
  const agent = record.join('agent', { ...voice, peerId: customer.sessionId }, agentWho(cast.agent))
  if (!plot.outbound) recordAlert(record, agent, cast.queue)
  const from = record.at
  const holds: { from: number; to: number }[] = []
  if (plot.outbound)
    for (const line of phrases.outbound) utterances.push(record.speak(line[0] === 'agent' ? agent : customer, line))
  else utterances.push(record.speak(agent, ['agent', 0.2, ...phrases.greeting]))
  utterances.push(...converse(record, plot, customer, agent, holds))

  if (plot.transfer === undefined) {
    for (const line of phrases.goodbye) utterances.push(record.speak(line[0] === 'agent' ? agent : customer, line))
    recordAgentEnd(record, agent, cast.queue, from, holds, { disconnectType: 'peer' }, wrapUp)
    return { from, servedBy: { userId: cast.agent.id, queueId: cast.queue.id } }
  }

  for (const line of phrases.handover) utterances.push(record.speak(line[0] === 'agent' ? agent : customer, line))
  const other = record.join('agent', { ...voice, peerId: customer.sessionId }, agentWho(cast.otherAgent))
  const leaves = { disconnectType: 'transfer', transfer: plot.transfer, destinationSessionId: other.sessionId } as const
  if (plot.transfer === 'blind') {
    recordAgentEnd(record, agent, cast.queue, from, holds, leaves, { ...wrapUp, hasty: false })
    recordQueue(record, record.join('acd', voice, { name: cast.secondQueue.name }), cast.secondQueue, 'transfer')
    recordAlert(record, other, cast.secondQueue)
  } else {
    // The agents talk among themselves while the customer is on hold; that is not transcribed.
    const consultFrom = record.at
    recordAlert(record, other, cast.secondQueue)
    record.pass(15, 60)
    holds.push({ from: consultFrom, to: record.at })
    record.pass(1, 3)
    recordAgentEnd(record, agent, cast.queue, from, holds, leaves, { ...wrapUp, hasty: false })
  }
  const otherFrom = other.segments.at(-1)?.to ?? record.at
  for (const line of [...phrases.takeover, ...phrases.goodbye])
    utterances.push(record.speak(line[0] === 'agent' ? other : customer, line))
  recordAgentEnd(record, other, cast.secondQueue, otherFrom, [], { disconnectType: 'peer' }, wrapUp)
  return { from, servedBy: { userId: cast.otherAgent.id, queueId: cast.secondQueue.id } }
}
