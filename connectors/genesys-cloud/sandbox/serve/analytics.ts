import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { existsAt } from '../model.ts'
import { detailsOf } from '../wire/details.ts'
import { iso } from '../wire/wire.ts'
import { badRequest } from './errors.ts'
import { checkFilters, filterFields } from './filters.ts'
import { type JobQuery, Jobs, select } from './jobs.ts'
import { intervalOf, listOf, numberOf, pathOf, textOf } from './query.ts'
import { lakeLagMs, type World } from './world.ts'

const shared = {
  interval: z.string(),
  order: z.enum(['asc', 'desc', 'unordered']).nullish(),
  orderBy: z.enum(['conversationStart', 'conversationEnd']).nullish(),
  ...filterFields,
}

const jobBody = z.object({
  ...shared,
  limit: z.int().positive().nullish(),
  startOfDayIntervalMatching: z.boolean().nullish(),
})

const queryBody = z.object({
  ...shared,
  paging: z.object({ pageSize: z.int().min(1).max(100), pageNumber: z.int().min(1) }).nullish(),
})

function parse<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw badRequest(`Invalid query: ${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not understood'}`)
}

function queryFrom(body: z.output<typeof jobBody> | z.output<typeof queryBody>, startOfDay: boolean): JobQuery {
  checkFilters(body)
  return {
    ...body,
    interval: intervalOf(body.interval),
    order: body.order === 'desc' ? 'desc' : 'asc',
    orderBy: body.orderBy ?? 'conversationStart',
    limit: 'limit' in body ? (body.limit ?? undefined) : undefined,
    startOfDay,
  }
}

/** Conversation details: jobs over the data lake, and live queries. */
export function serveAnalytics(app: FastifyInstance, world: World, jobMs: number): void {
  const jobs = new Jobs(world, jobMs)
  const details = '/api/v2/analytics/conversations/details'
  const divisionId = world.org.division.id

  app.post(`${details}/jobs`, (request, reply) => {
    const body = parse(jobBody, request.body)
    return reply.code(202).send(jobs.submit(queryFrom(body, body.startOfDayIntervalMatching === true)))
  })
  app.get(`${details}/jobs/availability`, () => ({ dataAvailabilityDate: iso(world.now() - lakeLagMs) }))
  app.get(`${details}/jobs/:jobId`, request => jobs.status(pathOf(request, 'jobId')))
  app.get(`${details}/jobs/:jobId/results`, request =>
    jobs.page(pathOf(request, 'jobId'), textOf(request, 'cursor'), numberOf(request, 'pageSize', 1000, 1000)),
  )
  app.delete(`${details}/jobs/:jobId`, (request, reply) => {
    jobs.remove(pathOf(request, 'jobId'))
    return reply.code(204).send()
  })

  app.post(`${details}/query`, request => {
    const body = parse(queryBody, request.body)
    const { pageSize, pageNumber } = body.paging ?? { pageSize: 25, pageNumber: 1 }
    const now = world.now()
    const found = select(world, queryFrom(body, true), now)
    const page = found.slice((pageNumber - 1) * pageSize, pageNumber * pageSize)
    return {
      ...(page.length === 0 ? {} : { conversations: page.map(one => detailsOf(one, divisionId, now, false)) }),
      totalHits: found.length,
    }
  })
  app.get(details, request => {
    const ids = listOf(request, 'id')
    if (ids.length === 0) throw badRequest('Query parameter id must name at least one conversation')
    const now = world.now()
    const wanted = new Set(ids)
    return {
      conversations: world.conversations
        .filter(conversation => wanted.has(conversation.id) && existsAt(conversation, now))
        .map(conversation => detailsOf(conversation, divisionId, now, false)),
    }
  })
  app.get('/api/v2/analytics/conversations/:conversationId/details', request =>
    detailsOf(world.find(pathOf(request, 'conversationId')), divisionId, world.now(), false),
  )
}
