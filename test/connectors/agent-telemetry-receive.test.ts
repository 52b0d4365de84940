import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { SeverityNumber } from '@opentelemetry/api-logs'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import pino from 'pino'
import { agentTelemetry } from '../../connectors/agent-telemetry/index.ts'
import type { RawInput } from '../../src/core/connector.ts'
import { retriableError } from '../../src/core/errors.ts'
import { sha256 } from '../../src/core/ids.ts'
import type { Json } from '../../src/core/json.ts'
import { type Receiver, startReceiver } from '../../src/server/receiver.ts'
import { rawRecordOf } from '../contract/connector/subject.ts'
import { allEvents, sections, settle } from './agent-telemetry/outcome.ts'
import { decode, encode } from './agent-telemetry/protobuf.ts'
import { logsRequest, otlpLog, otlpSpan, tracesRequest } from './agent-telemetry/trace.ts'

const token = 'a-token-of-the-support-bot'
const config = agentTelemetry.config.parse({
  vendor: 'agent-telemetry',
  account: 'main',
  sources: [
    { name: 'other-bot', token: 'another-token' },
    { name: 'support-bot', token, conversation: { vendor: 'genesys-cloud', account: 'main' } },
  ],
  maxRequestBytes: 100_000,
})

const received: RawInput[] = []
let storing: () => Promise<void> = () => Promise.resolve()
let receiver: Receiver
let url: string

before(async () => {
  receiver = await startReceiver({
    host: '127.0.0.1',
    port: 0,
    routes: (agentTelemetry.routes?.(config) ?? []).map(route => ({
      route,
      vendor: 'agent-telemetry',
      account: 'main',
    })),
    append: async records => {
      await storing()
      received.push(...records)
    },
    log: pino({ level: 'silent' }),
    now: () => new Date(),
  })
  url = `http://${receiver.host}:${receiver.port}`
})
after(() => receiver.close())

interface Post {
  readonly path?: '/v1/traces' | '/v1/logs'
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** Posts as an agent would; says what was answered and which records were stored. */
async function post({ path = '/v1/traces', body, headers = {} }: Post) {
  received.length = 0
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
  })
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    retryAfter: response.headers.get('retry-after'),
    body: Buffer.from(await response.arrayBuffer()),
    records: [...received],
  }
}

const json = (body: Buffer) => JSON.parse(body.toString()) as Json
const chat = otlpSpan({ id: 'chat', attributes: { 'gen_ai.operation.name': 'chat' } })
const tool = otlpSpan({ id: 'tool', attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 't' } })
const protobuf = { 'content-type': 'application/x-protobuf' }

