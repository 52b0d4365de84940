import { contentHashOf, conversationIdOf, eventIdOf } from '../../src/core/ids.ts'
import { canonicalJson } from '../../src/core/json.ts'
import type { StoredRecord } from '../../src/core/log.ts'
import {
  type ConversationEvent,
  type EventSections,
  type EventType,
  noSections,
  sectionFields,
} from '../../src/core/records.ts'
import { type ConversationHead, conversationHeaders, type OffsetRange, type SinkRecord } from '../../src/core/sink.ts'

export const account = { vendor: 'genesys-cloud', account: 'acme' }

/** A conversation's id by a short name. */
export const conversation = (key: string) => conversationIdOf({ ...account, key })

export const startedAt = Date.UTC(2026, 2, 1, 9, 30)

/** A section of every type, with every field set that can be. */
export const sections: EventSections = {
  'conversation.started': {
    channel: 'voice',
    vendorChannel: 'Voice',
    direction: 'inbound',
    vendorDirection: 'INBOUND',
    subject: 'Lost card',
    campaign: 'c-1',
    entryPoint: 'tel:+15550100',
    language: 'en-US',
  },
  'conversation.ended': {
    durationMs: 65_000,
    reason: 'completed',
    vendorReason: 'PEER',
    endedByPartyKey: 'p-1',
    abandoned: false,
  },
  'party.joined': {
    partyKey: 'p-1',
    role: 'customer',
    vendorRole: 'external',
    kind: 'person',
    name: 'Ada L.',
    externalId: 'x-1',
    tel: '+15550101',
    sip: 'sip:ada@example.org',
    mailto: 'ada@example.org',
    org: 'Example',
    dept: 'Cards',
  },
  'party.left': { partyKey: 'p-1', reason: 'hung-up', vendorReason: 'CLIENT', durationMs: 60_000 },
  'queue.entered': { partyKey: 'acd', queueId: 'q-1', queueName: 'Cards', skills: ['en', 'cards'] },
  'queue.left': {
    partyKey: 'acd',
    queueId: 'q-1',
    queueName: 'Cards',
    outcome: 'answered',
    vendorOutcome: 'ANSWERED',
    durationMs: 8_000,
  },
  'hold.started': { partyKey: 'p-2' },
  'hold.ended': { partyKey: 'p-2', durationMs: 5_000 },
  transfer: {
    kind: 'blind',
    vendorKind: 'Blind',
    fromPartyKey: 'p-2',
    toPartyKey: 'p-3',
    transfereePartyKey: 'p-1',
    toQueueId: 'q-2',
    toQueueName: 'Fraud',
    toAddress: 'sip:fraud@example.org',
  },
  message: {
    partyKey: 'p-1',
    toPartyKeys: ['p-2'],
    messageId: 'm-1',
    inReplyTo: 'm-0',
    subject: 'Re: card',
    text: 'I lost my card.',
    mediaType: 'text/plain',
    language: 'en-US',
    attachments: [{ name: 'card.png', mediaType: 'image/png', sizeBytes: 1024, url: 'https://example.org/card.png' }],
  },
  utterance: {
    partyKey: 'p-1',
    text: 'Hello, I lost my card.',
    offsetMs: 1_200,
    durationMs: 2_400,
    language: 'en-US',
    confidence: 0.93,
    transcriptId: 't-1',
    sessionKey: 's-1',
    words: [{ text: 'Hello', offsetMs: 0, durationMs: 400, confidence: 0.99 }],
  },
  recording: {
    recordingId: 'r-1',
    sessionKey: 's-1',
    partyKeys: ['p-1', 'p-2'],
    media: 'audio',
    vendorMedia: 'call',
    mediaType: 'audio/ogg',
    state: 'available',
    vendorState: 'AVAILABLE',
    durationMs: 60_000,
    sizeBytes: 123_456,
    url: 'https://example.org/r-1',
  },
  disposition: {
    partyKey: 'p-2',
    code: 'w-1',
    name: 'Card replaced',
    note: 'New card is on its way.',
    tags: ['card'],
    durationMs: 15_000,
    queueId: 'q-1',
    queueName: 'Cards',
  },
  summary: { partyKey: 'p-2', text: 'The card was replaced.', kind: 'conversation', language: 'en-US', model: 'sum-1' },
  sentiment: {
    partyKey: 'p-1',
    scope: 'utterance',
    score: -0.4,
    vendorScore: -40,
    label: 'negative',
    trend: 0.6,
    text: 'I lost my card',
    durationMs: 1_000,
  },
  survey: {
    surveyId: 'v-1',
    formId: 'f-1',
    formName: 'After the call',
    status: 'finished',
    vendorStatus: 'Finished',
    score: 8,
    scaleMin: 0,
    scaleMax: 10,
    promoterScore: 9,
    comment: 'Quick.',
    answers: [{ questionId: 'a-1', question: 'Happy?', answer: 'Yes', score: 1, maxScore: 1, comment: null }],
  },
  'tool.call': {
    partyKey: 'agent:cards',
    callId: 'call-1',
    name: 'replace_card',
    kind: 'mcp',
    server: 'cards-mcp',
    arguments: '{"card":"4711"}',
    result: '{"ok":false}',
    isError: true,
    errorType: 'Timeout',
    errorMessage: 'no answer',
    durationMs: 812.5,
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: 'eee19b7ec3c1b174',
  },
  'reasoning.step': {
    partyKey: 'agent:cards',
    kind: 'inference',
    name: 'chat',
    text: 'The card has to be replaced.',
    provider: 'acme-ai',
    requestModel: 'm',
    responseModel: 'm-2026',
    finishReasons: ['stop'],
    inputTokens: 812,
    outputTokens: 64,
    cachedInputTokens: 512,
    reasoningTokens: 32,
    isError: false,
    errorType: null,
    errorMessage: null,
    durationMs: 1_500,
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: 'aaa19b7ec3c1b174',
    parentSpanId: 'eee19b7ec3c1b174',
  },
  'evaluation.result': {
    partyKey: 'p-2',
    evaluationId: 'e-1',
    name: 'Quality',
    formId: 'f-2',
    score: 4,
    scaleMin: 1,
    scaleMax: 5,
    label: 'pass',
    explanation: 'Greeted and solved.',
    evaluatorKind: 'human',
    evaluator: 'u-9',
    status: 'finished',
    vendorStatus: 'FINISHED',
    targetId: 'eee19b7ec3c1b174',
    answers: [{ questionId: 'b-1', question: 'Greeted?', answer: 'Yes', score: 1, maxScore: 1, comment: 'Kindly.' }],
    traceId: null,
    spanId: null,
  },
  'consent.signal': {
    partyKey: 'p-1',
    purpose: 'recording',
    status: 'granted',
    basis: 'consent',
    method: 'ivr',
    vendorValue: '1',
    expiresAt: Date.UTC(2027, 0, 1),
  },
  'attribute.changed': { partyKey: 'p-1', name: 'tier', value: 'gold' },
  deletion: { scope: 'recording', targetId: 'r-0', reason: 'retention', requestedBy: 'ops' },
}

