import { vconDate } from '../../vcon/date.ts'
import type { Analysis, Attachment, JsonValue } from '../../vcon/model.ts'
import { analysisOf } from './analysis.ts'
import { bodyOf } from './body.ts'
import { type DialogTable, isMediatype } from './dialog.ts'
import type { Story } from './story.ts'

export interface AttachmentTable {
  readonly attachments: readonly Attachment[]
  /** What is known of attached files and has no place in the attachment itself. */
  readonly files: readonly Analysis[]
}

/**
 * Attached values (one attachment per reporter), consent signals and files sent with messages. A file's address has no hash that a
 * vCon's `url` requires, so it stands in a report about the attachment.
 */
export function attachmentsOf(story: Story, dialogs: DialogTable): AttachmentTable {
  const { of, parties } = story
  const attachments: Attachment[] = []
  const files: Analysis[] = []
  const json = (body: JsonValue) => ({ mediatype: 'application/json', body, encoding: 'json' as const })

  const attributes = new Map<number, JsonValue[]>()
  for (const [event, section] of of('attribute.changed')) {
    const party = parties.reporter(event)
    let values = attributes.get(party)
    if (values === undefined) {
      values = []
      attributes.set(party, values)
      const start = vconDate(event.occurredAt)
      attachments.push({ purpose: 'attributes', start, party, dialog: dialogs.home, ...json({ attributes: values }) })
    }
    values.push({ occurredAt: vconDate(event.occurredAt), ...bodyOf(section, parties) })
  }
  for (const [event, section] of of('consent.signal'))
    attachments.push({
      purpose: 'consent',
      start: vconDate(event.occurredAt),
      party: parties.indexOf(section.partyKey) ?? parties.reporter(event),
      dialog: dialogs.at(event.occurredAt),
      ...json(bodyOf(section, parties)),
    })
  for (const [event, message] of of('message'))
    for (const { name, mediaType, sizeBytes, url } of message.attachments) {
      const attachment = attachments.push({
        purpose: 'file sent with a message',
        start: vconDate(event.occurredAt),
        party: parties.indexOf(message.partyKey) ?? parties.reporter(event),
        dialog: dialogs.indexOf(event) ?? dialogs.home,
        ...(isMediatype(mediaType) && { mediatype: mediaType }),
        ...(name !== null && { filename: name }),
      })
      if (url === null && sizeBytes === null) continue
      const body = bodyOf({ url, sizeBytes }, parties)
      files.push({ ...analysisOf(event, 'report', 'attachment', body), attachment: attachment - 1 })
    }
  return { attachments, files }
}
