import type { Models } from 'purecloud-platform-client-v2'
import { z } from 'zod'
import { badRequest } from './errors.ts'

const predicate = z.object({
  type: z.enum(['dimension', 'metric', 'property']).optional(),
  dimension: z.string().optional(),
  metric: z.string().optional(),
  operator: z.enum(['matches', 'exists', 'notExists']).optional(),
  value: z.string().nullish(),
  range: z
    .object({
      gt: z.number().nullish(),
      gte: z.number().nullish(),
      lt: z.number().nullish(),
      lte: z.number().nullish(),
    })
    .nullish(),
})

const kind = z.enum(['and', 'or'])

const filter = z.object({
  type: kind,
  clauses: z.array(z.object({ type: kind, predicates: z.array(predicate) })).nullish(),
  predicates: z.array(predicate).nullish(),
})

const filters = z.array(filter).nullish()

/** The filters that a details query or job may carry. */
export const filterFields = {
  conversationFilters: filters,
  segmentFilters: filters,
  evaluationFilters: filters,
  surveyFilters: filters,
  resolutionFilters: filters,
}

type Filter = z.infer<typeof filter>
type Predicate = z.infer<typeof predicate>

export interface Filters {
  readonly conversationFilters?: readonly Filter[] | null | undefined
  readonly segmentFilters?: readonly Filter[] | null | undefined
  readonly evaluationFilters?: readonly Filter[] | null | undefined
  readonly surveyFilters?: readonly Filter[] | null | undefined
  readonly resolutionFilters?: readonly Filter[] | null | undefined
}

/** What a filter looks at: dimensions and metrics by name. */
type Row = Readonly<Record<string, unknown>>

/** The dimensions and metrics that the sandbox can filter by; others are refused rather than matching nothing. */
const known: Readonly<Record<keyof Filters, readonly string[]>> = {
  conversationFilters: [
    'conversationId',
    'conversationStart',
    'conversationEnd',
    'originatingDirection',
    'divisionId',
    'conversationInitiator',
    'selfServed',
  ],
  segmentFilters: [
    'conversationId',
    'originatingDirection',
    'divisionId',
    'participantId',
    'participantName',
    'purpose',
    'userId',
    'sessionId',
    'mediaType',
    'messageType',
    'direction',
    'provider',
    'ani',
    'dnis',
    'addressFrom',
    'addressTo',
    'flowId',
    'flowType',
    'queueId',
    'segmentType',
    'segmentEnd',
    'disconnectType',
    'wrapUpCode',
    'wrapUpNote',
    'tTalk',
    'tHeld',
    'tAcw',
    'tHandle',
    'tAcd',
    'tAbandon',
    'tIvr',
    'tAlert',
    'nTransferred',
    'nBlindTransferred',
    'nConsultTransferred',
    'nOffered',
  ],
  evaluationFilters: [
    'evaluationId',
    'evaluationStatus',
    'formId',
    'evaluatorId',
    'userId',
    'queueId',
    'released',
    'rescored',
    'eventTime',
    'oTotalScore',
    'oTotalCriticalScore',
  ],
  surveyFilters: [
    'surveyId',
    'surveyStatus',
    'surveyFormId',
    'surveyFormContextId',
    'userId',
    'queueId',
    'surveyPromoterScore',
    'oSurveyTotalScore',
  ],
  resolutionFilters: ['queueId', 'userId', 'nNextContactAvoided', 'eventTime'],
}

/** Refuses predicates that the sandbox cannot judge. */
export function checkFilters(query: Filters): void {
  for (const field of Object.keys(known) as (keyof Filters)[])
    for (const one of query[field] ?? [])
      for (const condition of [
        ...(one.predicates ?? []),
        ...(one.clauses ?? []).flatMap(clause => clause.predicates),
      ]) {
        const name = condition.dimension ?? condition.metric
        if (name === undefined || !known[field].includes(name))
          throw badRequest(`${field}: cannot filter by ${name ?? 'a predicate without dimension or metric'}`)
      }
}

/** True if the conversation passes every filter; a list of evaluations, segments, … passes if one of them does. */
export function matches(details: Models.AnalyticsConversation, query: Filters): boolean {
  const base: Row = { ...details, divisionId: details.divisionIds }
  const rows: Readonly<Record<keyof Filters, () => readonly Row[]>> = {
    conversationFilters: () => [base],
    segmentFilters: () => segmentRows(details, base),
    evaluationFilters: () => (details.evaluations ?? []).map(evaluation => ({ ...evaluation })),
    surveyFilters: () => (details.surveys ?? []).map(survey => ({ ...survey })),
    resolutionFilters: () => (details.resolutions ?? []).map(resolution => ({ ...resolution })),
  }
  return (Object.keys(rows) as (keyof Filters)[]).every(field => {
    const wanted = query[field] ?? []
    return wanted.length === 0 || wanted.every(one => rows[field]().some(row => passes(row, one)))
  })
}

function segmentRows(details: Models.AnalyticsConversation, base: Row): readonly Row[] {
  return (details.participants ?? []).flatMap(participant =>
    (participant.sessions ?? []).flatMap(session => {
      const metrics = Object.fromEntries((session.metrics ?? []).map(metric => [metric.name, metric.value]))
      return (session.segments ?? []).map(segment => ({
        ...base,
        ...participant,
        ...session,
        ...session.flow,
        ...metrics,
        ...segment,
      }))
    }),
  )
}

function passes(row: Row, { type, predicates, clauses }: Filter): boolean {
  const answers = [
    ...(predicates ?? []).map(condition => holds(row, condition)),
    ...(clauses ?? []).map(clause =>
      combine(
        clause.type,
        clause.predicates.map(condition => holds(row, condition)),
      ),
    ),
  ]
  return combine(type, answers)
}

const combine = (type: 'and' | 'or', answers: readonly boolean[]) =>
  answers.length === 0 || (type === 'and' ? answers.every(Boolean) : answers.some(Boolean))

function holds(row: Row, { dimension, metric, operator, value, range }: Predicate): boolean {
  const found = row[dimension ?? metric ?? '']
  if (operator === 'exists') return found !== undefined
  if (operator === 'notExists') return found === undefined
  if (range != null) return typeof found === 'number' && inRange(found, range)
  return [found].flat().some(one => one !== undefined && String(one).toLowerCase() === value?.toLowerCase())
}

const inRange = (number: number, { gt, gte, lt, lte }: NonNullable<Predicate['range']>) =>
  (gt == null || number > gt) &&
  (gte == null || number >= gte) &&
  (lt == null || number < lt) &&
  (lte == null || number <= lte)
