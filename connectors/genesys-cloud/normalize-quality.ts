import type { RawRecord } from '../../src/core/records.ts'
import {
  type ConversationRef,
  dataError,
  type EventFact,
  emit,
  event,
  type Fact,
  type Outcome,
  objectAt,
  textAt,
} from '../../src/sdk/index.ts'
import { type About, conversationRef } from './about.ts'
import type { RecordContext } from './context.ts'
import { type Fields, integerOf, isTrue, latest, listOf, numberOf, timeOf } from './fields.ts'

/** The key space of evaluations and surveys, whichever payload shows them. */
export const qualityStreams = { evaluations: 'evaluations', surveys: 'surveys' } as const

/** Genesys scores forms in percent. */
const percent = { scaleMin: 0, scaleMax: 100 } as const

/** Evaluations, surveys and resolutions as details show them: those that were read in full are told by their own records. */
export function qualityFacts(about: About): readonly EventFact[] {
  const { conversation, context, to } = about
  const late = conversation.endedAt ?? conversation.startedAt
  const agentOf = (fields: Fields) => {
    const userId = textAt(fields, 'userId')
    return userId === undefined ? undefined : conversation.participants.find(party => party.userId === userId)?.key
  }
  const evaluations = listOf(conversation.fields, 'evaluations').flatMap(fields => {
    const id = textAt(fields, 'evaluationId')
    if (id === undefined) return []
    if (isTrue(fields, 'deleted')) return [deletedEvaluation(about, fields, id)]
    return context.readInFull.has(id) ? [] : [evaluationInBrief(about, fields, id, late, agentOf(fields))]
  })
  const surveys = listOf(conversation.fields, 'surveys').flatMap(fields => {
    const id = textAt(fields, 'surveyId')
    return id === undefined || context.readInFull.has(id) ? [] : [surveyInBrief(to, fields, id, late)]
  })
  const resolutions = listOf(conversation.fields, 'resolutions').flatMap((fields, index) =>
    resolution(about, fields, index, late, agentOf(fields)),
  )
  return [...evaluations, ...surveys, ...resolutions]
}

/** Whether this conversation made another one unnecessary (AnalyticsResolution). It has no id of its own. */
function resolution(
  { conversation, to }: About,
  fields: Fields,
  index: number,
  late: number,
  partyKey: string | undefined,
): readonly EventFact[] {
  const score = integerOf(fields, 'nNextContactAvoided')
  if (score === undefined) return []
  return [
    event({
      to,
      type: 'evaluation.result',
      key: `${conversation.id}/resolution/${index}`,
      occurredAt: timeOf(fields, 'eventTime') ?? late,
      section: { partyKey, name: 'next contact avoided', score, scaleMin: 0, scaleMax: 1, evaluatorKind: 'code' },
    }),
  ]
}

/** What details say gives way to the full evaluation of the same moment. */
const briefVersion = (eventTime: number | undefined) => (eventTime === undefined ? {} : { version: eventTime - 1 })

function evaluationInBrief(
  { to, context: { users } }: About,
  fields: Fields,
  id: string,
  late: number,
  partyKey: string | undefined,
): EventFact {
  const at = timeOf(fields, 'eventTime')
  const evaluatorId = textAt(fields, 'evaluatorId')
  return event({
    to,
    type: 'evaluation.result',
    stream: qualityStreams.evaluations,
    key: id,
    occurredAt: at ?? late,
    ...briefVersion(at),
    section: {
      partyKey,
      evaluationId: id,
      name: textAt(fields, 'formName') ?? textAt(fields, 'formId') ?? 'evaluation',
      formId: textAt(fields, 'formId'),
      score: numberOf(fields, 'oTotalScore'),
      ...percent,
      evaluatorKind: evaluatorId === undefined || isTrue(fields, 'systemSubmitted') ? 'unknown' : 'human',
      evaluator: evaluatorId === undefined ? null : (users.get(evaluatorId) ?? evaluatorId),
      status: evaluationStatusOf(textAt(fields, 'evaluationStatus')),
      vendorStatus: textAt(fields, 'evaluationStatus'),
    },
  })
}

