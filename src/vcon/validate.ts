import { checkDialog } from './check-dialog.ts'
import { Checker, type Fields, isFields, isThere, type Level, type Problem, type Surroundings } from './checker.ts'
import { checkContent, checkExternal, hasContent } from './content.ts'
import { analysisTypes, civicaddressFields, partyTypes } from './model.ts'

export type { Level, Problem } from './checker.ts'

export interface ValidateOptions {
  /** `must` (default) reports what makes the vCon invalid, `should` also what the draft advises against. */
  readonly level?: Level
}

/**
 * Holds the text of draft-ietf-vcon-vcon-core-03 (not only its lax JSON Schema) against the unsigned form of a vCon, CC
 * extension included. Empty: valid. Never throws, whatever `value` is; fetches nothing.
 */
export function validateVcon(value: unknown, { level = 'must' }: ValidateOptions = {}): readonly Problem[] {
  const check = new Checker('Unsigned Form of vCon Object')
  if (isFields(value)) checkVcon(value, check)
  else check.report('must', '', 'object', value === null ? 'null' : typeof value, 'a JSON object')
  return level === 'should' ? check.problems : check.problems.filter(problem => problem.level === 'must')
}

const lengthOf = (value: unknown) => (Array.isArray(value) ? value.length : 0)

function checkVcon(vcon: Fields, check: Checker) {
  if (isThere(vcon['vcon']) && vcon['vcon'] !== '0.4.0')
    check.report('must', 'vcon', 'syntax', 'another syntax version', '0.4.0')
  check.required(vcon, 'uuid')
  check.uuid(vcon, 'uuid')
  check.strings(vcon, 'extensions')
  check.strings(vcon, 'critical')
  check.required(vcon, 'created_at')
  check.date(vcon, 'created_at')
  check.date(vcon, 'updated_at')
  check.string(vcon, 'subject')
  checkOtherVersion(vcon, check)

  const around: Surroundings = {
    parties: lengthOf(vcon['parties']),
    dialog: lengthOf(vcon['dialog']),
    attachments: lengthOf(vcon['attachments']),
    isRedacted: isThere(vcon['redacted']),
  }
  for (const [party, inside] of check.objects(vcon, 'parties', 'Party Object')) checkParty(party, inside)
  const dialogs: readonly unknown[] = Array.isArray(vcon['dialog']) ? vcon['dialog'] : []
  for (const [dialog, inside, index] of check.objects(vcon, 'dialog', 'Dialog Object'))
    checkDialog(dialog, inside, around, dialogs, index)
  for (const [analysis, inside] of check.objects(vcon, 'analysis', 'Analysis Object'))
    checkAnalysis(analysis, inside, around)
  for (const [attachment, inside] of check.objects(vcon, 'attachments', 'Attachment Object'))
    checkAttachment(attachment, inside, around)
  checkExtensions(vcon, check)
}

function checkOtherVersion(vcon: Fields, check: Checker) {
  const { redacted, amended } = vcon
  if (isThere(redacted) && isThere(amended))
    check.report('must', 'amended', 'redacted-or-amended', 'both', 'redacted or amended, not both')
  for (const [field, other] of [
    ['redacted', redacted],
    ['amended', amended],
  ] as const) {
    if (!isThere(other)) continue
    const inside = check.at(field, field === 'redacted' ? 'Redacted Object' : 'Amended Object')
    if (!isFields(other)) {
      inside.report('must', '', 'object', typeof other, 'an object')
      continue
    }
    inside.uuid(other, 'uuid')
    inside.string(other, 'type')
    if (field === 'redacted') inside.required(other, 'type')
    else if (!isThere(other['uuid']) && !isThere(other['url']))
      inside.report('must', 'uuid', 'amended-reference', 'neither uuid nor url', 'uuid, or url and content_hash')
    checkExternal(other, inside)
  }
}

function checkParty(party: Fields, check: Checker) {
  check.string(party, 'tel', 'sip', 'stir', 'mailto', 'name', 'did', 'validation', 'gmlpos', 'type', 'org', 'dept')
  check.string(party, 'role', 'contact_list', 'uuid')
  check.oneOf(party, 'type', partyTypes, 'should')
  const { did, civicaddress } = party
  if (typeof did === 'string' && !/^did:[a-z0-9]+:.+$/.test(did))
    check.report('must', 'did', 'did', 'no DID', 'a DID URI')
  if (isThere(party['name']) && party['name'] !== 'anonymous' && !isThere(party['validation']))
    check.report('should', 'validation', 'name-validation', 'nothing', 'how the name was validated, or none')
  if (!isThere(civicaddress)) return
  const inside = check.at('civicaddress', 'civicaddress')
  if (!isFields(civicaddress)) return inside.report('must', '', 'object', typeof civicaddress, 'an object')
  inside.string(civicaddress, ...Object.keys(civicaddress))
  for (const field of Object.keys(civicaddress))
    if (
      !civicaddressFields.some(known => known === field) &&
      civicaddressFields.some(known => known === field.toLowerCase())
    )
      inside.report('must', field, 'lower-case', 'upper case', field.toLowerCase())
}

function checkAnalysis(analysis: Fields, check: Checker, around: Surroundings) {
  check.required(analysis, 'type')
  check.string(analysis, 'type', 'product', 'schema')
  check.oneOf(analysis, 'type', analysisTypes, 'should')
  check.required(analysis, 'vendor')
  check.string(analysis, 'vendor')
  check.indices(analysis['dialog'], 'dialog', around.dialog, 'dialog')
  check.indices(analysis['attachment'], 'attachment', around.attachments, 'attachments')
  checkContent(analysis, check, around)
  if (!hasContent(analysis)) check.report('should', 'body', 'content', 'no content', 'inline or external content')
}

function checkAttachment(attachment: Fields, check: Checker, around: Surroundings) {
  check.string(attachment, 'purpose')
  check.required(attachment, 'start')
  check.date(attachment, 'start')
  check.required(attachment, 'party')
  if (isThere(attachment['party'])) check.index(attachment['party'], 'party', around.parties, 'parties')
  check.required(attachment, 'dialog')
  if (isThere(attachment['dialog'])) check.index(attachment['dialog'], 'dialog', around.dialog, 'dialog')
  checkContent(attachment, check, around)
  if (!hasContent(attachment)) check.report('should', 'body', 'content', 'no content', 'inline or external content')
}

const ccFields = {
  parties: ['role', 'contact_list'],
  dialog: ['campaign', 'interaction_type', 'interaction_id', 'skill'],
} as const

/** Whoever uses parameters of an extension should name it. */
function checkExtensions(vcon: Fields, check: Checker) {
  const { extensions } = vcon
  if (Array.isArray(extensions) && extensions.includes('CC')) return
  for (const [field, names] of Object.entries(ccFields)) {
    const elements: readonly unknown[] = Array.isArray(vcon[field]) ? vcon[field] : []
    if (!elements.some(element => isFields(element) && names.some(name => isThere(element[name])))) continue
    check.report('should', 'extensions', 'extension-named', `CC parameters in ${field}`, 'CC among the extensions')
    return
  }
}
