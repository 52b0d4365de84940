import type { ConversationEvent, Message, Recording, Transfer } from '../../core/records.ts'
import { vconDate } from '../../vcon/date.ts'
import { type Dialog, type DialogType, type Disposition, dispositions, type PartyHistory } from '../../vcon/model.ts'
import { sectionOf } from './facts.ts'
import type { Story } from './story.ts'

/** The dialogs of a vCon, and where the rest of it points to. */
export interface DialogTable {
  readonly dialog: readonly Dialog[]
  /** The dialog that stands for the interaction: attachments belong to it. */
  readonly home: number
  /** Index of the dialog made of this event; undefined if none was. */
  indexOf(event: ConversationEvent): number | undefined
  /** Index of the dialog that was going on at a time in Unix milliseconds. */
  at(time: number): number
  /** Index of the recordings of a call leg; `home` if there is none. */
  ofSession(sessionKey: string | null): number | readonly number[]
  /** Everything that was said or written. */
  readonly whole: number | readonly number[]
}

const recordedMedia = new Set(['audio', 'video', 'screen'])
const spokenChannels = new Set(['voice', 'callback', 'video'])
const writtenChannels = new Set(['chat', 'message', 'email', 'social'])

/** The section of a recording whose media vCon counts as one; written threads that a vendor "records" are none. */
export function recordedIn(event: ConversationEvent): Recording | null {
  const recording = sectionOf(event, 'recording')
  return recording !== null && recordedMedia.has(recording.media) ? recording : null
}

/**
 * A spoken interaction is one dialog, then its recordings; a written one is its messages, one dialog each. Transfers stand
 * between them. See docs/decisions/vcon-mapping.md.
 */
export function dialogsOf(story: Story): DialogTable {
  const { events, parties } = story
  const messages = story.of('message').map(([event]) => event)
  const recordings = story
    .of('recording')
    .filter(([event]) => recordedIn(event) !== null)
    .map(([event]) => event)
  const container = containerType(story, messages.length, recordings.length)
  const told = events.filter(event => sectionOf(event, 'message') ?? recordedIn(event) ?? sectionOf(event, 'transfer'))
  const offset = container === undefined ? 0 : 1
  const indices = new Map(told.map((event, position) => [event.id, position + offset]))
  const indexOf = (event: ConversationEvent) => indices.get(event.id)
  const indicesOf = (list: readonly ConversationEvent[]) => list.map(indexOf).filter(index => index !== undefined)
  const messageIndices = indicesOf(messages)
  const recordingIndices = indicesOf(recordings)
  const home = container === undefined ? (messageIndices[0] ?? 0) : 0
  const history = historyOf(story)
  const shared = {
    ...(history.length > 0 && { party_history: history }),
    ...(story.started?.campaign && { campaign: story.started.campaign }),
    ...skillOf(story),
  }
  const contact = {
    application: story.vendor,
    ...(story.started && { interaction_type: story.started.channel }),
    interaction_id: story.key,
  }

  const dialogOf = (event: ConversationEvent): Dialog => {
    const message = sectionOf(event, 'message')
    if (message !== null) {
      const dialog = { ...messageDialog(event, message, parties), ...contact }
      return indexOf(event) === home && container === undefined ? { ...dialog, ...shared } : dialog
    }
    const recording = recordedIn(event)
    if (recording !== null) return { ...recordingDialog(event, recording, parties), ...contact }
    const transfer = sectionOf(event, 'transfer')
    if (transfer === null) throw new RangeError(`making a dialog of an event of type ${event.type}`)
    return { ...transferDialog(event, transfer, story), ...sidesOf(event, transfer) }
  }

  /** The dialogs before and after a hand-over: who is heard decides, where there are recordings; else the time. */
  function sidesOf(event: ConversationEvent, transfer: Transfer): Pick<Dialog, 'original' | 'target_dialog'> {
    if (container !== undefined && recordings.length === 0) return { original: 0, target_dialog: 0 }
    const candidates = recordings.length > 0 ? recordings : messages
    const before = candidates.filter(candidate => candidate.occurredAt < event.occurredAt)
    const after = candidates.filter(candidate => candidate.occurredAt >= event.occurredAt)
    const heardBy = (partyKey: string | null) =>
      partyKey === null ? [] : recordings.filter(heard => recordedIn(heard)?.partyKeys.includes(partyKey))
    const from = heardBy(transfer.fromPartyKey)
    const to = heardBy(transfer.toPartyKey)
    return {
      ...one('original', indicesOf(from.length > 0 ? from : before.slice(-1))),
      ...one('target_dialog', indicesOf(to.length > 0 ? to : after.slice(0, 1))),
    }
  }

  const whole = container === undefined ? single(messageIndices) : home
  const times = messages.map(({ occurredAt }) => occurredAt)
  return {
    dialog: [
      ...(container === undefined
        ? []
        : [{ ...containerDialog(story, container, recordingIndices), ...contact, ...shared }]),
      ...told.map(dialogOf),
    ],
    home,
    indexOf,
    at: time => (container === undefined ? (messageIndices[countUpTo(times, time) - 1] ?? home) : home),
    ofSession(sessionKey) {
      const heard = recordings.filter(event => sessionKey !== null && recordedIn(event)?.sessionKey === sessionKey)
      return heard.length > 0 ? single(indicesOf(heard)) : home
    },
    whole,
  }
}

/** How many of the times, which ascend, are not later than `time`. */
function countUpTo(times: readonly number[], time: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? Number.POSITIVE_INFINITY) <= time) low = middle + 1
    else high = middle
  }
  return low
}

