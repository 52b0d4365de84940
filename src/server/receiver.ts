import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { PushReply, PushRequest, RawInput, Route } from '../core/connector.ts'
import { configError, kindOf, VconduitError } from '../core/errors.ts'
import { createByteBudget } from './byte-budget.ts'
import { Refused, readBody } from './request-body.ts'

/** A route and the account that has it. */
export interface AccountRoute {
  readonly route: Route
  readonly vendor: string
  readonly account: string
}

export interface ReceiverOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly routes: readonly AccountRoute[]
  /** Resolves when the records are durable. A `retriable` rejection is answered 503; any other stops the receiver. */
  append(records: readonly RawInput[], source: AccountRoute): Promise<void>
  /** Bytes of all requests that are in memory at once, as sent and decompressed; above it 429. Default 64 MiB. */
  readonly maxInFlightBytes?: number
  /** How long a sender waits for `append` before it gets 503, milliseconds. Default 10 s. */
  readonly appendTimeoutMs?: number
  /** How long a request may take to arrive, milliseconds. Default 30 s. */
  readonly requestTimeoutMs?: number
  /** How long `close` waits for what is in flight before it cuts connections, milliseconds. Default 5 s. */
  readonly closeTimeoutMs?: number
  readonly log: Logger
  readonly now: () => Date
}

export interface Receiver {
  readonly host: string
  readonly port: number
  /** Resolves when the receiver has closed; rejects with the error that stopped it. Watch it: nobody else tells. */
  readonly closed: Promise<void>
  /** Accepts nothing more, finishes what is in flight, and resolves when that is done. May be called again. */
  close(): Promise<void>
}

/** What a sender that we cannot serve right now is asked to wait, seconds. */
const retryAfterSeconds = { 429: 1, 503: 5 } as const

/**
 * Takes in what vendors and agents post. A request is acknowledged only after its records are durable; a sender that got no
 * acknowledgement sends again, so records arrive at least once.
 */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { host, port, log, now, appendTimeoutMs = 10_000, closeTimeoutMs = 5_000, requestTimeoutMs = 30_000 } = options
  const maxInFlightBytes = options.maxInFlightBytes ?? 64 * 1024 * 1024
  const paths = byPath(options.routes, maxInFlightBytes)
  const budget = createByteBudget(maxInFlightBytes)
  const appending = new Set<Promise<unknown>>()
  let failure: unknown
  let slow = false
  let closing: Promise<void> | undefined
  const outcome = Promise.withResolvers<void>()
  outcome.promise.catch(() => {})

  const fastify = Fastify({
    forceCloseConnections: 'idle',
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: 60_000,
    http: {
      headersTimeout: Math.min(10_000, requestTimeoutMs),
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
    },
  })
  const { server } = fastify
  server.maxConnections = 1_000
  // The body is left on the connection: reading it is ours, as it is limited and accounted for.
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', (_request: FastifyRequest, _payload: IncomingMessage, done) =>
    done(null, undefined),
  )
  for (const [path, accounts] of paths) {
    fastify.all(path, async (request, reply) => send(reply, await answer(accounts, request)))
  }
  fastify.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send('nothing is received here\n'))
  fastify.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500)
      log.error({ path: request.routeOptions.url, error: placeOf(error) }, 'answering a pushed request failed')
    const route = paths.get(request.routeOptions.url ?? '')?.[0].route
    const message = status >= 500 ? 'internal error' : 'the request is malformed'
    return send(
      reply,
      route?.refuse(status, message, { headers: headersOf(request) }) ?? { status, body: `${message}\n` },
    )
  })

  async function answer(accounts: Accounts, request: FastifyRequest): Promise<PushReply> {
    const headers = headersOf(request)
    const refuse = (status: number, message: string, waitSeconds?: number): PushReply => {
      const reply = accounts[0].route.refuse(status, message, { headers })
      const seconds = waitSeconds ?? (status === 429 || status === 503 ? retryAfterSeconds[status] : undefined)
      return seconds === undefined ? reply : { ...reply, headers: { ...reply.headers, 'retry-after': `${seconds}` } }
    }
    if (request.method !== 'POST') {
      const reply = refuse(405, 'only POST is accepted')
      return { ...reply, headers: { ...reply.headers, allow: 'POST' } }
    }
    const lease = budget.lease()
    let heldByAppend = false
    try {
      const largest = Math.max(...accounts.map(({ route }) => route.maxBytes))
      const body = await readBody(request.raw, largest, lease)
      const claimed = claim(accounts, { headers, ...body, receivedAt: now() })
      if (claimed === 'nobody') return refuse(401, 'the token or signature is missing or wrong')
      if (claimed === 'too-large') return refuse(413, 'the body is too large')
      const { source, result } = claimed
      if (result.records.length === 0) return result.reply

      const appended = track(append(result.records, source).finally(() => lease.release()))
      heldByAppend = true
      const state = await Promise.race([appended, after(appendTimeoutMs, appended)])
      if (state === 'late') {
        if (!slow) log.warn({ appendTimeoutMs }, 'the log is slow; senders are asked to send again')
        slow = true
        return refuse(503, 'storing takes too long; send it again')
      }
      if (state !== 'durable') return refuse(503, 'storing failed; send it again', state.waitSeconds)
      slow = false
      return result.reply
    } catch (error) {
      if (error instanceof Refused) return refuse(error.status, error.message)
      if (kindOf(error) === 'data') return refuse(400, 'the body cannot be read')
      throw error
    } finally {
      if (!heldByAppend) lease.release()
    }
  }

  /** Async, so that whatever `append` does wrong is a rejection. */
  const append = async (records: readonly RawInput[], source: AccountRoute) => options.append(records, source)

  /** What became of an append; never rejects, as the sender may be gone by then. */
  function track(promised: Promise<void>): Promise<'durable' | { readonly waitSeconds: number }> {
    const tracked = promised.then(
      () => 'durable' as const,
      (error: unknown) => {
        if (kindOf(error) !== 'retriable') fail(error)
        const waitMs = error instanceof VconduitError ? error.retryAfterMs : undefined
        return { waitSeconds: waitMs === undefined ? retryAfterSeconds[503] : Math.ceil(waitMs / 1000) }
      },
    )
    appending.add(tracked)
    void tracked.then(() => appending.delete(tracked))
    return tracked
  }

  function send(reply: FastifyReply, { status, headers = {}, body = '' }: PushReply): FastifyReply {
    // Otherwise the sender keeps the connection, and closing waits for it.
    if (closing !== undefined) void reply.header('connection', 'close')
    return reply.code(status).headers(headers).send(body)
  }

  function fail(error: unknown): void {
    failure ??= error
    void close()
  }

  async function shutDown(): Promise<void> {
    const cut = setTimeout(() => server.closeAllConnections(), closeTimeoutMs)
    try {
      await fastify.close()
    } finally {
      clearTimeout(cut)
    }
    const written = Promise.all(appending)
    await Promise.race([written, after(closeTimeoutMs, written)])
    if (failure === undefined) outcome.resolve()
    else outcome.reject(failure)
  }

  function close(): Promise<void> {
    closing ??= shutDown()
    return closing
  }

  try {
    await fastify.listen({ host, port })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
    throw configError('receiver-address', `listening on ${host}:${port}: ${code}; choose another host or port`, error)
  }
  const address = server.address() as AddressInfo
  return { host, port: address.port, closed: outcome.promise, close }
}

