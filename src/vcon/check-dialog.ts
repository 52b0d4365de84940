import { type Checker, type Fields, isFields, isThere, type Surroundings } from './checker.ts'
import { checkContent, contentFields, hasContent } from './content.ts'
import { dialogTypes, dispositions, partyEvents } from './model.ts'

const transferFields = [
  'transferee',
  'transferor',
  'transfer_target',
  'original',
  'target_dialog',
  'consultation',
] as const
/** `consultation` is optional. */
const transferShould = transferFields.slice(0, 5)
const notInTransfer = ['parties', 'originator', 'mediatype', 'filename'] as const

/** The dialog types that each part of a transfer may point to. */
const transferDialogTypes = {
  original: ['recording', 'text'],
  consultation: ['recording', 'text', 'incomplete'],
  target_dialog: ['recording', 'text', 'incomplete'],
} as const

/** Every rule of one Dialog Object; `dialogs` are all of them, for what indices point to. */
export function checkDialog(
  dialog: Fields,
  check: Checker,
  around: Surroundings,
  dialogs: readonly unknown[],
  index: number,
) {
  const typeAt = (target: number) => {
    const other = dialogs[target]
    return isFields(other) ? other['type'] : undefined
  }
  check.required(dialog, 'type')
  check.oneOf(dialog, 'type', dialogTypes)
  check.required(dialog, 'start')
  check.date(dialog, 'start')
  check.duration(dialog, 'duration')
  check.string(dialog, 'application', 'message_id', 'campaign', 'interaction_type', 'interaction_id', 'skill')
  checkParties(dialog, check, around)
  if (isThere(dialog['originator'])) check.index(dialog['originator'], 'originator', around.parties, 'parties')
  checkContent(dialog, check, around)
  checkByType(dialog, check)
  checkRecordingSet(dialog, check, around, typeAt, dialogs, index)
  checkSessions(dialog, check)
  checkTransfer(dialog, check, around, typeAt)
  for (const [entry, inside] of check.objects(dialog, 'party_history', 'Party_History Object')) {
    inside.required(entry, 'party')
    if (isThere(entry['party'])) inside.index(entry['party'], 'party', around.parties, 'parties')
    inside.required(entry, 'time')
    inside.date(entry, 'time')
    inside.required(entry, 'event')
    inside.oneOf(entry, 'event', partyEvents)
    inside.string(entry, 'button')
    const isKey = entry['event'] === 'keydown' || entry['event'] === 'keyup'
    if (isKey && !isThere(entry['button'])) inside.report('must', 'button', 'key-button', 'nothing', 'the key')
  }
}

function checkParties(dialog: Fields, check: Checker, { parties: size }: Surroundings) {
  const { parties } = dialog
  if (!isThere(parties)) return
  if (!Array.isArray(parties)) {
    check.index(parties, 'parties', size, 'parties')
    return
  }
  for (const [channel, entry] of parties.entries()) {
    if (entry === null) continue
    check.at('parties').indices(entry, `${channel}`, size, 'parties')
  }
}

function checkByType(dialog: Fields, check: Checker) {
  const { type } = dialog
  if (type === 'incomplete' || type === 'transfer' || type === 'recording-set')
    check.absent(dialog, contentFields, 'no-content', `no content in a dialog of type ${type}`)
  else if (!hasContent(dialog))
    check.report('should', 'body', 'content', 'no content', 'body and encoding, or url and content_hash')
  if (type === 'incomplete') {
    check.required(dialog, 'disposition')
    check.oneOf(dialog, 'disposition', dispositions)
  } else
    check.absent(dialog, ['disposition'], 'incomplete-only', 'a disposition only in an incomplete dialog', 'should')
  if (type === 'transfer') check.absent(dialog, notInTransfer, 'not-in-transfer', 'nothing in a transfer')
}

function checkRecordingSet(
  dialog: Fields,
  check: Checker,
  around: Surroundings,
  typeAt: (index: number) => unknown,
  dialogs: readonly unknown[],
  index: number,
) {
  const { type, recordings, recording_set: set } = dialog
  if (type === 'recording-set') {
    check.required(dialog, 'recordings')
    if (isThere(recordings) && !Array.isArray(recordings))
      check.report('must', 'recordings', 'array', typeof recordings, 'an array of indices')
    else
      for (const member of check.indices(recordings, 'recordings', around.dialog, 'dialog')) {
        const target = dialogs[member]
        if (typeAt(member) !== 'recording')
          check.report('must', 'recordings', 'recording-type', `dialog ${member}`, 'dialogs of type recording')
        else if (isFields(target) && target['recording_set'] !== index)
          check.report('should', 'recordings', 'recording-set-back', `dialog ${member}`, `recording_set ${index} there`)
      }
  } else check.absent(dialog, ['recordings'], 'recording-set-only', 'recordings only in a recording-set')
  if (type !== 'recording')
    check.absent(dialog, ['recording_set'], 'recording-only', 'recording_set only in a recording')
  else if (
    isThere(set) &&
    check.index(set, 'recording_set', around.dialog, 'dialog') &&
    typeAt(set) !== 'recording-set'
  )
    check.report('must', 'recording_set', 'recording-set-type', `dialog ${set}`, 'a dialog of type recording-set')
}

function checkTransfer(dialog: Fields, check: Checker, around: Surroundings, typeAt: (index: number) => unknown) {
  if (dialog['type'] !== 'transfer') {
    check.absent(dialog, transferFields, 'transfer-only', 'nothing but in a transfer')
    return
  }
  for (const field of transferShould)
    if (!isThere(dialog[field])) check.report('should', field, 'transfer-roles', 'nothing', 'the role or dialog')
  for (const field of ['transferee', 'transferor'] as const)
    if (isThere(dialog[field])) check.index(dialog[field], field, around.parties, 'parties')
  check.indices(dialog['transfer_target'], 'transfer_target', around.parties, 'parties')
  for (const [field, types] of Object.entries(transferDialogTypes))
    for (const target of check.indices(dialog[field], field, around.dialog, 'dialog'))
      if (!types.some(type => type === typeAt(target)))
        check.report('must', field, 'transfer-dialog-type', `dialog ${target}`, `a dialog of type ${types.join(', ')}`)
}

function checkSessions(dialog: Fields, check: Checker) {
  const { session_id: session, parties } = dialog
  if (!isThere(session)) return
  const report = (found: string, expected: string) =>
    check.report('must', 'session_id', 'session-id', found, expected, 'session_id')
  const isSession = (value: unknown) =>
    isFields(value) && ['local', 'remote'].every(end => value[end] === undefined || typeof value[end] === 'string')
  if (!Array.isArray(session)) {
    if (!isSession(session)) report(typeof session, '{ local, remote }')
  } else if (!session.every(entry => isSession(entry) || (Array.isArray(entry) && entry.every(isSession))))
    report('another shape', 'SessionIds, as arrays that mirror parties')
  else if (!Array.isArray(parties) || parties.length !== session.length)
    report(`array of ${session.length}`, 'the shape of parties')
}
