/**
 * Tool calls: one call is one fact, whoever tells of it, in whatever order and in however many requests.
 *
 * Up to four kinds of reports may tell of the same call: the execute_tool span of the agent, MCP spans of client and
 * server inside (or around) it, and the messages in which the model asks for it and gets the answer. Normalizing sees one
 * report at a time. Two things bring them together:
 *
 * 1. *The key.* A report that has a call id is the fact `call:<trace>:<call id>`; the report of the lowest rank counts
 *    (0 execute_tool span, 1 MCP span, 2 question and answer in messages, 3 question, 4 answer), then the latest.
 * 2. *Aliases.* A span without a call id is a fact of its own, `call:<trace>:<span id>`, addressed not to the span but to
 *    an alias that stands for "unless somebody tells it better", and that by default inherits from the span's place.
 *    Whoever tells the same call better links that alias nowhere, and correlation takes the fact out of the conversation.
 *    All aliases name the tool as well; "directly" means as parent and child:
 *
 *    | alias | stands for | leads nowhere if there is | else inherits from |
 *    |---|---|---|---|
 *    | `mcp:<X>` | the MCP span X | an execute_tool span directly inside X | `mcp-around` of the MCP span directly inside X, else `mcp-rest:<X>` |
 *    | `mcp-around:<X>` | the MCP span directly around the MCP span X | an execute_tool span directly inside X | `mcp-rest` of that span |
 *    | `mcp-rest:<X>` | the MCP span X, if nothing inside it tells more | | `mcp-inside` of the parent of X |
 *    | `mcp-inside:<X>` | MCP spans directly inside X | an execute_tool or MCP span X | X |
 *    | `tool-inside:<X>` | execute_tool spans without call id inside X | an execute_tool span X, or an MCP span X with call id | if X is an MCP span, `tool-inside` of its parent; else X |
 *    | `asked:<arguments>` | questions with these arguments | a span without call id, with these arguments | the span of the question |
 *
 * So an execute_tool span trumps MCP spans, an outer span an inner one of its kind, and any span a message. Limits, each of
 * which leaves two facts: a call that is asked for in one trace and made in another; a question and an MCP span of other
 * name or without arguments, where no execute_tool span knows of both; an execute_tool span inside a chain of more than
 * two MCP spans; spans of one call that give it different call ids.
 */
import {
  canonicalJson,
  contentHashOf,
  type EventFact,
  event,
  type Fact,
  type Json,
  type LinkFact,
} from '../../src/sdk/index.ts'
import type { Place } from './normalize-address.ts'
import { jsonText } from './normalize-attributes.ts'
import type { AnsweredCall, AskedCall } from './normalize-chat.ts'
import type { Content } from './normalize-content.ts'
import { newInputs, type Telling } from './normalize-messages.ts'
import type { Agent } from './normalize-parties.ts'
import { readToolSpan, type ToolSpan } from './normalize-tool-span.ts'
import { rankedVersion } from './normalize-versions.ts'
import type { Span } from './otlp.ts'

const nowhere = { nowhere: true } as const

/** The call that a span of kind `tool` or `mcp` tells of, and its claims about other reports of it. */
export function toolCall(span: Span, kind: 'tool' | 'mcp', place: Place, agent: Agent | undefined): Fact[] {
  const call = readToolSpan(span, kind)
  // Only a call id is a key that others share.
  const rank = kind === 'tool' || call.id === undefined ? 0 : 1
  const fact = event({
    to: call.id === undefined ? addressOf(span, call, place, kind) : place.to,
    type: 'tool.call',
    stream: 'traces',
    key: `call:${place.scopeKey}:${call.id ?? span.spanId}`,
    occurredAt: span.startedAt,
    version: rankedVersion(span.endedAt, rank),
    section: {
      partyKey: agent?.partyKey ?? null,
      callId: call.id ?? null,
      name: call.name,
      kind: call.kind,
      server: call.server ?? null,
      arguments: call.arguments === undefined ? null : jsonText(call.arguments),
      result: call.result === undefined ? null : jsonText(call.result),
      isError: call.isError,
      errorType: call.errorType ?? null,
      errorMessage: call.errorMessage ?? null,
      durationMs: span.durationMs,
      traceId: span.traceId,
      spanId: span.spanId,
    },
  })
  return [fact, ...(kind === 'tool' ? claimsOfTool(span, call, place) : claimsOfMcp(span, call, place))]
}