const single = (indices: readonly number[]): number | readonly number[] =>
  indices.length === 1 ? (indices[0] ?? 0) : indices

const one = <K extends string>(name: K, indices: readonly number[]) =>
  (indices.length === 0 ? {} : { [name]: single(indices) }) as { readonly [N in K]?: number | readonly number[] }

/** Undefined where the messages are all there is to the interaction. */
function containerType(story: Story, messages: number, recordings: number): DialogType | undefined {
  const { of, started } = story
  const channel = started?.channel ?? 'other'
  const spoken = of('utterance').length > 0
  if (messages > 0 && !spoken && recordings === 0 && !spokenChannels.has(channel)) return undefined
  if (recordings > 0) return 'recording-set'
  const connected = spoken || messages > 0 || of('transfer').length > 0
  if (!connected && failureOf(story) !== undefined) return 'incomplete'
  if (writtenChannels.has(channel)) return 'text'
  return spoken || spokenChannels.has(channel) ? 'recording' : 'text'
}

/** Why the conversation never came about; undefined if it is not known to have failed. */
function failureOf({ ended }: Story): Disposition | undefined {
  if (ended === undefined) return undefined
  const said = ended.vendorReason?.toLowerCase().replaceAll(/[\s_.]+/g, '-')
  const named = dispositions.find(disposition => disposition === said)
  if (ended.reason === 'failed') return named ?? 'failed'
  if (ended.reason === 'voicemail') return 'voicemail-no-message'
  return ended.reason === 'abandoned' || ended.abandoned ? (named ?? 'hung-up') : undefined
}

function containerDialog(story: Story, type: DialogType, recordings: readonly number[]): Dialog {
  const { parties, startedAt, durationMs, started } = story
  const disposition = type === 'incomplete' ? failureOf(story) : undefined
  const caller =
    started?.direction === 'inbound'
      ? parties.firstWith('customer')
      : started?.direction === 'outbound'
        ? (parties.firstWith('agent') ?? parties.firstWith('bot'))
        : undefined
  return {
    type,
    start: vconDate(startedAt),
    ...(durationMs !== undefined && { duration: durationMs / 1000 }),
    parties: parties.participants,
    ...(caller !== undefined && caller !== parties.participants[0] && { originator: caller }),
    ...(type === 'recording-set' && { recordings }),
    ...(disposition !== undefined && { disposition }),
  }
}

function recordingDialog(event: ConversationEvent, recording: Recording, parties: Story['parties']): Dialog {
  const { durationMs, mediaType, partyKeys } = recording
  const heard = partyKeys.map(key => parties.indexOf(key)).filter(index => index !== undefined)
  return {
    type: 'recording',
    start: vconDate(event.occurredAt),
    ...(durationMs !== null && durationMs >= 0 && { duration: durationMs / 1000 }),
    // The form of a single channel: how the parties are spread over channels is not known.
    ...(heard.length > 0 && { parties: heard }),
    recording_set: 0,
    ...(isMediatype(mediaType) && { mediatype: mediaType }),
  }
}

function messageDialog(event: ConversationEvent, message: Message, parties: Story['parties']): Dialog {
  const { partyKey, toPartyKeys, text, mediaType, messageId } = message
  const sender = parties.indexOf(partyKey)
  const receivers = toPartyKeys.map(key => parties.indexOf(key)).filter(index => index !== undefined)
  return {
    type: 'text',
    start: vconDate(event.occurredAt),
    // The first party is the originator, so nobody is named where the sender is not known.
    ...(sender !== undefined && { parties: [...new Set([sender, ...receivers])] }),
    ...(text !== null && {
      mediatype: isMediatype(mediaType) ? mediaType : 'text/plain',
      body: text,
      encoding: 'none' as const,
    }),
    ...(messageId !== null && { message_id: messageId }),
  }
}

function transferDialog(event: ConversationEvent, transfer: Transfer, { parties }: Story): Dialog {
  const transferee = parties.indexOf(transfer.transfereePartyKey) ?? parties.firstWith('customer')
  const transferor = parties.indexOf(transfer.fromPartyKey)
  const target = parties.indexOf(transfer.toPartyKey)
  return {
    type: 'transfer',
    start: vconDate(event.occurredAt),
    ...(transferee !== undefined && { transferee }),
    ...(transferor !== undefined && { transferor }),
    ...(target !== undefined && { transfer_target: target }),
  }
}

/** `type/subtype`, parameters allowed (RFC 2045 §5.1). */
export const isMediatype = (text: string | null): text is string =>
  text !== null && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;.*)?$/.test(text)

const historyEvents = {
  'party.joined': 'join',
  'party.left': 'drop',
  'hold.started': 'hold',
  'hold.ended': 'unhold',
} as const

function historyOf({ events, parties }: Story): readonly PartyHistory[] {
  const history: PartyHistory[] = []
  for (const event of events) {
    const token = historyEvents[event.type as keyof typeof historyEvents]
    const section = event.partyJoined ?? event.partyLeft ?? event.holdStarted ?? event.holdEnded
    const party = parties.indexOf(section?.partyKey)
    if (token !== undefined && party !== undefined)
      history.push({ party, time: vconDate(event.occurredAt), event: token })
  }
  return history
}

/** The skills that the first queue asked for. */
function skillOf({ of }: Story): Pick<Dialog, 'skill'> {
  for (const [, { skills }] of of('queue.entered')) if (skills.length > 0) return { skill: skills.join(', ') }
  return {}
}
