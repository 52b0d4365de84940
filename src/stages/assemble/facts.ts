import { type ConversationEvent, type EventSections, type EventType, sectionFields } from '../../core/records.ts'

/** What one observation of a fact amounts to: enough to order it and to tell equal content from changed. */
export interface Observation {
  readonly version: number
  readonly revision: number
  readonly contentHash: string
  readonly retracted: boolean
}

/** A fact as it stands: what its winning observation says, and since when that has been known. */
export interface KnownFact {
  readonly event: ConversationEvent
  /** See `effectiveVersionOf`. */
  readonly effectiveVersion: number
}

export const observationOf = ({ version, revision, contentHash, retracted }: ConversationEvent): Observation => ({
  version,
  revision,
  contentHash,
  retracted,
})

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** The highest wins. `retracted` only decides what the normalize and correlate stages never leave open. */
export const compareObservations = (a: Observation, b: Observation) =>
  a.version - b.version ||
  a.revision - b.revision ||
  compareText(a.contentHash, b.contentHash) ||
  Number(a.retracted) - Number(b.retracted)

/** The observations with one more, lowest first; undefined if it is among them already. */
export function withObservation(
  observations: readonly Observation[],
  added: Observation,
): readonly Observation[] | undefined {
  let at = observations.length
  for (; at > 0; at--) {
    const order = compareObservations(added, observations[at - 1] ?? added)
    if (order === 0) return undefined
    if (order > 0) break
  }
  return observations.toSpliced(at, 0, added)
}

/** The observation that counts. */
export function winnerOf(observations: readonly Observation[]): Observation {
  const winner = observations.at(-1)
  if (winner === undefined) throw new RangeError('finding the winner of no observations')
  return winner
}

/** True if two observations have equal content. */
export const saysTheSame = (a: Observation, b: Observation) =>
  a.contentHash === b.contentHash && a.retracted === b.retracted

/**
 * The lowest version of the trailing run of observations with equal content: since when the fact has been as it is.
 * (A,10)(A,30) gives 10; (A,10)(B,20)(A,30) gives 30. `observations` are lowest first. A detour leaves no trace: of each
 * version only the highest revision counts, because a move delivers all that is known of the fact again.
 */
export function effectiveVersionOf(observations: readonly Observation[]): number {
  let since = winnerOf(observations)
  for (const observation of observations.toReversed()) {
    if (observation.version === since.version && observation.revision < since.revision) continue
    if (!saysTheSame(observation, since)) break
    since = observation
  }
  return since.version
}

/** The facts that a set of events amounts to: whatever their order and however often each comes. */
export function factsOf(events: Iterable<ConversationEvent>): readonly KnownFact[] {
  const facts = new Map<string, { event: ConversationEvent; observations: readonly Observation[] }>()
  for (const event of events) {
    const known = facts.get(event.id)
    const observation = observationOf(event)
    if (known === undefined) {
      facts.set(event.id, { event, observations: [observation] })
      continue
    }
    known.observations = withObservation(known.observations, observation) ?? known.observations
    if (winnerOf(known.observations) === observation) known.event = event
  }
  return [...facts.values()].map(({ event, observations }) => ({
    event,
    effectiveVersion: effectiveVersionOf(observations),
  }))
}

/** The order of facts in a conversation. */
export const compareEvents = (a: ConversationEvent, b: ConversationEvent) =>
  a.occurredAt - b.occurredAt || a.sequence - b.sequence || compareText(a.type, b.type) || compareText(a.id, b.id)

/** True for the types that this version knows. */
export const isEventType = (type: string): type is EventType => Object.hasOwn(sectionFields, type)

/** The section of an event of this type; null for events of other types. */
export const sectionOf = <T extends EventType>(event: ConversationEvent, type: T): EventSections[T] | null =>
  // Sound: `sectionFields` names the field that holds the section of T.
  event.type === type ? (event[sectionFields[type]] as EventSections[T] | null) : null

/** Events with the sections of one type, in order. */
export type Told<T extends EventType> = readonly (readonly [ConversationEvent, EventSections[T]])[]

/** The events of each type, in the order given. */
export interface EventsByType {
  of<T extends EventType>(type: T): Told<T>
}

export function byType(events: readonly ConversationEvent[]): EventsByType {
  const types = new Map<string, [ConversationEvent, unknown][]>()
  for (const event of events) {
    const section = isEventType(event.type) ? event[sectionFields[event.type]] : null
    if (section === null) continue
    const list = types.get(event.type)
    if (list === undefined) types.set(event.type, [[event, section]])
    else list.push([event, section])
  }
  // Sound: the section of an event was taken from the field of its type.
  return { of: <T extends EventType>(type: T) => (types.get(type) ?? []) as unknown as Told<T> }
}
