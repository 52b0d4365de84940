import { Agent } from 'undici'
import type { Context } from '../core/context.ts'
import { configError, type ErrorKind, VconduitError } from '../core/errors.ts'
import { exchange, type Reply } from './http-exchange.ts'
import { createOutage } from './outage.ts'
import type { RateBudget } from './rate-budget.ts'
import { backoffMs, retryAfterMs } from './retry.ts'
import { systemTimer, type Timer } from './timer.ts'

/** What makes a request ours: a token, a key. Shared by all requests of an account. */
export interface Authorizer {
  /** Headers for the next request. Getting them may take requests, each tried at most `maxTries` times. */
  headers(ctx: Context, maxTries?: number): Promise<Readonly<Record<string, string>>>
  /** The vendor answered 401 to these headers. True if `headers` may now give better ones. */
  refused(headers: Readonly<Record<string, string>>): boolean
}

/** Headers that never change, e.g. an API key. */
export const fixedHeaders = (headers: Readonly<Record<string, string>>): Authorizer => ({
  headers: () => Promise.resolve(headers),
  refused: () => false,
})

/** A request waits before its next try. */
export interface Waiting {
  readonly what: string
  /** Why, e.g. "GET /api/v2/users: 503". Never a body, a query or a secret. */
  readonly reason: string
  /** Failures in a row, from 1. */
  readonly failures: number
  readonly waitMs: number
}

export interface HttpOptions {
  /** Relative URLs start here, and only this origin gets the authorizer's headers. */
  readonly baseUrl: string
  /** Named in errors. */
  readonly account: string
  readonly authorizer?: Authorizer
  /** Shared by all requests that name no budget of their own. */
  readonly budget?: RateBudget
  /** Default 10 s. */
  readonly connectTimeoutMs?: number
  /** From sending the request to the reply's headers. Default 60 s. */
  readonly headersTimeoutMs?: number
  /** Between two pieces of a reply's body. Default 30 s. */
  readonly bodyTimeoutMs?: number
  /** After decompression. Default 64 MiB. */
  readonly maxResponseBytes?: number
  /** Called before every wait, e.g. to count retries. WARN is logged once per outage besides. */
  readonly waiting?: (waiting: Waiting) => void
  readonly timer?: Timer
}

export interface HttpRequest {
  /** Gerund and object, for messages: "reading conversation details". */
  readonly what: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** A path below `baseUrl`, or an absolute URL (a signed link), which gets no authorizer's headers if its origin differs. */
  readonly url: string
  /** Undefined ones are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is; name its content-type in `headers`. */
  readonly body?: string | Buffer
  /** Statuses besides 2xx that the caller handles itself. */
  readonly accept?: readonly number[]
  /** The kind of error that a 4xx other than 401, 403, 408, 425 and 429 becomes. Default `data`. */
  readonly clientErrors?: ErrorKind
  /** What the operator should do about a 401 or 403: "grant the permission analytics:conversationDetail:view". */
  readonly fix?: string
  /** After so many tries a `retriable` error is thrown. Default: it goes on until it works. */
  readonly maxTries?: number
  readonly maxResponseBytes?: number
  readonly budget?: RateBudget
}

/** A reply with the vendor's bytes, decompressed and complete. */
export type HttpResponse = Reply

export interface JsonResponse extends HttpResponse {
  readonly value: unknown
}

/**
 * Sends requests, each at least once: timeouts, broken connections, cut bodies, 408, 425, 429 and 5xx are tried again with
 * full jitter, not before Retry-After has passed, until it works or the signal aborts. Rejects within a second of an abort.
 * Errors never hold a body, a query or a header.
 */
export interface HttpClient {
  /** The reply's bytes as they are. */
  bytes(request: HttpRequest, ctx: Context): Promise<HttpResponse>
  /** The reply parsed as JSON, beside its bytes. A 2xx that is not JSON counts as cut; otherwise it is undefined then. */
  json(request: HttpRequest, ctx: Context): Promise<JsonResponse>
}

