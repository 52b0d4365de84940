import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../../../src/core/json.ts'
import { keyValues } from './trace.ts'

/** What the observability product exports for every span that it took in. */
interface Observation {
  readonly id: string
  readonly traceId: string
  readonly parentObservationId: string | null
  readonly name: string
  readonly startTime: string
  readonly endTime: string
  readonly type: string
  readonly model: string | null
  readonly input: Json
  readonly output: Json
  readonly metadata: Json
}

const folder = join(import.meta.dirname, '../../../../shared/fixtures/agent-traces')

export const observationsOf = (file: string): readonly Observation[] =>
  (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { readonly observations: readonly Observation[] })
    .observations

/** The span that an observation was, with the attributes that its framework wrote: `content` puts input and output back. */
export function spanOf(
  observation: Observation,
  content: (observation: Observation) => Readonly<Record<string, Json>>,
): Json {
  const metadata = (
    typeof observation.metadata === 'string' ? JSON.parse(observation.metadata) : observation.metadata
  ) as {
    readonly attributes?: Readonly<Record<string, Json>>
  }
  const nanos = (time: string) => `${Date.parse(time)}000000`
  return {
    traceId: observation.traceId,
    spanId: observation.id,
    parentSpanId: observation.parentObservationId ?? '',
    name: observation.name,
    kind: 1,
    startTimeUnixNano: nanos(observation.startTime),
    endTimeUnixNano: nanos(observation.endTime),
    attributes: keyValues({ ...metadata?.attributes, ...content(observation) }),
  }
}

const text = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Attributes that carry nothing are not written. */
const present = (attributes: Readonly<Record<string, Json>>) =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null && value !== 'null'))

/** Pydantic AI: messages as JSON on spans of model calls; the attributes of tool spans are in the export as they were. */
export const pydantic = ({ type, input, output }: Observation) =>
  type === 'GENERATION' ? present({ 'gen_ai.input.messages': text(input), 'gen_ai.output.messages': text(output) }) : {}

/** Vercel AI SDK. */
export const vercel = ({ name, type, input, output }: Observation) => {
  if (type === 'TOOL') return present({ 'ai.toolCall.args': text(input), 'ai.toolCall.result': text(output) })
  return name.endsWith('.doGenerate')
    ? present({ 'ai.prompt.messages': text(input), 'ai.response.toolCalls': text(output) })
    : present({ 'ai.prompt': text(input), 'ai.response.toolCalls': text(output) })
}

interface OpenAiMessage {
  readonly role: string
  readonly content: Json
  readonly tool_call_id?: string
  readonly additional_kwargs?: {
    readonly tool_calls?: readonly {
      readonly id: string
      readonly function: { readonly name: string; readonly arguments: string }
    }[]
  }
}

/** LangGraph as OpenInference's instrumentation of LangChain reports it: flattened messages, kinds of spans. */
export function openInference({ name, type, model, input, output }: Observation): Readonly<Record<string, Json>> {
  if (type === 'GENERATION')
    return present({
      'openinference.span.kind': 'LLM',
      'llm.model_name': model,
      ...flattened('llm.input_messages', JSON.parse(text(input)) as OpenAiMessage[]),
      ...flattened('llm.output_messages', [JSON.parse(text(output)) as OpenAiMessage]),
    })
  const isTool = name === 'Web-Search'
  return present({
    'openinference.span.kind': isTool ? 'TOOL' : name === 'LangGraph' ? 'AGENT' : 'CHAIN',
    ...(isTool ? { 'tool.name': name } : {}),
    'input.value': text(input),
    'output.value': text(output),
  })
}

function flattened(prefix: string, messages: readonly OpenAiMessage[]): Readonly<Record<string, Json>> {
  const attributes: Record<string, Json> = {}
  for (const [index, message] of messages.entries()) {
    const at = `${prefix}.${index}.message`
    attributes[`${at}.role`] = message.role
    if (typeof message.content === 'string') attributes[`${at}.content`] = message.content
    if (message.tool_call_id !== undefined) attributes[`${at}.tool_call_id`] = message.tool_call_id
    for (const [place, call] of (message.additional_kwargs?.tool_calls ?? []).entries()) {
      attributes[`${at}.tool_calls.${place}.tool_call.id`] = call.id
      attributes[`${at}.tool_calls.${place}.tool_call.function.name`] = call.function.name
      attributes[`${at}.tool_calls.${place}.tool_call.function.arguments`] = call.function.arguments
    }
  }
  return attributes
}
