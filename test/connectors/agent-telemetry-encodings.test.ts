import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { agentTelemetry } from '../../connectors/agent-telemetry/index.ts'
import type { Json } from '../../src/core/json.ts'
import type { RawRecord } from '../../src/core/records.ts'
import { encode } from './agent-telemetry/protobuf.ts'
import {
  epoch,
  logsRequest,
  normalizeSpans,
  otlpLog,
  otlpSpan,
  rawRecord,
  spanId,
  traceId,
  tracesRequest,
} from './agent-telemetry/trace.ts'

const normalize = (record: RawRecord) => agentTelemetry.normalize(record, undefined)

/** JSON as attributes may hold it; numbers as OTLP can tell them apart. */
const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
  ),
})).value

const names = fc.constantFrom(
  'gen_ai.operation.name',
  'gen_ai.tool.name',
  'gen_ai.tool.call.id',
  'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result',
  'gen_ai.conversation.id',
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.usage.input_tokens',
  'openinference.span.kind',
  'llm.input_messages.0.message.role',
  'llm.input_messages.0.message.content',
  'mcp.method.name',
  'error.type',
)
const words = fc.constantFrom(
  'chat',
  'execute_tool',
  'invoke_agent',
  'tools/call',
  'LLM',
  'TOOL',
  'user',
  'get_weather',
)
const attributes = fc.dictionary(fc.oneof(names, fc.string()), fc.oneof(words, anyJson), { maxKeys: 8 })

describe('agent telemetry: encodings', () => {
  test('a request in protobuf tells what it tells in JSON: spans', () => {
    const span = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      parent: fc.constantFrom('a', 'b', undefined),
      name: fc.string(),
      kind: fc.nat(5),
      start: fc.nat(1000),
      attributes,
      status: fc.record({ code: fc.nat(2), message: fc.string() }),
    })
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 5 }), spans => {
        const request = tracesRequest(spans.map(otlpSpan))
        assert.deepEqual(
          normalize(
            rawRecord('traces', null, { payload: encode('traces', request), contentType: 'application/x-protobuf' }),
          ),
          normalize(rawRecord('traces', request)),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('a request in protobuf tells what it tells in JSON: log records', () => {
    const log = fc.record({
      span: fc.constantFrom('a', 'b'),
      eventName: fc.constantFrom(
        'gen_ai.user.message',
        'gen_ai.choice',
        'gen_ai.assistant.message',
        'gen_ai.evaluation.result',
        'other',
      ),
      at: fc.nat(1000),
      attributes: fc.dictionary(
        fc.constantFrom('gen_ai.evaluation.name', 'gen_ai.evaluation.score.value', 'x'),
        anyJson,
      ),
      body: fc.oneof(anyJson, fc.record({ content: fc.string(), role: words })),
    })
    fc.assert(
      fc.property(fc.array(log, { minLength: 1, maxLength: 5 }), logs => {
        const request = logsRequest(logs.map(otlpLog))
        assert.deepEqual(
          normalize(
            rawRecord('logs', null, { payload: encode('logs', request), contentType: 'application/x-protobuf' }),
          ),
          normalize(rawRecord('logs', request)),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('ids in upper case, numbers as numbers, and fields that nobody knows', () => {
    const lower = otlpSpan({ id: 'chat', parent: 'agent', attributes: { 'gen_ai.operation.name': 'chat' } })
    const upper = {
      ...lower,
      traceId: traceId.toUpperCase(),
      spanId: spanId('chat').toUpperCase(),
      parentSpanId: spanId('agent').toUpperCase(),
      startTimeUnixNano: epoch * 1e6,
      endTimeUnixNano: (epoch + 10) * 1e6,
      later: { versions: 'of OTLP' },
      kind: 1,
    }
    const request = { ...tracesRequest([upper]), unknown: [1] }
    assert.deepEqual(normalize(rawRecord('traces', request)), normalize(rawRecord('traces', tracesRequest([lower]))))
  })

  test('tens of thousands of small spans in one request', () => {
    const count = 40_000
    const ids = Array.from({ length: count }, (_, index) => `f${index.toString(16).padStart(15, '0')}`)
    const request = tracesRequest(
      ids.map(id => ({ ...otlpSpan({ id: 'x', attributes: { 'gen_ai.tool.name': 't' } }), spanId: id })),
    )
    const outcome = normalize(
      rawRecord('traces', null, { payload: encode('traces', request), contentType: 'application/x-protobuf' }),
    )
    assert.equal(outcome.kind === 'emit' && outcome.records.filter(({ kind }) => kind === 'event').length, count)
  })

  test('a long history costs no more than its length', () => {
    const history = Array.from({ length: 50_000 }, (_, index) => ({ role: 'user', content: `message ${index % 100}` }))
    const outcome = normalizeSpans({
      id: 'chat',
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.input.messages': JSON.stringify(history) },
    })
    assert.equal(
      outcome.kind === 'emit' &&
        outcome.records.filter(each => each.kind === 'event' && each.type === 'message').length,
      50_000,
    )
  })
})
