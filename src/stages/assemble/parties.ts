import { uuidFrom } from '../../core/ids.ts'
import { type ConversationEvent, type PartyJoined, sectionFields } from '../../core/records.ts'
import type { ConversationHead } from '../../core/sink.ts'
import type { Party } from '../../vcon/model.ts'
import { type EventsByType, isEventType } from './facts.ts'
import { fieldKind } from './fields.ts'

/** What is known of one party of a conversation. */
export interface KnownParty extends PartyJoined {
  /** Vendor and account that know the party by `externalId`. */
  readonly vendor: string
  readonly account: string
}

/** The parties of a vCon and their indices. */
export interface PartyTable {
  readonly parties: readonly Party[]
  /** Index of the party with this key; undefined for null. */
  indexOf(partyKey: string | null | undefined): number | undefined
  /** Role of the party with this key, where it is known. */
  roleOf(partyKey: string | null): string | undefined
  /** Indices of the parties that took part, machinery aside. */
  readonly participants: readonly number[]
  /** Index of the first party with this role. */
  firstWith(role: string): number | undefined
  /** Index of the organization that stands for whoever reported something that no party contributed. */
  reporter(event: ConversationEvent): number
  readonly heads: ConversationHead['parties']
}

/** The fields of each type of event that hold party keys. */
const keyFields = new Map<string, readonly string[]>()

function keyFieldsOf(type: string, section: object): readonly string[] {
  const known = keyFields.get(type)
  if (known !== undefined) return known
  const names = Object.keys(section).filter(name => fieldKind(name) === 'partyKey' || fieldKind(name) === 'partyKeys')
  keyFields.set(type, names)
  return names
}

/** Every party key that an event mentions, in the order of its section's fields. */
function* mentionedIn(event: ConversationEvent): Generator<string> {
  const section = isEventType(event.type) ? event[sectionFields[event.type]] : null
  if (section === null) return
  for (const name of keyFieldsOf(event.type, section)) {
    const value = section[name as keyof typeof section] as null | string | readonly string[]
    if (typeof value === 'string') yield value
    else if (value !== null) yield* value
  }
}

/**
 * Parties in the order in which they joined, then those that are only mentioned, then, as they are asked for, reporters.
 * Of a party that joined more than once the last word counts, field by field. `events` are in order.
 */
export function partiesOf(events: readonly ConversationEvent[], told: EventsByType): PartyTable {
  const known = new Map<string, KnownParty | undefined>()
  for (const [event, joined] of told.of('party.joined')) {
    const before = known.get(joined.partyKey)
    const said = Object.fromEntries(Object.entries(joined).filter(([, value]) => value !== null))
    const source =
      joined.externalId === null && before ? {} : { vendor: event.sourceVendor, account: event.sourceAccount }
    known.set(joined.partyKey, { ...(before ?? joined), ...said, ...source } as KnownParty)
  }
  for (const event of events) for (const key of mentionedIn(event)) if (!known.has(key)) known.set(key, undefined)

  const parties: Party[] = []
  const indices = new Map<string, number>()
  for (const [key, party] of known) indices.set(key, parties.push(party === undefined ? {} : partyOf(party)) - 1)
  const reporters = new Map<string, number>()
  const all = [...known.values()]
  return {
    parties,
    indexOf: key => (key === null || key === undefined ? undefined : indices.get(key)),
    roleOf: key => (key === null ? undefined : known.get(key)?.role),
    participants: [...all.keys()].filter(index => all[index]?.role !== 'system'),
    firstWith(role) {
      const index = all.findIndex(party => party?.role === role)
      return index === -1 ? undefined : index
    },
    reporter({ sourceVendor, sourceAccount }) {
      const name = JSON.stringify([sourceVendor, sourceAccount])
      const index = reporters.get(name) ?? parties.push(reporterOf(sourceVendor, sourceAccount)) - 1
      reporters.set(name, index)
      return index
    },
    heads: all
      .filter(party => party !== undefined)
      .map(({ partyKey, role, kind, name, externalId }) => ({ partyKey, role, kind, name, externalId })),
  }
}

const reporterOf = (vendor: string, account: string): Party => ({
  name: vendor,
  validation: 'none',
  type: 'organization',
  org: account,
  role: 'system',
})

/** `vendor-user`: the vendor knows the party as one of its own users. */
const validationOf = ({ role, externalId }: KnownParty) =>
  role !== 'customer' && externalId !== null ? 'vendor-user' : 'none'

function partyOf(party: KnownParty): Party {
  const { tel, sip, mailto, name, kind, org, dept, role, externalId, vendor, account } = party
  return {
    ...(tel !== null && { tel }),
    ...(sip !== null && { sip }),
    ...(mailto !== null && { mailto }),
    ...(name !== null && { name, validation: validationOf(party) }),
    ...(externalId !== null && { uuid: uuidFrom('party', vendor, account, externalId) }),
    // The draft knows three types; routing and menus are software that takes part.
    type: kind === 'system' ? 'bot' : kind,
    ...(org !== null && { org }),
    ...(dept !== null && { dept }),
    role,
  }
}
