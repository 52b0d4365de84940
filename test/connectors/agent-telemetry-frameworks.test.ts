import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../../src/core/json.ts'
import type { ConversationEvent } from '../../src/core/records.ts'
import { sections, settle } from './agent-telemetry/outcome.ts'
import { otlpSpan, rawRecord, type SpanInput, spanId, traceId, tracesRequest } from './agent-telemetry/trace.ts'

const json = (value: Json) => JSON.stringify(value)

const settled = (spans: readonly Json[]) => settle([rawRecord('traces', tracesRequest(spans))])

/** The events of spans that are all of one conversation, whose key is `key`. */
function eventsOf(key: string, ...spans: readonly SpanInput[]): readonly ConversationEvent[] {
  const conversations = settled(spans.map(otlpSpan))
  assert.deepEqual(Object.keys(conversations), [`genesys-cloud/main/${key}`])
  return Object.values(conversations).flat()
}

const said = (events: readonly ConversationEvent[]) => sections(events, 'message').map(({ text }) => text?.trim())

const calls = (events: readonly ConversationEvent[]) =>
  sections(events, 'tool.call').map(call => [call.callId, call.name, call.arguments, call.result, call.isError])

const reasoned = (events: readonly ConversationEvent[]) =>
  sections(events, 'reasoning.step').flatMap(({ text }) => text ?? [])

