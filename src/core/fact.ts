import type { ConversationRef } from './ids.ts'
import type { EventSections, EventType } from './records.ts'

/**
 * A name for a conversation that is not known yet. Aliases of one scope are correlated together, so an alias may
 * inherit from another of its scope: `{ scope: 'trace:5b8e…', alias: 'span:eee1…' }`.
 */
export interface AliasRef {
  readonly scope: string
  readonly alias: string
  /** The conversation that the scope becomes if no link comes in time. */
  readonly fallback: ConversationRef
}

/** Where a fact belongs: to a conversation that is known, or to an alias of one. */
export type Address = ConversationRef | AliasRef

export const isAlias = (address: Address): address is AliasRef => 'alias' in address

type HasDefault<V> = null extends V ? true : V extends readonly unknown[] ? true : V extends boolean ? true : false

/** A section as a connector writes it: what is null, empty or false may be left out. */
export type SectionInput<S> = { readonly [K in keyof S as HasDefault<S[K]> extends true ? never : K]: S[K] } & {
  readonly [K in keyof S as HasDefault<S[K]> extends true ? K : never]?: S[K] | undefined
}

/** One thing that happened in a conversation, as a connector reads it out of a raw record. */
export interface EventFactOf<T extends EventType> {
  readonly kind: 'event'
  /** A deletion needs a conversation: one for an alias becomes a dead letter, as it could not be taken back. */
  readonly to: Address
  readonly type: T
  /** The vendor's own key of the fact within its stream, or the fields that identify it. With `type` it makes the id. */
  readonly key: string
  /** The stream whose key space `key` lives in, where that is not the raw record's stream. */
  readonly stream?: string
  /** When it happened, Unix milliseconds. */
  readonly occurredAt: number
  /** Orders facts of one conversation that happened in the same millisecond. Default 0. */
  readonly sequence?: number
  /** The vendor's updated-at of this fact, Unix milliseconds. Default: the raw record's version, else its observedAt. */
  readonly version?: number
  readonly section: SectionInput<EventSections[T]>
}

export type EventFact = { [T in EventType]: EventFactOf<T> }[EventType]

/**
 * An alias belongs to a conversation, inherits from another alias of its scope, or belongs nowhere: what is addressed to
 * it is part of no conversation, because another fact tells the same thing better. The highest version counts.
 */
export interface LinkFact {
  readonly kind: 'link'
  readonly from: AliasRef
  readonly to: ConversationRef | { readonly parentAlias: string } | { readonly nowhere: true }
  readonly version?: number
}

export type Fact = EventFact | LinkFact

/** Spells out one event so that its section is checked against its type. */
export const event = <T extends EventType>(fact: Omit<EventFactOf<T>, 'kind'>): EventFact =>
  // Sound: EventFact is the union of EventFactOf over every EventType.
  ({ ...fact, kind: 'event' }) as unknown as EventFact
