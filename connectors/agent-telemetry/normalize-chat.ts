/**
 * Messages of a model's input and output in the forms that instrumentations write: OpenTelemetry's parts, the content
 * lists of OpenAI, Anthropic, Bedrock, Gemini and the Vercel AI SDK, and OpenInference's flattened lists.
 */
import {
  arrayAt,
  at,
  booleanAt,
  type EventSections,
  type Json,
  objectAt,
  stringAt,
  textAt,
} from '../../src/sdk/index.ts'
import { decoded } from './normalize-attributes.ts'

type Attachment = EventSections['message']['attachments'][number]

/** A tool call that a model asked for. */
export interface AskedCall {
  readonly id: string | undefined
  readonly name: string
  /** Undefined where the message does not hold them. */
  readonly arguments: Json | undefined
  /** True if the provider of the model runs the tool itself. */
  readonly onServer: boolean
}

/** What came back from a tool. */
export interface AnsweredCall {
  readonly id: string | undefined
  readonly name: string | undefined
  readonly result: Json
  readonly isError: boolean
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  /** Null if there is none. */
  readonly text: string | null
  readonly attachments: readonly Attachment[]
  /** What the model reasoned, as far as it is readable: encrypted content and signatures are not among it. */
  readonly reasoning: readonly string[]
  readonly asked: readonly AskedCall[]
  readonly answered: readonly AnsweredCall[]
  readonly finishReason: string | undefined
}

const roles: Readonly<Record<string, ChatMessage['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  model: 'assistant',
  ai: 'assistant',
  tool: 'tool',
  function: 'tool',
}

/** The messages of a list, or of a single message. What is no message is passed over. */
export function readMessages(value: Json | undefined, defaultRole?: ChatMessage['role']): readonly ChatMessage[] {
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value]
  return list.flatMap(item => readMessage(item, defaultRole) ?? [])
}

/** A message that is nothing but a text. */
export const plainMessage = (role: ChatMessage['role'], text: string): ChatMessage => ({
  role,
  text,
  attachments: [],
  reasoning: [],
  asked: [],
  answered: [],
  finishReason: undefined,
})

/** Reads one message; undefined if it is none. */
function readMessage(item: unknown, defaultRole?: ChatMessage['role']): ChatMessage | undefined {
  // OpenInference puts the fields of a list's item under the item's name.
  const fields = objectAt(item, 'message') ?? objectAt(item)
  const word = textAt(fields, 'role')?.toLowerCase()
  const role = word === undefined ? defaultRole : Object.hasOwn(roles, word) ? roles[word] : undefined
  if (fields === undefined || role === undefined) return undefined
  const parts = partsOf(fields).map(readPart)
  const wholeAnswer = role === 'tool' && parts.every(({ answered }) => answered === undefined)
  const text = parts.flatMap(part => part.text ?? []).join('\n')
  return {
    role,
    text: wholeAnswer || text.trim() === '' ? null : text,
    attachments: parts.flatMap(part => part.attachment ?? []),
    reasoning: parts.flatMap(part => part.reasoning ?? []),
    asked: [
      ...parts.flatMap(part => part.asked ?? []),
      // OpenInference may repeat the calls of `contents`; they are one fact by their id.
      ...arrayAt(fields, 'tool_calls').flatMap(call => readAskedCall(decoded(call as Json)) ?? []),
    ],
    answered: wholeAnswer ? [toolMessage(fields)] : parts.flatMap(part => part.answered ?? []),
    finishReason: textAt(fields, 'finish_reason'),
  }
}

/** A message of role `tool` is as a whole what one call answered. */
const toolMessage = (fields: Readonly<Record<string, unknown>>): AnsweredCall => ({
  id: textAt(fields, 'tool_call_id') ?? textAt(fields, 'id'),
  name: textAt(fields, 'name'),
  result: decoded((fields['content'] ?? fields['parts'] ?? fields['contents'] ?? null) as Json),
  isError: textAt(fields, 'status') === 'error',
})

function partsOf(fields: Readonly<Record<string, unknown>>): readonly unknown[] {
  for (const name of ['parts', 'content', 'contents']) {
    const value = fields[name]
    if (typeof value === 'string') {
      // An answer may be JSON itself: only what looks like parts is parts.
      const list = decoded(value)
      return Array.isArray(list) && (list as readonly unknown[]).every(isPart) ? (list as readonly unknown[]) : [value]
    }
    if (Array.isArray(value)) return value as readonly unknown[]
    if (objectAt(value) !== undefined) return [value]
  }
  return []
}

const isPart = (item: unknown) =>
  ['type', 'text', 'message_content', ...askedFields, ...answeredFields, 'reasoningContent'].some(
    name => at(item, name) !== undefined,
  )