/** Seen in details at observedAt, which is later than any version of the evaluation that still was. */
function deletedEvaluation(about: About, fields: Fields, id: string): EventFact {
  const { record, to, conversation } = about
  return event({
    to,
    type: 'evaluation.result',
    stream: qualityStreams.evaluations,
    key: id,
    occurredAt: timeOf(fields, 'eventTime') ?? conversation.endedAt ?? conversation.startedAt,
    version: record.observedAt,
    section: {
      evaluationId: id,
      name: textAt(fields, 'formName') ?? textAt(fields, 'formId') ?? 'evaluation',
      formId: textAt(fields, 'formId'),
      evaluatorKind: 'unknown',
      status: 'retracted',
      vendorStatus: 'deleted',
    },
  })
}

/** `InProgress` in details is `INPROGRESS` in the evaluation itself. */
function evaluationStatusOf(status: string | undefined): string | undefined {
  switch (status?.toLowerCase()) {
    case 'pending':
      return 'pending'
    case 'inprogress':
    case 'inreview':
      return 'in-progress'
    case 'finished':
      return 'finished'
    case 'retracted':
      return 'retracted'
    default:
      return undefined
  }
}

/** An evaluation in full (EvaluationResponse). */
export function normalizeEvaluation(record: RawRecord, fields: Fields, context: RecordContext): Outcome<Fact> {
  const id = textAt(fields, 'id')
  const conversationId = textAt(fields, 'conversation', 'id') ?? context.conversationId ?? record.conversationKey
  if (id === undefined || conversationId === null) throw missing('evaluation')
  const answers = objectAt(fields, 'answers')
  const form = objectAt(fields, 'evaluationForm')
  const changedAt = timeOf(fields, 'changedDate')
  const { eventTime } = context
  const evaluatorId = textAt(fields, 'evaluator', 'id')
  const isRetracted = textAt(fields, 'status')?.toLowerCase() === 'retracted'
  return emit(
    event({
      to: conversationRef(record, conversationId),
      type: 'evaluation.result',
      stream: qualityStreams.evaluations,
      key: id,
      occurredAt:
        timeOf(fields, 'submittedDate') ?? changedAt ?? timeOf(fields, 'createdDate') ?? eventTime ?? record.observedAt,
      version: latest([changedAt ?? [], eventTime ?? []].flat()) ?? record.observedAt,
      section: {
        partyKey: partyOfUser(context, textAt(fields, 'agent', 'id')),
        evaluationId: id,
        name: textAt(form, 'name') ?? textAt(form, 'id') ?? 'evaluation',
        formId: textAt(form, 'id'),
        score: numberOf(answers, 'totalScore'),
        ...percent,
        label: isTrue(answers, 'anyFailedKillQuestions') ? 'fail' : null,
        explanation: textAt(answers, 'comments'),
        evaluatorKind: evaluatorId !== undefined ? 'human' : objectAt(fields, 'aiScoring') ? 'llm' : 'unknown',
        evaluator: textAt(fields, 'evaluator', 'name') ?? context.users.get(evaluatorId ?? '') ?? evaluatorId,
        status: isRetracted ? 'retracted' : evaluationStatusOf(textAt(fields, 'status')),
        vendorStatus: textAt(fields, 'status'),
        answers: answersOf(answers, form),
      },
    }),
  )
}

const missing = (what: string) =>
  dataError('missing-id', `reading an ${what}: it has no id, or nothing says of which conversation it is`)

const partyOfUser = (context: RecordContext, userId: string | undefined) =>
  userId === undefined ? undefined : context.parties.find(party => party.userId === userId)?.partyKey

