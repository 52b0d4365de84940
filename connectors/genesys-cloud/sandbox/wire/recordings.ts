import type { Models } from 'purecloud-platform-client-v2'
import type { Conversation, Recording } from '../model.ts'
import type { Org } from '../org.ts'
import { iso, wire } from './wire.ts'

const retentionMs = 90 * 24 * 3_600_000

const shared = (conversation: Conversation, recording: Recording) => ({
  id: recording.id,
  conversationId: conversation.id,
  sessionId: recording.communicationId,
  startTime: iso(recording.from),
  endTime: iso(recording.to),
  media: recording.media,
  mediaSubtype: recording.media === 'audio' ? 'Trunk' : undefined,
  mediaSubject: recording.subject,
  fileState: 'AVAILABLE',
  archiveDate: iso(recording.to + retentionMs / 3),
  deleteDate: iso(recording.to + retentionMs),
  annotations: [],
})

/** A recording without its content. */
export const recordingMetadataOf = (conversation: Conversation, recording: Recording): Models.RecordingMetadata =>
  wire<Models.RecordingMetadata>({
    ...shared(conversation, recording),
    region: 'us-east-1',
    selfUri: `/api/v2/conversations/${conversation.id}/recordingmetadata/${recording.id}`,
  })

/** A recording with what was written in it; for audio a link to the file, which the sandbox does not have. */
export function recordingOf(
  conversation: Conversation,
  recording: Recording,
  org: Org,
  apiUrl: string,
): Models.Recording {
  return wire<Models.Recording>({
    ...shared(conversation, recording),
    mediaUris:
      recording.media === 'audio' ? { S: { mediaUri: `${apiUrl}/recordings/${recording.id}.webm` } } : undefined,
    messagingTranscript: recording.media === 'messaging' ? messagesOf(conversation, recording, org) : undefined,
    transcript: recording.media === 'chat' ? chatOf(conversation, recording) : undefined,
    emailTranscript: recording.media === 'email' ? mailsOf(conversation, recording, org) : undefined,
    selfUri: `/api/v2/conversations/${conversation.id}/recordings/${recording.id}`,
  })
}

const participantIn = (conversation: Conversation, id: string) =>
  conversation.participants.find(participant => participant.id === id)

const addressesOf = (conversation: Conversation, recording: Recording) => {
  const session = conversation.participants
    .flatMap(participant => participant.sessions)
    .find(candidate => candidate.id === recording.communicationId)
  return { customer: session?.addressFrom ?? 'customer', company: session?.addressTo ?? 'Meridian' }
}

function messagesOf(conversation: Conversation, recording: Recording, org: Org): Models.RecordingMessagingMessage[] {
  const { customer, company } = addressesOf(conversation, recording)
  return recording.messages.map(message => {
    const participant = participantIn(conversation, message.participantId)
    const user = org.users.find(candidate => candidate.id === participant?.userId)
    const incoming = message.role === 'customer'
    return wire<Models.RecordingMessagingMessage>({
      id: message.id,
      timestamp: iso(message.at),
      from: incoming ? customer : company,
      to: incoming ? company : customer,
      fromUser: user && { id: user.id, name: user.name, version: 1, selfUri: `/api/v2/users/${user.id}` },
      purpose: participant?.purpose,
      participantId: message.participantId,
      messageText: message.text,
      messageMediaAttachments: [],
      contentType: 'text/plain',
    })
  })
}

const chatOf = (conversation: Conversation, recording: Recording): Models.ChatMessage[] =>
  recording.messages.map(message => {
    const participant = participantIn(conversation, message.participantId)
    return wire<Models.ChatMessage>({
      id: message.id,
      utc: iso(message.at),
      body: message.text,
      bodyType: 'standard',
      type: 'message',
      chat: conversation.id,
      from: message.participantId,
      senderCommunicationId: participant?.sessions[0]?.id,
      participantPurpose: participant?.purpose,
      user:
        participant?.userId === undefined
          ? undefined
          : wire<Models.ChatMessageUser>({
              id: participant.userId,
              name: participant.name,
              displayName: participant.name,
            }),
    })
  })

function mailsOf(conversation: Conversation, recording: Recording, org: Org): Models.RecordingEmailMessage[] {
  const { customer, company } = addressesOf(conversation, recording)
  return recording.messages.map((message, index) => {
    const participant = participantIn(conversation, message.participantId)
    const user = org.users.find(candidate => candidate.id === participant?.userId)
    const incoming = message.role === 'customer'
    const theirs = wire<Models.EmailAddress>({ email: customer, name: conversation.participants[0]?.name })
    const ours = { email: company, name: user?.name ?? org.name }
    return wire<Models.RecordingEmailMessage>({
      id: message.id,
      time: iso(message.at),
      subject: `${index === 0 ? '' : 'Re: '}${recording.subject ?? ''}`,
      textBody: message.text,
      htmlBody: `<p>${message.text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('\n', '<br>')}</p>`,
      from: incoming ? theirs : ours,
      to: [incoming ? ours : theirs],
      cc: [],
      bcc: [],
      attachments: [],
    })
  })
}

/** A message as the messages API gives it, by the id that the recording's messages have. */
export function messageDataOf(
  conversation: Conversation,
  recording: Recording,
  id: string,
): Models.MessageData | undefined {
  const message = recording.messages.find(candidate => candidate.id === id)
  if (message === undefined) return undefined
  const { customer, company } = addressesOf(conversation, recording)
  const incoming = message.role === 'customer'
  return wire<Models.MessageData>({
    id: message.id,
    conversationId: conversation.id,
    timestamp: iso(message.at),
    direction: incoming ? 'inbound' : 'outbound',
    messengerType: conversation.participants[0]?.sessions[0]?.messageType,
    fromAddress: incoming ? customer : company,
    toAddress: incoming ? company : customer,
    status: 'delivery-success',
    normalizedMessage: {
      id: message.id,
      type: 'Text',
      text: message.text,
      direction: incoming ? 'Inbound' : 'Outbound',
    },
    selfUri: `/api/v2/conversations/messages/${conversation.id}/messages/${message.id}`,
  })
}
