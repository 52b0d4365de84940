import type { Fact } from '../../src/sdk/index.ts'
import {
  aliasIn,
  aliasOfSpan,
  conversationOf,
  namesConversation,
  type Place,
  scopeKeyOf,
  spanAlias,
} from './normalize-address.ts'
import { contentOfEvents, detailsEvent, genAiContent, isMessageEvent } from './normalize-content.ts'
import { evaluationEvent, evaluationOfEvent } from './normalize-evaluations.ts'
import { messages, type Telling } from './normalize-messages.ts'
import { agentOf, joins, speakerOf } from './normalize-parties.ts'
import { partiesIn } from './normalize-spans.ts'
import { stepOfEvent } from './normalize-steps.ts'
import { mentionedCalls } from './normalize-tools.ts'
import type { Origin } from './origin.ts'
import type { LogRecord } from './otlp.ts'

/**
 * What the log records of one request tell. Up to version 1.36 of the conventions the messages of a call of a model are
 * records of their own: those of one span are read together, as they are written in one go. Should an exporter cut
 * between them, an answer of a tool may stay without its question.
 */
export function factsOfLogRecords(records: readonly LogRecord[], origin: Origin, account: string): readonly Fact[] {
  const placed = records.flatMap(record => {
    const place = placeOfLogRecord(record, origin, account)
    return place === undefined ? [] : [{ record, place }]
  })
  const calls = Map.groupBy(
    placed.filter(({ record }) => isMessageEvent(record.eventName)),
    ({ record, place }) => JSON.stringify([place.scopeKey, record.spanId]),
  )
  return [
    ...placed.flatMap(({ record, place }) => {
      if (record.eventName === evaluationEvent) return evaluationOfEvent(record, place, spanOf(record))
      return record.eventName === detailsEvent ? factsOfDetails(record, place, origin) : []
    }),
    ...[...calls.values()].flatMap(call => factsOfCall(call, origin)),
  ]
}

/**
 * True for agent telemetry that names neither a trace nor a conversation, so that nothing can be told about it. For other
 * log records it does not matter.
 */
export const isHomeless = (record: LogRecord) =>
  record.traceId === null &&
  (record.eventName === evaluationEvent || record.eventName === detailsEvent || isMessageEvent(record.eventName)) &&
  !namesConversation(record)

const spanOf = ({ traceId, spanId }: LogRecord) => (traceId === null || spanId === null ? null : { traceId, spanId })

function placeOfLogRecord(record: LogRecord, origin: Origin, account: string): Place | undefined {
  const { traceId, spanId } = record
  const conversation = conversationOf(record, origin)
  if (traceId === null) {
    if (conversation === undefined) return undefined
    const scope = scopeKeyOf(conversation)
    return {
      to: conversation,
      scopeKey: scope,
      partyScopeKey: scope,
      whereIs: () => conversation,
      alias: alias => ({ scope, alias, fallback: conversation }),
    }
  }
  return {
    to:
      conversation ??
      (spanId === null ? aliasIn(traceId, 'trace', account) : aliasOfSpan({ traceId, spanId }, account)),
    scopeKey: traceId,
    partyScopeKey: conversation === undefined ? traceId : scopeKeyOf(conversation),
    whereIs: id => conversation ?? { parentAlias: spanAlias(id) },
    alias: name => aliasIn(traceId, name, account),
  }
}

function factsOfDetails(record: LogRecord, place: Place, origin: Origin): Fact[] {
  const content = genAiContent(record.attributes)
  const agent = agentOf(record.attributes)
  const telling = {
    to: place.to,
    scopeKey: place.scopeKey,
    speaker: agent ?? speakerOf(origin),
    wholeRun: false,
    startedAt: record.at,
    endedAt: record.at,
  }
  const { spanId } = record
  return withParties(record, place, origin, [
    ...(spanId === null ? [] : stepOfEvent({ ...record, spanId }, content, place, agent)),
    ...told(content, telling, record, place, origin),
  ])
}

function factsOfCall(call: readonly { readonly record: LogRecord; readonly place: Place }[], origin: Origin): Fact[] {
  const [begin] = call
  if (begin === undefined) return []
  const { record: first, place } = begin
  const records = call.map(({ record }) => record)
  const content = contentOfEvents(records.map(({ eventName, body }) => ({ name: eventName ?? '', body })))
  const times = records.map(({ at }) => at)
  const telling = {
    to: place.to,
    scopeKey: place.scopeKey,
    speaker: agentOf(first.attributes) ?? speakerOf(origin),
    wholeRun: false,
    startedAt: times.reduce((a, b) => Math.min(a, b)),
    endedAt: times.reduce((a, b) => Math.max(a, b)),
  }
  return withParties(first, place, origin, told(content, telling, first, place, origin))
}

const told = (
  content: Parameters<typeof messages>[0],
  telling: Telling,
  record: LogRecord,
  place: Place,
  origin: Origin,
): Fact[] => [
  ...(origin.messages ? messages(content, telling) : []),
  ...mentionedCalls(content, {
    ...telling,
    agent: agentOf(record.attributes),
    place,
    traceId: record.traceId,
    spanId: record.spanId,
  }),
]

const withParties = (record: LogRecord, place: Place, origin: Origin, facts: readonly Fact[]): Fact[] => [
  ...facts,
  ...joins(partiesIn(facts), agentOf(record.attributes) ?? speakerOf(origin), record.attributes, {
    to: place.to,
    scopeKey: place.partyScopeKey,
    at: record.at,
  }),
]
