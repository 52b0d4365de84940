import { type EventFact, isAlias, type LinkFact } from '../core/fact.ts'
import { type ConversationRef, contentHashOf, conversationIdOf, eventIdOf, uuidFrom } from '../core/ids.ts'
import type { Position } from '../core/log.ts'
import { type ConversationEvent, type Link, noSections, type RawRecord, sectionFields } from '../core/records.ts'

/** A raw record and where it stands on the log. */
export interface RawAt extends Position {
  readonly raw: RawRecord
}

/** The fields of an event that say whose conversation it is. */
export const conversationFields = (ref: ConversationRef, conversationId: string) => ({
  conversationId,
  conversationVendor: ref.vendor,
  conversationAccount: ref.account,
  conversationKey: ref.key,
})

/** Of an event that waits for a link. */
const noConversation = { conversationId: '', conversationVendor: '', conversationAccount: '', conversationKey: '' }

/**
 * The event that a fact becomes: what the connector said, its ids, and where it was read. Fields of the section that the
 * connector left out are filled in by encoding. Pure: the same fact of the same raw record gives the same event.
 */
export function completeEvent(fact: EventFact, at: RawAt): ConversationEvent {
  const { raw } = at
  const stream = fact.stream ?? raw.stream
  const event = {
    id: eventIdOf(raw.vendor, raw.account, stream, fact.key, fact.type),
    type: fact.type,
    version: versionOf(fact, raw),
    revision: 0,
    retracted: false,
    ...(isAlias(fact.to) ? noConversation : conversationFields(fact.to, conversationIdOf(fact.to))),
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
    [sectionFields[fact.type]]: fact.section,
  }
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
  contentHashOf(`${fact.type} ${fact.occurredAt} ${fact.sequence ?? 0} ${canonicalSection(fact.section)}`)

function canonicalSection(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalSection).join()}]`
  const fields = value as Readonly<Record<string, unknown>>
  let text = '{'
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key]
    if (field === undefined || field === null || field === false) continue
    if (Array.isArray(field) && field.length === 0) continue
    text += `${key}:${canonicalSection(field)},`
  }
  return `${text}}`
}