describe('agent telemetry: receiving', () => {
  test('JSON: the record is what was sent, and the reply is empty', async () => {
    const body = JSON.stringify(tracesRequest([chat]))
    const answer = await post({ body, headers: { 'content-type': 'application/json; charset=utf-8' } })
    assert.equal(answer.status, 200)
    assert.equal(answer.contentType, 'application/json')
    assert.deepEqual(json(answer.body), {})
    const { observedAt, ...record } = answer.records[0] ?? assert.fail('nothing was stored')
    assert.ok(Math.abs(observedAt - Date.now()) < 60_000)
    assert.deepEqual(record, {
      stream: 'traces',
      key: sha256(body),
      contentType: 'application/json; charset=utf-8',
      payload: Buffer.from(body),
      context: JSON.stringify({
        source: 'support-bot',
        conversation: { vendor: 'genesys-cloud', account: 'main' },
        messages: true,
      }),
    })
  })

  test('protobuf, compressed: the record is decompressed, and the reply is protobuf', async () => {
    const body = encode('traces', tracesRequest([chat]))
    const answer = await post({ body: gzipSync(body), headers: { ...protobuf, 'content-encoding': 'gzip' } })
    assert.equal(answer.status, 200)
    assert.equal(answer.contentType, 'application/x-protobuf')
    assert.equal(answer.body.length, 0)
    assert.deepEqual(
      answer.records.map(({ payload, contentType }) => [payload, contentType]),
      [[body, 'application/x-protobuf']],
    )
  })

  test('the same bytes again are the same record', async () => {
    const body = JSON.stringify(tracesRequest([chat]))
    const [first, second] = [await post({ body }), await post({ body })]
    assert.equal(first.records[0]?.key, second.records[0]?.key)
  })

  test('a source without a mapping has conversations of its own', async () => {
    const body = JSON.stringify(tracesRequest([chat]))
    const { records } = await post({ body, headers: { authorization: 'Bearer another-token' } })
    assert.deepEqual(JSON.parse(records[0]?.context ?? ''), {
      source: 'other-bot',
      conversation: { vendor: 'agent-telemetry', account: 'main' },
      messages: true,
    })
  })

  const bad = [
    { ...chat, traceId: '5b8e' },
    { ...chat, traceId: '0'.repeat(32) },
    { ...chat, spanId: 'EEE19B7EC3C1B17' },
    { ...chat, parentSpanId: 'root' },
    { ...chat, startTimeUnixNano: '0' },
    { ...chat, endTimeUnixNano: '99999999999999999999' },
    { ...chat, startTimeUnixNano: 'yesterday' },
    'not even a span',
  ]

  test('spans that cannot be used are rejected by number and reason, the rest is taken', async () => {
    const body = JSON.stringify(tracesRequest([...bad, tool]))
    const answer = await post({ body })
    assert.equal(answer.status, 200)
    const { partialSuccess } = json(answer.body) as { partialSuccess: { rejectedSpans: string; errorMessage: string } }
    assert.equal(partialSuccess.rejectedSpans, String(bad.length))
    assert.match(partialSuccess.errorMessage, /3 × traceId must be 16 bytes/)
    assert.match(partialSuccess.errorMessage, /3 × startTimeUnixNano and endTimeUnixNano must be/)
    assert.ok(!answer.body.includes('yesterday'), 'the reply quotes what was sent')
    assert.equal(answer.records.length, 1)
  })

  test('the same in protobuf', async () => {
    const short = encode('traces', tracesRequest([{ ...chat, spanId: 'aabb' }, tool]))
    const answer = await post({ body: short, headers: protobuf })
    assert.deepEqual(decode('ExportTraceServiceResponse', answer.body), {
      partialSuccess: { rejectedSpans: '1', errorMessage: '1 × spanId must be 8 bytes that are not all zero' },
    })
  })

  test('log records: agent telemetry that belongs nowhere is rejected, anything else is not asked', async () => {
    const evaluation = { eventName: 'gen_ai.evaluation.result', attributes: { 'gen_ai.evaluation.name': 'Relevance' } }
    const request = logsRequest([
      otlpLog({ ...evaluation, traceId: null }),
      otlpLog({ traceId: null, body: 'listening' }),
      otlpLog({ ...evaluation, span: 'chat' }),
      { ...otlpLog(evaluation), timeUnixNano: '0' },
    ])
    const answer = await post({ path: '/v1/logs', body: JSON.stringify(request) })
    const { partialSuccess } = json(answer.body) as {
      partialSuccess: { rejectedLogRecords: string; errorMessage: string }
    }
    assert.equal(partialSuccess.rejectedLogRecords, '2')
    assert.match(partialSuccess.errorMessage, /1 × agent telemetry must have a traceId or gen_ai.conversation.id/)
    const inProtobuf = await post({ path: '/v1/logs', body: encode('logs', request), headers: protobuf })
    assert.deepEqual(decode('ExportLogsServiceResponse', inProtobuf.body), { partialSuccess })
  })

  test('a request without anything in it is a success, and no record', async () => {
    for (const body of ['{}', JSON.stringify(tracesRequest([]))]) {
      const answer = await post({ body })
      assert.deepEqual([answer.status, json(answer.body), answer.records], [200, {}, []])
    }
  })

  const undecodable: readonly (readonly [what: string, post: Post])[] = [
    ['cut JSON', { body: '{"resourceSpans":[' }],
    ['JSON that is no request', { body: '[1,2]' }],
    ['a list that is none', { body: '{"resourceSpans":{"scopeSpans":[]}}' }],
    ['JSON of great depth', { body: '['.repeat(50_000) }],
    ['cut protobuf', { body: encode('traces', tracesRequest([chat])).subarray(0, 40), headers: protobuf }],
    ['JSON called protobuf', { body: JSON.stringify(tracesRequest([chat])), headers: protobuf }],
  ]
  for (const [what, request] of undecodable)
    test(`400 for ${what}`, async () => {
      const answer = await post(request)
      assert.equal(answer.status, 400)
      assert.deepEqual(answer.records, [])
      const isProtobuf = request.headers !== undefined
      assert.equal(answer.contentType, isProtobuf ? 'application/x-protobuf' : 'application/json')
      const status = (isProtobuf ? decode('RpcStatus', answer.body) : json(answer.body)) as {
        code: number
        message: string
      }
      assert.equal(status.code, 3)
      assert.match(status.message, /^reading /)
    })

  test('401, 413, 415 and 503 have a Status as body, in the encoding of the request', async () => {
    const body = JSON.stringify(tracesRequest([chat]))
    const stranger = await post({ body, headers: { authorization: 'Bearer a-token-of-the-support-bo' } })
    assert.deepEqual([stranger.status, (json(stranger.body) as { code: number }).code, stranger.records], [401, 16, []])
    const large = await post({
      body: gzipSync(Buffer.alloc(200_000)),
      headers: { ...protobuf, 'content-encoding': 'gzip' },
    })
    assert.equal(large.status, 413)
    assert.equal(decode('RpcStatus', large.body)['code'], 8)
    const text = await post({ body, headers: { 'content-type': 'text/plain' } })
    assert.deepEqual([text.status, text.contentType, text.records], [415, 'application/json', []])
    storing = () => Promise.reject(retriableError('log-full', 'appending records', undefined, 7000))
    const busy = await post({ body })
    storing = () => Promise.resolve()
    assert.deepEqual([busy.status, busy.retryAfter, (json(busy.body) as { code: number }).code], [503, '7', 14])
  })
})