interface Part {
  readonly text?: string | undefined
  readonly reasoning?: string | undefined
  readonly asked?: AskedCall | undefined
  readonly answered?: AnsweredCall | undefined
  readonly attachment?: Attachment | undefined
}

function readPart(item: unknown): Part {
  if (typeof item === 'string') return { text: item }
  const part = objectAt(item, 'message_content') ?? objectAt(item)
  switch (textAt(part, 'type')) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return { text: textOfPart(part) }
    case undefined:
      return readUntyped(part)
    case 'reasoning':
    case 'thinking':
      return { reasoning: textAt(part, 'content') ?? textAt(part, 'text') ?? textAt(part, 'thinking') }
    case 'tool_call':
    case 'tool-call':
    case 'tool_use':
    case 'server_tool_call':
      return { asked: readAskedCall(objectAt(item, 'tool_call') ?? part) }
    case 'tool_call_response':
    case 'tool-result':
    case 'tool_result':
    case 'server_tool_call_response':
      return { answered: readAnsweredCall(part) }
    case 'uri':
    case 'file':
    case 'blob':
    case 'image':
    case 'image_url':
    case 'audio':
      return { attachment: readAttachment(part) }
    default:
      return {}
  }
}

const textOfPart = (part: unknown) =>
  stringAt(part, 'content') ?? stringAt(part, 'text') ?? stringAt(part, 'text', 'value')

/** Bedrock's Converse API and Gemini say what a part is by the field that it has. */
const askedFields = ['toolUse', 'function_call', 'functionCall'] as const
const answeredFields = ['toolResult', 'function_response', 'functionResponse'] as const

function readUntyped(part: unknown): Part {
  const [asked] = askedFields.flatMap(name => objectAt(part, name) ?? [])
  if (asked !== undefined) return { asked: readAskedCall(asked) }
  const [answered] = answeredFields.flatMap(name => objectAt(part, name) ?? [])
  if (answered !== undefined) return { answered: readAnsweredCall(answered) }
  const thought = booleanAt(part, 'thought') === true ? textOfPart(part) : undefined
  const reasoning = thought ?? textAt(part, 'reasoningContent', 'reasoningText', 'text')
  return reasoning === undefined ? { text: textOfPart(part) } : { reasoning }
}

/** Reads a call in any of the forms; undefined if it names no tool. */
function readAskedCall(item: unknown): AskedCall | undefined {
  const call = objectAt(item, 'tool_call') ?? objectAt(item)
  const name = textAt(call, 'function', 'name') ?? textAt(call, 'name') ?? textAt(call, 'toolName')
  if (name === undefined) return undefined
  const given = firstOf(call, ['function', 'arguments'], ['arguments'], ['args'], ['input'], ['server_tool_call'])
  return {
    id: textAt(call, 'id') ?? textAt(call, 'toolCallId') ?? textAt(call, 'tool_call_id') ?? textAt(call, 'toolUseId'),
    name,
    arguments: given === undefined ? undefined : decoded(given),
    onServer: at(call, 'server_tool_call') !== undefined,
  }
}

/** OpenTelemetry's schema says `response`, its published examples say `result`: both are meant. */
const readAnsweredCall = (part: unknown): AnsweredCall => ({
  id: textAt(part, 'id') ?? textAt(part, 'toolCallId') ?? textAt(part, 'tool_use_id') ?? textAt(part, 'toolUseId'),
  name: textAt(part, 'name') ?? textAt(part, 'toolName'),
  result: decoded(
    firstOf(part, ['response'], ['result'], ['server_tool_call_response'], ['output'], ['content']) ?? null,
  ),
  isError: booleanAt(part, 'is_error') ?? booleanAt(part, 'isError') ?? textAt(part, 'status') === 'error',
})

function firstOf(value: unknown, ...paths: readonly (readonly string[])[]): Json | undefined {
  for (const path of paths) {
    const found = at(value, ...path)
    if (found !== undefined && found !== null) return found as Json
  }
  return undefined
}

function readAttachment(part: unknown): Attachment {
  const url = textAt(part, 'uri') ?? textAt(part, 'image_url', 'url') ?? textAt(part, 'image', 'image', 'url')
  return {
    name: textAt(part, 'file_id') ?? null,
    mediaType: textAt(part, 'mime_type') ?? textAt(part, 'mediaType') ?? textAt(part, 'modality') ?? null,
    sizeBytes: null,
    // A query may be the signature of a link that expires; `data:` would be the file itself.
    url: url !== undefined && /^https?:\/\/[^?#]*$/.test(url) ? url : null,
  }
}
