import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Json } from '../../src/core/json.ts'
import { allEvents, sections, settle } from './agent-telemetry/outcome.ts'
import { otlpSpan, rawRecord, type SpanInput, tracesRequest } from './agent-telemetry/trace.ts'

/** Who tells of a call. Undefined is silent. */
interface Tellers {
  /** The messages in which the model asks and gets its answer: both, or only the question. */
  readonly messages: 'both' | 'question' | undefined
  /** The agent's execute_tool span. */
  readonly tool: 'with-id' | 'without-id' | undefined
  readonly client: boolean
  readonly server: boolean
  /** An execute_tool span of the server's own, inside its MCP span. */
  readonly implementation: boolean
}

const client = 3
const server = 2
const given = { city: 'Paris' }

/** The spans of the nth call of a trace; every call is of the same tool with the same arguments. */
function spansOfCall(n: number, tellers: Tellers, before: readonly Tellers[] = []): SpanInput[] {
  const at = n * 1000
  const id = `call_${n}`
  const tool = { 'gen_ai.tool.name': 'get_weather', 'gen_ai.tool.call.arguments': JSON.stringify(given) }
  const spans: SpanInput[] = []
  const parentOf = (fallback: string) => spans.at(-1)?.id ?? fallback
  if (tellers.tool !== undefined)
    spans.push({
      id: `tool${n}`,
      parent: 'agent',
      start: at + 100,
      end: at + 200,
      attributes: {
        ...tool,
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.call.result': 'of the tool',
        ...(tellers.tool === 'with-id' ? { 'gen_ai.tool.call.id': id } : {}),
      },
    })
  const mcp = (name: string, kind: number, start: number, end: number): SpanInput => ({
    id: `${name}${n}`,
    parent: parentOf('agent'),
    kind,
    name: 'tools/call get_weather',
    start: at + start,
    end: at + end,
    attributes: { ...tool, 'mcp.method.name': 'tools/call', 'gen_ai.tool.call.result': `of the ${name}` },
  })
  // A clock of another machine: the server seems to end after the agent's span.
  if (tellers.client) spans.push(mcp('client', client, 110, 190))
  if (tellers.server) spans.push(mcp('server', server, 120, 250))
  if (tellers.implementation)
    spans.push({
      id: `impl${n}`,
      parent: parentOf('agent'),
      start: at + 130,
      end: at + 240,
      attributes: {
        ...tool,
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.call.result': 'of the implementation',
      },
    })
  return [...spans, ...chats(n, id, tellers, before)]
}

const text = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] })
const question = (id: string) => ({
  role: 'assistant',
  parts: [{ type: 'tool_call', id, name: 'get_weather', arguments: given }],
})
const answer = (id: string) => ({
  role: 'tool',
  parts: [{ type: 'tool_call_response', id, response: 'of the messages' }],
})

/** The model's calls around the nth tool call, each with the history of those before. */
function chats(n: number, id: string, { messages }: Tellers, before: readonly Tellers[]): SpanInput[] {
  if (messages === undefined) return []
  const history = before.flatMap((earlier, index) => {
    const call = `call_${index}`
    return earlier.messages === 'question' ? [question(call)] : [question(call), answer(call)]
  })
  const asked = [text('user', 'weather?'), ...history]
  const chat = (name: string, start: number, input: readonly Json[], output: readonly Json[]): SpanInput => ({
    id: `${name}${n}`,
    parent: 'agent',
    kind: client,
    start,
    end: start + 50,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.input.messages': JSON.stringify(input),
      'gen_ai.output.messages': JSON.stringify(output),
    },
  })
  const asks = chat('ask', n * 1000, asked, [question(id)])
  if (messages === 'question') return [asks]
  return [asks, chat('told', n * 1000 + 500, [...asked, question(id), answer(id)], [text('assistant', `answer ${n}`)])]
}

const agent: SpanInput = {
  id: 'agent',
  start: 0,
  end: 100_000,
  attributes: {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.conversation.id': 'c-1',
    'gen_ai.agent.name': 'weather',
  },
}

/** False if nobody tells of the call. */
function tells(tellers: Tellers): boolean {
  return Object.values(tellers).some(teller => teller !== undefined && teller !== false)
}

const anyTellers: fc.Arbitrary<Tellers> = fc
  .record({
    messages: fc.constantFrom('both' as const, 'question' as const, undefined),
    tool: fc.constantFrom('with-id' as const, 'without-id' as const, undefined),
    client: fc.boolean(),
    server: fc.boolean(),
    implementation: fc.boolean(),
  })
  .filter(tells)

