import { type Json, objectAt, stringAt, textAt } from '../../src/sdk/index.ts'
import { decoded, jsonOf, numberOf, textOf } from './normalize-attributes.ts'
import { contentOfSpanEvents } from './normalize-content.ts'
import type { Attributes, Span } from './otlp.ts'

/** What a span says about the tool call that it is. */
export interface ToolSpan {
  readonly id: string | undefined
  readonly name: string
  /** As in the section `toolCall`. */
  readonly kind: string
  readonly server: string | undefined
  readonly arguments: Json | undefined
  readonly result: Json | undefined
  readonly isError: boolean
  readonly errorType: string | undefined
  readonly errorMessage: string | undefined
}

/**
 * In this order: OpenTelemetry, OpenInference, Vercel AI SDK, LiveKit, MCP as it was first, OpenLLMetry; Pydantic AI writes
 * `tool_arguments` and `tool_response`, Google's ADK `gcp.vertex.agent.*`.
 */
const names = [
  'gen_ai.tool.name',
  'tool.name',
  'ai.toolCall.name',
  'lk.function_tool.name',
  'mcp.tool.name',
  'traceloop.entity.name',
] as const
const ids = ['gen_ai.tool.call.id', 'tool.id', 'tool_call.id', 'ai.toolCall.id', 'lk.function_tool.id'] as const
const argumentNames = [
  'gen_ai.tool.call.arguments',
  'tool_arguments',
  'ai.toolCall.args',
  'lk.function_tool.arguments',
  'gcp.vertex.agent.tool_call_args',
  'traceloop.entity.input',
  'tool_call.function.arguments',
  'input.value',
  'langfuse.observation.input',
] as const
const resultNames = [
  'gen_ai.tool.call.result',
  'tool_response',
  'ai.toolCall.result',
  'lk.function_tool.output',
  'gcp.vertex.agent.tool_response',
  'traceloop.entity.output',
  'output.value',
  'langfuse.observation.output',
] as const

export function readToolSpan(span: Span, kind: 'tool' | 'mcp'): ToolSpan {
  const { attributes } = span
  const events = eventsOf(span)
  const result = jsonOf(attributes, ...resultNames) ?? events.result
  const answer = langChainAnswer(result)
  // The result of MCP's tools/call says itself whether the tool failed.
  const toolFailed = objectAt(result)?.['isError'] === true || answer?.failed === true || saysError(attributes)
  const error = errorOf(span)
  return {
    id: textOf(attributes, ...ids) ?? answer?.id,
    name: textOf(attributes, ...names) ?? nameInTitle(span.name),
    kind: kind === 'mcp' || attributes.has('mcp.method.name') ? 'mcp' : kindOf(textOf(attributes, 'gen_ai.tool.type')),
    server: serverOf(span),
    arguments: jsonOf(attributes, ...argumentNames) ?? events.arguments,
    result: answer === undefined ? result : answer.content,
    isError: error.isError || toolFailed,
    errorType: error.type ?? (toolFailed ? 'tool_error' : undefined),
    errorMessage: error.message ?? (toolFailed ? messageIn(result) : undefined),
  }
}

/** `gen_ai.tool.type`; frameworks write names of classes into it. */
function kindOf(type = 'function'): string {
  const word = type.toLowerCase()
  return ['function', 'extension', 'datastore', 'mcp'].find(kind => word.includes(kind)) ?? 'other'
}

/** Strands and LiveKit say in attributes of their own that a tool failed. */
const saysError = (attributes: Attributes) =>
  textOf(attributes, 'gen_ai.tool.status')?.toLowerCase() === 'error' ||
  attributes.get('lk.function_tool.is_error') === true

/** Strands tells of arguments and result in events of the span. */
function eventsOf(span: Span): { readonly arguments?: Json | undefined; readonly result?: Json | undefined } {
  const { inputs, outputs } = contentOfSpanEvents(span)
  const [asked] = inputs.flatMap(message => message.asked)
  const [given] = inputs.flatMap(message => message.answered)
  const [answered] = outputs.flatMap(message => message.answered)
  const text = outputs.flatMap(message => message.text ?? []).join('\n')
  return {
    // The message to a tool has the role of the tool: what it seems to answer is what it was given.
    arguments: asked?.arguments ?? given?.result,
    result: answered?.result ?? (text === '' ? undefined : decoded(text)),
  }
}

/** "execute_tool {tool}", "tools/call {tool}"; other conventions name the span after the tool. */
const nameInTitle = (title: string) => title.replace(/^(execute_tool|tools\/call)\s+/, '').trim() || 'unknown'

function serverOf({ attributes, kind }: Span): string | undefined {
  // On a span of a server these are the server itself, which is the same.
  const address = textOf(attributes, 'server.address')
  const port = numberOf(attributes, 'server.port')
  const isMcp = attributes.has('mcp.method.name')
  return isMcp || kind === clientKind ? address && (port === undefined ? address : `${address}:${port}`) : undefined
}

const clientKind = 3

/** LangChain writes the message that answers the call as the tool's output. */
function langChainAnswer(result: Json | undefined) {
  const message = objectAt(result)
  if (message?.['type'] !== 'tool') return undefined
  const id = textAt(message, 'tool_call_id')
  if (id === undefined || message['content'] === undefined) return undefined
  return { id, content: message['content'] as Json, failed: message['status'] === 'error' }
}

/** The first text of a CallToolResult, or a result that is a text. */
function messageIn(result: unknown): string | undefined {
  if (typeof result === 'string') return result
  const content = objectAt(result)?.['content']
  const list = Array.isArray(content) ? (content as readonly unknown[]) : [{ text: content }]
  return list.map(part => stringAt(part, 'text')).find(text => text !== undefined)
}

/** Whether and how what a span stands for failed. */
export function errorOf(span: Span) {
  const { attributes } = span
  const exception = span.events.findLast(({ name }) => name === 'exception')?.attributes
  const type = textOf(attributes, 'error.type')
  const isError = span.isError || type !== undefined || textOf(attributes, 'langfuse.observation.level') === 'ERROR'
  return {
    isError,
    type: type ?? (isError && exception !== undefined ? textOf(exception, 'exception.type') : undefined),
    message: isError
      ? (span.statusMessage ??
        textOf(attributes, 'langfuse.observation.status_message') ??
        (exception === undefined ? undefined : textOf(exception, 'exception.message')))
      : undefined,
  }
}
