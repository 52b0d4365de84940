import { agentTelemetry } from '../../../connectors/agent-telemetry/index.ts'
import type { RawInput } from '../../../src/core/connector.ts'
import type { Json } from '../../../src/core/json.ts'
import { rawRecordOf } from '../../contract/connector/subject.ts'

/** A span as a test writes it. */
export interface SpanInput {
  readonly traceId?: string
  readonly id: string
  readonly parent?: string | undefined
  readonly name?: string
  readonly kind?: number
  /** Milliseconds after `epoch`. */
  readonly start?: number
  readonly end?: number
  readonly attributes?: Readonly<Record<string, Json>>
  readonly events?: readonly { readonly name: string; readonly attributes: Readonly<Record<string, Json>> }[]
  readonly links?: readonly { readonly traceId: string; readonly id: string }[]
  readonly status?: { readonly code: number; readonly message?: string }
}

export const epoch = Date.UTC(2026, 9, 1, 12)
export const traceId = '5b8efff798038103d269b633813fc60c'

/** A short name as a span id. */
export const spanId = (name: string) => Buffer.from(name.padEnd(8, '.')).subarray(0, 8).toString('hex')

const nanos = (ms: number) => `${epoch + ms}000000`

/** A value as OTLP/JSON writes it. */
export function anyValue(value: Json): Json {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  if (value === null) return {}
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { kvlistValue: { values: keyValues(value as Readonly<Record<string, Json>>) } }
}

export const keyValues = (values: Readonly<Record<string, Json>>): Json[] =>
  Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }))

export function otlpSpan(input: SpanInput): { readonly [key: string]: Json } {
  const { start = 0, end = start + 10 } = input
  return {
    traceId: input.traceId ?? traceId,
    spanId: spanId(input.id),
    ...(input.parent === undefined ? {} : { parentSpanId: spanId(input.parent) }),
    name: input.name ?? input.id,
    kind: input.kind ?? 1,
    startTimeUnixNano: nanos(start),
    endTimeUnixNano: nanos(end),
    attributes: keyValues(input.attributes ?? {}),
    events: (input.events ?? []).map(({ name, attributes }) => ({
      name,
      timeUnixNano: nanos(end),
      attributes: keyValues(attributes),
    })),
    links: (input.links ?? []).map(link => ({ traceId: link.traceId, spanId: spanId(link.id) })),
    ...(input.status === undefined ? {} : { status: input.status }),
  }
}

export interface LogInput {
  readonly traceId?: string | null
  readonly span?: string
  readonly eventName?: string
  readonly at?: number
  readonly attributes?: Readonly<Record<string, Json>>
  readonly body?: Json
}

export const otlpLog = (input: LogInput): { readonly [key: string]: Json } => ({
  ...(input.traceId === null ? {} : { traceId: input.traceId ?? traceId }),
  ...(input.span === undefined ? {} : { spanId: spanId(input.span) }),
  ...(input.eventName === undefined ? {} : { eventName: input.eventName }),
  timeUnixNano: nanos(input.at ?? 0),
  attributes: keyValues(input.attributes ?? {}),
  ...(input.body === undefined ? {} : { body: anyValue(input.body) }),
})

export const tracesRequest = (spans: readonly Json[], resource: Readonly<Record<string, Json>> = {}) => ({
  resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans: [{ scope: { name: 'test' }, spans }] }],
})

export const logsRequest = (logRecords: readonly Json[]) => ({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })

export const origin = {
  source: 'support-bot',
  conversation: { vendor: 'genesys-cloud', account: 'main' },
  messages: true,
}

const account = { vendor: 'agent-telemetry', account: 'main' }

/** The raw record of a request, as the receiver makes it. */
export function rawRecord(stream: 'traces' | 'logs', request: Json, input: Partial<RawInput> = {}) {
  const payload = input.payload ?? Buffer.from(JSON.stringify(request))
  const record = {
    stream,
    key: 'test',
    observedAt: epoch + 60_000,
    contentType: 'application/json',
    context: JSON.stringify(origin),
    ...input,
    payload,
  }
  return rawRecordOf(record, account)
}

/** What spans become that arrive in one request. */
export const normalizeSpans = (...spans: readonly SpanInput[]) =>
  agentTelemetry.normalize(rawRecord('traces', tracesRequest(spans.map(otlpSpan))), undefined)

/** What log records become that arrive in one request. */
export const normalizeLogs = (...logs: readonly LogInput[]) =>
  agentTelemetry.normalize(rawRecord('logs', logsRequest(logs.map(otlpLog))), undefined)

/** A message as the current conventions write it. */
export const text = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] })

/** A call of a model with everything said before it. */
export const chat = (
  id: string,
  start: number,
  input: readonly Json[],
  output: readonly Json[],
  parent?: string,
): SpanInput => ({
  id,
  parent,
  kind: 3,
  start,
  end: start + 50,
  attributes: {
    'gen_ai.operation.name': 'chat',
    'gen_ai.conversation.id': 'c-1',
    'gen_ai.input.messages': JSON.stringify(input),
    'gen_ai.output.messages': JSON.stringify(output),
  },
})
