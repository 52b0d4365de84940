import type { RawRecord } from '../../src/core/records.ts'
import {
  type ConversationRef,
  drop,
  type EventFact,
  emit,
  event,
  type Fact,
  type Outcome,
  objectAt,
  textAt,
} from '../../src/sdk/index.ts'
import { conversationOf } from './about.ts'
import type { RecordContext } from './context.ts'
import { type Fields, listOf, numberOf, timeOf } from './fields.ts'
import { languageTag } from './normalize-lifecycle.ts'
import { scoreOf } from './normalize-transcript.ts'

/** Speech and text analytics of a conversation (ConversationMetrics): how the customer felt over the whole of it. */
export function normalizeSpeechAnalytics(record: RawRecord, fields: Fields, context: RecordContext): Outcome<Fact> {
  const to = conversationOf(record, context, textAt(fields, 'conversation', 'id'), 'speech analytics')
  const score = numberOf(fields, 'sentimentScore')
  if (score === undefined) return drop('no-sentiment')
  const trend = numberOf(fields, 'sentimentTrend')
  return emit(
    event({
      to,
      type: 'sentiment',
      key: to.key,
      occurredAt: context.eventTime ?? record.observedAt,
      section: {
        partyKey: context.parties.find(party => party.role === 'customer')?.partyKey,
        scope: 'conversation',
        ...scoreOf(score),
        trend: trend === undefined ? null : scoreOf(trend).score,
      },
    }),
  )
}

/** Summaries of a conversation and of its sessions (ConversationSummariesGetResponse). What an agent edited counts. */
export function normalizeSummaries(record: RawRecord, fields: Fields, context: RecordContext): Outcome<Fact> {
  const to = conversationOf(record, context, textAt(fields, 'conversation', 'id'), 'summaries')
  const whole = objectAt(fields, 'summary')
  const facts = [
    ...(whole === undefined ? [] : summaryOf(record, to, whole, `${to.key}/conversation`, 'conversation', context)),
    ...listOf(fields, 'sessionSummaries').flatMap((summary, index) =>
      summaryOf(
        record,
        to,
        summary,
        `${to.key}/${textAt(summary, 'communication', 'id') ?? index}`,
        'segment',
        context,
      ),
    ),
  ]
  return facts.length === 0 ? drop('no-summary') : emit(...facts)
}

function summaryOf(
  record: RawRecord,
  to: ConversationRef,
  fields: Fields,
  fallbackKey: string,
  kind: string,
  context: RecordContext,
): readonly EventFact[] {
  const text = textAt(fields, 'editedSummary', 'text') ?? textAt(fields, 'text')
  if (text === undefined) return []
  const communicationId = textAt(fields, 'communication', 'id')
  const party = context.parties.find(
    ({ sessionIds }) => communicationId !== undefined && sessionIds.includes(communicationId),
  )
  return [
    event({
      to,
      type: 'summary',
      key: textAt(fields, 'id') ?? fallbackKey,
      occurredAt: timeOf(fields, 'dateCreated') ?? context.eventTime ?? record.observedAt,
      section: {
        partyKey: party?.partyKey,
        text,
        kind,
        language: languageTag(textAt(fields, 'language')),
        // Whoever edits a summary takes it over from the model.
        model: textAt(fields, 'editedSummary', 'text') === undefined ? 'genesys-cloud' : null,
      },
    }),
  ]
}
