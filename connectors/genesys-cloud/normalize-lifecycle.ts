import { type EventFact, event, objectAt, textAt } from '../../src/sdk/index.ts'
import { type About, addressOf } from './about.ts'
import {
  type Conversation,
  customerOf,
  customerWasSilent,
  directionOf,
  firstSessionOf,
  type Participant,
  type Session,
  vendorDirectionOf,
  wasAnswered,
  wasMeasured,
} from './conversation.ts'
import { disconnectTypeOf, leaveReasonOf } from './disconnect.ts'
import { isTrue } from './fields.ts'

const channels: ReadonlyMap<string, string> = new Map([
  ['voice', 'voice'],
  ['chat', 'chat'],
  ['message', 'message'],
  ['internalmessage', 'message'],
  ['email', 'email'],
  ['callback', 'callback'],
  ['video', 'video'],
])

/** The conversation began, and ended if it did. */
export function lifecycleFacts(about: About): readonly EventFact[] {
  const { conversation, to } = about
  const { startedAt, endedAt } = conversation
  const session = firstSessionOf(conversation)
  const started = event({
    to,
    type: 'conversation.started',
    key: conversation.id,
    occurredAt: startedAt,
    section: {
      channel: channelOf(conversation),
      vendorChannel: textAt(session?.fields, 'messageType') ?? textAt(session?.fields, 'mediaType'),
      direction: directionOf(conversation),
      vendorDirection: vendorDirectionOf(conversation),
      subject: firstText(segmentFields(conversation), 'subject'),
      campaign: campaignOf(conversation),
      entryPoint: addressOf(textAt(session?.fields, 'dnis') ?? textAt(session?.fields, 'addressTo')),
      language: languageOf(conversation),
    },
  })
  if (endedAt === undefined) return [started]
  const abandoned = wasAbandoned(conversation)
  const ender = endedBy(conversation)
  const lastParty = ender ?? customerOf(conversation) ?? conversation.participants.at(-1)
  return [
    started,
    event({
      to,
      type: 'conversation.ended',
      key: conversation.id,
      occurredAt: endedAt,
      section: {
        durationMs: Math.max(0, endedAt - startedAt),
        reason: reasonOf(conversation, abandoned),
        vendorReason: lastParty && disconnectTypeOf(lastParty),
        endedByPartyKey: ender?.key,
        abandoned,
      },
    }),
  ]
}

function channelOf(conversation: Conversation): string {
  if (isTrue(conversation.fields, 'originatingSocialMediaPublic')) return 'social'
  const sessions = [firstSessionOf(conversation), ...conversation.participants.flatMap(party => party.sessions)]
  // A screen share or co-browsing beside a call is not the channel.
  return sessions.flatMap(session => channels.get(session?.mediaType ?? '') ?? [])[0] ?? 'other'
}

const segmentFields = (conversation: Conversation) =>
  sessionsOf(conversation).flatMap(session => session.segments.map(segment => segment.fields))

const sessionsOf = (conversation: Conversation): readonly Session[] =>
  conversation.participants.flatMap(participant => participant.sessions)

const firstText = (list: readonly Parameters<typeof textAt>[0][], name: string): string | undefined =>
  list.flatMap(fields => textAt(fields, name) ?? [])[0]

const campaignOf = (conversation: Conversation) =>
  firstText(
    sessionsOf(conversation).map(session => session.fields),
    'outboundCampaignId',
  ) ??
  firstText(
    conversation.participants.map(participant => participant.fields),
    'campaignId',
  )

/** The language that the first flow began in, as a BCP 47 tag. */
function languageOf(conversation: Conversation): string | undefined {
  const flows = sessionsOf(conversation).map(session => objectAt(session.fields, 'flow'))
  return languageTag(firstText(flows, 'startingLanguage'))
}

/** A tag as BCP 47 writes it (`en-us` → `en-US`); undefined if it is none. */
export function languageTag(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  // One utterance after the other is in the same language, and asking takes as long as all else about it.
  if (text !== lastLanguage.text) lastLanguage = { text, tag: canonicalTag(text) }
  return lastLanguage.tag
}

let lastLanguage: { readonly text: string; readonly tag: string | undefined } = { text: '', tag: undefined }

function canonicalTag(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-'))[0]
  } catch {
    return undefined
  }
}

/** The customer left before any agent or bot answered, or without a word. */
function wasAbandoned(conversation: Conversation): boolean {
  const customer = customerOf(conversation)
  if (customer === undefined || leftVoicemail(conversation)) return false
  const inbound = directionOf(conversation) !== 'outbound'
  if (wasAnswered(conversation)) return inbound && customerWasSilent(conversation)
  if (wasMeasured(conversation, 'tAbandon')) return true
  // Without any segment nothing tells whether somebody answered.
  if (sessionsOf(conversation).every(session => session.segments.length === 0)) return false
  const how = leaveReasonOf(disconnectTypeOf(customer))
  const left = how === undefined || how === 'hung-up' || how === 'timeout' || leftQueue(conversation)
  // Who was called and never picked up has not abandoned anything.
  return left && (inbound || customer.tookPart)
}

/** True if the other side ended the last wait in a queue: for routing (ACD) the `peer` is the customer. */
function leftQueue(conversation: Conversation): boolean {
  const routing = conversation.participants.findLast(participant => participant.purpose.toLowerCase() === 'acd')
  return routing !== undefined && disconnectTypeOf(routing)?.toLowerCase() === 'peer'
}

const leftVoicemail = (conversation: Conversation) =>
  conversation.participants.some(
    participant =>
      participant.purpose.toLowerCase() === 'voicemail' ||
      participant.sessions.some(session => session.segments.some(segment => segment.type === 'voicemail')),
  )

function reasonOf(conversation: Conversation, abandoned: boolean): string {
  if (abandoned) return 'abandoned'
  const customer = customerOf(conversation)
  const missed = directionOf(conversation) === 'outbound' && customer?.tookPart === false
  // An agent who listens to the dialing tone has not answered anybody.
  if (wasAnswered(conversation) && !(missed && customer.sessions.some(isDialing))) return 'completed'
  if (leftVoicemail(conversation)) return 'voicemail'
  const how = customer === undefined ? undefined : leaveReasonOf(disconnectTypeOf(customer))
  return how === 'error' || missed ? 'failed' : 'unknown'
}

const isDialing = (session: Session) => session.segments.some(({ type }) => type === 'dialing')

/** The party that hung up last; the customer if it was at the same moment as another. */
function endedBy(conversation: Conversation): Participant | undefined {
  const enders = conversation.participants.filter(
    participant => participant.role !== 'system' && leaveReasonOf(disconnectTypeOf(participant)) === 'hung-up',
  )
  return enders.reduce<Participant | undefined>((last, participant) => {
    if (last === undefined) return participant
    const by = (participant.leftAt ?? 0) - (last.leftAt ?? 0)
    return by > 0 || (by === 0 && participant.role === 'customer' && last.role !== 'customer') ? participant : last
  }, undefined)
}
