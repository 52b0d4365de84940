import type { SectionInput } from '../../src/core/fact.ts'
import type { ConversationEvent, EventSections, EventType } from '../../src/core/records.ts'
import { typeOf } from '../../src/log/avro.ts'
import { type EventParts, makeEvent, testConversation } from './arbitraries.ts'

const start = Date.parse('2026-03-02T09:00:00Z')
const eventType = typeOf('event')

/** An event of the test conversation, `second` seconds after its start; what the section leaves out is filled in. */
export function told<T extends EventType>(
  type: T,
  second: number,
  section: SectionInput<EventSections[T]>,
  parts: Partial<EventParts> & { readonly key?: string } = {},
): ConversationEvent {
  const { key = `${type}@${second}`, ...rest } = parts
  const event = makeEvent(testConversation, type, key, {
    version: start + 600_000,
    ...rest,
    section,
    occurredAt: start + second * 1000,
  })
  return eventType.fromBuffer(eventType.toBuffer(event)) as ConversationEvent
}

const customer = 'p-customer'
const bot = 'p-bot'
const agent = 'p-agent'

/** A call that a bot hands over to a person: queue, hold, recordings, a tool that failed, and what came after it. */
export const handedOverCall: readonly ConversationEvent[] = [
  told('conversation.started', 0, {
    channel: 'voice',
    direction: 'inbound',
    subject: 'Where is my parcel?',
    entryPoint: '+15550199',
    language: 'en-US',
  }),
  told('party.joined', 0, { partyKey: customer, role: 'customer', kind: 'person', name: 'Alexis', tel: '+15550100' }),
  told('party.joined', 1, { partyKey: bot, role: 'bot', kind: 'bot', name: 'Parcel bot', externalId: 'bot-1' }),
  told(
    'utterance',
    2,
    { partyKey: bot, text: 'Hello, how can I help?', sessionKey: 'leg-1', transcriptId: 't-1', durationMs: 1500 },
    { key: 'u-1' },
  ),
  told(
    'utterance',
    4,
    { partyKey: customer, text: 'Where is my parcel?', sessionKey: 'leg-1', transcriptId: 't-1', confidence: 0.9 },
    { key: 'u-2' },
  ),
  told(
    'tool.call',
    5,
    {
      partyKey: bot,
      callId: 'call-1',
      name: 'find_parcel',
      kind: 'function',
      arguments: '{"phone":"+15550100"}',
      result: '{"parcel":4711,"state":"lost"}',
      durationMs: 340,
      traceId: 'aa',
      spanId: 'bb',
    },
    { source: 'agent-telemetry' },
  ),
  told(
    'tool.call',
    6,
    {
      partyKey: bot,
      name: 'refund',
      kind: 'function',
      arguments: '{"parcel":4711}',
      isError: true,
      errorType: 'Forbidden',
      errorMessage: 'limit exceeded',
    },
    { source: 'agent-telemetry' },
  ),
  told(
    'reasoning.step',
    6,
    { partyKey: bot, kind: 'plan', text: 'A person has to decide.' },
    { source: 'agent-telemetry' },
  ),
  told(
    'utterance',
    7,
    { partyKey: bot, text: 'Let me get somebody for you.', sessionKey: 'leg-1', transcriptId: 't-1' },
    { key: 'u-3' },
  ),
  told('transfer', 8, {
    kind: 'handover',
    fromPartyKey: bot,
    toPartyKey: agent,
    toQueueId: 'q-1',
    toQueueName: 'Lost parcels',
  }),
  told('queue.entered', 8, { queueId: 'q-1', queueName: 'Lost parcels', skills: ['english', 'claims'] }),
  told('party.left', 9, { partyKey: bot, reason: 'transferred' }),
  told('queue.left', 20, { queueId: 'q-1', queueName: 'Lost parcels', outcome: 'answered', durationMs: 12_000 }),
  told('party.joined', 20, {
    partyKey: agent,
    role: 'agent',
    kind: 'person',
    name: 'Robin',
    externalId: 'user-7',
    dept: 'Claims',
  }),
  told(
    'recording',
    2,
    {
      recordingId: 'r-1',
      sessionKey: 'leg-1',
      partyKeys: [customer, bot],
      media: 'audio',
      mediaType: 'audio/ogg',
      state: 'available',
      durationMs: 7_000,
    },
    { key: 'r-1' },
  ),
  told(
    'recording',
    20,
    {
      recordingId: 'r-2',
      sessionKey: 'leg-2',
      partyKeys: [customer, agent],
      media: 'audio',
      state: 'available',
      durationMs: 100_000,
      sizeBytes: 812_000,
    },
    { key: 'r-2' },
  ),
  told(
    'utterance',
    21,
    {
      partyKey: agent,
      text: 'Robin here. I see that it was lost, I am sorry.',
      sessionKey: 'leg-2',
      transcriptId: 't-2',
    },
    { key: 'u-4' },
  ),
  told(
    'utterance',
    21,
    { partyKey: customer, text: 'So what now?', sessionKey: 'leg-2', transcriptId: 't-2' },
    { key: 'u-5', sequence: 1 },
  ),
  told('hold.started', 30, { partyKey: customer }),
  told('hold.ended', 75, { partyKey: customer, durationMs: 45_000 }),
  told(
    'utterance',
    80,
    { partyKey: agent, text: 'You get your money back.', sessionKey: 'leg-2', transcriptId: 't-2' },
    { key: 'u-6' },
  ),
  told('sentiment', 80, { partyKey: customer, scope: 'utterance', score: 0.7, label: 'positive' }),
  told('attribute.changed', 85, { name: 'orderId', value: '4711' }),
  told('consent.signal', 3, { partyKey: customer, purpose: 'recording', status: 'granted', method: 'announcement' }),
  told('party.left', 120, { partyKey: customer, reason: 'hung-up' }),
  told('party.left', 120, { partyKey: agent }, { key: 'agent left' }),
  told('conversation.ended', 120, { durationMs: 120_000, reason: 'completed', endedByPartyKey: customer }),
  told('disposition', 130, { partyKey: agent, code: 'refund', name: 'Refunded', note: 'Parcel 4711 was lost.' }),
  told(
    'sentiment',
    130,
    { partyKey: customer, scope: 'conversation', score: 0.25, label: 'mixed' },
    { key: 'overall' },
  ),
  told('summary', 140, { text: 'The parcel was lost; the customer was refunded.', kind: 'conversation' }),
  told('evaluation.result', 3600, {
    partyKey: agent,
    name: 'Claims form',
    score: 45,
    scaleMin: 0,
    scaleMax: 50,
    status: 'finished',
    evaluatorKind: 'human',
  }),
  told('survey', 4000, {
    surveyId: 's-1',
    formName: 'After the call',
    status: 'finished',
    score: 4,
    scaleMin: 1,
    scaleMax: 5,
    comment: 'Thanks\u001b[2J Robin',
  }),
]
