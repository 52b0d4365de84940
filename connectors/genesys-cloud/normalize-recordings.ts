import type { RawRecord } from '../../src/core/records.ts'
import {
  type ConversationRef,
  dataError,
  type EventFact,
  emit,
  event,
  type Fact,
  type Outcome,
  textAt,
} from '../../src/sdk/index.ts'
import { conversationRef } from './about.ts'
import type { RecordContext } from './context.ts'
import { durationOf, type Fields, integerOf, spanOf, timeOf } from './fields.ts'
import { messageFacts } from './normalize-messages.ts'

/** Metadata of one recording (RecordingMetadata), or the recording of a written conversation with its messages (Recording). */
export function normalizeRecording(record: RawRecord, fields: Fields, context: RecordContext): Outcome<Fact> {
  const id = textAt(fields, 'id')
  const conversationId = textAt(fields, 'conversationId') ?? context.conversationId ?? record.conversationKey
  if (id === undefined || conversationId === null)
    throw dataError('missing-id', 'reading a recording: it has no id, or nothing says of which conversation it is')
  const to = conversationRef(record, conversationId)
  const sessionKey = textAt(fields, 'sessionId')
  const from = timeOf(fields, 'startTime') ?? timeOf(fields, 'originalRecordingStartTime')
  const until = timeOf(fields, 'endTime')
  const state = textAt(fields, 'fileState')
  const party = context.parties.find(({ sessionIds }) => sessionKey !== undefined && sessionIds.includes(sessionKey))
  const occurredAt = from ?? until ?? party?.from ?? context.eventTime ?? record.observedAt
  const recording = event({
    to,
    type: 'recording',
    stream: 'recordings',
    key: id,
    occurredAt,
    section: {
      recordingId: id,
      sessionKey,
      partyKeys: party === undefined ? [] : [party.partyKey],
      media: mediaOf(textAt(fields, 'media')),
      vendorMedia: textAt(fields, 'media'),
      state: stateOf(state),
      vendorState: state,
      durationMs: durationOf(fields, 'outputDurationMs') ?? spanOf(from, until),
      sizeBytes: integerOf(fields, 'outputSizeInBytes'),
    },
  })
  return emit(recording, ...deletionOf(record, to, fields, id), ...messageFacts(to, fields, context))
}

function mediaOf(media: string | undefined): string {
  switch (media?.toLowerCase()) {
    case 'audio':
    case 'call':
      return 'audio'
    case 'chat':
      return 'chat'
    case 'email':
      return 'email'
    case 'message':
    case 'messaging':
      return 'message'
    case 'screen':
      return 'screen'
    case 'video':
      return 'video'
    default:
      return 'other'
  }
}

function stateOf(fileState: string | undefined): string {
  switch (fileState?.toUpperCase()) {
    case 'AVAILABLE':
    case 'RESTORED':
      return 'available'
    case 'ARCHIVED':
      return 'archived'
    case 'RESTORING':
      return 'restoring'
    case 'UPLOADING':
      return 'processing'
    case 'DELETED':
      return 'deleted'
    default:
      return 'unknown'
  }
}

/** `deleteDate` is when a recording will be deleted (RecordingMetadata): only its state says that it was. */
function deletionOf(record: RawRecord, to: ConversationRef, fields: Fields, id: string): readonly EventFact[] {
  if (stateOf(textAt(fields, 'fileState')) !== 'deleted') return []
  const planned = timeOf(fields, 'deleteDate')
  const isPast = planned !== undefined && planned <= record.observedAt
  return [
    event({
      to,
      type: 'deletion',
      stream: 'recordings',
      key: id,
      occurredAt: isPast ? planned : record.observedAt,
      section: { scope: 'recording', targetId: id, reason: planned === undefined ? 'unknown' : 'retention' },
    }),
  ]
}