/** What the records that were stored become. */
const stored = () => settle(received.map(record => rawRecordOf(record, { vendor: 'agent-telemetry', account: 'main' })))

describe('agent telemetry: exporters of OpenTelemetry', () => {
  for (const { name, Exporter } of [
    { name: 'JSON', Exporter: JsonTraceExporter },
    { name: 'protobuf', Exporter: ProtobufTraceExporter },
  ])
    for (const compression of ['none', 'gzip'] as const)
      test(`traces in ${name}, compression ${compression}`, async () => {
        received.length = 0
        const exporter = new Exporter({
          url: `${url}/v1/traces`,
          headers: { authorization: `Bearer ${token}` },
          compression: compression as never,
        })
        // One span a request: the child is exported long before the parent that knows the conversation.
        const provider = new BasicTracerProvider({
          spanProcessors: [new BatchSpanProcessor(exporter, { maxExportBatchSize: 1 })],
        })
        const tracer = provider.getTracer('agent')
        const agent = tracer.startSpan('invoke_agent support', {
          attributes: {
            'gen_ai.operation.name': 'invoke_agent',
            'gen_ai.agent.name': 'support',
            'gen_ai.conversation.id': 'c-9',
          },
        })
        const call = tracer.startSpan(
          'execute_tool refund',
          {
            kind: SpanKind.INTERNAL,
            attributes: {
              'gen_ai.operation.name': 'execute_tool',
              'gen_ai.tool.name': 'refund',
              'gen_ai.tool.call.id': 'call_1',
              'gen_ai.tool.call.arguments': '{"amount":12.5}',
            },
          },
          trace.setSpan(context.active(), agent),
        )
        call.recordException(new RangeError('too much'))
        call.setStatus({ code: SpanStatusCode.ERROR, message: 'too much' })
        call.end()
        await provider.forceFlush()
        agent.end()
        await provider.shutdown()

        assert.equal(received.length, 2)
        const conversations = stored()
        assert.deepEqual(Object.keys(conversations), ['genesys-cloud/main/c-9'])
        const [found, ...more] = sections(allEvents(conversations), 'tool.call')
        assert.deepEqual(more, [])
        assert.deepEqual(
          { ...found, durationMs: 0, partyKey: null },
          {
            partyKey: null,
            callId: 'call_1',
            name: 'refund',
            kind: 'function',
            server: null,
            arguments: '{"amount":12.5}',
            result: null,
            isError: true,
            errorType: 'RangeError',
            errorMessage: 'too much',
            durationMs: 0,
            traceId: call.spanContext().traceId,
            spanId: call.spanContext().spanId,
          },
        )
      })

  test('log records', async () => {
    received.length = 0
    const exporter = new OTLPLogExporter({ url: `${url}/v1/logs`, headers: { authorization: `Bearer ${token}` } })
    const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] })
    provider.getLogger('evaluator').emit({
      eventName: 'gen_ai.evaluation.result',
      severityNumber: SeverityNumber.INFO,
      attributes: {
        'gen_ai.conversation.id': 'c-9',
        'gen_ai.evaluation.name': 'Relevance',
        'gen_ai.evaluation.score.value': 0.75,
        'gen_ai.response.id': 'chatcmpl-1',
      },
    })
    await provider.shutdown()
    const found = sections(stored()['genesys-cloud/main/c-9'] ?? [], 'evaluation.result')
    assert.deepEqual(
      found.map(({ name, score, scaleMax, targetId }) => ({ name, score, scaleMax, targetId })),
      [{ name: 'Relevance', score: 0.75, scaleMax: null, targetId: 'chatcmpl-1' }],
    )
  })
})
