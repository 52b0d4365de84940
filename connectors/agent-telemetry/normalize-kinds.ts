import { textOf } from './normalize-attributes.ts'
import type { Attributes, Span } from './otlp.ts'

/** What a span is about; the kinds of a reasoning step, and the two kinds of spans that tell of a tool call. */
export type SpanKind =
  | 'inference'
  | 'plan'
  | 'agent'
  | 'workflow'
  | 'retrieval'
  | 'memory'
  | 'guardrail'
  | 'other'
  | 'tool'
  | 'mcp'

/** `gen_ai.operation.name` of OpenTelemetry. */
const operations: Readonly<Record<string, SpanKind>> = {
  chat: 'inference',
  generate_content: 'inference',
  text_completion: 'inference',
  embeddings: 'other',
  retrieval: 'retrieval',
  create_agent: 'other',
  invoke_agent: 'agent',
  invoke_workflow: 'workflow',
  execute_tool: 'tool',
  plan: 'plan',
  search_memory: 'memory',
  create_memory: 'memory',
  update_memory: 'memory',
  upsert_memory: 'memory',
  delete_memory: 'memory',
  create_memory_store: 'memory',
  delete_memory_store: 'memory',
}

/**
 * `openinference.span.kind`, and `langfuse.observation.type`, which has the same words or nearly. Evaluators and the filling
 * in of prompts are no steps of an agent.
 */
const openInferenceKinds: Readonly<Record<string, SpanKind>> = {
  llm: 'inference',
  generation: 'inference',
  embedding: 'other',
  chain: 'workflow',
  retriever: 'retrieval',
  reranker: 'retrieval',
  tool: 'tool',
  agent: 'agent',
  guardrail: 'guardrail',
}

/** `traceloop.span.kind` of OpenLLMetry; its calls of models have none. */
const traceloopKinds: Readonly<Record<string, SpanKind>> = { workflow: 'workflow', agent: 'agent', tool: 'tool' }

/** `ai.operationId` of the Vercel AI SDK: the outer span of a call is the agent, the inner one calls the model. */
function vercelKind(operation: string): SpanKind | undefined {
  if (operation === 'ai.toolCall') return 'tool'
  if (/^ai\.(generate|stream)(Text|Object)\.do(Generate|Stream)$/.test(operation)) return 'inference'
  if (/^ai\.(generate|stream)(Text|Object)$/.test(operation)) return 'agent'
  return operation.startsWith('ai.embed') ? 'other' : undefined
}

const internal = 1
const toolMarks = ['gen_ai.tool.name', 'gen_ai.tool.call.id', 'lk.function_tool.name'] as const
const models = ['gen_ai.request.model', 'gen_ai.response.model', 'llm.model_name'] as const

/**
 * What a span is about; undefined if it is no agent telemetry. In the order in which the conventions trump each other:
 * explicit kinds first, then what the attributes give away.
 */
export function kindOfSpan({ attributes, kind }: Pick<Span, 'attributes' | 'kind'>): SpanKind | undefined {
  const method = textOf(attributes, 'mcp.method.name')
  // An instrumentation that knows of the execute_tool span around it adds its own attributes to that (semantic
  // conventions for MCP); spans of its own are of kind client or server.
  const isMcpSpan =
    method !== undefined && (kind > internal || textOf(attributes, 'gen_ai.operation.name') === undefined)
  if (isMcpSpan) return method === 'tools/call' ? 'mcp' : undefined
  return explicitKind(attributes) ?? impliedKind(attributes)
}

const lookUp = <T>(table: Readonly<Record<string, T>>, word: string | undefined): T | undefined =>
  word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined

const explicitKind = (attributes: Attributes): SpanKind | undefined =>
  lookUp(openInferenceKinds, textOf(attributes, 'langfuse.observation.type')?.toLowerCase()) ??
  lookUp(openInferenceKinds, textOf(attributes, 'openinference.span.kind')?.toLowerCase()) ??
  lookUp(operations, textOf(attributes, 'gen_ai.operation.name')) ??
  lookUp(traceloopKinds, textOf(attributes, 'traceloop.span.kind')) ??
  vercelKind(textOf(attributes, 'ai.operationId') ?? '')

function impliedKind(attributes: Attributes): SpanKind | undefined {
  if (models.some(name => attributes.has(name))) return 'inference'
  if (toolMarks.some(name => attributes.has(name))) return 'tool'
  if (attributes.has('gen_ai.agent.name') || attributes.has('gen_ai.agent.id')) return 'agent'
  return undefined
}
