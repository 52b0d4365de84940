import type { Analysis, Attachment, Dialog, Party, PartyHistory, Vcon } from './model.ts'

type Names<T> = readonly (keyof T & string)[]

const content = ['mediatype', 'filename', 'body', 'encoding', 'url', 'content_hash'] as const
const party: Names<Party> = [
  ...(['tel', 'sip', 'stir', 'mailto', 'name', 'did', 'validation', 'gmlpos', 'civicaddress', 'uuid'] as const),
  ...(['type', 'org', 'dept', 'role', 'contact_list'] as const),
]
const partyHistory: Names<PartyHistory> = ['party', 'time', 'event', 'button']
const dialog: Names<Dialog> = [
  ...(['type', 'start', 'duration', 'parties', 'originator', 'recordings', 'recording_set'] as const),
  ...content,
  ...(['disposition', 'session_id', 'party_history'] as const),
  ...(['transferee', 'transferor', 'transfer_target', 'original', 'consultation', 'target_dialog'] as const),
  ...(['application', 'message_id', 'campaign', 'interaction_type', 'interaction_id', 'skill'] as const),
]
const analysis: Names<Analysis> = ['type', 'dialog', 'attachment', 'vendor', 'product', 'schema', ...content]
const attachment: Names<Attachment> = ['purpose', 'start', 'party', 'dialog', ...content]
const vcon: Names<Vcon> = [
  ...([
    'vcon',
    'uuid',
    'extensions',
    'critical',
    'created_at',
    'updated_at',
    'subject',
    'redacted',
    'amended',
  ] as const),
  ...(['parties', 'dialog', 'analysis', 'attachments'] as const),
]

/**
 * The vCon as JSON without white space. Parameters come in the order in which the draft defines them, those that it does not define
 * (of other extensions) after them in code-unit order; bodies and array elements as they are. So two vCons that are equal
 * but for the order of their parameters give the same text.
 */
export function vconJson(value: Vcon): string {
  return JSON.stringify({
    ...ordered(value, vcon),
    ...(value.parties && { parties: value.parties.map(entry => ordered(entry, party)) }),
    ...(value.dialog && { dialog: value.dialog.map(orderedDialog) }),
    ...(value.analysis && { analysis: value.analysis.map(entry => ordered(entry, analysis)) }),
    ...(value.attachments && { attachments: value.attachments.map(entry => ordered(entry, attachment)) }),
  })
}

function orderedDialog(entry: Dialog): object {
  const { party_history: history } = entry
  return {
    ...ordered(entry, dialog),
    ...(history && { party_history: history.map(event => ordered(event, partyHistory)) }),
  }
}

function ordered<T extends object>(value: T, names: Names<T>): Partial<T> {
  const result: Partial<T> = {}
  let taken = 0
  for (const name of names)
    if (value[name] !== undefined) {
      result[name] = value[name]
      taken++
    }
  const all = Object.keys(value) as (keyof T & string)[]
  if (taken < all.length)
    for (const name of all.filter(other => !names.includes(other)).sort()) result[name] = value[name]
  return result
}
