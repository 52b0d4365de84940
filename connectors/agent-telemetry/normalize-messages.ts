/**
 * Messages of the conversation, out of the content of calls of models and agents.
 *
 * Every call of a model carries all that was said before, so only what is new in it counts: of the input what follows
 * the last answer of the assistant, and the output. The call of an agent and the call of the model inside it tell the
 * same messages: a message's key is therefore made from its trace, its role, its content, and how often the same was said
 * before in what the span knows. What a tool answered and what the system instructs are no messages.
 */
import { contentHashOf, type EventFact, event } from '../../src/sdk/index.ts'
import type { ChatMessage } from './normalize-chat.ts'
import type { Content } from './normalize-content.ts'
import { type Agent, userPartyKey } from './normalize-parties.ts'

/** What told of the messages, and when. */
export interface Telling {
  readonly to: EventFact['to']
  readonly scopeKey: string
  readonly speaker: Agent
  /** True if the output holds all steps of an agent, not only its answer. */
  readonly wholeRun: boolean
  /** When the input was given, Unix milliseconds. */
  readonly startedAt: number
  /** When the output was complete, Unix milliseconds. */
  readonly endedAt: number
}

/**
 * What of the input was not said before: all that follows the last answer of the assistant. Where nobody has asked
 * anything before, what the assistant said belongs to it: a greeting that no model wrote.
 */
export function newInputs(inputs: readonly ChatMessage[]): readonly ChatMessage[] {
  const answer = inputs.findLastIndex(({ role }) => role === 'assistant')
  const isGreeting = !inputs.slice(0, answer + 1).some(({ role }) => role === 'user' || role === 'tool')
  return isGreeting ? inputs : inputs.slice(answer + 1)
}

export function messages(content: Content, telling: Telling): EventFact[] {
  const asked = newInputs(content.inputs).filter(isMessage)
  const answers = content.outputs.filter(message => message.role === 'assistant' && isMessage(message))
  // The steps before the answer were told, with their time, by the calls of the model that made them.
  const said = telling.wholeRun ? answers.slice(-1) : answers
  const keys = keysOf([...content.inputs, ...content.outputs])
  const factOf = (message: ChatMessage, occurredAt: number, index: number) =>
    messageFact(message, keys.get(message) ?? '', telling, occurredAt, index + 1)
  return [
    ...asked.map((message, index) => factOf(message, telling.startedAt, index)),
    ...said.map((message, index) => factOf(message, telling.endedAt, asked.length + index)),
  ]
}

/** What tells every message from the others: role, content, and how often the same was said before. */
function keysOf(known: readonly ChatMessage[]): ReadonlyMap<ChatMessage, string> {
  const counts = new Map<string, number>()
  const keys = new Map<ChatMessage, string>()
  for (const message of known.filter(isMessage)) {
    // Frameworks trim what a model said, or end it with a line.
    const content = `${message.role}:${contentHashOf(JSON.stringify([message.text?.trim(), message.attachments]))}`
    const before = counts.get(content) ?? 0
    counts.set(content, before + 1)
    keys.set(message, `${content}:${before}`)
  }
  return keys
}

const isMessage = ({ role, text, attachments }: ChatMessage) =>
  (role === 'user' || role === 'assistant') && (text !== null || attachments.length > 0)

function messageFact(message: ChatMessage, key: string, telling: Telling, occurredAt: number, sequence: number) {
  const { partyKey } = telling.speaker
  const isUsers = message.role === 'user'
  return event({
    to: telling.to,
    type: 'message',
    stream: 'traces',
    key: `message:${telling.scopeKey}:${key}`,
    occurredAt,
    // Behind the parties and the step, which may have happened in the same millisecond.
    sequence,
    version: telling.endedAt,
    section: {
      partyKey: isUsers ? userPartyKey : partyKey,
      toPartyKeys: [isUsers ? partyKey : userPartyKey],
      text: message.text,
      mediaType: 'text/plain',
      attachments: message.attachments,
    },
  })
}
