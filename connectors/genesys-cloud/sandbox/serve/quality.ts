import type { FastifyInstance } from 'fastify'
import { existsAt } from '../model.ts'
import { evaluationOf, surveyOf } from '../wire/quality.ts'
import { listing } from './directory.ts'
import { badRequest, notFound } from './errors.ts'
import { pathOf, textOf } from './query.ts'
import type { World } from './world.ts'

/** Evaluations and surveys. */
export function serveQuality(app: FastifyInstance, world: World): void {
  const present = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value])

  app.get('/api/v2/quality/conversations/:conversationId/evaluations/:evaluationId', request => {
    const conversation = world.find(pathOf(request, 'conversationId'))
    const evaluation = conversation.evaluations.find(one => one.id === pathOf(request, 'evaluationId'))
    const shown = evaluation && evaluationOf(conversation, evaluation, world.org, world.now(), true)
    if (shown === undefined) throw notFound()
    return shown
  })

  const filters = ['conversationId', 'agentUserId', 'evaluatorUserId', 'assigneeUserId'] as const
  app.get('/api/v2/quality/evaluations/query', request => {
    const wanted = Object.fromEntries(filters.map(name => [name, textOf(request, name)]))
    if (filters.every(name => wanted[name] === undefined))
      throw badRequest(`Query params must include one of ${filters.join(', ')}`)
    const now = world.now()
    const answers = textOf(request, 'expandAnswerTotalScores') === 'true'
    const found = world.conversations
      .filter(conversation => existsAt(conversation, now))
      .filter(conversation => wanted['conversationId'] === undefined || conversation.id === wanted['conversationId'])
      .flatMap(conversation =>
        conversation.evaluations
          .filter(one => wanted['agentUserId'] === undefined || one.agentUserId === wanted['agentUserId'])
          .filter(one => wanted['evaluatorUserId'] === undefined || one.evaluatorId === wanted['evaluatorUserId'])
          .filter(() => wanted['assigneeUserId'] === undefined)
          .flatMap(one => present(evaluationOf(conversation, one, world.org, now, answers))),
      )
    return listing(request, '/api/v2/quality/evaluations/query', found)
  })

  app.get('/api/v2/quality/conversations/:conversationId/surveys', request => {
    const conversation = world.find(pathOf(request, 'conversationId'))
    return conversation.surveys.flatMap(survey => present(surveyOf(conversation, survey, world.now())))
  })
  app.get('/api/v2/quality/surveys/:surveyId', request => {
    const id = pathOf(request, 'surveyId')
    const now = world.now()
    for (const conversation of world.conversations) {
      const survey = conversation.surveys.find(one => one.id === id)
      const shown = survey && existsAt(conversation, now) ? surveyOf(conversation, survey, now) : undefined
      if (shown !== undefined) return shown
    }
    throw notFound()
  })
}
