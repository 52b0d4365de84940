/**
 * The receiving half: OTLP/HTTP `/v1/traces` and `/v1/logs`.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md#otlphttp-response
 */
import {
  bearerVerifier,
  kindOf,
  type PushReply,
  type PushRequest,
  type PushResult,
  type Route,
  sha256,
} from '../../src/sdk/index.ts'
import type { AgentTelemetryConfig, Source } from './config.ts'
import { writeOrigin } from './origin.ts'
import { type Encoding, type ExportReply, encodingOf, mediaTypes, type Signal, type Telemetry } from './otlp.ts'
import { encodeReply, encodeStatus } from './otlp-protobuf.ts'
import { readUsable } from './usable.ts'

/** The paths that agents post to. */
export const routes = (config: AgentTelemetryConfig): readonly Route[] =>
  (['traces', 'logs'] as const).map(signal => createRoute(signal, config))

function createRoute(signal: Signal, config: AgentTelemetryConfig): Route {
  const sources = config.sources.map(source => ({ source, sentBy: bearerVerifier(source.token) }))
  return {
    path: `/v1/${signal}`,
    maxBytes: config.maxRequestBytes,
    handle(request) {
      // Every token is tried, so that the time does not tell which source has it.
      const [found] = sources.filter(({ sentBy }) => sentBy(request))
      return found === undefined ? undefined : accept(signal, request, config.account, found.source)
    },
    refuse,
  }
}

function accept(signal: Signal, request: PushRequest, account: string, source: Source): PushResult {
  const contentType = request.headers['content-type']
  const encoding = encodingOf(contentType)
  if (contentType === undefined || encoding === undefined)
    return {
      records: [],
      reply: refuse(415, `Content-Type must be ${Object.values(mediaTypes).join(' or ')}`, request),
    }
  let telemetry: Telemetry
  try {
    telemetry = readUsable(signal, encoding, request.body)
  } catch (error) {
    if (kindOf(error) !== 'data' || !(error instanceof Error)) throw error
    return { records: [], reply: refuse(400, error.message, request) }
  }
  const record = {
    stream: signal,
    // An exporter that tries again sends the same bytes: they are the same record.
    key: sha256(request.body),
    observedAt: request.receivedAt.getTime(),
    contentType,
    payload: request.body,
    context: writeOrigin({
      source: source.name,
      conversation: source.conversation ?? { vendor: 'agent-telemetry', account },
      messages: source.messages,
    }),
  }
  const isEmpty = telemetry.spans.length + telemetry.logRecords.length + telemetry.rejected.size === 0
  return { records: isEmpty ? [] : [record], reply: replyTo(signal, encoding, telemetry.rejected) }
}

/** As bytes: to a text, the server would add a charset to the content type, which OTLP has not. */
const jsonBytes = (body: object) => Buffer.from(JSON.stringify(body))

/** "200 OK"; what was rejected, and why, goes into `partialSuccess`, which is left out if there is nothing to say. */
function replyTo(signal: Signal, encoding: Encoding, rejected: ReadonlyMap<string, number>): PushReply {
  const count = String([...rejected.values()].reduce((sum, each) => sum + each, 0))
  const errorMessage = [...rejected].map(([reason, times]) => `${times} × ${reason}`).join('; ')
  const body: ExportReply =
    rejected.size === 0
      ? {}
      : { partialSuccess: { [signal === 'traces' ? 'rejectedSpans' : 'rejectedLogRecords']: count, errorMessage } }
  return {
    status: 200,
    headers: { 'content-type': mediaTypes[encoding] },
    body: encoding === 'json' ? jsonBytes(body) : encodeReply(signal, body),
  }
}

/** `google.rpc.Code` of the HTTP statuses that are refused with. */
const codes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 413: 8, 415: 3, 429: 8, 503: 14 }

/** Every error reply is a `google.rpc.Status` in the encoding of the request, JSON where that is none of OTLP's. */
function refuse(status: number, message: string, request: Pick<PushRequest, 'headers'>): PushReply {
  const encoding = encodingOf(request.headers['content-type']) ?? 'json'
  const body = { code: codes[status] ?? 2, message }
  return {
    status,
    headers: { 'content-type': mediaTypes[encoding] },
    body: encoding === 'json' ? jsonBytes(body) : encodeStatus(body),
  }
}