describe('agent telemetry: how frameworks write it', () => {
  test('OpenLLMetry: workflow, calls of a model, and a tool without a call id', () => {
    const prompt = { 'gen_ai.prompt.0.role': 'user', 'gen_ai.prompt.0.content': 'Where is order 42?' }
    const asked = (list: string) => ({
      [`${list}.role`]: 'assistant',
      [`${list}.tool_calls.0.id`]: 'call_1',
      [`${list}.tool_calls.0.name`]: 'lookup',
      [`${list}.tool_calls.0.arguments`]: json({ order: 42 }),
    })
    const model = { 'llm.request.type': 'chat', 'gen_ai.request.model': 'gpt-4o' }
    const events = eventsOf(
      's-9',
      {
        id: 'flow',
        end: 100,
        attributes: { 'traceloop.span.kind': 'workflow', 'traceloop.association.properties.session_id': 's-9' },
      },
      { id: 'llm1', parent: 'flow', start: 1, attributes: { ...model, ...prompt, ...asked('gen_ai.completion.0') } },
      {
        id: 'tool',
        parent: 'flow',
        name: 'lookup.tool',
        start: 20,
        attributes: {
          'traceloop.span.kind': 'tool',
          'traceloop.entity.name': 'lookup',
          'traceloop.entity.input': json({ order: 42 }),
          'traceloop.entity.output': json({ state: 'shipped' }),
        },
      },
      {
        id: 'llm2',
        parent: 'flow',
        start: 40,
        attributes: {
          ...model,
          ...prompt,
          ...asked('gen_ai.prompt.1'),
          'gen_ai.prompt.2.role': 'tool',
          'gen_ai.prompt.2.tool_call_id': 'call_1',
          'gen_ai.prompt.2.content': json({ state: 'shipped' }),
          'gen_ai.completion.0.role': 'assistant',
          'gen_ai.completion.0.content': 'It has shipped.',
        },
      },
    )
    assert.deepEqual(said(events), ['Where is order 42?', 'It has shipped.'])
    assert.deepEqual(calls(events), [[null, 'lookup', json({ order: 42 }), json({ state: 'shipped' }), false]])
  })

  test('Strands: content in events, in the blocks of Bedrock', () => {
    const question = { name: 'gen_ai.user.message', attributes: { content: json([{ text: 'Rain in Rome?' }]) } }
    const use = { toolUse: { toolUseId: 'tu_1', name: 'weather', input: { city: 'Rome' } } }
    const asked = json([
      { reasoningContent: { reasoningText: { text: 'I need the weather.', signature: 'secret' } } },
      { text: 'Let me see.' },
      use,
    ])
    const answered = { toolResult: { toolUseId: 'tu_1', status: 'error', content: [{ text: 'no such city' }] } }
    const events = eventsOf(
      'c-7',
      {
        id: 'agent',
        end: 100,
        attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'Bob', 'session.id': 'c-7' },
        events: [question, { name: 'gen_ai.choice', attributes: { message: 'I cannot tell.\n' } }],
      },
      {
        id: 'chat1',
        parent: 'agent',
        start: 1,
        attributes: { 'gen_ai.operation.name': 'chat' },
        events: [question, { name: 'gen_ai.choice', attributes: { message: asked, finish_reason: 'tool_use' } }],
      },
      {
        id: 'tool',
        parent: 'agent',
        start: 20,
        attributes: {
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'weather',
          'gen_ai.tool.call.id': 'tu_1',
          'gen_ai.tool.status': 'error',
        },
        events: [
          { name: 'gen_ai.tool.message', attributes: { role: 'tool', content: json({ city: 'Rome' }), id: 'tu_1' } },
          { name: 'gen_ai.choice', attributes: { message: json([{ text: 'no such city' }]), id: 'tu_1' } },
        ],
      },
      {
        id: 'chat2',
        parent: 'agent',
        start: 50,
        attributes: { 'gen_ai.operation.name': 'chat' },
        events: [
          question,
          { name: 'gen_ai.assistant.message', attributes: { content: asked } },
          { name: 'gen_ai.tool.message', attributes: { content: json([answered]) } },
          { name: 'gen_ai.choice', attributes: { message: json([{ text: 'I cannot tell.' }]) } },
        ],
      },
    )
    assert.deepEqual(said(events), ['Rain in Rome?', 'Let me see.', 'I cannot tell.'])
    assert.deepEqual(calls(events), [['tu_1', 'weather', json({ city: 'Rome' }), json('no such city'), true]])
    assert.deepEqual(reasoned(events), ['I need the weather.'])
    assert.equal(sections(events, 'tool.call')[0]?.errorMessage, 'no such city')
  })

  test('an execute_tool span with the event that holds its details', () => {
    const events = eventsOf('c-1', {
      id: 'tool',
      attributes: { 'gen_ai.conversation.id': 'c-1', 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'w' },
      events: [
        {
          name: 'gen_ai.client.inference.operation.details',
          attributes: {
            'gen_ai.input.messages': json([
              { role: 'tool', parts: [{ type: 'tool_call', id: 't', name: 'w', arguments: { a: 1 } }] },
            ]),
            'gen_ai.output.messages': json([
              { role: 'tool', parts: [{ type: 'tool_call_response', id: 't', response: { b: 2 } }] },
            ]),
          },
        },
      ],
    })
    assert.deepEqual(calls(events), [[null, 'w', json({ a: 1 }), json({ b: 2 }), false]])
  })

  test("Google's ADK: requests and responses of Gemini", () => {
    const model = { 'gen_ai.request.model': 'gemini', 'gcp.vertex.agent.session_id': 'sess-1' }
    const question = { role: 'user', parts: [{ text: 'Rain in Rome?' }] }
    const call = { role: 'model', parts: [{ function_call: { id: 'adk-1', name: 'weather', args: { city: 'Rome' } } }] }
    const back = { function_response: { id: 'adk-1', name: 'weather', response: { rain: false } } }
    const asking = { content: { ...call, parts: [{ text: 'Ask for it.', thought: true }, ...call.parts] } }
    const events = eventsOf(
      'sess-1',
      {
        id: 'llm1',
        attributes: {
          ...model,
          'gcp.vertex.agent.llm_request': json({ contents: [question] }),
          'gcp.vertex.agent.llm_response': json(asking),
        },
      },
      {
        id: 'tool',
        parent: 'llm1',
        start: 20,
        attributes: {
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'weather',
          'gen_ai.tool.type': 'FunctionTool',
          'gen_ai.tool.call.id': 'adk-1',
          'gcp.vertex.agent.tool_call_args': json({ city: 'Rome' }),
          'gcp.vertex.agent.tool_response': json({ rain: false }),
          'gcp.vertex.agent.llm_request': '{}',
          'gcp.vertex.agent.llm_response': '{}',
        },
      },
      {
        id: 'llm2',
        start: 40,
        attributes: {
          ...model,
          'gcp.vertex.agent.llm_request': json({ contents: [question, call, { role: 'user', parts: [back] }] }),
          'gcp.vertex.agent.llm_response': json({ content: { role: 'model', parts: [{ text: 'Sunny.' }] } }),
        },
      },
    )
    assert.deepEqual(said(events), ['Rain in Rome?', 'Sunny.'])
    assert.deepEqual(calls(events), [['adk-1', 'weather', json({ city: 'Rome' }), json({ rain: false }), false]])
    assert.equal(sections(events, 'tool.call')[0]?.kind, 'function')
    assert.deepEqual(reasoned(events), ['Ask for it.'])
  })

  test('Azure: a run of an agent tells everything in events, without a choice', () => {
    const event = (name: string, content: Json) => ({ name, attributes: { 'gen_ai.event.content': json(content) } })
    const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: { city: 'Paris' } } }
    const events = eventsOf('thread_1', {
      id: 'run',
      name: 'process_thread_run',
      attributes: {
        'gen_ai.operation.name': 'process_thread_run',
        'gen_ai.thread.id': 'thread_1',
        'gen_ai.agent.id': 'asst_1',
        'gen_ai.response.model': 'gpt-4o',
        'gen_ai.usage.input_tokens': '5',
      },
      events: [
        event('gen_ai.user.message', { role: 'user', content: 'Rain in Paris?' }),
        event('gen_ai.assistant.message', { role: 'assistant', tool_calls: [call] }),
        event('gen_ai.tool.message', { content: 'yes', id: 'call_1' }),
        event('gen_ai.assistant.message', { role: 'assistant', content: { text: { value: 'It rains.' } } }),
      ],
    })
    assert.deepEqual(said(events), ['Rain in Paris?', 'It rains.'])
    assert.deepEqual(calls(events), [['call_1', 'weather', json({ city: 'Paris' }), json('yes'), false]])
    assert.equal(sections(events, 'reasoning.step')[0]?.inputTokens, 5)
  })

  test('LiveKit: calls as JSON in a list, and its own attributes of a tool', () => {
    const call = json({ id: 'call_9', type: 'function', function: { name: 'seat', arguments: json({ row: 1 }) } })
    const events = eventsOf(
      'c-3',
      { id: 'session', end: 100, attributes: { 'session.id': 'c-3' } },
      {
        id: 'llm',
        parent: 'session',
        start: 1,
        attributes: { 'gen_ai.operation.name': 'chat' },
        events: [
          { name: 'gen_ai.user.message', attributes: { content: 'A seat, please' } },
          { name: 'gen_ai.choice', attributes: { role: 'assistant', tool_calls: [call] } },
        ],
      },
      {
        id: 'tool',
        parent: 'session',
        start: 20,
        attributes: {
          'lk.function_tool.id': 'call_9',
          'lk.function_tool.name': 'seat',
          'lk.function_tool.arguments': json({ row: 1 }),
          'lk.function_tool.output': 'taken',
          'lk.function_tool.is_error': true,
        },
      },
    )
    assert.deepEqual(said(events), ['A seat, please'])
    assert.deepEqual(calls(events), [['call_9', 'seat', json({ row: 1 }), json('taken'), true]])
    const question = eventsOf(
      'c-3',
      { id: 'session', end: 100, attributes: { 'session.id': 'c-3' } },
      {
        id: 'llm',
        parent: 'session',
        attributes: { 'gen_ai.operation.name': 'chat' },
        events: [{ name: 'gen_ai.choice', attributes: { tool_calls: [call] } }],
      },
    )
    assert.deepEqual(calls(question), [['call_9', 'seat', json({ row: 1 }), null, false]])
  })

  test('Pydantic AI before version 2 of its format: events as a list in an attribute', () => {
    const events = eventsOf('c-1', {
      id: 'chat',
      attributes: {
        'gen_ai.conversation.id': 'c-1',
        'gen_ai.operation.name': 'chat',
        events: json([
          { 'event.name': 'gen_ai.user.message', role: 'user', content: 'Hello' },
          { 'event.name': 'gen_ai.choice', index: 0, message: { role: 'assistant', content: 'Good day' } },
        ]),
      },
    })
    assert.deepEqual(said(events), ['Hello', 'Good day'])
  })

  test('an answer that is JSON is an answer', () => {
    const answer = '{"order": 42}'
    const model = { 'gen_ai.conversation.id': 'c-1', 'gen_ai.request.model': 'm' }
    const forms: readonly Readonly<Record<string, Json>>[] = [
      { 'gen_ai.completion.0.role': 'assistant', 'gen_ai.completion.0.content': answer },
      { 'gen_ai.output.messages': json([{ role: 'assistant', content: answer }]) },
      { 'gen_ai.output.messages': json([{ role: 'assistant', parts: [{ type: 'text', content: answer }] }]) },
      { 'ai.response.object': answer },
    ]
    for (const attributes of forms)
      assert.deepEqual(said(eventsOf('c-1', { id: 'chat', attributes: { ...model, ...attributes } })), [answer])
    const choice = { name: 'gen_ai.choice', attributes: { message: answer } }
    assert.deepEqual(said(eventsOf('c-1', { id: 'chat', attributes: model, events: [choice] })), [answer])
    const whole = { ...model, 'gen_ai.completion': answer }
    assert.deepEqual(said(eventsOf('c-1', { id: 'chat', attributes: whole })), ['{"order":42}'])
    const list = { ...model, 'gen_ai.output.messages': json([{ role: 'assistant', content: '[1, 2]' }]) }
    assert.deepEqual(said(eventsOf('c-1', { id: 'chat', attributes: list })), ['[1, 2]'])
  })

  test('a score that is a text of digits is a score', () => {
    const [result] = sections(
      eventsOf('c-1', {
        id: 'chat',
        attributes: { 'gen_ai.conversation.id': 'c-1' },
        events: [
          {
            name: 'gen_ai.evaluation.result',
            attributes: { 'gen_ai.evaluation.name': 'Relevance', 'gen_ai.evaluation.score.value': '0.75' },
          },
        ],
      }),
      'evaluation.result',
    )
    assert.equal(result?.score, 0.75)
  })
})

