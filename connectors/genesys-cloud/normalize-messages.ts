import { type ConversationRef, type EventFact, event, objectAt, textAt } from '../../src/sdk/index.ts'
import { addressOf } from './about.ts'
import type { KnownParty, RecordContext } from './context.ts'
import { type Fields, integerOf, listOf, strictTimeOf, timeOf } from './fields.ts'

/** The messages that a recording of a written conversation holds: messaging, chat or e-mail, in their order. */
export function messageFacts(to: ConversationRef, recording: Fields, context: RecordContext): readonly EventFact[] {
  const id = textAt(recording, 'id') ?? to.key
  const start = timeOf(recording, 'startTime') ?? context.eventTime
  const lists = [
    ['messagingTranscript', messaging],
    ['transcript', chat],
    ['emailTranscript', email],
  ] as const
  return lists.flatMap(([name, read]) =>
    listOf(recording, name).flatMap((fields, index) => {
      const message = read(fields, context)
      if (message === undefined) return []
      const occurredAt = message.at ?? start
      if (occurredAt === undefined) return []
      const { at: _, ...section } = message
      return [
        event({
          to,
          type: 'message',
          stream: 'messages',
          key: message.messageId ?? `${id}/${name}/${index}`,
          occurredAt,
          sequence: index,
          section,
        }),
      ]
    }),
  )
}

type Message = Parameters<typeof event<'message'>>[0]['section'] & { readonly at: number | undefined }

/** Undefined where there is nothing to read: presence, typing, receipts. */
function messaging(fields: Fields, context: RecordContext): Message | undefined {
  const text = textAt(fields, 'messageText') ?? structuredText(fields)
  const attachments = [
    ...listOf(fields, 'messageMediaAttachments'),
    ...listOf(fields, 'messageStickerAttachments'),
  ].map(attachment => ({
    name: textAt(attachment, 'name') ?? null,
    mediaType: textAt(attachment, 'mediaType') ?? null,
    sizeBytes: integerOf(attachment, 'contentLength') ?? null,
    // Links to media are signed and expire.
    url: null,
  }))
  if (text === undefined && attachments.length === 0) return undefined
  return {
    at: strictTimeOf(fields, 'timestamp'),
    partyKey: writerOf(context, {
      participantId: textAt(fields, 'participantId'),
      sessionId: textAt(fields, 'from'),
      purpose: textAt(fields, 'purpose'),
      userId: textAt(fields, 'fromUser', 'id'),
    }),
    messageId: textAt(fields, 'id'),
    text,
    mediaType: 'text/plain',
    attachments,
  }
}

/** The words of what is no plain text: answers to buttons, cards, templates, pickers and forms. */
function structuredText(fields: Fields): string | undefined {
  const template = objectAt(fields, 'notificationTemplate')
  const words = [
    ...[objectAt(fields, 'buttonResponse'), ...listOf(fields, 'buttonResponses')].map(answer => textAt(answer, 'text')),
    ...listOf(fields, 'cards').flatMap(card => [textAt(card, 'title'), textAt(card, 'description')]),
    ...['header', 'body', 'footer'].map(part => textAt(template, part, 'text')),
    ...['listPicker', 'datePicker', 'form', 'richLink', 'paymentRequest'].map(what => textAt(fields, what, 'title')),
  ].filter(word => word !== undefined)
  return words.length === 0 ? undefined : words.join('\n')
}

function chat(fields: Fields, context: RecordContext): Message | undefined {
  const text = textAt(fields, 'body')
  const type = textAt(fields, 'bodyType')?.toLowerCase()
  if (text === undefined || (type !== undefined && type !== 'standard' && type !== 'notice')) return undefined
  return {
    at: strictTimeOf(fields, 'utc'),
    partyKey: writerOf(context, {
      participantId: undefined,
      sessionId: textAt(fields, 'senderCommunicationId'),
      purpose: textAt(fields, 'participantPurpose'),
      userId: textAt(fields, 'user', 'id'),
    }),
    messageId: textAt(fields, 'id'),
    text,
    mediaType: 'text/plain',
  }
}

function email(fields: Fields, context: RecordContext): Message | undefined {
  const plain = textAt(fields, 'textBody')
  const text = plain ?? textAt(fields, 'htmlBody')
  const attachments = listOf(fields, 'attachments').map(attachment => ({
    name: textAt(attachment, 'name') ?? null,
    mediaType: textAt(attachment, 'contentType') ?? null,
    sizeBytes: integerOf(attachment, 'contentLength') ?? null,
    url: null,
  }))
  if (text === undefined && attachments.length === 0) return undefined
  const at = strictTimeOf(fields, 'time')
  return {
    at,
    partyKey: mailerOf(context, textAt(fields, 'from', 'email'), at),
    messageId: textAt(fields, 'id'),
    subject: textAt(fields, 'subject'),
    text,
    mediaType: plain === undefined && text !== undefined ? 'text/html' : 'text/plain',
    attachments,
  }
}

interface Writer {
  readonly participantId: string | undefined
  readonly sessionId: string | undefined
  readonly purpose: string | undefined
  readonly userId: string | undefined
}

/** The party that a message names, by whatever the message gives. */
function writerOf({ parties }: RecordContext, writer: Writer): string | undefined {
  const { participantId, sessionId, userId } = writer
  const purpose = writer.purpose?.toLowerCase()
  if (parties.length === 0) return participantId ?? purpose
  const find = (matches: (party: KnownParty) => boolean) => parties.find(matches)?.partyKey
  return (
    find(party => party.partyKey === participantId) ??
    find(party => sessionId !== undefined && party.sessionIds.includes(sessionId)) ??
    find(party => userId !== undefined && party.userId === userId) ??
    find(party => purpose !== undefined && party.purpose.toLowerCase() === purpose) ??
    (purpose === 'customer' || purpose === 'external' ? find(party => party.role === 'customer') : undefined) ??
    (purpose === 'bot' ? find(party => party.role === 'bot') : undefined)
  )
}

/** A mail from an address of the customer is the customer's; any other was written by the agent who was there. */
function mailerOf({ parties }: RecordContext, address: string | undefined, at: number | undefined): string | undefined {
  if (address === undefined) return undefined
  const isFrom = (party: KnownParty) => addressOf(party.address)?.toLowerCase() === address.toLowerCase()
  const known = parties.find(isFrom)
  if (known !== undefined) return known.partyKey
  if (!parties.some(party => party.role === 'customer' && party.address !== undefined)) return undefined
  const agents = parties.filter(party => party.role === 'agent')
  const there = agents.filter(({ from, to }) => at !== undefined && (from ?? at) <= at && at <= (to ?? at))
  return (there.at(-1) ?? agents.at(-1))?.partyKey
}
