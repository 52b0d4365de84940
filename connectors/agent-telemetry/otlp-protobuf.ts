/**
 * The messages of OTLP that the connector reads and writes, in protobuf's binary form. Field numbers:
 * https://github.com/open-telemetry/opentelemetry-proto and google/rpc/status.proto. Fields left out here are ignored.
 */
import protobuf from 'protobufjs'
import { dataError } from '../../src/sdk/index.ts'
import type { ExportReply, Signal, StatusReply } from './otlp.ts'

type Field = readonly [number: number, type: string, rule?: 'repeated']

const messages: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  TracesRequest: { resourceSpans: [1, 'ResourceSpans', 'repeated'] },
  ResourceSpans: { resource: [1, 'Resource'], scopeSpans: [2, 'ScopeSpans', 'repeated'] },
  ScopeSpans: { scope: [1, 'Scope'], spans: [2, 'Span', 'repeated'] },
  Span: {
    traceId: [1, 'bytes'],
    spanId: [2, 'bytes'],
    parentSpanId: [4, 'bytes'],
    name: [5, 'string'],
    kind: [6, 'int32'],
    startTimeUnixNano: [7, 'fixed64'],
    endTimeUnixNano: [8, 'fixed64'],
    attributes: [9, 'KeyValue', 'repeated'],
    events: [11, 'SpanEvent', 'repeated'],
    links: [13, 'SpanLink', 'repeated'],
    status: [15, 'SpanStatus'],
  },
  SpanEvent: { timeUnixNano: [1, 'fixed64'], name: [2, 'string'], attributes: [3, 'KeyValue', 'repeated'] },
  SpanLink: { traceId: [1, 'bytes'], spanId: [2, 'bytes'] },
  SpanStatus: { message: [2, 'string'], code: [3, 'int32'] },
  LogsRequest: { resourceLogs: [1, 'ResourceLogs', 'repeated'] },
  ResourceLogs: { resource: [1, 'Resource'], scopeLogs: [2, 'ScopeLogs', 'repeated'] },
  ScopeLogs: { scope: [1, 'Scope'], logRecords: [2, 'LogRecord', 'repeated'] },
  LogRecord: {
    timeUnixNano: [1, 'fixed64'],
    body: [5, 'AnyValue'],
    attributes: [6, 'KeyValue', 'repeated'],
    traceId: [9, 'bytes'],
    spanId: [10, 'bytes'],
    observedTimeUnixNano: [11, 'fixed64'],
    eventName: [12, 'string'],
  },
  Resource: { attributes: [1, 'KeyValue', 'repeated'] },
  Scope: { name: [1, 'string'], version: [2, 'string'] },
  KeyValue: { key: [1, 'string'], value: [2, 'AnyValue'] },
  AnyValue: {
    stringValue: [1, 'string'],
    boolValue: [2, 'bool'],
    intValue: [3, 'int64'],
    doubleValue: [4, 'double'],
    arrayValue: [5, 'ArrayValue'],
    kvlistValue: [6, 'KeyValueList'],
    bytesValue: [7, 'bytes'],
  },
  ArrayValue: { values: [1, 'AnyValue', 'repeated'] },
  KeyValueList: { values: [1, 'KeyValue', 'repeated'] },
  TracesReply: { partialSuccess: [1, 'TracesPartialSuccess'] },
  TracesPartialSuccess: { rejectedSpans: [1, 'int64'], errorMessage: [2, 'string'] },
  LogsReply: { partialSuccess: [1, 'LogsPartialSuccess'] },
  LogsPartialSuccess: { rejectedLogRecords: [1, 'int64'], errorMessage: [2, 'string'] },
  Status: { code: [1, 'int32'], message: [2, 'string'] },
}

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(messages).map(([name, fields]) => [
      name,
      {
        // A oneof tells an empty text from no text.
        ...(name === 'AnyValue' ? { oneofs: { value: { oneof: Object.keys(fields) } } } : {}),
        fields: Object.fromEntries(
          Object.entries(fields).map(([field, [id, type, rule]]) => [
            field,
            rule === undefined ? { id, type } : { id, type, rule },
          ]),
        ),
      },
    ]),
  ),
})

const requests = { traces: root.lookupType('TracesRequest'), logs: root.lookupType('LogsRequest') }
const replies = { traces: root.lookupType('TracesReply'), logs: root.lookupType('LogsReply') }
const status = root.lookupType('Status')

/** An export request in the shape of OTLP/JSON, but with bytes as such. Throws a `data` error `payload-not-protobuf`. */
export function decodeRequest(signal: Signal, payload: Buffer): unknown {
  const type = requests[signal]
  try {
    return type.toObject(type.decode(payload), { longs: String })
  } catch {
    // The parser's own message may quote the payload.
    throw dataError(
      'payload-not-protobuf',
      `reading a payload of ${payload.length} bytes as protobuf: it is malformed or cut`,
    )
  }
}

export const encodeReply = (signal: Signal, reply: ExportReply): Buffer =>
  Buffer.from(replies[signal].encode(replies[signal].fromObject({ ...reply })).finish())

export const encodeStatus = (reply: StatusReply): Buffer =>
  Buffer.from(status.encode(status.fromObject({ ...reply })).finish())