/** What a test says of an event; the rest is made up. */
export interface EventSpec<T extends EventType = EventType> {
  readonly type: T
  /** Short name of its conversation. */
  readonly of: string
  /** Tells apart facts of one type. Default: `0`. */
  readonly key?: string
  readonly section?: Partial<EventSections[T]>
  readonly version?: number
  readonly revision?: number
  readonly retracted?: boolean
  readonly occurredAt?: number
  readonly sequence?: number
  readonly observedAt?: number
}

export function sampleEvent<T extends EventType>(spec: EventSpec<T>): ConversationEvent {
  const { type, of, key = '0', version = startedAt, revision = 0, retracted = false } = spec
  const { occurredAt = startedAt, sequence = 0, observedAt = startedAt } = spec
  const section = { ...sections[type], ...spec.section }
  const says = { type, of, occurredAt, sequence, section }
  return {
    ...noSections,
    id: eventIdOf(account.vendor, account.account, 'conversation-details', `${of}/${key}`, type),
    type,
    version,
    revision,
    retracted,
    conversationId: conversation(of),
    conversationVendor: account.vendor,
    conversationAccount: account.account,
    conversationKey: of,
    sourceVendor: account.vendor,
    sourceAccount: account.account,
    sourceStream: 'conversation-details',
    sourceKey: `${of}/${key}`,
    occurredAt,
    sequence,
    observedAt,
    rawTopic: 'raw.genesys-cloud',
    rawPartition: 1,
    rawOffset: 42,
    rawHash: 'ab'.repeat(32),
    contentHash: contentHashOf(canonicalJson(says)),
    [sectionFields[type]]: section,
  }
}

