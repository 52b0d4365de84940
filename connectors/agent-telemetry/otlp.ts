/**
 * OTLP export requests: what the connector needs of spans and log records, read from OTLP/HTTP's two encodings.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md#otlphttp
 */
import {
  arrayAt,
  at,
  dataError,
  type Json,
  objectAt,
  parsePayload,
  plausibleTimes,
  stringAt,
} from '../../src/sdk/index.ts'
import { decodeRequest } from './otlp-protobuf.ts'

export type Signal = 'traces' | 'logs'
export type Encoding = 'json' | 'protobuf'

export const mediaTypes = { json: 'application/json', protobuf: 'application/x-protobuf' } as const

/** The encoding that a content type names; undefined if it is none of OTLP's. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  return mediaType === mediaTypes.json ? 'json' : mediaType === mediaTypes.protobuf ? 'protobuf' : undefined
}

export type Attributes = ReadonlyMap<string, Json>

export interface SpanEvent {
  readonly name: string
  /** Unix milliseconds. */
  readonly at: number
  readonly attributes: Attributes
}

export interface SpanId {
  /** 32 digits, lower-case hex. */
  readonly traceId: string
  /** 16 digits, lower-case hex. */
  readonly spanId: string
}

export interface Span extends SpanId {
  /** Null for a root. */
  readonly parentSpanId: string | null
  readonly name: string
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  /** Unix milliseconds. */
  readonly startedAt: number
  /** Unix milliseconds. */
  readonly endedAt: number
  /** Milliseconds, with fractions; null if the span had not ended when it was sent. */
  readonly durationMs: number | null
  readonly attributes: Attributes
  readonly resource: Attributes
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanId[]
  readonly isError: boolean
  readonly statusMessage: string | undefined
}

export interface LogRecord {
  readonly traceId: string | null
  readonly spanId: string | null
  /** The event's name: `eventName`, or the attribute `event.name` of older exporters. */
  readonly eventName: string | undefined
  /** Unix milliseconds. */
  readonly at: number
  readonly attributes: Attributes
  readonly resource: Attributes
  readonly body: Json
}

/** What a request holds: what can be used, and how many items cannot, by reason. */
export interface Telemetry {
  readonly spans: readonly Span[]
  readonly logRecords: readonly LogRecord[]
  readonly rejected: ReadonlyMap<string, number>
}

/** The body of a successful reply; empty if everything was accepted. */
export interface ExportReply {
  readonly partialSuccess?: {
    readonly rejectedSpans?: string
    readonly rejectedLogRecords?: string
    readonly errorMessage: string
  }
}

/** google.rpc.Status. */
export interface StatusReply {
  readonly code: number
  readonly message: string
}

/** Reads a request. Throws a `data` error if it cannot be decoded; single items that cannot be used are counted as rejected. */
export function readTelemetry(signal: Signal, encoding: Encoding, payload: Buffer): Telemetry {
  const request = encoding === 'json' ? parsePayload(payload) : decodeRequest(signal, payload)
  const spans: Span[] = []
  const logRecords: LogRecord[] = []
  const rejected = new Map<string, number>()
  const take = <T>(items: T[], item: T | Unusable) => {
    if (item instanceof Unusable) rejected.set(item.reason, (rejected.get(item.reason) ?? 0) + 1)
    else items.push(item)
  }
  const [perResource, perScope, items] =
    signal === 'traces'
      ? (['resourceSpans', 'scopeSpans', 'spans'] as const)
      : (['resourceLogs', 'scopeLogs', 'logRecords'] as const)
  for (const ofResource of listIn(request, perResource)) {
    const resource = attributesAt(ofResource, 'resource', 'attributes')
    for (const ofScope of listIn(ofResource, perScope))
      for (const item of listIn(ofScope, items))
        if (signal === 'traces') take(spans, readSpan(item, resource))
        else take(logRecords, readLogRecord(item, resource))
  }
  return { spans, logRecords, rejected }
}

