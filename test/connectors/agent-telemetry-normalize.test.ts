import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { agentTelemetry } from '../../connectors/agent-telemetry/index.ts'
import type { Json } from '../../src/core/json.ts'
import { allEvents, sections, settle } from './agent-telemetry/outcome.ts'
import {
  chat,
  normalizeLogs,
  normalizeSpans,
  otlpSpan,
  rawRecord,
  type SpanInput,
  spanId,
  text,
  tracesRequest,
} from './agent-telemetry/trace.ts'

const settleSpans = (...spans: readonly SpanInput[]) =>
  settle([rawRecord('traces', tracesRequest(spans.map(otlpSpan)))])

describe('agent telemetry: tool calls in messages', () => {
  const call = (arguments_: Json) => ({
    role: 'model',
    parts: [{ type: 'tool_call', name: 'roll', arguments: arguments_ }],
  })
  const answer = (key: 'response' | 'result', value: Json) => ({
    role: 'tool',
    parts: [{ type: 'tool_call_response', name: 'roll', [key]: value }],
  })

  test('a model that gives its calls no id: questions and answers go by name and order', () => {
    const asked = [text('user', 'roll twice'), call({ sides: 6 }), answer('response', 4)]
    const calls = sections(
      allEvents(
        settleSpans(
          chat('one', 0, asked.slice(0, 1), [call({ sides: 6 })]),
          chat('two', 100, asked, [call({ sides: 6 })]),
          chat(
            'three',
            200,
            [...asked, call({ sides: 6 }), answer('result', { value: 2 })],
            [text('assistant', '4 and 2')],
          ),
        ),
      ),
      'tool.call',
    )
    assert.deepEqual(
      calls.map(({ arguments: given, result }) => [given, result]),
      [
        ['{"sides":6}', '4'],
        ['{"sides":6}', '{"value":2}'],
      ],
    )
  })

  test('an MCP span around an execute_tool span of the same tool is the same call', () => {
    const spans: SpanInput[] = [
      { id: 'agent', attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.conversation.id': 'c-1' } },
      {
        id: 'mcp',
        parent: 'agent',
        kind: 2,
        name: 'tools/call roll',
        end: 90,
        attributes: { 'mcp.method.name': 'tools/call' },
      },
      {
        id: 'tool',
        parent: 'mcp',
        attributes: {
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'roll',
          'gen_ai.tool.call.id': 'call_1',
        },
      },
    ]
    for (const order of [spans, spans.toReversed()]) {
      const events = allEvents(
        settle(order.map((span, key) => rawRecord('traces', tracesRequest([otlpSpan(span)]), { key: `${key}` }))),
      )
      assert.deepEqual(
        sections(events, 'tool.call').map(({ callId, kind }) => [callId, kind]),
        [['call_1', 'function']],
      )
    }
  })

  test('an execute_tool span with the attributes of MCP is one call, by MCP', () => {
    const events = allEvents(
      settleSpans({
        id: 'tool',
        attributes: {
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'roll',
          'mcp.method.name': 'tools/call',
          'server.address': 'dice.example.com',
        },
      }),
    )
    assert.deepEqual(
      sections(events, 'tool.call').map(({ name, kind, server }) => ({ name, kind, server })),
      [{ name: 'roll', kind: 'mcp', server: 'dice.example.com' }],
    )
  })
})

describe('agent telemetry: other conventions', () => {
  test('an evaluation as an event of the span that was judged', () => {
    const events = allEvents(
      settleSpans({
        id: 'chat',
        end: 40,
        attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.conversation.id': 'c-1' },
        events: [
          {
            name: 'gen_ai.evaluation.result',
            attributes: { 'gen_ai.evaluation.name': 'Groundedness', 'gen_ai.evaluation.score.value': 1 },
          },
        ],
      }),
    )
    assert.deepEqual(
      sections(events, 'evaluation.result').map(({ name, score, scaleMin, targetId }) => ({
        name,
        score,
        scaleMin,
        targetId,
      })),
      [{ name: 'Groundedness', score: 1, scaleMin: null, targetId: spanId('chat') }],
    )
  })

  test('both forms of one OpenInference result are one result', () => {
    const result = { name: 'tone', label: 'friendly', annotator_kind: 'HUMAN' }
    const attributes = Object.fromEntries(
      ['annotation', 'evaluation'].flatMap(form =>
        Object.entries(result).map(([field, value]) => [`${form}s.0.${form}.${field}`, value]),
      ),
    )
    const events = allEvents(
      settleSpans({ id: 'chain', attributes: { 'openinference.span.kind': 'CHAIN', ...attributes } }),
    )
    assert.equal(sections(events, 'evaluation.result').length, 1)
  })

  test('Langfuse: its own type counts before anything else', () => {
    const events = allEvents(
      settleSpans({
        id: 'look-up',
        name: 'look_up',
        attributes: {
          'langfuse.observation.type': 'tool',
          'langfuse.session.id': 's-1',
          'langfuse.observation.input': '{"id":7}',
          'langfuse.observation.output': 'found',
          'langfuse.observation.level': 'ERROR',
          'langfuse.observation.status_message': 'too late',
          'gen_ai.request.model': 'some-model',
        },
      }),
    )
    assert.deepEqual(
      sections(events, 'tool.call').map(({ name, arguments: given, result, isError, errorMessage }) => ({
        name,
        given,
        result,
        isError,
        errorMessage,
      })),
      [{ name: 'look_up', given: '{"id":7}', result: '"found"', isError: true, errorMessage: 'too late' }],
    )
    assert.deepEqual(sections(events, 'reasoning.step'), [])
  })

  test('OpenLLMetry: flattened prompts and completions', () => {
    const events = allEvents(
      settleSpans({
        id: 'chat',
        attributes: {
          'gen_ai.system': 'openai',
          'gen_ai.request.model': 'gpt-4o',
          'gen_ai.prompt.0.role': 'user',
          'gen_ai.prompt.0.content': 'roll',
          'gen_ai.completion.0.role': 'assistant',
          'gen_ai.completion.0.finish_reason': 'tool_calls',
          'gen_ai.completion.0.tool_calls.0.id': 'call_1',
          'gen_ai.completion.0.tool_calls.0.name': 'roll',
          'gen_ai.completion.0.tool_calls.0.arguments': '{"sides":6}',
        },
      }),
    )
    assert.deepEqual(
      sections(events, 'message').map(message => message.text),
      ['roll'],
    )
    assert.deepEqual(
      sections(events, 'tool.call').map(({ callId, arguments: given }) => [callId, given]),
      [['call_1', '{"sides":6}']],
    )
    assert.deepEqual(
      sections(events, 'reasoning.step').map(({ provider, finishReasons }) => [provider, finishReasons]),
      [['openai', ['tool_calls']]],
    )
  })
})

describe('agent telemetry: where things belong', () => {
  const tool: SpanInput = { id: 'tool', parent: 'http', attributes: { 'gen_ai.tool.name': 'roll' } }

  test('a span between that is no agent telemetry still leads to the conversation', () => {
    const conversations = settleSpans(
      tool,
      { id: 'http', parent: 'agent', kind: 2, attributes: { 'http.request.method': 'POST' } },
      { id: 'agent', attributes: { 'session.id': 's-1', 'openinference.span.kind': 'AGENT' } },
    )
    assert.deepEqual(Object.keys(conversations), ['genesys-cloud/main/s-1'])
  })

  test('a trace without conversation becomes one of its own', () => {
    assert.deepEqual(Object.keys(settleSpans(tool)), ['agent-telemetry/main/5b8efff798038103d269b633813fc60c'])
  })

  test('a conversation id that is blank is none', () => {
    const outcome = normalizeSpans({ ...tool, attributes: { ...tool.attributes, 'gen_ai.conversation.id': '  ' } })
    assert.ok(outcome.kind === 'emit')
    assert.ok(outcome.records.every(({ kind, to }) => kind === 'link' || 'alias' in to))
  })

  test('a record of whose context nothing is left is read all the same', () => {
    const record = rawRecord(
      'traces',
      tracesRequest([otlpSpan({ id: 'a', attributes: { 'gen_ai.agent.name': 'x', 'session.id': 's' } })]),
      { context: 'null' },
    )
    assert.deepEqual(Object.keys(settle([record])), ['agent-telemetry/main/s'])
  })

  test('log records of no conversation and no trace are a dead letter', () => {
    const outcome = normalizeLogs({ traceId: null, eventName: 'gen_ai.user.message', body: { content: 'hi' } })
    assert.deepEqual(outcome, {
      kind: 'deadLetter',
      code: 'nothing-usable',
      reason: 'reading telemetry: agent telemetry must have a traceId or gen_ai.conversation.id',
    })
  })
})

describe('agent telemetry: configuration', () => {
  const source = { name: 'bot', token: 'long-enough' }
  const problems = (sources: readonly unknown[]) => {
    const parsed = agentTelemetry.config.safeParse({ vendor: 'agent-telemetry', account: 'main', sources })
    return parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  }

  test('two sources must not share a name or a token', () => {
    assert.deepEqual(problems([source, { ...source }]), [
      'sources.1.name: must differ from every other name',
      'sources.1.token: must differ from every other token',
    ])
    assert.deepEqual(problems([source, { name: 'other', token: 'another-one' }]), [])
  })

  test('a token that could be guessed is refused', () => {
    assert.deepEqual(problems([{ ...source, token: 'short' }]), ['sources.0.token: expected at least 8 characters'])
  })
})