describe('agent telemetry: exporters that write plain protobuf JSON, or too early', () => {
  const tool = otlpSpan({
    id: 'tool',
    parent: 'agent',
    attributes: { 'gen_ai.conversation.id': 'c-1', 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'w' },
  })
  const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')

  test('ids in base64 and names of enums', () => {
    const [call] = sections(
      Object.values(
        settled([
          {
            ...tool,
            traceId: base64(traceId),
            spanId: base64(spanId('tool')),
            parentSpanId: base64(spanId('agent')),
            kind: 'SPAN_KIND_CLIENT',
            status: { code: 'STATUS_CODE_ERROR', message: 'refused' },
          },
        ]),
      ).flat(),
      'tool.call',
    )
    assert.deepEqual([call?.traceId, call?.spanId], [traceId, spanId('tool')])
    assert.deepEqual([call?.isError, call?.errorMessage], [true, 'refused'])
  })

  test('a span that is still open has no duration, and gives way to itself when it has ended', () => {
    const durations = (...spans: Json[]) =>
      sections(Object.values(settled(spans)).flat(), 'tool.call').map(({ durationMs }) => durationMs)
    const { endTimeUnixNano: _, ...unfinished } = tool
    for (const open of [unfinished, { ...tool, endTimeUnixNano: '0' }, { ...tool, endTimeUnixNano: 0 }]) {
      assert.deepEqual(durations(open), [null])
      assert.deepEqual(durations(open, tool), [10])
      assert.deepEqual(durations(tool, open), [10])
    }
  })
})
