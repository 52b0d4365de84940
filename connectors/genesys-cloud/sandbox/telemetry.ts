import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Agent, request } from 'undici'
import type { AgentTurn, Conversation } from './model.ts'
import { idFrom } from './seeded.ts'

/** Spans per request. */
const batchSize = 200

const firstRetryMs = 200
const longestRetryMs = 5_000

interface Span {
  readonly agent: string
  readonly span: object
}

/** Posts the traces of AI agents to an OTLP/HTTP receiver until all are accepted. */
export interface Telemetry {
  /** True once the receiver has accepted every span. */
  accepted(): boolean
  /** Stops posting and waits until it has. */
  close(): Promise<void>
}

/**
 * Starts posting. A tool call is a span whose parent, the turn of the agent, carries the conversation's id and arrives
 * one request later. Waits and tries again where the receiver asks for it or does not answer; what it refuses for good
 * is logged, and then not everything will ever be accepted.
 */
export function postTelemetry(
  conversations: readonly Conversation[],
  otlp: { readonly url: string; readonly token: string },
  log: Logger,
): Telemetry {
  const stop = new AbortController()
  const client = new Agent()
  let accepted = false
  const posting = (async () => {
    for (const batch of batchesOf(conversations)) await post(batch)
    accepted = true
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) log.error({ err: error }, 'sandbox gave up posting spans')
  })

  async function post(spans: readonly Span[]): Promise<void> {
    const body = JSON.stringify(exportOf(spans))
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(longestRetryMs, retryMs * 2)) {
      const waitMs = await attempt(body)
      if (waitMs === 'accepted') return
      await sleep(waitMs ?? retryMs, undefined, { signal: stop.signal })
    }
  }

  /** How long to wait before the next attempt; undefined where the receiver did not say. */
  async function attempt(body: string): Promise<'accepted' | number | undefined> {
    const response = await request(`${otlp.url.replace(/\/$/, '')}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${otlp.token}` },
      body,
      signal: stop.signal,
      dispatcher: client,
    }).catch((error: unknown) => {
      if (stop.signal.aborted) throw error
      return undefined
    })
    if (response === undefined) return undefined
    const answer = await response.body.text()
    if (response.statusCode === 200) {
      const rejected = Number(Object(JSON.parse(answer || '{}')).partialSuccess?.rejectedSpans ?? 0)
      if (rejected > 0) throw new Error(`posting spans: ${rejected} were rejected`)
      return 'accepted'
    }
    if (![429, 502, 503, 504].includes(response.statusCode))
      throw new Error(`posting spans: answered ${response.statusCode}`)
    const retryAfter = Number(response.headers['retry-after'])
    return Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined
  }

  return {
    accepted: () => accepted,
    async close() {
      stop.abort()
      await posting
      await client.destroy()
    },
  }
}

/** Tool calls in batches, each accompanied by the agents' turns of the batch before. */
function batchesOf(conversations: readonly Conversation[]): readonly (readonly Span[])[] {
  const turns = conversations.flatMap(conversation => conversation.agentTurns.map(turn => ({ conversation, turn })))
  const batches: (readonly Span[])[] = []
  let parents: Span[] = []
  let tools: Span[] = []
  let nextParents: Span[] = []
  const close = () => {
    batches.push([...parents, ...tools])
    parents = nextParents
    nextParents = []
    tools = []
  }
  for (const [index, { conversation, turn }] of turns.entries()) {
    const ids = { traceId: hex(32, conversation.id, index), spanId: hex(16, conversation.id, index, 'turn') }
    tools.push(...turn.calls.map((call, order) => toolSpan(turn, call, order, ids)))
    nextParents.push(turnSpan(conversation, turn, ids))
    if (tools.length >= batchSize) close()
  }
  if (tools.length > 0) close()
  if (parents.length > 0) batches.push(parents)
  return batches
}

const hex = (digits: number, ...parts: readonly (string | number)[]) =>
  idFrom('trace', ...parts)
    .replaceAll('-', '')
    .slice(0, digits)

/** Calls of one millisecond keep their order in the nanoseconds. */
const nanos = (ms: number, order = 0) => String(BigInt(ms) * 1_000_000n + BigInt(order))

const attributesOf = (values: Readonly<Record<string, string | undefined>>) =>
  Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: { stringValue: value } }],
  )

interface SpanIds {
  readonly traceId: string
  readonly spanId: string
}

const turnSpan = (conversation: Conversation, turn: AgentTurn, { traceId, spanId }: SpanIds): Span => ({
  agent: turn.agent.name,
  span: {
    traceId,
    spanId,
    name: `invoke_agent ${turn.agent.name}`,
    kind: 1,
    startTimeUnixNano: nanos(turn.from),
    endTimeUnixNano: nanos(turn.to),
    attributes: attributesOf({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': 'vconduit-sandbox',
      'gen_ai.agent.id': turn.agent.id,
      'gen_ai.agent.name': turn.agent.name,
      'gen_ai.conversation.id': conversation.id,
    }),
    status: {},
  },
})

const toolSpan = (turn: AgentTurn, call: AgentTurn['calls'][number], order: number, parent: SpanIds): Span => ({
  agent: turn.agent.name,
  span: {
    traceId: parent.traceId,
    spanId: hex(16, parent.spanId, call.id),
    parentSpanId: parent.spanId,
    name: `execute_tool ${call.name}`,
    kind: 1,
    startTimeUnixNano: nanos(call.at, order),
    endTimeUnixNano: nanos(call.at + call.durationMs, order),
    attributes: attributesOf({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': call.name,
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': call.id,
      'gen_ai.tool.call.arguments': JSON.stringify(call.arguments),
      'gen_ai.tool.call.result': call.result === undefined ? undefined : JSON.stringify(call.result),
      'error.type': call.error,
    }),
    status: call.error === undefined ? {} : { code: 2, message: call.error },
  },
})

/** One resource per agent, as agents are services of their own. */
function exportOf(spans: readonly Span[]): object {
  const byAgent = Map.groupBy(spans, span => span.agent)
  return {
    resourceSpans: [...byAgent].map(([agent, own]) => ({
      resource: { attributes: attributesOf({ 'service.name': agent }) },
      scopeSpans: [{ scope: { name: 'vconduit.sandbox' }, spans: own.map(({ span }) => span) }],
    })),
  }
}