export function createHttpClient(options: HttpOptions): HttpClient {
  const { account, authorizer, timer = systemTimer } = options
  const base = new URL(options.baseUrl.endsWith('/') ? options.baseUrl : `${options.baseUrl}/`)
  const agent = new Agent({
    connect: { timeout: options.connectTimeoutMs ?? 10_000 },
    headersTimeout: options.headersTimeoutMs ?? 60_000,
    bodyTimeout: options.bodyTimeoutMs ?? 30_000,
  })
  const outage = createOutage(account, timer)

  async function send<R extends HttpResponse>(
    request: HttpRequest,
    ctx: Context,
    read: (reply: HttpResponse) => R,
  ): Promise<R> {
    const url = urlOf(base, request)
    const name = `${request.method ?? 'GET'} ${url.pathname}`
    const budget = request.budget ?? options.budget
    let failures = 0
    let renewed = false
    let waits = false
    try {
      for (;;) {
        await budget?.take(ctx.signal)
        // A signed link to some storage carries its own authorization, and must not learn ours.
        const authorization = url.origin === base.origin ? await authorizer?.headers(ctx, request.maxTries) : undefined
        const result = await attempt(request, ctx, url, authorization, read)
        if (result.kind === 'answered') return result.response
        const { status } = result
        if (status === 401 && authorization !== undefined && !renewed && authorizer?.refused(authorization)) {
          renewed = true
          continue
        }
        const tryAgain = status === undefined || isTemporary(status)
        if (!tryAgain) throw refusal(request, account, `${name}: ${result.reason}`, status)

        failures += 1
        if (failures >= (request.maxTries ?? Number.POSITIVE_INFINITY))
          throw new VconduitError('retriable', `${request.what}: ${name}: ${result.reason}`, {
            code: status === undefined ? 'http-connection' : `http-${status}`,
            cause: result.cause,
            ...(result.retryAfterMs === undefined ? {} : { retryAfterMs: result.retryAfterMs }),
          })
        // Beyond Retry-After the jitter keeps those who were refused together from coming back together.
        const waitMs = (result.retryAfterMs ?? 0) + backoffMs(failures, ctx.random)
        if (status === 429 || result.retryAfterMs !== undefined) budget?.pause(waitMs)
        const waiting = { what: request.what, reason: `${name}: ${result.reason}`, failures, waitMs }
        options.waiting?.(waiting)
        if (!waits) outage.begin()
        waits = true
        outage.waits(waiting, ctx)
        await timer.sleep(waitMs, ctx.signal)
      }
    } finally {
      if (waits) outage.end(ctx)
    }
  }

  async function attempt<R>(
    request: HttpRequest,
    ctx: Context,
    url: URL,
    authorization: Readonly<Record<string, string>> | undefined,
    read: (reply: HttpResponse) => R,
  ): Promise<Answered<R> | Unanswered> {
    const isWanted = (status: number) => (status >= 200 && status < 300) || request.accept?.includes(status) === true
    const result = await exchange(
      {
        agent,
        url,
        method: request.method ?? 'GET',
        headers: { ...headersOf(request), ...authorization },
        body: request.json === undefined ? request.body : JSON.stringify(request.json),
        isWanted,
        maxBytes: request.maxResponseBytes ?? options.maxResponseBytes ?? 64 * 1024 * 1024,
        what: request.what,
      },
      ctx,
    )
    if (result.kind === 'broken') return { kind: 'unanswered', reason: result.reason, cause: result.cause }
    const { reply } = result
    if (!isWanted(reply.status)) {
      const waitMs = retryAfterMs(reply.headers, ctx.now)
      return {
        kind: 'unanswered',
        status: reply.status,
        reason: `${reply.status}`,
        ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
      }
    }
    try {
      return { kind: 'answered', response: read(reply) }
    } catch {
      // A proxy's apology with status 200, or a body that was cut where nobody counted its bytes.
      return { kind: 'unanswered', reason: `${reply.status}, but ${reply.body.length} bytes that are not JSON` }
    }
  }

  return {
    bytes: (request, ctx) => send(request, ctx, reply => reply),
    json: (request, ctx) =>
      send({ ...request, headers: { accept: 'application/json', ...request.headers } }, ctx, reply => ({
        ...reply,
        value: jsonOf(reply),
      })),
  }
}

function jsonOf(reply: Reply): unknown {
  try {
    return JSON.parse(reply.body.toString('utf8')) as unknown
  } catch (error) {
    if (reply.status >= 200 && reply.status < 300) throw error
    return undefined
  }
}

interface Answered<R> {
  readonly kind: 'answered'
  readonly response: R
}

interface Unanswered {
  readonly kind: 'unanswered'
  /** Undefined if no complete reply came. */
  readonly status?: number
  readonly reason: string
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** Request Timeout, Too Early, Too Many Requests, and whatever is wrong at the vendor (RFC 9110 §15, RFC 8470, RFC 6585). */
const isTemporary = (status: number) => status === 408 || status === 425 || status === 429 || status >= 500

function refusal(request: HttpRequest, account: string, reason: string, status: number): VconduitError {
  const message = `${request.what}: ${reason}`
  const fix = request.fix ?? 'check its credentials and what they are allowed to do'
  const isAccess = status === 401 || status === 403
  if (isAccess) return configError(`http-${status}`, `${message}; account "${account}" was refused; to fix it, ${fix}`)
  if (status >= 300 && status < 400)
    return configError(`http-${status}`, `${message}; expected no redirect: check the URL of account "${account}"`)
  return new VconduitError(request.clientErrors ?? 'data', message, { code: `http-${status}` })
}

function urlOf(base: URL, request: HttpRequest): URL {
  const relative = !/^https?:/i.test(request.url)
  const url = relative ? new URL(request.url.replace(/^\/+/, ''), base) : new URL(request.url)
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, String(value))
  return url
}

const headersOf = (request: HttpRequest): Readonly<Record<string, string>> => ({
  'user-agent': 'vconduit',
  'accept-encoding': 'gzip, deflate, br',
  ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
  ...request.headers,
})