export const sampleHead = (key: string, revision: number, head: Partial<ConversationHead> = {}): ConversationHead => ({
  conversationId: conversation(key),
  revision,
  ...account,
  key,
  channel: 'voice',
  direction: 'inbound',
  subject: null,
  language: 'en-US',
  startedAt,
  endedAt: startedAt + 65_000,
  durationMs: 65_000,
  state: 'closed',
  abandoned: false,
  updatedAt: startedAt + 70_000,
  parties: [
    { partyKey: 'p-1', role: 'customer', kind: 'person', name: 'Ada L.', externalId: 'x-1' },
    { partyKey: 'p-2', role: 'agent', kind: 'person', name: null, externalId: null },
  ],
  queues: ['Cards', 'q-2'],
  dispositionCode: 'w-1',
  dispositionName: 'Card replaced',
  customerUtterances: 3,
  agentUtterances: 2,
  messages: 0,
  toolCalls: 1,
  toolErrors: 0,
  reasoningSteps: 4,
  transfers: 1,
  holdMs: 5_000,
  queueMs: 8_000,
  sentimentScore: -0.4,
  surveyScore: 0.8,
  evaluationScore: null,
  ...head,
})

const stored = (offset: number, key: string, value: Buffer | null, headers: Record<string, string>): StoredRecord => ({
  offset,
  key: Buffer.from(key),
  value,
  timestamp: startedAt,
  headers,
})

function rangeOf<I extends 'events' | 'conversations'>(
  input: I,
  records: readonly SinkRecord<I extends 'events' ? ConversationEvent : ConversationHead>[],
  partition: number,
): OffsetRange<I> {
  const first = records[0]?.stored.offset ?? 0
  const last = records.at(-1)?.stored.offset ?? 0
  const token = `${input}:${partition}:${first}-${last}`
  return { input, topic: input, partition, first, last, token, records } as unknown as OffsetRange<I>
}

/** A range of events, from `first` on. Its size on the log is that of JSON, near enough. */
export const eventRange = (first: number, events: readonly ConversationEvent[], partition = 0): OffsetRange<'events'> =>
  rangeOf(
    'events',
    events.map((value, index) => ({
      value,
      stored: stored(first + index, value.conversationId, Buffer.from(JSON.stringify(value)), {}),
    })),
    partition,
  )

/** What became of a conversation: a revision with its vCon, a tombstone, or a tombstone that erases. */
export type ConversationState =
  | { readonly head: ConversationHead; readonly vcon: string }
  | { readonly key: string; readonly revision: number; readonly erased: boolean }

export const conversationRange = (
  first: number,
  states: readonly ConversationState[],
  partition = 0,
): OffsetRange<'conversations'> =>
  rangeOf(
    'conversations',
    states.map((state, index) => {
      const offset = first + index
      if ('head' in state) {
        const { head, vcon } = state
        const headers = {
          [conversationHeaders.revision]: `${head.revision}`,
          [conversationHeaders.head]: JSON.stringify(head),
        }
        return { value: head, stored: stored(offset, head.conversationId, Buffer.from(vcon), headers) }
      }
      const headers = {
        [conversationHeaders.revision]: `${state.revision}`,
        ...(state.erased && { [conversationHeaders.erase]: 'conversation' }),
      }
      return { value: null, stored: stored(offset, conversation(state.key), null, headers) }
    }),
    partition,
  )