type Accounts = readonly [AccountRoute, ...AccountRoute[]]

function byPath(routes: readonly AccountRoute[], maxInFlightBytes: number): ReadonlyMap<string, Accounts> {
  const paths = new Map<string, Accounts>()
  for (const accountRoute of routes) {
    const { path, maxBytes } = accountRoute.route
    const where = `receiving ${path} for ${accountRoute.vendor}/${accountRoute.account}`
    if (!/^\/[\w\-.~/]*$/.test(path)) throw configError('receiver-path', `${where}: expected a plain absolute path`)
    // As sent and decompressed, the largest body must fit when nothing else is there, or it would never be taken.
    if (maxBytes * 2 > maxInFlightBytes)
      throw configError(
        'receiver-limits',
        `${where}: bodies of ${maxBytes} bytes need at least ${maxBytes * 2} bytes in flight, not ${maxInFlightBytes}`,
      )
    const others = paths.get(path)
    paths.set(path, others === undefined ? [accountRoute] : [...others, accountRoute])
  }
  return paths
}

function claim(accounts: Accounts, request: PushRequest) {
  let tooLarge = false
  for (const source of accounts) {
    if (request.body.length > source.route.maxBytes || request.rawBody.length > source.route.maxBytes) {
      tooLarge = true
      continue
    }
    const result = source.route.handle(request)
    if (result !== undefined) return { source, result }
  }
  return tooLarge ? 'too-large' : 'nobody'
}

const headersOf = (request: FastifyRequest): PushRequest['headers'] =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )

/** `late` after `ms` milliseconds, unless `sooner` settles before: then the timer goes. */
async function after(ms: number, sooner: Promise<unknown>): Promise<'late'> {
  const stop = new AbortController()
  void sooner.then(() => stop.abort())
  await delay(ms, undefined, { signal: stop.signal }).catch(() => {})
  return 'late'
}

/** Kind and place of an error that nobody foresaw. Its message may quote what was sent. */
const placeOf = (error: Error) =>
  `${error.name} ${
    error.stack
      ?.split('\n')
      .find(line => /^\s+at /.test(line))
      ?.trim() ?? ''
  }`
