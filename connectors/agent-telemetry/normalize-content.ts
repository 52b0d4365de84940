/** What a span says that a model or an agent was given and what it answered, whichever convention it follows. */
import { type Json, objectAt, textAt } from '../../src/sdk/index.ts'
import { countOf, decoded, jsonOf, listUnder, numberOf, textOf } from './normalize-attributes.ts'
import { type ChatMessage, plainMessage, readMessages } from './normalize-chat.ts'
import type { SpanKind } from './normalize-kinds.ts'
import type { Attributes, Span } from './otlp.ts'

export interface Content {
  /** In their order; every call of a model carries all that was said before. */
  readonly inputs: readonly ChatMessage[]
  readonly outputs: readonly ChatMessage[]
}

/** The content of a span that calls a model or an agent. Empty where it carries none. */
export function contentOf(span: Span, kind: SpanKind): Content {
  const run = pydanticRun(span.attributes)
  if (run !== undefined) return run
  const events = contentOfSpanEvents(span)
  const inputs = inputsOf(span.attributes, kind)
  const outputs = outputsOf(span.attributes, kind)
  return {
    inputs: inputs.length > 0 ? inputs : events.inputs,
    outputs: firstChoice(outputs.length > 0 ? outputs : events.outputs, span.attributes),
  }
}

/** What the events of a span tell together: one event with all messages, or one for each message. */
export function contentOfSpanEvents(span: Span): Content {
  const details = span.events.find(({ name }) => name === detailsEvent)
  if (details !== undefined) return genAiContent(details.attributes)
  const events = contentOfEvents([
    ...span.events.map(({ name, attributes }) => ({ name, body: eventBody(attributes) })),
    ...pydanticEvents(span.attributes),
  ])
  if (!span.attributes.has('gen_ai.thread.id') || events.outputs.length > 0) return events
  // A run of an agent in Azure has no choices: all that was said after the question is what the agent did.
  const question = events.inputs.findLastIndex(({ role }) => role === 'user')
  const answer = events.inputs.findIndex(({ role }, index) => index > question && role === 'assistant')
  if (answer === -1) return events
  return { inputs: events.inputs.slice(0, answer), outputs: events.inputs.slice(answer) }
}

/** The event that holds the messages of a call: on a span, or a log record. */
export const detailsEvent = 'gen_ai.client.inference.operation.details'

/** Of several choices that a model was asked for, the first is what was said. */
const firstChoice = (outputs: readonly ChatMessage[], attributes: Attributes) =>
  (numberOf(attributes, 'gen_ai.request.choice.count') ?? 1) > 1 ? outputs.slice(0, 1) : outputs

/** Content in attributes of the current conventions, on a span or on the event with the details of a call. */
export const genAiContent = (attributes: Attributes): Content => ({
  inputs: readMessages(jsonOf(attributes, 'gen_ai.input.messages'), 'user'),
  outputs: firstChoice(readMessages(jsonOf(attributes, 'gen_ai.output.messages'), 'assistant'), attributes),
})

/** Google's Agent Development Kit writes what it sends to Gemini, and what comes back. */
const adkRequest = 'gcp.vertex.agent.llm_request'
const adkResponse = 'gcp.vertex.agent.llm_response'

type Reader = (attributes: Attributes) => readonly ChatMessage[]

const firstFound = (attributes: Attributes, readers: readonly Reader[]): readonly ChatMessage[] => {
  for (const read of readers) {
    const messages = read(attributes)
    if (messages.length > 0) return messages
  }
  return []
}

const inputReaders: readonly Reader[] = [
  attributes => genAiContent(attributes).inputs,
  attributes => readMessages(listUnder(attributes, 'gen_ai.prompt'), 'user'),
  attributes => readMessages(listUnder(attributes, 'llm.input_messages'), 'user'),
  attributes => readMessages(jsonOf(attributes, 'ai.prompt.messages')),
  attributes => vercelPrompt(jsonOf(attributes, 'ai.prompt')),
  attributes => readMessages((objectAt(jsonOf(attributes, adkRequest))?.['contents'] ?? null) as Json, 'user'),
  attributes => textsUnder(attributes, 'llm.prompts', 'prompt', 'user'),
  attributes => messagesOrText(jsonOf(attributes, 'gen_ai.prompt'), 'user'),
]

const outputReaders: readonly Reader[] = [
  attributes => genAiContent(attributes).outputs,
  attributes => readMessages(listUnder(attributes, 'gen_ai.completion'), 'assistant'),
  attributes => readMessages(listUnder(attributes, 'llm.output_messages'), 'assistant'),
  vercelResponse,
  attributes => readMessages((objectAt(jsonOf(attributes, adkResponse))?.['content'] ?? null) as Json, 'assistant'),
  attributes => textsUnder(attributes, 'llm.choices', 'completion', 'assistant'),
  attributes => messagesOrText(jsonOf(attributes, 'gen_ai.completion'), 'assistant'),
]

// What Langfuse calls input and output is anything at all, but of a call of a model it is messages.
const inputsOf = (attributes: Attributes, kind: SpanKind) =>
  firstFound(
    attributes,
    kind === 'inference' ? [...inputReaders, langfuse('langfuse.observation.input', 'user')] : inputReaders,
  )

const outputsOf = (attributes: Attributes, kind: SpanKind) =>
  firstFound(
    attributes,
    kind === 'inference' ? [...outputReaders, langfuse('langfuse.observation.output', 'assistant')] : outputReaders,
  )

const langfuse =
  (name: string, role: ChatMessage['role']): Reader =>
  attributes =>
    messagesOrText(jsonOf(attributes, name), role)