/** A list that holds everything below it: if it is none, nothing can be told about what is missing. */
function listIn(value: unknown, field: string): readonly unknown[] {
  if (objectAt(value) === undefined)
    throw dataError('payload-not-otlp', `reading ${field}: expected an object that holds it`)
  const found = at(value, field) ?? []
  if (!Array.isArray(found)) throw dataError('payload-not-otlp', `reading ${field}: expected a list`)
  return found as readonly unknown[]
}

/** Why an item cannot be used, for its sender; never holds what was sent. */
class Unusable {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

function readSpan(item: unknown, resource: Attributes): Span | Unusable {
  const traceId = idAt(item, 16, 'traceId')
  if (traceId === undefined || traceId === null) return new Unusable('traceId must be 16 bytes that are not all zero')
  const spanId = idAt(item, 8, 'spanId')
  if (spanId === undefined || spanId === null) return new Unusable('spanId must be 8 bytes that are not all zero')
  const parentSpanId = idAt(item, 8, 'parentSpanId')
  if (parentSpanId === undefined) return new Unusable('parentSpanId must be empty or 8 bytes')
  const start = nanosAt(item, 'startTimeUnixNano')
  // Some exporters send a span that is still open; when it has ended it comes again and supersedes.
  const isOpen = ['', '0', 0, null].includes((at(item, 'endTimeUnixNano') ?? null) as string | number | null)
  const end = isOpen ? start : nanosAt(item, 'endTimeUnixNano')
  if (start === undefined || end === undefined)
    return new Unusable('startTimeUnixNano and endTimeUnixNano must be nanoseconds since 1970, between 1990 and 2100')
  return {
    traceId,
    spanId,
    // A span that names itself as its parent is a root.
    parentSpanId: parentSpanId === spanId ? null : parentSpanId,
    name: stringAt(item, 'name') ?? '',
    kind: enumAt(kindNames, item, 'kind'),
    startedAt: msOf(start),
    endedAt: Math.max(msOf(start), msOf(end)),
    durationMs: isOpen ? null : Math.max(0, Number(end - start) / 1e6),
    attributes: attributesAt(item, 'attributes'),
    resource,
    events: arrayAt(item, 'events').map(event => ({
      name: stringAt(event, 'name') ?? '',
      at: msOf(nanosAt(event, 'timeUnixNano') ?? end),
      attributes: attributesAt(event, 'attributes'),
    })),
    links: arrayAt(item, 'links').flatMap(link => {
      const linked = { traceId: idAt(link, 16, 'traceId'), spanId: idAt(link, 8, 'spanId') }
      return linked.traceId && linked.spanId ? [{ traceId: linked.traceId, spanId: linked.spanId }] : []
    }),
    isError: enumAt(statusNames, item, 'status', 'code') === 2,
    statusMessage: stringAt(item, 'status', 'message') || undefined,
  }
}

function readLogRecord(item: unknown, resource: Attributes): LogRecord | Unusable {
  const traceId = idAt(item, 16, 'traceId')
  const spanId = idAt(item, 8, 'spanId')
  if (traceId === undefined || spanId === undefined)
    return new Unusable('traceId must be empty or 16 bytes, spanId empty or 8')
  // "Use Timestamp if it is present, otherwise use ObservedTimestamp": the log data model of OpenTelemetry.
  const time = nanosAt(item, 'timeUnixNano') ?? nanosAt(item, 'observedTimeUnixNano')
  if (time === undefined)
    return new Unusable('timeUnixNano or observedTimeUnixNano must be nanoseconds since 1970, between 1990 and 2100')
  const attributes = attributesAt(item, 'attributes')
  const legacyName = attributes.get('event.name')
  return {
    traceId,
    spanId,
    eventName: stringAt(item, 'eventName') || (typeof legacyName === 'string' ? legacyName : undefined),
    at: msOf(time),
    attributes,
    resource,
    body: anyValue(at(item, 'body')),
  }
}

const kindNames = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
const statusNames = ['unset', 'ok', 'error'] as const

/** OTLP writes enums as numbers; plain protobuf JSON, which some send, as names: SPAN_KIND_CLIENT, STATUS_CODE_ERROR. */
function enumAt(names: readonly string[], value: unknown, ...path: string[]): number {
  const found = at(value, ...path)
  if (typeof found !== 'string') return typeof found === 'number' ? found : 0
  const word = found.toLowerCase()
  return Math.max(0, /^\d$/.test(word) ? Number(word) : names.findIndex(name => word.endsWith(`_${name}`)))
}

/**
 * An id as lower-case hex; null if it is empty or all zero; undefined if it is no id of that many bytes. Plain protobuf
 * JSON, which some send, has base64 instead of OTLP's hex: the length tells.
 */
function idAt(value: unknown, bytes: number, field: string): string | null | undefined {
  const found = at(value, field)
  if (found === undefined || found === null || found === '') return null
  const isBase64 = typeof found === 'string' && found.length === 4 * Math.ceil(bytes / 3) && found.endsWith('=')
  const binary = found instanceof Uint8Array ? Buffer.from(found) : isBase64 ? Buffer.from(found, 'base64') : undefined
  const hex = binary?.toString('hex') ?? found
  if (hex === '') return null
  if (typeof hex !== 'string' || hex.length !== bytes * 2 || !/^[0-9a-f]+$/i.test(hex)) return undefined
  return /^0+$/.test(hex) ? null : hex.toLowerCase()
}

/** Nanoseconds since 1970, as text or as number; undefined if there is no plausible time. */
function nanosAt(value: unknown, field: string): bigint | undefined {
  const found = at(value, field)
  const nanos =
    typeof found === 'string' && /^\d{1,20}$/.test(found)
      ? BigInt(found)
      : typeof found === 'number' && Number.isSafeInteger(Math.round(found / 1000))
        ? // JSON numbers of this size are exact to some hundred nanoseconds: 9.9999 ms were meant to be 10.
          BigInt(Math.round(found / 1000)) * 1000n
        : undefined
  if (nanos === undefined) return undefined
  const ms = msOf(nanos)
  return ms >= plausibleTimes.from && ms < plausibleTimes.to ? nanos : undefined
}

const msOf = (nanos: bigint) => Number(nanos / 1_000_000n)

function attributesAt(value: unknown, ...path: string[]): Attributes {
  const attributes = new Map<string, Json>()
  for (const item of arrayAt(value, ...path)) {
    // Binary protobuf leaves out what is empty, as the key of a map may be.
    const key = objectAt(item) && at(item, 'key') === undefined ? '' : stringAt(item, 'key')
    if (key !== undefined) attributes.set(key, anyValue(at(item, 'value')))
  }
  return attributes
}

/** OTLP's AnyValue as plain JSON; bytes as base64, whole numbers beyond 53 bits as text. */
function anyValue(value: unknown): Json {
  const fields = objectAt(value)
  if (fields === undefined) return null
  const text = stringAt(fields, 'stringValue')
  if (text !== undefined) return text
  if (typeof fields['boolValue'] === 'boolean') return fields['boolValue']
  if (fields['intValue'] !== undefined) return wholeNumber(fields['intValue'])
  // Protobuf's JSON writes what is no number, and may write numbers, as text.
  if (fields['doubleValue'] !== undefined) return finite(Number(fields['doubleValue'] ?? Number.NaN))
  if (fields['arrayValue'] !== undefined) return arrayAt(fields, 'arrayValue', 'values').map(anyValue)
  if (fields['kvlistValue'] !== undefined) return Object.fromEntries(attributesAt(fields, 'kvlistValue', 'values'))
  const bytes = fields['bytesValue']
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64') : typeof bytes === 'string' ? bytes : null
}

/** Neither JSON nor an equal fact tells -0 from 0. */
const finite = (value: number): Json => (Number.isFinite(value) ? value + 0 : null)

function wholeNumber(value: unknown): Json {
  const number = typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? Number(value) : value
  if (Number.isSafeInteger(number)) return number as number
  return typeof value === 'string' ? value : null
}
