import { type EventFact, event } from '../../src/sdk/index.ts'
import { textOf } from './normalize-attributes.ts'
import { earliestVersion } from './normalize-versions.ts'
import type { Origin } from './origin.ts'
import type { Attributes } from './otlp.ts'

/** The party that the agent talks with. */
export const userPartyKey = 'user'

/** An agent as the telemetry names it. */
export interface Agent {
  readonly partyKey: string
  readonly id: string | undefined
  readonly name: string
}

/** The agent that a span or log record names. Calls of tools and models need not name the agent whose they are. */
export function agentOf(attributes: Attributes): Agent | undefined {
  const id = textOf(attributes, 'gen_ai.agent.id')
  const name = textOf(attributes, 'gen_ai.agent.name', 'agent.name', 'agent_name')
  const key = id ?? name
  return key === undefined ? undefined : { partyKey: `agent:${key}`, id, name: name ?? key }
}

/** Who speaks where no agent is named: the source that sent it. */
export const speakerOf = (origin: Origin): Agent => ({
  partyKey: `agent:${origin.source}`,
  id: undefined,
  name: origin.source,
})

/** Where and when a party was seen. */
export interface Sighting {
  readonly to: EventFact['to']
  /** Within which a party is the same. */
  readonly scopeKey: string
  /** Unix milliseconds. */
  readonly at: number
}

/** The parties among `partyKeys` took part; of all sightings the earliest counts. */
export function joins(
  partyKeys: ReadonlySet<string>,
  agent: Agent,
  attributes: Attributes,
  seen: Sighting,
): EventFact[] {
  const userId = textOf(attributes, 'user.id', 'enduser.id', 'langfuse.user.id')
  const parties = [
    { partyKey: agent.partyKey, role: 'bot', kind: 'bot', name: agent.name, externalId: agent.id ?? null },
    { partyKey: userPartyKey, role: 'customer', kind: 'person', externalId: userId ?? null },
  ]
  return parties
    .filter(({ partyKey }) => partyKeys.has(partyKey))
    .map(section =>
      event({
        to: seen.to,
        type: 'party.joined',
        stream: 'traces',
        key: `party:${seen.scopeKey}:${section.partyKey}`,
        occurredAt: seen.at,
        version: earliestVersion(seen.at),
        section,
      }),
    )
}