function messagesOrText(value: Json | undefined, role: ChatMessage['role']): readonly ChatMessage[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [plainMessage(role, value)]
  const fields = objectAt(value)
  if (fields?.['messages'] !== undefined) return readMessages(fields['messages'] as Json, role)
  // An answer in a structure that was asked for is an answer.
  if (fields !== undefined && !isMessage(fields)) return [plainMessage(role, JSON.stringify(fields))]
  return readMessages(value, role)
}

const isMessage = (fields: Readonly<Record<string, unknown>>) =>
  ['role', 'content', 'contents', 'parts', 'message', 'tool_calls'].some(name => Object.hasOwn(fields, name))

const textsUnder = (attributes: Attributes, prefix: string, item: string, role: ChatMessage['role']) =>
  listUnder(attributes, prefix).flatMap(each => {
    const text = textAt(each, item, 'text')
    return text === undefined ? [] : [plainMessage(role, text)]
  })

/** `ai.prompt` of the Vercel AI SDK: `{system, prompt | messages}`. */
function vercelPrompt(value: Json | undefined): readonly ChatMessage[] {
  const prompt = objectAt(value)
  const text = textAt(prompt, 'prompt')
  return text === undefined
    ? readMessages((prompt?.['messages'] ?? prompt?.['prompt'] ?? null) as Json)
    : [plainMessage('user', text)]
}

/** `ai.response.*` of the Vercel AI SDK. */
function vercelResponse(attributes: Attributes): readonly ChatMessage[] {
  const text = textOf(attributes, 'ai.response.text', 'ai.response.object')
  const calls = jsonOf(attributes, 'ai.response.toolCalls')
  const reasoning = textOf(attributes, 'ai.response.reasoning')
  if (text === undefined && calls === undefined && reasoning === undefined) return []
  const parts = [
    ...(reasoning === undefined ? [] : [{ type: 'reasoning', text: reasoning }]),
    ...(text === undefined ? [] : [{ type: 'text', text }]),
  ]
  return readMessages({ role: 'assistant', content: parts, tool_calls: calls ?? [] })
}

/** `pydantic_ai.all_messages`: everything said in a run of an agent, behind everything said before it. */
function pydanticRun(attributes: Attributes): Content | undefined {
  const list = jsonOf(attributes, 'pydantic_ai.all_messages')
  if (!Array.isArray(list)) return undefined
  const messages = readMessages(list as readonly Json[])
  const begin = countOf(attributes, 'pydantic_ai.new_message_index') ?? 0
  const requests = pydanticIndexes(messages)
  const answer = messages.findIndex(({ role }, index) => role === 'assistant' && (requests[index] ?? 0) >= begin)
  const split = answer === -1 ? messages.length : answer
  return { inputs: messages.slice(0, split), outputs: messages.slice(split) }
}

/** `events` of older versions of Pydantic AI: events up to convention 1.36, as a list in one attribute. */
function pydanticEvents(attributes: Attributes): readonly MessageEvent[] {
  const list = jsonOf(attributes, 'events')
  return (Array.isArray(list) ? (list as readonly Json[]) : []).flatMap(body => {
    const name = textAt(body, 'event.name')
    return name === undefined ? [] : [{ name, body }]
  })
}

/** Pydantic AI counts what it sends at once, be it instructions, question and answers of tools together, as one message. */
function pydanticIndexes(messages: readonly ChatMessage[]): readonly number[] {
  let index = -1
  return messages.map(({ role }, place) => {
    if (place === 0 || role === 'assistant' || messages[place - 1]?.role === 'assistant') index += 1
    return index
  })
}

/** A message of a conversation as an event of its own: conventions up to 1.36, of spans and as log records. */
export interface MessageEvent {
  readonly name: string
  readonly body: Json
}

const roleOfEvent: Readonly<Record<string, ChatMessage['role']>> = {
  'gen_ai.system.message': 'system',
  'gen_ai.user.message': 'user',
  'gen_ai.assistant.message': 'assistant',
  'gen_ai.tool.message': 'tool',
  'gen_ai.choice': 'assistant',
}

export const isMessageEvent = (name: string | undefined): name is string =>
  name !== undefined && Object.hasOwn(roleOfEvent, name)

/** The content that the message events of one call tell together. */
export function contentOfEvents(events: readonly MessageEvent[]): Content {
  return {
    inputs: events.flatMap(({ name, body }) => {
      if (name === 'gen_ai.content.prompt') return messagesOrText(decoded(body), 'user')
      return name === 'gen_ai.choice' || !isMessageEvent(name) ? [] : readMessages(body, roleOfEvent[name])
    }),
    outputs: events.flatMap(({ name, body }) => {
      if (name === 'gen_ai.content.completion') return messagesOrText(decoded(body), 'assistant')
      return name === 'gen_ai.choice' ? choiceOf(body) : []
    }),
  }
}

/** `{index, finish_reason, message, tool_calls}`: of several choices the first is what was said. */
function choiceOf(body: Json): readonly ChatMessage[] {
  const { message, ...choice } = objectAt(body) ?? {}
  if (typeof choice['index'] === 'number' && choice['index'] > 0) return []
  const said = objectAt(decoded((message ?? null) as Json))
  return readMessages(
    { ...choice, ...(said === undefined || !isMessage(said) ? { content: message } : said) } as Json,
    'assistant',
  )
}

/** What a span event holds: a JSON text in one attribute, or a field in each. */
function eventBody(attributes: Attributes): Json {
  const body = jsonOf(attributes, 'gen_ai.event.content', 'gen_ai.prompt', 'gen_ai.completion')
  // What was said may look like JSON and be none of ours: the reader of messages tells.
  const isSaid = (name: string) => name === 'content' || name === 'message'
  return (
    body ?? Object.fromEntries([...attributes].map(([name, value]) => [name, isSaid(name) ? value : decoded(value)]))
  )
}
