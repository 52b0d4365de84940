/**
 * Which conversation a span belongs to. A span that carries a conversation id says it; one that does not inherits from
 * its parent, which ends later and as a rule arrives in a later request. So facts of such a span are addressed to the
 * alias `span:<span id>` in the scope of their trace, and every span that has an id or a parent states a link:
 * `span:<id>` → the conversation, or → `span:<parent id>`.
 */
import type { Address, AliasRef, ConversationRef, LinkFact } from '../../src/sdk/index.ts'
import { textOf } from './normalize-attributes.ts'
import type { Origin } from './origin.ts'
import type { Attributes, Span, SpanId } from './otlp.ts'

/** Attributes that name the conversation: OpenTelemetry, OpenInference, Langfuse, Google's ADK, Azure, OpenLLMetry, Vercel. */
const conversationAttributes = [
  'gen_ai.conversation.id',
  'session.id',
  'langfuse.session.id',
  'gcp.vertex.agent.session_id',
  'gen_ai.thread.id',
  'traceloop.association.properties.session_id',
  'ai.telemetry.metadata.sessionId',
] as const

/** Spans and log records. */
interface Item {
  readonly attributes: Attributes
  readonly resource: Attributes
}

const conversationKeyOf = ({ attributes, resource }: Item) =>
  textOf(attributes, ...conversationAttributes) ?? textOf(resource, ...conversationAttributes)

export const namesConversation = (item: Item) => conversationKeyOf(item) !== undefined

/** The conversation that the attributes name, of the item itself before those of its resource. */
export function conversationOf(item: Item, origin: Origin): ConversationRef | undefined {
  const key = conversationKeyOf(item)
  return key === undefined ? undefined : { ...origin.conversation, key }
}

/** A name within a trace. A trace that no link leads to a conversation becomes one of its own, with the trace id as key. */
export const aliasIn = (traceId: string, alias: string, account: string): AliasRef => ({
  scope: `trace:${traceId}`,
  alias,
  fallback: { vendor: 'agent-telemetry', account, key: traceId },
})

/** The alias that stands for a span. */
export const spanAlias = (spanId: string) => `span:${spanId}`

export const aliasOfSpan = ({ traceId, spanId }: SpanId, account: string): AliasRef =>
  aliasIn(traceId, spanAlias(spanId), account)

/** Where a span's facts go, and how to name and link other things of its trace. */
export interface Place {
  /** Of facts about the span. */
  readonly to: Address
  /** What fact keys begin with: call ids and contents are unique within a trace, not beyond. */
  readonly scopeKey: string
  /** What keys of parties begin with: the conversation, where it is known. */
  readonly partyScopeKey: string
  /** What an alias inherits that belongs wherever the given span does: this span's own conversation, if it carries one. */
  whereIs(spanId: string): LinkFact['to']
  alias(name: string): AliasRef
}

export function placeOf(span: Span, origin: Origin, account: string): Place {
  const conversation = conversationOf(span, origin)
  return {
    to: conversation ?? aliasOfSpan(span, account),
    scopeKey: span.traceId,
    partyScopeKey: conversation === undefined ? span.traceId : scopeKeyOf(conversation),
    whereIs: spanId => conversation ?? { parentAlias: spanAlias(spanId) },
    alias: name => aliasIn(span.traceId, name, account),
  }
}

/** What tells a conversation from every other. */
export const scopeKeyOf = (conversation: ConversationRef) =>
  `conversation:${JSON.stringify([conversation.vendor, conversation.account, conversation.key])}`

/** What a span says about its conversation. A root that carries no id says nothing. */
export function linksOf(span: Span, origin: Origin, account: string): readonly LinkFact[] {
  const conversation = conversationOf(span, origin)
  const to = conversation ?? (span.parentSpanId === null ? undefined : { parentAlias: spanAlias(span.parentSpanId) })
  return to === undefined ? [] : [{ kind: 'link', from: aliasOfSpan(span, account), to, version: span.endedAt }]
}
