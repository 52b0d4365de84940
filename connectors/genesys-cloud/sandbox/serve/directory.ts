import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Named } from '../org.ts'
import { notFound } from './errors.ts'
import { listOf, numberOf, pathOf, textOf } from './query.ts'
import type { World } from './world.ts'

/** What the ids in conversations mean: queues, users, wrap-up codes, flows, divisions. */
export function serveDirectory(app: FastifyInstance, world: World): void {
  const { org } = world
  const division = { ...org.division, selfUri: `/api/v2/authorization/divisions/${org.division.id}` }
  const created = new Date(world.schedule.start - 400 * 24 * 3_600_000).toISOString()

  serveList(app, '/api/v2/routing/queues', org.queues, queue => ({
    ...queue,
    division,
    dateCreated: created,
    enableTranscription: true,
    memberCount: org.users.length - 1,
  }))
  serveList(app, '/api/v2/users', org.users, user => ({
    ...user,
    division,
    username: user.email,
    state: 'active',
    version: 1,
  }))
  serveList(app, '/api/v2/routing/wrapupcodes', org.wrapUpCodes, code => ({ ...code, division, dateCreated: created }))
  const flowType = 'DIGITALBOT'
  const flow = (named: Named) => ({ ...named, division, type: flowType, active: true, deleted: false })
  const ofType = (request: FastifyRequest) => {
    const types = listOf(request, 'type').map(type => type.toUpperCase())
    return types.length === 0 || types.includes(flowType)
  }
  serveList(app, '/api/v2/flows/divisionviews', org.botFlows, flow, ofType)
  serveList(app, '/api/v2/flows', org.botFlows, flow, ofType)
  serveList(app, '/api/v2/authorization/divisions', [org.division], one => ({ ...one, homeDivision: true }))
  app.get('/api/v2/organizations/me', () => ({
    id: org.id,
    name: org.name,
    state: 'active',
    version: 1,
    selfUri: '/api/v2/organizations/me',
  }))
}

/** A list by page number and id, and each of its entities. */
function serveList<T extends Named>(
  app: FastifyInstance,
  path: string,
  all: readonly T[],
  show: (one: T) => object,
  isWanted: (request: FastifyRequest) => boolean = () => true,
): void {
  const shown = (one: T) => ({ ...show(one), selfUri: `${path}/${one.id}` })
  app.get(path, request => {
    const ids = listOf(request, 'id')
    const name = textOf(request, 'name')?.toLowerCase()
    const found = all.filter(
      one =>
        isWanted(request) &&
        (ids.length === 0 || ids.includes(one.id)) &&
        (name === undefined || one.name.toLowerCase().includes(name)),
    )
    return listing(request, path, found.map(shown))
  })
  app.get(`${path}/:id`, request => {
    const id = pathOf(request, 'id')
    const found = all.find(one => one.id === id)
    if (found === undefined) throw notFound()
    return shown(found)
  })
}

/** One page of a list, as Genesys pages everything that is numbered. */
export function listing<T>(request: FastifyRequest, path: string, all: readonly T[]) {
  const pageSize = numberOf(request, 'pageSize', 25, 500)
  const pageNumber = numberOf(request, 'pageNumber', 1, Number.MAX_SAFE_INTEGER)
  const pageCount = Math.ceil(all.length / pageSize)
  const uri = (page: number) => `${path}?pageSize=${pageSize}&pageNumber=${page}`
  return {
    entities: all.slice((pageNumber - 1) * pageSize, pageNumber * pageSize),
    pageSize,
    pageNumber,
    total: all.length,
    pageCount,
    selfUri: uri(pageNumber),
    firstUri: uri(1),
    lastUri: uri(Math.max(1, pageCount)),
    ...(pageNumber < pageCount ? { nextUri: uri(pageNumber + 1) } : {}),
    ...(pageNumber > 1 ? { previousUri: uri(pageNumber - 1) } : {}),
  }
}
