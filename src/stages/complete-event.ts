import { dataError } from '../core/errors.ts'
import { type EventFact, isAlias, type LinkFact } from '../core/fact.ts'
import { type ConversationRef, contentHashOf, conversationIdOf, eventIdOf, uuidFrom } from '../core/ids.ts'
import type { Position } from '../core/log.ts'
import { type ConversationEvent, type Link, noSections, type RawRecord, sectionFields } from '../core/records.ts'
import { carried, carriedSection } from './carried.ts'

/** A raw record and where it stands on the log. */
export interface RawAt extends Position {
  readonly raw: RawRecord
}

/** The fields of an event that say whose conversation it is. */
export type ConversationFields = Pick<
  ConversationEvent,
  'conversationId' | 'conversationVendor' | 'conversationAccount' | 'conversationKey'
>

export const conversationFields = (ref: ConversationRef): ConversationFields => ({
  conversationId: conversationIdOf(ref),
  conversationVendor: ref.vendor,
  conversationAccount: ref.account,
  conversationKey: ref.key,
})

/** Of an event that waits for a link. */
const noConversation: ConversationFields = {
  conversationId: '',
  conversationVendor: '',
  conversationAccount: '',
  conversationKey: '',
}

/**
 * The event that a fact becomes: what the connector said, its ids, and where it was read. Fields of the section that the
 * connector left out are filled in by encoding. Pure: the same fact of the same raw record gives the same event. Whoever
 * has the fields of its conversation at hand saves making them again.
 *
 * An optional number that the log cannot carry is left out: no duration or size is that large, and it is no reason to
 * hold back the record's other facts. Throws an error of kind `data`:
 *
 * - `number-too-large` if a time, a version or another required number is beyond what the log carries;
 * - `deletion-needs-conversation` if a deletion is addressed to an alias. Where an alias leads may change, and the event is
 *   moved then; but what a deletion erased could not be brought back.
 */
export function completeEvent(
  fact: EventFact,
  at: RawAt,
  conversation: ConversationFields = isAlias(fact.to) ? noConversation : conversationFields(fact.to),
): ConversationEvent {
  if (fact.type === 'deletion' && isAlias(fact.to))
    throw dataError('deletion-needs-conversation', 'completing a deletion: it is addressed to an alias')
  const { raw } = at
  const { occurredAt, sequence = 0 } = fact
  const section = carriedSection(fact)
  const stream = fact.stream ?? raw.stream
  const event: Record<string, unknown> = {
    // First, as the engine copies them faster so.
    ...noSections,
    id: eventIdOf(raw.vendor, raw.account, stream, fact.key, fact.type),
    type: fact.type,
    version: carried('version', versionOf(fact, raw)),
    revision: 0,
    retracted: false,
    conversationId: conversation.conversationId,
    conversationVendor: conversation.conversationVendor,
    conversationAccount: conversation.conversationAccount,
    conversationKey: conversation.conversationKey,
    sourceVendor: raw.vendor,
    sourceAccount: raw.account,
    sourceStream: stream,
    sourceKey: fact.key,
    occurredAt: carried('occurredAt', occurredAt),
    sequence: carried('sequence', sequence),
    observedAt: raw.observedAt,
    rawTopic: at.topic,
    rawPartition: at.partition,
    rawOffset: at.offset,
    rawHash: raw.hash,
    contentHash: contentHashOfFact({ type: fact.type, occurredAt, sequence, section }),
  }
  event[sectionFields[fact.type]] = section
  // Sound once encoded: what a SectionInput leaves out has a default in the schema.
  return event as unknown as ConversationEvent
}

/** The link that a fact states. Its id tells apart what is said about an alias, not how often. Throws `number-too-large` as above. */
export function completeLink(fact: LinkFact, raw: RawRecord): Link {
  const { from, to } = fact
  const target = {
    parentAlias: 'parentAlias' in to ? to.parentAlias : null,
    conversationVendor: 'vendor' in to ? to.vendor : null,
    conversationAccount: 'vendor' in to ? to.account : null,
    conversationKey: 'vendor' in to ? to.key : null,
  }
  const id = uuidFrom('link', raw.vendor, raw.account, from.scope, from.alias, JSON.stringify(Object.values(target)))
  return { id, version: carried('version', versionOf(fact, raw)), ...target }
}

/** What a link says, out of its record: one that names neither a parent nor a conversation belongs nowhere. */
export function targetOf(link: Link): LinkFact['to'] {
  if (link.parentAlias !== null) return { parentAlias: link.parentAlias }
  const { conversationVendor: vendor, conversationAccount: account, conversationKey: key } = link
  return vendor === null || account === null || key === null ? { nowhere: true } : { vendor, account, key }
}

const versionOf = (fact: { readonly version?: number }, raw: RawRecord) => fact.version ?? raw.version ?? raw.observedAt

/**
 * Hash of what a fact says: its type, when it happened, its place in the order, and its section. Not of when or where it
 * was observed, so that observing equal content again is seen to be equal. The order of keys does not matter, nor whether
 * a field is left out or spelled out as null, false or empty: a schema that gains a field changes no hash.
 */
export const contentHashOfFact = (fact: Pick<EventFact, 'type' | 'occurredAt' | 'sequence' | 'section'>) =>
  contentHashOf(`${fact.type} ${fact.occurredAt} ${fact.sequence ?? 0} ${canonical(fact.section)}`)

/**
 * A text for a value, different for different values. Strings carry their length: that needs no escaping, and is fast.
 * This is the hot loop of the stage: it joins short pieces before long ones, as those are copied once only.
 */
function canonical(value: unknown, depth = 0): string {
  if (typeof value === 'string') return `"${value.length}:${value}`
  if (typeof value !== 'object' || value === null) return String(value)
  let text = '['
  if (Array.isArray(value)) {
    for (const item of value) text += `${canonical(item, depth + 1)},`
    return `${text}]`
  }
  const fields = value as Readonly<Record<string, unknown>>
  const { sorted, names } = shapeOf(fields, depth)
  for (let index = 0; index < sorted.length; index++) {
    const field = fields[sorted[index] ?? '']
    if (isNothing(field)) continue
    const said = typeof field === 'number' ? `${field},` : `${canonical(field, depth + 1)},`
    text += names[index] + said
  }
  return `${text}}`
}

const isNothing = (field: unknown) =>
  field === undefined || field === null || field === false || (Array.isArray(field) && field.length === 0)

/** The fields of an object. */
interface Shape {
  readonly keys: readonly string[]
  readonly sorted: readonly string[]
  /** The sorted keys as they stand in front of their values. */
  readonly names: readonly string[]
}

// Objects at one depth come with their keys in one order, most often one after the other: sorting once is enough for them.
const lastShapes: Shape[] = []
function shapeOf(fields: object, depth: number): Shape {
  const keys = Object.keys(fields)
  const last = lastShapes[depth]
  if (last !== undefined && isSame(keys, last.keys)) return last
  const sorted = keys.toSorted()
  const shape = { keys, sorted, names: sorted.map(key => `${key}=`) }
  lastShapes[depth] = shape
  return shape
}

function isSame(keys: readonly string[], others: readonly string[]): boolean {
  let same = keys.length === others.length
  for (let index = 0; same && index < keys.length; index++) same = keys[index] === others[index]
  return same
}
