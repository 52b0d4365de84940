import { type Dispatcher, errors, request as undiciRequest } from 'undici'
import type { Context } from '../core/context.ts'
import { dataError, VconduitError } from '../core/errors.ts'
import { contentEncodingOf, decompress } from './compression.ts'
import { abortable } from './timer.ts'

export interface Reply {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Decompressed and complete; empty if its status was not wanted. */
  readonly body: Buffer
  /** When its headers arrived. */
  readonly receivedAt: Date
}

export interface Exchange {
  readonly agent: Dispatcher
  readonly url: URL
  readonly method: Dispatcher.HttpMethod
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | undefined
  /** Bodies of other statuses are thrown away. */
  readonly isWanted: (status: number) => boolean
  /** Of the body, after decompression. */
  readonly maxBytes: number
  readonly what: string
}

/** A reply, or why none came whole. */
export type ExchangeResult =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'broken'; readonly reason: string; readonly cause: unknown }

/**
 * One request and its reply. Rejects at once with the signal's reason when it aborts, and with a `data` error if the body
 * is larger than `maxBytes`.
 */
export async function exchange(asked: Exchange, ctx: Context): Promise<ExchangeResult> {
  try {
    // undici does not hear an abort while it connects.
    return { kind: 'reply', reply: await abortable(perform(asked, ctx), ctx.signal) }
  } catch (error) {
    ctx.signal.throwIfAborted()
    if (error instanceof VconduitError) throw error
    const reason = transportReason(error)
    if (reason === undefined) throw error
    // A parser's error carries the bytes that it stumbled over.
    return { kind: 'broken', reason, cause: error instanceof errors.HTTPParserError ? undefined : error }
  }
}

async function perform(asked: Exchange, ctx: Context): Promise<Reply> {
  const response = await undiciRequest(asked.url, {
    dispatcher: asked.agent,
    method: asked.method,
    headers: asked.headers,
    body: asked.body ?? null,
    signal: ctx.signal,
  })
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
  const head = { status: response.statusCode, headers, receivedAt: ctx.now() }
  if (!asked.isWanted(response.statusCode)) {
    // Reading a short body to its end keeps the connection; what it says may hold anything, so nobody sees it.
    await response.body.dump({ limit: 64 * 1024, signal: ctx.signal }).catch(() => {})
    return { ...head, body: Buffer.alloc(0) }
  }
  const refuseLarger = (sizeBytes: number) => {
    if (sizeBytes > asked.maxBytes)
      throw dataError(
        'response-too-large',
        `${asked.what}: ${asked.method} ${asked.url.pathname}: more than ${asked.maxBytes} bytes`,
      )
  }
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of response.body as AsyncIterable<Buffer>) {
    sizeBytes += piece.length
    refuseLarger(sizeBytes)
    pieces.push(piece)
  }
  const encoding = contentEncodingOf(headers['content-encoding'])
  if (encoding === undefined)
    throw dataError(
      'unknown-encoding',
      `${asked.what}: ${asked.method} ${asked.url.pathname}: unknown content-encoding`,
    )
  return { ...head, body: await decompress(Buffer.concat(pieces, sizeBytes), encoding, refuseLarger) }
}

/** What a person should know of a broken connection; undefined if the error is not about one but about our request. */
function transportReason(error: unknown): string | undefined {
  if (error instanceof errors.HTTPParserError) return 'the reply is not HTTP'
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  const { code } = error
  if (code.startsWith('ERR_INVALID') || ourMistakes.has(code)) return undefined
  return phrases[code] ?? code
}

const ourMistakes: ReadonlySet<string> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
])

const phrases: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
  UND_ERR_HEADERS_TIMEOUT: 'no reply in time',
  UND_ERR_BODY_TIMEOUT: 'the body stopped coming',
  UND_ERR_SOCKET: 'the connection broke before the reply was complete',
  ECONNRESET: 'the connection broke before the reply was complete',
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'name resolution failed',
  Z_BUF_ERROR: 'the compressed body was cut',
  Z_DATA_ERROR: 'the compressed body is corrupt',
}
