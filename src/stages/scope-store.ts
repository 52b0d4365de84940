import { contentHashOf } from '../core/ids.ts'
import type { State, StateWriter } from '../core/state.ts'
import type { Delivery, KnownEvent, KnownLink, Scope } from './correlation.ts'

/** What the correlate stage remembers of a scope without opening it. Times are Unix milliseconds. */
export interface ScopeHead {
  /** Events that no link leads to a conversation, and whose wait is not over. */
  readonly waiting: number
  /** Since when there have been such events; null if there are none. */
  readonly waitingSince: number | null
  /** True once the wait is over. */
  readonly released: boolean
  /** When something new was last learnt. */
  readonly changedAt: number
  readonly sizeBytes: number
}

/** An event of a scope that is to be delivered. */
export interface ScopeDelivery extends Delivery {
  /** Hash of the scope. */
  readonly scope: string
}

/** What was decided last. */
export interface Outbox {
  /** Counts the decisions. */
  readonly decision: number
  readonly deliveries: readonly ScopeDelivery[]
}

/** Names a scope in the state: scopes of any length and form get a short key. */
export const scopeHashOf = (scope: string) => contentHashOf(scope)

/** What an entry costs besides the bytes of an event: keys, JSON, and the store's own. */
const entryBytes = 400

/** What a scope takes in the state, roughly; never less than it does by much. */
export function sizeOf(scope: Scope): number {
  let size = entryBytes * (1 + scope.links.size)
  for (const { observations } of scope.events.values())
    for (const { sizeBytes } of observations) size += entryBytes + sizeBytes
  return size
}

const headKey = (scope: string) => `head/${scope}`
const linksPrefix = (scope: string) => `link/${scope}/`
const eventsPrefix = (scope: string) => `event/${scope}/`
const bodiesPrefix = (scope: string) => `body/${scope}/`
const outboxKey = 'outbox'

const encode = (value: unknown) => Buffer.from(JSON.stringify(value))
/** Sound for what `encode` wrote under the same key. */
const decode = <T>(value: Buffer) => JSON.parse(value.toString()) as T

/** Where the scopes of one partition are kept. */
export interface ScopeStore {
  /** By hash of the scope. */
  heads(): Map<string, ScopeHead>
  load(scope: string, released: boolean): Scope
  /** The encoded event. */
  body(scope: string, eventId: string, observation: string): Buffer | undefined
  /** What was decided last and may not have been delivered yet. */
  outbox(): Outbox
  transaction(write: (writer: ScopeWriter) => void): Promise<void>
}

export interface ScopeWriter {
  head(scope: string, head: ScopeHead): void
  link(scope: string, link: KnownLink): void
  event(scope: string, event: KnownEvent): void
  body(scope: string, eventId: string, observation: string, body: Buffer): void
  outbox(outbox: Outbox): void
  /** Forgets the scope's events, but not its links. */
  forgetEvents(scope: string): void
  forget(scope: string): void
}

export function createScopeStore(state: State): ScopeStore {
  const bodyKey = (scope: string, eventId: string, observation: string) =>
    `${bodiesPrefix(scope)}${eventId}/${observation}`
  const removeAll = (writer: StateWriter, prefix: string) => {
    for (const { key } of state.range(prefix)) writer.remove(key)
  }
  const forgetEvents = (writer: StateWriter, scope: string) => {
    removeAll(writer, eventsPrefix(scope))
    removeAll(writer, bodiesPrefix(scope))
  }
  return {
    heads: () =>
      new Map([...state.range(headKey(''))].map(({ key, value }) => [key.slice(headKey('').length), decode(value)])),
    load(scope, released) {
      const links = [...state.range(linksPrefix(scope))].map(({ value }) => decode<KnownLink>(value))
      const events = [...state.range(eventsPrefix(scope))].map(({ value }) => decode<KnownEvent>(value))
      return {
        links: new Map(links.map(link => [link.alias, link])),
        events: new Map(events.map(event => [event.id, event])),
        released,
      }
    },
    body: (scope, eventId, observation) => state.get(bodyKey(scope, eventId, observation)),
    outbox() {
      const value = state.get(outboxKey)
      return value === undefined ? { decision: 0, deliveries: [] } : decode(value)
    },
    transaction: write =>
      state.transaction(writer =>
        write({
          head: (scope, head) => writer.put(headKey(scope), encode(head)),
          link: (scope, link) => writer.put(`${linksPrefix(scope)}${contentHashOf(link.alias)}`, encode(link)),
          event: (scope, event) => writer.put(`${eventsPrefix(scope)}${event.id}`, encode(event)),
          body: (scope, eventId, observation, body) => writer.put(bodyKey(scope, eventId, observation), body),
          outbox: outbox => writer.put(outboxKey, encode(outbox)),
          forgetEvents: scope => forgetEvents(writer, scope),
          forget(scope) {
            forgetEvents(writer, scope)
            removeAll(writer, linksPrefix(scope))
            writer.remove(headKey(scope))
          },
        }),
      ),
  }
}