/** Scores with the words of the form that they were given on, where the payload holds the form. */
function answersOf(answers: Fields | undefined, form: Fields | undefined) {
  const questions = new Map(
    listOf(form, 'questionGroups')
      .flatMap(group => listOf(group, 'questions'))
      .flatMap(question => [question, ...listOf(question, 'multipleSelectOptionQuestions')])
      .map(question => [textAt(question, 'id'), question] as const),
  )
  return listOf(answers, 'questionGroupScores')
    .flatMap(group => listOf(group, 'questionScores'))
    .map(score => {
      const question = questions.get(textAt(score, 'questionId'))
      const options = listOf(question, 'answerOptions')
      const chosen = options.find(option => textAt(option, 'id') === textAt(score, 'answerId'))
      const values = options.flatMap(option => numberOf(option, 'value') ?? [])
      return {
        questionId: textAt(score, 'questionId') ?? null,
        question: textAt(question, 'text') ?? null,
        answer: isTrue(score, 'markedNA')
          ? 'not applicable'
          : (textAt(score, 'freeTextAnswer') ?? textAt(score, 'npsTextAnswer') ?? textAt(chosen, 'text') ?? null),
        score: numberOf(score, 'score') ?? numberOf(score, 'npsScore') ?? null,
        maxScore: values.length === 0 ? null : Math.max(...values),
        comment: textAt(score, 'comments') ?? textAt(score, 'aiAnswer', 'explanation') ?? null,
      }
    })
}

function surveyInBrief(to: ConversationRef, fields: Fields, id: string, late: number): EventFact {
  const at = timeOf(fields, 'eventTime')
  return event({
    to,
    type: 'survey',
    stream: qualityStreams.surveys,
    key: id,
    occurredAt: timeOf(fields, 'surveyCompletedDate') ?? at ?? late,
    ...briefVersion(at),
    section: {
      surveyId: id,
      formId: textAt(fields, 'surveyFormId'),
      formName: textAt(fields, 'surveyFormName'),
      status: surveyStatusOf(textAt(fields, 'surveyStatus')),
      vendorStatus: textAt(fields, 'surveyStatus'),
      score: numberOf(fields, 'oSurveyTotalScore'),
      ...percent,
      promoterScore: promoterScoreOf(integerOf(fields, 'surveyPromoterScore')),
    },
  })
}

function surveyStatusOf(status: string | undefined): string {
  switch (status?.toLowerCase()) {
    case 'sent':
      return 'sent'
    case 'inprogress':
      return 'started'
    case 'finished':
      return 'finished'
    case 'expired':
      return 'expired'
    default:
      return 'unknown'
  }
}

const promoterScoreOf = (score: number | undefined) =>
  score === undefined || score < 0 || score > 10 ? undefined : score

/** A survey in full (Survey). */
export function normalizeSurvey(record: RawRecord, fields: Fields, context: RecordContext): Outcome<Fact> {
  const id = textAt(fields, 'id')
  const conversationId = textAt(fields, 'conversation', 'id') ?? context.conversationId ?? record.conversationKey
  if (id === undefined || conversationId === null) throw missing('survey')
  const answers = objectAt(fields, 'answers')
  const form = objectAt(fields, 'surveyForm')
  const list = answersOf(answers, form)
  return emit(
    event({
      to: conversationRef(record, conversationId),
      type: 'survey',
      stream: qualityStreams.surveys,
      key: id,
      occurredAt: timeOf(fields, 'completedDate') ?? context.eventTime ?? record.observedAt,
      section: {
        surveyId: id,
        formId: textAt(form, 'id'),
        formName: textAt(form, 'name'),
        status: surveyStatusOf(textAt(fields, 'status')),
        vendorStatus: textAt(fields, 'status'),
        score: numberOf(answers, 'totalScore'),
        ...percent,
        promoterScore: promoterScoreOf(integerOf(answers, 'npsScore')),
        comment: commentOf(answers),
        answers: list,
      },
    }),
  )
}

const commentOf = (answers: Fields | undefined) =>
  listOf(answers, 'questionGroupScores')
    .flatMap(group => listOf(group, 'questionScores'))
    .flatMap(score => textAt(score, 'npsTextAnswer') ?? textAt(score, 'freeTextAnswer') ?? [])[0]
