import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { idFrom } from '../seeded.ts'
import type { SandboxRequest } from '../types.ts'
import { serveAnalytics } from './analytics.ts'
import { serveBots } from './bots.ts'
import { serveDirectory } from './directory.ts'
import { badRequest, errorBody, errorOf, GenesysError, notFound } from './errors.ts'
import type { Faults } from './faults.ts'
import { serveTranscripts, transcriptsPath } from './links.ts'
import { serveMedia } from './media.ts'
import type { Access } from './oauth.ts'
import { serveQuality } from './quality.ts'
import type { World } from './world.ts'

/** Older requests are forgotten beyond this many. */
const rememberedRequests = 100_000

export interface AppOptions {
  readonly world: World
  readonly access: Access
  readonly faults: Faults
  readonly log: Logger
  readonly jobMs: number
  readonly transcriptLinkMs: number
  /** Aborted when the sandbox closes. */
  readonly signal: AbortSignal
  /** Where it listens, known once it does. */
  readonly baseUrl: () => string
}

export interface App {
  readonly server: FastifyInstance
  readonly requests: readonly SandboxRequest[]
}

type Seen = { -readonly [K in keyof SandboxRequest]: SandboxRequest[K] }

/** The HTTP server: who may come in, what goes wrong on purpose, and all that is served. */
export function buildApp(options: AppOptions): App {
  const { world, access, faults, log, signal } = options
  const requests: Seen[] = []
  const seenOf = new WeakMap<FastifyRequest, Seen>()
  const cut = new WeakSet<FastifyRequest>()
  let count = 0
  const server = fastify({
    genReqId: () => {
      count += 1
      return idFrom(world.seed, 'request', count)
    },
    forceCloseConnections: true,
  })
  parseBodies(server)

  server.addHook('onRequest', async (request, reply) => {
    const [path = ''] = request.url.split('?')
    const seen: Seen = { method: request.method, path, status: 0, at: new Date(world.now()) }
    seenOf.set(request, seen)
    requests.push(seen)
    if (requests.length > rememberedRequests) requests.shift()
    reply.header('inin-correlation-id', request.id)
    if (path === '/oauth/token') return
    const delayMs = faults.takeDelay()
    if (delayMs > 0) await sleep(delayMs, undefined, { signal })
    if (!path.startsWith(transcriptsPath)) reply.headers(access.admit(request.headers.authorization))
    const fault = faults.take()
    if (fault?.kind === 'error') throw fault.error
    if (fault?.kind === 'cut') cut.add(request)
  })
  server.addHook('onSend', async (request, reply, payload) => {
    const seen = seenOf.get(request)
    if (cut.has(request) && typeof payload === 'string') return broken(reply, payload)
    if (seen !== undefined) seen.status = reply.statusCode
    return payload
  })
  server.setNotFoundHandler(() => {
    throw notFound()
  })
  server.setErrorHandler((error, request, reply) => {
    const known = error instanceof GenesysError ? error : fromFastify(error)
    if (known === undefined && !signal.aborted) log.error({ err: error }, 'sandbox failed to answer')
    const answer = known ?? errorOf(500)
    return reply.code(answer.status).headers(answer.headers).send(errorBody(answer, request.id))
  })

  access.serve(server)
  const links = serveTranscripts(server, world, options.baseUrl, options.transcriptLinkMs)
  serveAnalytics(server, world, options.jobMs)
  serveMedia(server, world, links, options.baseUrl)
  serveQuality(server, world)
  serveBots(server, world)
  serveDirectory(server, world)
  return { server, requests }
}

/** JSON and forms; a request that says JSON and has no body is fine, as Genesys's own client sends it. */
function parseBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) => {
    if (body === '') return done(null, undefined)
    try {
      done(null, JSON.parse(String(body)))
    } catch {
      done(badRequest('The request body is not valid JSON'))
    }
  })
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) => {
    done(null, new URLSearchParams(String(body)))
  })
}

/** What fastify refuses by itself (a body too large, a type it does not read) keeps its status. */
function fromFastify(error: unknown): GenesysError | undefined {
  const status: unknown = Object(error).statusCode
  if (typeof status !== 'number' || status >= 500) return undefined
  return new GenesysError(status, 'bad.request', error instanceof Error ? error.message : 'Bad request')
}

/** Promises the whole payload, sends half of it, and breaks the connection. */
function broken(reply: FastifyReply, payload: string): Readable {
  reply.header('content-length', Buffer.byteLength(payload))
  const half = Buffer.from(payload).subarray(0, Math.floor(Buffer.byteLength(payload) / 2))
  return Readable.from(
    (async function* () {
      yield half
      // Lets the half reach the client before the connection goes.
      await sleep(20)
      reply.raw.destroy()
    })(),
  )
}