/** What must be left of a call. */
function expectedResult(tellers: Tellers): string | null {
  if (tellers.tool !== undefined) return 'of the tool'
  if (tellers.implementation) return 'of the implementation'
  if (tellers.client) return 'of the client'
  if (tellers.server) return 'of the server'
  return tellers.messages === 'both' ? 'of the messages' : null
}

const records = (requests: readonly (readonly SpanInput[])[]) =>
  requests.map((spans, key) => rawRecord('traces', tracesRequest(spans.map(otlpSpan)), { key: String(key) }))

/** The spans in any order, in requests of any size, some of them twice. */
const anyRequests = (spans: readonly SpanInput[]) =>
  fc
    .tuple(
      fc.shuffledSubarray([...spans], { minLength: spans.length, maxLength: spans.length }),
      fc.subarray([...spans]),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 40 }),
    )
    .map(([order, again, sizes]) => {
      const rest = [...order, ...again]
      const requests: SpanInput[][] = []
      for (let next = 0; rest.length > 0; next++) requests.push(rest.splice(0, sizes[next % sizes.length] ?? 1))
      return requests
    })

describe('agent telemetry: one call is one fact', () => {
  test('whoever tells of it, in whatever order, requests and repetition', () => {
    const scenario = fc
      .array(anyTellers, { minLength: 1, maxLength: 2 })
      // The spans of a trace are written by the same instrumentation, as a rule.
      .map(([first, second]) =>
        first === undefined ? [] : second === undefined ? [first] : [first, { ...first, messages: second.messages }],
      )
      .filter(calls => calls.every(tells))
      .chain(calls => {
        const spans = [agent, ...calls.flatMap((tellers, n) => spansOfCall(n, tellers, calls.slice(0, n)))]
        return fc.record({ calls: fc.constant(calls), requests: anyRequests(spans), spans: fc.constant(spans) })
      })
    fc.assert(
      fc.property(scenario, ({ calls, requests, spans }) => {
        const conversations = settle(records(requests))
        assert.deepEqual(Object.keys(conversations), ['genesys-cloud/main/c-1'])
        const found = sections(allEvents(conversations), 'tool.call')
        assert.deepEqual(
          found.map(({ result }) => result).sort(),
          calls
            .map(expectedResult)
            .map(result => (result === null ? null : JSON.stringify(result)))
            .sort(),
        )
        for (const call of found) assert.equal(call.arguments, JSON.stringify(given))
        assert.deepEqual(conversations, settle(records([spans])), 'other than with everything in one request')
      }),
      { numRuns: 600 },
    )
  })

  test('the id of a call that the model gave survives, whoever else tells of it', () => {
    const tellers: Tellers = { messages: 'both', tool: 'with-id', client: true, server: true, implementation: true }
    const found = sections(allEvents(settle(records([[agent, ...spansOfCall(0, tellers)]]))), 'tool.call')
    assert.deepEqual(
      found.map(({ callId, durationMs, kind }) => ({ callId, durationMs, kind })),
      [{ callId: 'call_0', durationMs: 100, kind: 'function' }],
    )
  })

  test('calls of one tool with the same arguments, by MCP spans under one agent, stay several', () => {
    const tellers: Tellers = {
      messages: undefined,
      tool: undefined,
      client: true,
      server: false,
      implementation: false,
    }
    const spans = [agent, ...[0, 1, 2].flatMap(n => spansOfCall(n, tellers))]
    assert.equal(sections(allEvents(settle(records([spans]))), 'tool.call').length, 3)
  })

  test('another tool inside a tool is another call', () => {
    const inner: SpanInput = {
      id: 'inner',
      parent: 'tool0',
      kind: client,
      attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'geocode' },
    }
    const tellers: Tellers = {
      messages: undefined,
      tool: 'with-id',
      client: false,
      server: false,
      implementation: false,
    }
    const found = sections(allEvents(settle(records([[agent, ...spansOfCall(0, tellers), inner]]))), 'tool.call')
    assert.deepEqual(found.map(({ name }) => name).sort(), ['geocode', 'get_weather'])
  })

  test('an MCP span whose execute_tool span has no name of the tool in common stays what it is', () => {
    const spans: SpanInput[] = [
      agent,
      { id: 'tool', parent: 'agent', attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'a' } },
      {
        id: 'mcp',
        parent: 'tool',
        kind: client,
        name: 'tools/call b',
        attributes: { 'mcp.method.name': 'tools/call' },
      },
    ]
    const found = sections(allEvents(settle(records([spans]))), 'tool.call')
    assert.deepEqual(found.map(({ name, kind }) => `${kind} ${name}`).sort(), ['function a', 'mcp b'])
  })
})
