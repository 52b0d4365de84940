import { agentTelemetry } from '../../../connectors/agent-telemetry/index.ts'
import { isAlias } from '../../../src/core/fact.ts'
import type { conversationIdOf } from '../../../src/core/ids.ts'
import type { ConversationEvent, EventType, RawRecord } from '../../../src/core/records.ts'
import { sectionFields } from '../../../src/core/records.ts'
import { completeEvent, completeLink } from '../../../src/stages/complete-event.ts'
import { learnLink, learnObservation, place, type Scope } from '../../../src/stages/correlation.ts'
import { codecs } from '../../contract/connector/subject.ts'

/** Events by conversation: what a reader of the topic `events` ends with, once all waits are over. */
export type Conversations = Readonly<Record<string, readonly ConversationEvent[]>>

/**
 * What becomes of raw records after normalizing and correlating, in the order given. Correlation places anew after every
 * record, so that facts move and are retracted on the way. Of every event the winner is left: the highest version,
 * revision and content hash.
 */
export function settle(records: readonly RawRecord[]): Conversations {
  const scopes = new Map<string, Scope>()
  const bodies = new Map<string, ConversationEvent>()
  const delivered: { readonly key: string; readonly event: ConversationEvent }[] = []
  const placeAll = () => {
    for (const scope of scopes.values())
      for (const { observation, to, revision, retracted } of place(scope).deliveries) {
        const event = bodies.get(observation)
        if (event !== undefined) delivered.push({ key: keyOf(to), event: { ...event, revision, retracted } })
      }
  }
  for (const [offset, raw] of records.entries()) {
    const outcome = agentTelemetry.normalize(raw, undefined)
    for (const fact of outcome.kind === 'emit' ? outcome.records : []) {
      const alias = fact.kind === 'link' ? fact.from : isAlias(fact.to) ? fact.to : undefined
      const scope: Scope = (alias && scopes.get(alias.scope)) ?? {
        links: new Map(),
        events: new Map(),
        released: false,
      }
      if (alias !== undefined) scopes.set(alias.scope, scope)
      if (fact.kind === 'link') {
        learnLink(scope, { alias: fact.from.alias, version: completeLink(fact, raw).version, to: fact.to })
        continue
      }
      // As it is on the log: what was left out is filled in. Where it was read is no part of what it says.
      const completed = completeEvent(fact, { raw, topic: 'raw.agent-telemetry', partition: 0, offset })
      const event = {
        ...(codecs.event.decode(codecs.event.encode(completed)) as ConversationEvent),
        rawOffset: 0,
        rawHash: '',
      }
      if (isAlias(fact.to)) {
        const { alias, fallback } = fact.to
        const id = `${event.id} ${event.version} ${event.contentHash} ${alias}`
        bodies.set(id, event)
        learnObservation(scope, event.id, {
          id,
          version: event.version,
          contentHash: event.contentHash,
          alias,
          fallback,
          sizeBytes: 0,
        })
      } else delivered.push({ key: keyOf(fact.to), event })
    }
    placeAll()
  }
  for (const scope of scopes.values()) scope.released = true
  placeAll()
  return winners(delivered)
}

const keyOf = (to: Parameters<typeof conversationIdOf>[0]) => `${to.vendor}/${to.account}/${to.key}`

function winners(delivered: readonly { readonly key: string; readonly event: ConversationEvent }[]): Conversations {
  const best = new Map<string, { readonly key: string; readonly event: ConversationEvent }>()
  for (const each of delivered) {
    const id = `${each.key} ${each.event.id}`
    const known = best.get(id)
    if (known === undefined || compareEvents(each.event, known.event) > 0) best.set(id, each)
  }
  const live = [...best.values()].filter(({ event }) => !event.retracted)
  const conversations = Object.entries(Object.groupBy(live, ({ key }) => key)).map(
    ([key, all = []]) => [key, all.map(({ event }) => ({ ...event, revision: 0 })).sort(inOrder)] as const,
  )
  return Object.fromEntries(conversations.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const compareEvents = (a: ConversationEvent, b: ConversationEvent) =>
  a.version - b.version ||
  a.revision - b.revision ||
  (a.contentHash < b.contentHash ? -1 : a.contentHash > b.contentHash ? 1 : 0)

const inOrder = (a: ConversationEvent, b: ConversationEvent) =>
  a.occurredAt - b.occurredAt ||
  a.sequence - b.sequence ||
  (a.type < b.type ? -1 : a.type > b.type ? 1 : a.id < b.id ? -1 : 1)

/** The sections of one type, in order. */
export function sections<T extends EventType>(events: readonly ConversationEvent[], type: T) {
  return events.flatMap(event => {
    const section = event[sectionFields[type]]
    return event.type !== type || section === null
      ? []
      : [section as NonNullable<ConversationEvent[(typeof sectionFields)[T]]>]
  })
}

/** All events, whatever conversation they are in. */
export const allEvents = (conversations: Conversations): readonly ConversationEvent[] =>
  Object.values(conversations).flat()
