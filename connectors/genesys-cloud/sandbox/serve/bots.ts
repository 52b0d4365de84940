import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type BotSession, type BotTurn, type Conversation, existsAt } from '../model.ts'
import { botSessionOf, reportingTurnOf, turnKeyOf } from '../wire/bots.ts'
import { badRequest, notFound } from './errors.ts'
import { intervalOf, listOf, numberOf, pathOf, textOf } from './query.ts'
import type { World } from './world.ts'

/** After this long turns and sessions are deleted. */
const retentionMs = 10 * 24 * 3_600_000

interface Talk {
  readonly conversation: Conversation
  readonly session: BotSession
}

/** The reporting turns and sessions of bot flows, the newest session first. */
export function serveBots(app: FastifyInstance, world: World): void {
  const talks: readonly Talk[] = world.conversations
    .flatMap(conversation => (conversation.bot === undefined ? [] : [{ conversation, session: conversation.bot }]))
    .reverse()

  const talksOf = (request: FastifyRequest): readonly Talk[] => {
    const flowId = pathOf(request, 'botFlowId')
    if (!world.org.botFlows.some(flow => flow.id === flowId))
      throw notFound(`A bot flow with the given id was not found: ${flowId}`)
    return talks.filter(({ session }) => session.flowId === flowId)
  }

  const turns = (request: FastifyRequest) => {
    const sessionId = textOf(request, 'sessionId')
    const actionId = textOf(request, 'actionId')
    const language = textOf(request, 'language')
    const results = listOf(request, 'askActionResults').map(result => result.toLowerCase())
    if (sessionId !== undefined && (actionId !== undefined || language !== undefined || results.length > 0))
      throw badRequest('sessionId may not be given alongside actionId, language or askActionResults')
    const isShown = shownTo(request, world)
    const entries = talksOf(request)
      .filter(({ session }) => sessionId === undefined || session.id === sessionId)
      .filter(({ session }) => language === undefined || session.language === language.toLowerCase())
      .flatMap(({ conversation, session }) =>
        session.turns
          .filter(turn => actionId === undefined || turn.action.id === actionId)
          .filter(turn => results.length === 0 || results.includes(turn.result.toLowerCase()))
          .map((turn: BotTurn) => ({
            key: turnKeyOf(session, turn),
            shown: isShown(conversation, turn.completedAt),
            show: () => reportingTurnOf(conversation, session, turn),
          })),
      )
    return pageOf(request, entries)
  }

  app.get('/api/v2/analytics/botflows/:botFlowId/divisions/reportingturns', turns)
  app.get('/api/v2/analytics/botflows/:botFlowId/reportingturns', turns)
  app.get('/api/v2/analytics/botflows/:botFlowId/sessions', request => {
    const categories = listOf(request, 'botResultCategories').map(category => category.toLowerCase())
    const endLanguage = textOf(request, 'endLanguage')?.toLowerCase()
    const isShown = shownTo(request, world)
    const entries = talksOf(request)
      .filter(({ session }) => categories.length === 0 || categories.includes(session.resultCategory.toLowerCase()))
      .filter(({ session }) => endLanguage === undefined || session.language === endLanguage)
      .map(({ conversation, session }) => ({
        key: session.id,
        shown: isShown(conversation, session.turns.at(-1)?.completedAt ?? 0),
        show: () => botSessionOf(conversation, session),
      }))
    return pageOf(request, entries)
  })
}

/** Whether something that was completed then is there, kept, and in the interval that was asked for. */
function shownTo(request: FastifyRequest, world: World): (conversation: Conversation, completedAt: number) => boolean {
  const text = textOf(request, 'interval')
  const interval = text === undefined ? undefined : intervalOf(text)
  const now = world.now()
  return (conversation, at) =>
    existsAt(conversation, now) &&
    at <= now &&
    at > now - retentionMs &&
    (interval === undefined || (at >= interval.from && at < interval.to))
}

interface Entry {
  readonly key: string
  readonly shown: boolean
  readonly show: () => object
}

/**
 * Up to 250 entities after the one that `after` names, and the URI of the next page while there is one. A cursor holds
 * even if what it names was deleted meanwhile.
 */
function pageOf(request: FastifyRequest, entries: readonly Entry[]) {
  const after = textOf(request, 'after')
  const pageSize = numberOf(request, 'pageSize', 50, 250)
  const from = after === undefined ? 0 : entries.findIndex(entry => entry.key === after) + 1
  if (after !== undefined && from === 0) throw badRequest(`Invalid cursor [${after}]`)
  const rest = entries.slice(from).filter(entry => entry.shown)
  const page = rest.slice(0, pageSize)
  const last = page.at(-1)
  const [path = ''] = request.url.split('?')
  const next = new URLSearchParams(request.url.slice(path.length + 1))
  if (last !== undefined) next.set('after', last.key)
  return {
    entities: page.map(entry => entry.show()),
    selfUri: request.url,
    ...(rest.length > pageSize ? { nextUri: `${path}?${next}` } : {}),
  }
}
