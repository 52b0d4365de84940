import { type EventFact, isAlias, type LinkFact } from '../core/fact.ts'
import { type ConversationRef, contentHashOf, conversationIdOf, eventIdOf, uuidFrom } from '../core/ids.ts'
import type { Position } from '../core/log.ts'
import { type ConversationEvent, type Link, noSections, type RawRecord, sectionFields } from '../core/records.ts'

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
 */
export function completeEvent(
  fact: EventFact,
  at: RawAt,
  conversation: ConversationFields = isAlias(fact.to) ? noConversation : conversationFields(fact.to),
): ConversationEvent {
  const { raw } = at
  const stream = fact.stream ?? raw.stream
  const event: Record<string, unknown> = {
    id: eventIdOf(raw.vendor, raw.account, stream, fact.key, fact.type),
    type: fact.type,
    version: versionOf(fact, raw),
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
    occurredAt: fact.occurredAt,
    sequence: fact.sequence ?? 0,
    observedAt: raw.observedAt,
    rawTopic: at.topic,
    rawPartition: at.partition,
    rawOffset: at.offset,
    rawHash: raw.hash,
    contentHash: contentHashOfFact(fact),
    ...noSections,
  }
  event[sectionFields[fact.type]] = fact.section
  // Sound once encoded: what a SectionInput leaves out has a default in the schema.
  return event as unknown as ConversationEvent
}

/** The link that a fact states. Its id tells apart what is said about an alias, not how often. */
export function completeLink(fact: LinkFact, raw: RawRecord): Link {
  const { from, to } = fact
  const target = {
    parentAlias: 'parentAlias' in to ? to.parentAlias : null,
    conversationVendor: 'vendor' in to ? to.vendor : null,
    conversationAccount: 'vendor' in to ? to.account : null,
    conversationKey: 'vendor' in to ? to.key : null,
  }
  const id = uuidFrom('link', raw.vendor, raw.account, from.scope, from.alias, JSON.stringify(Object.values(target)))
  return { id, version: versionOf(fact, raw), ...target }
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

/** A text for a value, different for different values. Strings carry their length: that needs no escaping, and is fast. */
function canonical(value: unknown): string {
  if (typeof value === 'string') return `"${value.length}:${value}`
  if (typeof value !== 'object' || value === null) return String(value)
  let text = '['
  if (Array.isArray(value)) {
    for (const item of value) text += `${canonical(item)},`
    return `${text}]`
  }
  const fields = value as Readonly<Record<string, unknown>>
  for (const key of sortedKeys(fields)) {
    const field = fields[key]
    // Most fields are one of these, and this is the hot loop of the stage.
    if (typeof field === 'string') text += `${key}="${field.length}:${field},`
    else if (typeof field === 'number') text += `${key}=${field},`
    else if (!isNothing(field)) text += `${key}=${canonical(field)},`
  }
  return `${text}}`
}

const isNothing = (field: unknown) =>
  field === undefined || field === null || field === false || (Array.isArray(field) && field.length === 0)

// Objects of one kind come with their keys in one order, most often one after the other: sorting once is enough for them.
let lastKeys: readonly string[] = []
let lastSorted: readonly string[] = []
function sortedKeys(fields: object): readonly string[] {
  const keys = Object.keys(fields)
  let same = keys.length === lastKeys.length
  for (let index = 0; same && index < keys.length; index++) same = keys[index] === lastKeys[index]
  if (!same) {
    lastKeys = keys
    lastSorted = keys.toSorted()
  }
  return lastSorted
}
