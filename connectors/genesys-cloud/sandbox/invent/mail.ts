import type { Schedule, Session, Utterance } from '../model.ts'
import { agentWho, recordAgentEnd, recordAlert, recordQueue, wrappingUp } from './agents.ts'
import type { Cast } from './cast.ts'
import type { Course } from './course.ts'
import type { Plot } from './plots.ts'
import { type Leg, Recorder } from './recorder.ts'

/** An exchange of mails over hours: question, answer, thanks. */
export function recordMail(cast: Cast, plot: Plot, startedAt: number, schedule: Schedule): Course {
  const record = new Recorder(cast, startedAt)
  const { mail } = cast.domain
  const subject = cast.fill(mail.subject)
  const session: Omit<Session, 'id' | 'segments'> = {
    mediaType: 'email',
    direction: 'inbound',
    provider: 'PureCloud Email',
    addressFrom: cast.mail,
    addressTo: 'help@meridian.example',
  }
  const messages: Utterance[] = []
  const write = (leg: Leg, role: 'customer' | 'agent', mood: number, text: string) =>
    messages.push({
      role,
      text: cast.fill(text),
      at: record.at,
      durationMs: 0,
      mood,
      participantId: leg.participantId,
    })

  const customer = record.join('customer', session, { name: cast.customer })
  write(customer, 'customer', -0.3, mail.question)
  record.pass(2, 10)
  recordQueue(record, record.join('acd', session, { name: cast.queue.name }), cast.queue, 'transfer')
  const agent = record.join('agent', { ...session, peerId: customer.sessionId }, agentWho(cast.agent))
  recordAlert(record, agent, cast.queue)
  const from = record.at
  record.pass(300, 2400)
  write(agent, 'agent', 0.3, mail.answer)
  record.pass(1800, 9000)
  write(customer, 'customer', 0.7, mail.thanks)
  record.pass(60, 600)
  recordAgentEnd(record, agent, cast.queue, from, [], { disconnectType: 'client' }, wrappingUp(plot, schedule))
  const endedAt = record.at
  customer.segments.push({ type: 'interact', from: startedAt, to: endedAt, subject, disconnectType: 'peer' })
  return {
    record,
    utterances: messages,
    transcripts: [],
    recordings: [
      {
        id: cast.id('recording'),
        communicationId: customer.sessionId,
        media: 'email',
        from: startedAt,
        to: endedAt,
        readyAt: endedAt + 5_000,
        subject,
        messages: messages.map((message, index) => ({ ...message, id: cast.id('mail', index) })),
      },
    ],
    bot: undefined,
    servedBy: { userId: cast.agent.id, queueId: cast.queue.id, communicationId: customer.sessionId },
    selfServed: false,
    endedAt,
  }
}