/** Aliases are keys of a store: what a sender calls a tool may be of any length. */
const bounded = (tool: string) => (tool.length > 100 ? contentHashOf(tool) : tool)

const aliasFor =
  (what: string) =>
  (spanId: string, tool: string): string =>
    `${what}:${spanId}:${bounded(tool)}`

const mcp = aliasFor('mcp')
const mcpAround = aliasFor('mcp-around')
const mcpRest = aliasFor('mcp-rest')
const mcpInside = aliasFor('mcp-inside')
const toolInside = aliasFor('tool-inside')
const askedWith = (tool: string, given: Json) => `asked:${contentHashOf(canonicalJson(given))}:${bounded(tool)}`

function addressOf(span: Span, { name }: ToolSpan, place: Place, kind: 'tool' | 'mcp'): EventFact['to'] {
  if (kind === 'mcp') return place.alias(mcp(span.spanId, name))
  return span.parentSpanId === null ? place.to : place.alias(toolInside(span.parentSpanId, name))
}

/** States claims of one span: they trump what is the case by default. */
const claims = (span: Span, place: Place) => ({
  claim: (alias: string, to: LinkFact['to']): LinkFact => link(place, alias, to, span.endedAt),
  byDefault: (alias: string, to: LinkFact['to']): LinkFact => link(place, alias, to, rankedVersion(span.endedAt, 1)),
})

const link = (place: Place, alias: string, to: LinkFact['to'], version: number): LinkFact => ({
  kind: 'link',
  from: place.alias(alias),
  to,
  version,
})

function claimsOfTool(span: Span, call: ToolSpan, place: Place): LinkFact[] {
  const { claim, byDefault } = claims(span, place)
  const { spanId, parentSpanId: parent } = span
  const { name } = call
  const inside = [claim(mcpInside(spanId, name), nowhere), claim(toolInside(spanId, name), nowhere)]
  const around = parent === null ? [] : [claim(mcp(parent, name), nowhere), claim(mcpAround(parent, name), nowhere)]
  const own =
    parent === null || call.id !== undefined ? [] : [byDefault(toolInside(parent, name), place.whereIs(parent))]
  return [...inside, ...around, ...own, ...claimOnQuestions(call, claim)]
}

function claimsOfMcp(span: Span, call: ToolSpan, place: Place): LinkFact[] {
  const { claim, byDefault } = claims(span, place)
  const { spanId, parentSpanId: parent } = span
  const { name } = call
  const inside = [claim(mcpInside(spanId, name), nowhere), ...claimOnQuestions(call, claim)]
  if (call.id !== undefined) return [...inside, claim(toolInside(spanId, name), nowhere)]
  const own = byDefault(mcp(spanId, name), { parentAlias: mcpRest(spanId, name) })
  if (parent === null) return [...inside, own, byDefault(mcpRest(spanId, name), place.whereIs(spanId))]
  return [
    ...inside,
    own,
    byDefault(mcpRest(spanId, name), { parentAlias: mcpInside(parent, name) }),
    byDefault(mcpInside(parent, name), place.whereIs(parent)),
    claim(mcp(parent, name), { parentAlias: mcpAround(spanId, name) }),
    byDefault(mcpAround(spanId, name), { parentAlias: mcpRest(parent, name) }),
    claim(toolInside(spanId, name), { parentAlias: toolInside(parent, name) }),
    byDefault(toolInside(parent, name), place.whereIs(parent)),
  ]
}

const claimOnQuestions = (call: ToolSpan, claim: (alias: string, to: LinkFact['to']) => LinkFact): LinkFact[] =>
  call.id !== undefined || call.arguments === undefined ? [] : [claim(askedWith(call.name, call.arguments), nowhere)]

/** What told of calls in messages: as for messages, and the span where it all happened. */
export interface Mentioning extends Pick<Telling, 'startedAt' | 'endedAt'> {
  readonly place: Place
  readonly agent: Agent | undefined
  readonly traceId: string | null
  readonly spanId: string | null
}

