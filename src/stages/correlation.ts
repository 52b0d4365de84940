import type { LinkFact } from '../core/fact.ts'
import type { ConversationRef } from '../core/ids.ts'

/** The link of an alias that counts. */
export interface KnownLink {
  readonly alias: string
  readonly version: number
  readonly to: LinkFact['to']
}

/** Where an event is: in a conversation, or, as a link says so, in none. */
export type Place = ConversationRef | { readonly nowhere: true }

/** One version of an event, as it was observed. */
export interface Observation {
  /** Tells it from every other observation of the event: hash of its bytes. */
  readonly id: string
  readonly version: number
  readonly contentHash: string
  readonly alias: string
  /** The conversation that the event belongs to if no link comes in time. */
  readonly fallback: ConversationRef
  /** Of the encoded event. */
  readonly sizeBytes: number
}

/** Everything known about one event, and where it was put. */
export interface KnownEvent {
  readonly id: string
  readonly observations: Observation[]
  /** Where it was put; undefined while it waits. */
  at: Place | undefined
  /** How many of `observations`, from the first, were put there. */
  delivered: number
  /** How often it was moved: a delivery of a higher revision supersedes one of a lower revision and equal version. */
  revision: number
}

/** What is correlated together. */
export interface Scope {
  /** By alias. */
  readonly links: Map<string, KnownLink>
  /** By event id. */
  readonly events: Map<string, KnownEvent>
  /** True once the wait is over: what finds no conversation goes to its fallback. */
  released: boolean
}

/**
 * An observation to put into a conversation, or, `retracted`, to take out of it. What was retracted never belonged there: in
 * another order it would not have been delivered at all. So whoever folds a conversation lets, of one event and version, only
 * the highest revision count, and lets a retracted event leave no trace.
 */
export interface Delivery {
  readonly eventId: string
  readonly observation: string
  readonly to: ConversationRef
  readonly revision: number
  readonly retracted: boolean
}

/**
 * Adds a link unless one that counts more is known: the higher version counts, then nowhere more than a conversation
 * and a conversation more than a parent, then the greater text. Says whether the scope changed.
 */
export function learnLink(scope: Scope, link: KnownLink): boolean {
  const known = scope.links.get(link.alias)
  if (known !== undefined && compareLinks(link, known) <= 0) return false
  scope.links.set(link.alias, link)
  return true
}

/** Adds an observation of an event unless it is known. Says whether the scope changed. */
export function learnObservation(scope: Scope, eventId: string, observation: Observation): boolean {
  const known = scope.events.get(eventId)
  if (known === undefined) {
    scope.events.set(eventId, { id: eventId, observations: [observation], at: undefined, delivered: 0, revision: 0 })
    return true
  }
  if (known.observations.some(({ id }) => id === observation.id)) return false
  known.observations.push(observation)
  return true
}

export interface Placement {
  readonly deliveries: readonly Delivery[]
  /** Events that are now put somewhere else, or of which there was more to deliver. */
  readonly changed: readonly KnownEvent[]
  /** Events that no link leads to a conversation, and whose wait is not over. */
  readonly waiting: number
}

/**
 * Puts every event where the links now say it belongs, and says what to deliver for that. In the end, with every fact
 * known and every wait over, an event is live in one conversation (or nowhere), which depends on the facts alone: not on their
 * order, their repetition, or on what was known when.
 */
export function place(scope: Scope): Placement {
  const resolve = resolver(scope.links)
  const deliveries: Delivery[] = []
  const changed: KnownEvent[] = []
  let waiting = 0
  for (const event of scope.events.values()) {
    const latest = latestOf(event.observations)
    const found = resolve(latest.alias)
    if (found === undefined && !scope.released) waiting++
    const target = found ?? (scope.released ? latest.fallback : event.at)
    if (target === undefined || isSettled(event, target)) continue
    deliveries.push(...move(event, target, latest))
    changed.push(event)
  }
  return { deliveries, changed, waiting }
}

const isSettled = (event: KnownEvent, target: Place) =>
  event.at !== undefined && isSame(event.at, target) && event.delivered === event.observations.length

function move(event: KnownEvent, target: Place, latest: Observation): Delivery[] {
  const deliveries: Delivery[] = []
  if (event.at !== undefined && !isSame(event.at, target)) {
    event.revision++
    event.delivered = 0
    // Supersedes all that was delivered there: of what is known, nothing has a higher version.
    if (!('nowhere' in event.at)) deliveries.push(delivery(event, latest, event.at, true))
  }
  event.at = target
  if (!('nowhere' in target))
    for (const observation of event.observations.slice(event.delivered))
      deliveries.push(delivery(event, observation, target, false))
  event.delivered = event.observations.length
  return deliveries
}

const delivery = (event: KnownEvent, { id }: Observation, to: ConversationRef, retracted: boolean): Delivery => ({
  eventId: event.id,
  observation: id,
  to,
  revision: event.revision,
  retracted,
})

/**
 * The place of an alias: its own, or that of its nearest ancestor that has one; where no ancestor has one, the scope's only
 * conversation.
 */
function resolver(links: ReadonlyMap<string, KnownLink>): (alias: string) => Place | undefined {
  const conversations = new Map<string, ConversationRef>()
  for (const { to } of links.values()) if ('vendor' in to) conversations.set(textOf(to), to)
  const only = conversations.size === 1 ? [...conversations.values()][0] : undefined

  const resolved = new Map<string, Place | undefined>()
  return alias => {
    const passed = new Set<string>()
    let found: Place | undefined = only
    // Ends at a root, at an alias that was resolved before, or where the ancestors run in a circle.
    for (let at: string | undefined = alias; at !== undefined && !passed.has(at); ) {
      if (resolved.has(at)) {
        found = resolved.get(at)
        break
      }
      passed.add(at)
      const to: KnownLink['to'] | undefined = links.get(at)?.to
      if (to !== undefined && !('parentAlias' in to)) {
        found = to
        break
      }
      at = to?.parentAlias
    }
    for (const each of passed) resolved.set(each, found)
    return found
  }
}

/** The observation that counts: it says which alias the event belongs to. */
const latestOf = (observations: readonly Observation[]) =>
  observations.reduce((a, b) => (compareObservations(a, b) >= 0 ? a : b))

const compareObservations = (a: Observation, b: Observation) =>
  a.version - b.version || compare(a.contentHash, b.contentHash) || compare(a.id, b.id)

const compareLinks = (a: KnownLink, b: KnownLink) =>
  a.version - b.version || rankOf(a.to) - rankOf(b.to) || compare(textOf(a.to), textOf(b.to))

const rankOf = (to: KnownLink['to']) => ('nowhere' in to ? 2 : 'vendor' in to ? 1 : 0)

const textOf = (to: KnownLink['to']) =>
  JSON.stringify('nowhere' in to ? [] : 'vendor' in to ? [to.vendor, to.account, to.key] : [to.parentAlias])

const isSame = (a: Place, b: Place) => textOf(a) === textOf(b)

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
