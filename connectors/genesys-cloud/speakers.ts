import { type ConversationRef, type EventFact, event, textAt } from '../../src/sdk/index.ts'
import { contactOf } from './about.ts'
import type { KnownParty, RecordContext } from './context.ts'
import { earliest, type Fields, listOf, timeOf } from './fields.ts'

/** Who is meant by a transcript, which says only `external` or `internal` and who was there when. */
export interface Speakers {
  /** The party that spoke at a moment (Unix milliseconds); undefined if nobody fits. */
  at(purpose: string | undefined, at: number): string | undefined
  /** The parties themselves, where nothing but the transcript tells of them. */
  introductions(to: ConversationRef, startedAt: number | undefined): readonly EventFact[]
}

/** A stretch of a transcript's `participants[]`. */
interface Presence {
  readonly fields: Fields
  readonly purpose: string
  readonly userId: string | undefined
  readonly from: number
  readonly to: number
}

/**
 * With the parties of the conversation details, speakers are those; without them, the transcript's own participants, under
 * keys made of purpose and user.
 */
export function createSpeakers(transcript: Fields, communicationId: string, context: RecordContext): Speakers {
  const listed = listOf(transcript, 'participants').map(readPresence)
  const presences = [...listed, ...unlisted(transcript, listed)]
  const known = context.parties
  const parties = known.length > 0 ? known : presencesAsParties(presences)
  const outside = parties.filter(party => party.role === 'customer' || party.role === 'thirdparty')
  const inside = parties.filter(party => !outside.includes(party))
  const insidePresences = presences.filter(presence => !isExternal(presence.purpose))
  const talkers = inside.filter(party => party.role === 'agent' || party.role === 'bot')

  const externalAt = (at: number) =>
    outside.find(party => party.sessionIds.includes(communicationId)) ??
    outside.find(party => isIn(party, at)) ??
    outside[0]

  const internalAt = (at: number) => {
    const speaking = nearest(insidePresences, at)
    if (speaking?.userId !== undefined) {
      const ofUser = inside.filter(party => party.userId === speaking.userId)
      const party = ofUser.find(candidate => isIn(candidate, at)) ?? ofUser.at(-1)
      if (party !== undefined) return party
    }
    const alike = speaking === undefined ? [] : inside.filter(party => party.purpose === speaking.purpose)
    // Before an agent came, it was the flow or the queue that spoke.
    return (
      alike.find(party => isIn(party, at)) ??
      talkers.find(party => isIn(party, at)) ??
      inside.find(party => isIn(party, at)) ??
      alike[0] ??
      talkers[0]
    )
  }

  return {
    at: (purpose, at) =>
      purpose === undefined
        ? undefined
        : (isExternal(purpose.toLowerCase()) ? externalAt(at) : internalAt(at))?.partyKey,
    introductions: (to, startedAt) =>
      known.length > 0 ? [] : presencesAsParties(presences).map(party => introduction(to, party, presences, startedAt)),
  }
}

const isExternal = (purpose: string) => purpose === 'external' || purpose === 'customer'

const isIn = (party: KnownParty, at: number) =>
  (party.from === undefined || party.from <= at) && (party.to === undefined || at <= party.to)

/** Who was there; where stretches overlap, who came last; where there is a gap, who was closest. */
function nearest(presences: readonly Presence[], at: number): Presence | undefined {
  const distance = ({ from, to }: Presence) => (at < from ? from - at : at > to ? at - to : 0)
  return presences.reduce<Presence | undefined>((best, presence) => {
    if (best === undefined) return presence
    const by = distance(presence) - distance(best)
    return by < 0 || (by === 0 && presence.from > best.from) ? presence : best
  }, undefined)
}

const readPresence = (fields: Fields): Presence => ({
  fields,
  purpose: textAt(fields, 'participantPurpose')?.toLowerCase() ?? 'unknown',
  userId: textAt(fields, 'userId'),
  from: timeOf(fields, 'startTimeMs') ?? 0,
  to: timeOf(fields, 'endTimeMs') ?? Number.MAX_SAFE_INTEGER,
})

/** The sides that phrases name and the file's participants do not show. */
function unlisted(transcript: Fields, listed: readonly Presence[]): readonly Presence[] {
  const sides = ['external', 'internal'].filter(
    purpose => !listed.some(each => isExternal(each.purpose) === isExternal(purpose)),
  )
  if (sides.length === 0) return []
  const phrases = listOf(transcript, 'transcripts').flatMap(each => listOf(each, 'phrases'))
  return sides.flatMap(purpose => {
    const own = phrases.filter(phrase => textAt(phrase, 'participantPurpose')?.toLowerCase() === purpose)
    if (own.length === 0) return []
    const from = earliest(own.flatMap(phrase => timeOf(phrase, 'startTimeMs') ?? []))
    return [{ fields: {}, purpose, userId: undefined, from: from ?? 0, to: Number.MAX_SAFE_INTEGER }]
  })
}

const roles: ReadonlyMap<string, string> = new Map([
  ['external', 'customer'],
  ['customer', 'customer'],
  ['agent', 'agent'],
  ['user', 'agent'],
  ['internal', 'agent'],
  ['botflow', 'bot'],
])

function presencesAsParties(presences: readonly Presence[]): readonly KnownParty[] {
  const parties = new Map<string, KnownParty>()
  for (const { purpose, userId, from, to } of presences) {
    const partyKey = userId === undefined ? purpose : `${purpose}:${userId}`
    const before = parties.get(partyKey)
    parties.set(partyKey, {
      partyKey,
      purpose,
      role: roles.get(purpose) ?? 'system',
      userId,
      sessionIds: [],
      from: Math.min(from, before?.from ?? from),
      to: Math.max(to, before?.to ?? to),
    })
  }
  return [...parties.values()]
}

function introduction(
  to: ConversationRef,
  party: KnownParty,
  presences: readonly Presence[],
  startedAt: number | undefined,
): EventFact {
  const presence = presences.find(({ purpose, userId }) => purpose === party.purpose && userId === party.userId)
  return event({
    to,
    type: 'party.joined',
    key: `${to.key}/${party.partyKey}`,
    occurredAt: party.from || (startedAt ?? 0),
    section: {
      partyKey: party.partyKey,
      role: party.role,
      vendorRole: party.purpose,
      kind: party.role === 'bot' ? 'bot' : party.role === 'system' ? 'system' : 'person',
      externalId: party.userId,
      ...(party.role === 'customer' ? contactOf(textAt(presence?.fields, 'ani')) : {}),
    },
  })
}