/** The calls that new messages tell of: those that the model asked for now, and those whose answer it was given now. */
export function mentionedCalls(content: Content, mentioning: Mentioning): Fact[] {
  const known = [...content.inputs, ...content.outputs]
  const asked = known.flatMap(message => message.asked)
  const answeredNow = newInputs(content.inputs).flatMap(message => message.answered)
  const answeredBySelf = content.outputs.flatMap(message => message.answered)
  const questions = questionsOf(
    known.flatMap(message => message.answered),
    asked,
  )
  const answeredCalls = new Set(questions.values())
  const open = content.outputs.flatMap(message => message.asked).filter(call => !answeredCalls.has(call))
  const keys = keysWithoutId(asked)
  const { startedAt, endedAt } = mentioning
  const tell = (question: AskedCall | undefined, answer: AnsweredCall | undefined, at: number) =>
    mention(question, answer, at, (question && keys.get(question)) ?? answer?.name ?? '', mentioning)
  return [
    ...answeredNow.flatMap(answer => tell(questions.get(answer), answer, startedAt)),
    ...answeredBySelf.flatMap(answer => tell(questions.get(answer), answer, endedAt)),
    ...open.flatMap(call => tell(call, undefined, endedAt)),
  ]
}

/** The question to each answer: by call id; where the model gives none, by name and order. */
function questionsOf(
  answers: readonly AnsweredCall[],
  asked: readonly AskedCall[],
): ReadonlyMap<AnsweredCall, AskedCall> {
  const byId = new Map(asked.flatMap(call => (call.id === undefined ? [] : [[call.id, call] as const])))
  const withoutId = asked.filter(({ id }) => id === undefined)
  const byName = Map.groupBy(withoutId, ({ name }) => name)
  const taken = new Map<string | undefined, number>()
  const questions = new Map<AnsweredCall, AskedCall>()
  for (const answer of answers) {
    const { id, name } = answer
    const place = taken.get(name) ?? 0
    if (id === undefined) taken.set(name, place + 1)
    const question =
      id === undefined ? (name === undefined ? withoutId : (byName.get(name) ?? []))[place] : byId.get(id)
    if (question !== undefined) questions.set(answer, question)
  }
  return questions
}

function mention(
  question: AskedCall | undefined,
  answer: AnsweredCall | undefined,
  occurredAt: number,
  keyWithoutId: string,
  mentioning: Mentioning,
): Fact[] {
  const name = question?.name ?? answer?.name
  const id = question?.id ?? answer?.id
  // An answer that says neither what was called nor which call it was is part of no fact.
  if (name === undefined && id === undefined) return []
  const tool = name ?? 'unknown'
  const given = question?.arguments
  const version = rankedVersion(mentioning.endedAt, answer === undefined ? 3 : question === undefined ? 4 : 2)
  const { place } = mentioning
  const alias = given === undefined || mentioning.traceId === null ? undefined : askedWith(tool, given)
  const fact = event({
    to: alias === undefined ? place.to : place.alias(alias),
    type: 'tool.call',
    stream: 'traces',
    key: `call:${place.scopeKey}:${id ?? keyWithoutId}`,
    occurredAt,
    version,
    section: {
      partyKey: mentioning.agent?.partyKey ?? null,
      callId: id ?? null,
      name: tool,
      kind: question?.onServer === true ? 'other' : 'function',
      arguments: given === undefined ? null : jsonText(given),
      result: answer === undefined ? null : jsonText(answer.result),
      isError: answer?.isError ?? false,
      traceId: mentioning.traceId,
      spanId: mentioning.spanId,
    },
  })
  if (alias === undefined || mentioning.spanId === null) return [fact]
  return [fact, link(place, alias, place.whereIs(mentioning.spanId), rankedVersion(mentioning.endedAt, 1))]
}

/** For models that give their calls no id: the same call is the same question, asked equally often before. */
function keysWithoutId(asked: readonly AskedCall[]): ReadonlyMap<AskedCall, string> {
  const counts = new Map<string, number>()
  const keys = new Map<AskedCall, string>()
  for (const call of asked.filter(({ id }) => id === undefined)) {
    const hash = contentHashOf(canonicalJson([call.name, call.arguments ?? null]))
    const before = counts.get(hash) ?? 0
    counts.set(hash, before + 1)
    keys.set(call, `${hash}:${before}`)
  }
  return keys
}
