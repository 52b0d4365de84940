import type { Models } from 'purecloud-platform-client-v2'
import {
  type Conversation,
  type Evaluation,
  type EvaluationForm,
  type EvaluationVersion,
  type Survey,
  shownAt,
} from '../model.ts'
import type { Org } from '../org.ts'
import { iso, wire } from './wire.ts'

const questionsOf = (form: EvaluationForm) => form.groups.flatMap(group => group.questions)

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

const percent = (points: readonly number[], most: readonly number[]) =>
  most.length === 0 ? 0 : Math.round((sum(points) / sum(most)) * 10_000) / 100

/** Percent of the points of the form; undefined while it is not filled in. */
export const scoreOf = (form: EvaluationForm, points: readonly number[] | undefined) =>
  points === undefined
    ? undefined
    : percent(
        points,
        questionsOf(form).map(question => question.most),
      )

/** The same of the critical questions: those of the last group. */
export function criticalOf(form: EvaluationForm, points: readonly number[] | undefined): number | undefined {
  const critical = form.groups.at(-1)?.questions.length ?? 0
  if (points === undefined || critical === 0) return undefined
  return percent(
    points.slice(-critical),
    questionsOf(form)
      .slice(-critical)
      .map(question => question.most),
  )
}

/** An evaluation as the quality API shows it at `at`; undefined while there is none. */
export function evaluationOf(
  conversation: Conversation,
  evaluation: Evaluation,
  org: Org,
  at: number,
  withAnswers: boolean,
): Models.EvaluationResponse | undefined {
  const version = shownAt(evaluation.versions, at)
  if (version === undefined) return undefined
  const first = evaluation.versions[0]?.shownFrom ?? version.shownFrom
  const submitted = evaluation.versions.find(candidate => candidate.status === 'FINISHED')?.eventTime
  const finished = version.status === 'FINISHED'
  const person = (id: string) => {
    const user = org.users.find(candidate => candidate.id === id)
    return { id, name: user?.name ?? '', version: 1, selfUri: `/api/v2/users/${id}` }
  }
  return wire<Models.EvaluationResponse>({
    id: evaluation.id,
    conversation: { id: conversation.id, selfUri: `/api/v2/conversations/${conversation.id}` },
    evaluationForm: formOf(evaluation.form),
    evaluator: person(evaluation.evaluatorId),
    agent: person(evaluation.agentUserId),
    status: version.status,
    answers: withAnswers && version.points !== undefined ? answersOf(evaluation.form, version) : undefined,
    agentHasRead: false,
    queue: evaluation.queueId === undefined ? undefined : { id: evaluation.queueId },
    mediaType: [conversation.channel === 'voice' ? 'CALL' : conversation.channel.toUpperCase()],
    divisionIds: [org.division.id],
    rescore: version.rescored,
    neverRelease: false,
    assigned: true,
    assignedDate: iso(first),
    createdDate: iso(first),
    changedDate: iso(version.eventTime),
    submittedDate: finished && submitted !== undefined ? iso(submitted) : undefined,
    releaseDate: finished && submitted !== undefined ? iso(submitted) : undefined,
    conversationDate: iso(conversation.startedAt),
    conversationEndDate: iso(conversation.endedAt),
    resourceId: conversation.id,
    resourceType: 'CONVERSATION',
    redacted: false,
    isScoringIndex: true,
    version: evaluation.versions.indexOf(version) + 1,
    selfUri: `/api/v2/quality/conversations/${conversation.id}/evaluations/${evaluation.id}`,
  })
}

const formOf = (form: EvaluationForm): Models.EvaluationFormResponse => ({
  id: form.id,
  name: form.name,
  contextId: form.contextId,
  published: true,
  questionGroups: form.groups.map((group, index) => ({
    id: group.id,
    name: group.name,
    type: 'questionGroup',
    weight: 1,
    questions: group.questions.map(question => ({
      id: question.id,
      text: question.text,
      type: 'multipleChoiceQuestion',
      isCritical: index === form.groups.length - 1,
      isKill: false,
      answerOptions: Array.from({ length: question.most + 1 }, (_, value) => ({
        id: answerIdOf(question.id, value),
        text: String(value),
        value,
      })),
    })),
  })),
})

const answerIdOf = (questionId: string, value: number) => `${questionId}-${value}`

function answersOf(form: EvaluationForm, version: EvaluationVersion): Models.EvaluationScoringSet {
  const remaining = [...(version.points ?? [])]
  const groups = form.groups.map(group => {
    const scores = group.questions.map(question => ({ question, score: remaining.shift() ?? 0 }))
    const most = sum(scores.map(({ question }) => question.most))
    const total = sum(scores.map(({ score }) => score))
    return wire<Models.EvaluationQuestionGroupScore>({
      questionGroupId: group.id,
      totalScore: total,
      maxTotalScore: most,
      markedNA: false,
      totalScoreUnweighted: total,
      maxTotalScoreUnweighted: most,
      questionScores: scores.map(({ question, score }) => ({
        questionId: question.id,
        answerId: answerIdOf(question.id, score),
        score,
        markedNA: false,
        failedKillQuestion: false,
      })),
    })
  })
  return wire<Models.EvaluationScoringSet>({
    totalScore: scoreOf(form, version.points),
    totalCriticalScore: criticalOf(form, version.points),
    anyFailedKillQuestions: false,
    comments: version.comment,
    questionGroupScores: groups,
  })
}

/** A survey as the quality API shows it at `at`; undefined before it was sent. */
export function surveyOf(conversation: Conversation, survey: Survey, at: number): Models.Survey | undefined {
  const version = shownAt(survey.versions, at)
  if (version === undefined) return undefined
  const questions = version.answers.map(({ question }, index) => ({
    id: `${survey.form.id}-${index}`,
    text: question,
    type: 'multipleChoiceQuestion',
  }))
  const groupId = `${survey.form.id}-group`
  return wire<Models.Survey>({
    id: survey.id,
    conversation: { id: conversation.id, selfUri: `/api/v2/conversations/${conversation.id}` },
    surveyForm: {
      id: survey.form.id,
      name: survey.form.name,
      contextId: survey.form.contextId,
      language: conversation.language,
      published: true,
      questionGroups: [{ id: groupId, name: 'Questions', type: 'questionGroup', questions }],
    },
    agent: survey.agentUserId === undefined ? undefined : { id: survey.agentUserId },
    queue: survey.queueId === undefined ? undefined : { id: survey.queueId },
    status: version.status,
    surveyType: 'Web',
    completedDate: version.status === 'Finished' ? iso(version.eventTime) : undefined,
    answers:
      version.score === undefined
        ? undefined
        : wire<Models.SurveyScoringSet>({
            totalScore: version.score,
            npsScore: version.promoterScore,
            questionGroupScores: [
              {
                questionGroupId: groupId,
                questionScores: version.answers.map((answer, index) => ({
                  questionId: `${survey.form.id}-${index}`,
                  score: answer.score,
                  markedNA: false,
                  freeTextAnswer: answer.text,
                })),
              },
            ],
          }),
    selfUri: `/api/v2/quality/surveys/${survey.id}`,
  })
}
