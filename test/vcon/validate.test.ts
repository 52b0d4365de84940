import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { validateVcon } from '../../src/vcon/validate.ts'

type Fields = Record<string, unknown>

const hash = `sha512-${'A'.repeat(86)}`
const inline = { mediatype: 'text/plain', body: 'Hi', encoding: 'none' }

/** A document that uses every kind of object and breaks no rule. */
const valid = (): Fields => ({
  vcon: '0.4.0',
  uuid: '01900000-0000-8000-8000-000000000000',
  extensions: ['CC'],
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T01:00:00.5+01:00',
  subject: 'Parcel',
  parties: [
    { tel: '+15550100', name: 'Alexis', validation: 'none', type: 'person', role: 'customer' },
    { name: 'Robin', validation: 'SSO', type: 'person', did: 'did:web:example.org', civicaddress: { country: 'US' } },
    {},
  ],
  dialog: [
    { type: 'text', start: '2026-01-01T00:00:00Z', parties: [0, 1], originator: 1, ...inline },
    { type: 'recording-set', start: '2026-01-01T00:00:00Z', duration: 9.5, parties: [0, 1], recordings: [2] },
    {
      type: 'recording',
      start: '2026-01-01T00:00:00Z',
      parties: [[0, 2], null, 1],
      recording_set: 1,
      session_id: [{ local: 'a', remote: 'b' }, {}, [{}]],
      mediatype: 'audio/ogg',
      url: 'https://media.example/1',
      content_hash: [hash],
      party_history: [
        { party: 0, time: '2026-01-01T00:00:01Z', event: 'join' },
        { party: 0, time: '2026-01-01T00:00:02Z', event: 'keydown', button: '5' },
      ],
    },
    { type: 'incomplete', start: '2026-01-01T00:00:00Z', parties: 0, disposition: 'busy' },
    {
      type: 'transfer',
      start: '2026-01-01T00:00:00Z',
      transferee: 0,
      transferor: 1,
      transfer_target: [2],
      original: 0,
      consultation: 3,
      target_dialog: [2],
    },
  ],
  analysis: [
    {
      type: 'report',
      dialog: [0, 2],
      vendor: 'acme',
      schema: 'x',
      mediatype: 'application/json',
      body: { a: 1 },
      encoding: 'json',
    },
    { type: 'summary', attachment: 0, vendor: 'acme', mediatype: 'text/plain', body: 'U2hvcnQ', encoding: 'base64url' },
  ],
  attachments: [{ purpose: 'photo', start: '2026-01-01T00:00:00Z', party: 2, dialog: 0, ...inline }],
})

/** One that stands for another, of which some is gone. */
const redacted = (): Fields => {
  const document = valid()
  const uuid = '01900000-0000-8000-8000-000000000001'
  set(document, '/redacted', { uuid, type: 'PII', url: 'https://vcon.example/1', content_hash: hash })
  set(document, '/dialog/0/body', undefined)
  set(document, '/dialog/2/url', undefined)
  return document
}

/** Sets what a JSON pointer names; undefined removes it. */
function set(document: Fields, pointer: string, value: unknown) {
  const path = pointer.split('/').slice(1)
  const last = path.pop() ?? ''
  let target: Fields = document
  for (const step of path) target = target[step] as Fields
  if (value === undefined) delete target[last]
  else target[last] = value
}

/** One broken MUST each: what is changed, to what, and the rule that must say so. */
const broken: readonly (readonly [pointer: string, value: unknown, rule: string])[] = [
  ['/vcon', '0.3.0', 'syntax'],
  ['/uuid', undefined, 'required'],
  ['/uuid', 'no uuid', 'uuid'],
  ['/created_at', undefined, 'required'],
  ['/created_at', '2026-01-01', 'date'],
  ['/created_at', '2026-01-01t00:00:00z', 'date'],
  ['/created_at', '2026-01-01T00:00:00.000Z', 'date-zero-fraction'],
  ['/created_at', '2026-02-29T00:00:00Z', 'date'],
  ['/created_at', '2026-01-01T24:00:00Z', 'date'],
  ['/updated_at', 1767225600, 'date'],
  ['/extensions', 'CC', 'strings'],
  ['/critical', [1], 'strings'],
  ['/subject', 5, 'string'],
  ['/amended', { uuid: '01900000-0000-8000-8000-000000000001' }, 'redacted-or-amended'],
  ['/redacted/type', undefined, 'required'],
  ['/redacted/content_hash', undefined, 'external-content'],
  ['/redacted/uuid', 'other', 'uuid'],
  ['/redacted', 'yes', 'object'],
  ['/parties', {}, 'array'],
  ['/parties/0', 'Alexis', 'object'],
  ['/parties/0/tel', 15550100, 'string'],
  ['/parties/1/did', 'robin', 'did'],
  ['/parties/1/civicaddress', { COUNTRY: 'US' }, 'lower-case'],
  ['/parties/1/civicaddress', { a1: 5 }, 'string'],
  ['/dialog/0', null, 'object'],
  ['/dialog/0/type', undefined, 'required'],
  ['/dialog/0/type', 'chat', 'one-of'],
  ['/dialog/0/start', undefined, 'required'],
  ['/dialog/0/start', 'now', 'date'],
  ['/dialog/0/duration', -1, 'unsigned'],
  ['/dialog/0/duration', '5', 'unsigned'],
  ['/dialog/0/parties', 3, 'index-bounds'],
  ['/dialog/0/parties', [0, 3], 'index-bounds'],
  ['/dialog/0/parties', [0.5], 'index'],
  ['/dialog/2/parties', [[0, 3], null, 1], 'index-bounds'],
  ['/dialog/0/originator', 7, 'index-bounds'],
  ['/dialog/0/originator', [1], 'index'],
  ['/dialog/0/mediatype', undefined, 'inline-mediatype'],
  ['/dialog/0/mediatype', 'text', 'mediatype'],
  ['/dialog/0/encoding', undefined, 'inline-content'],
  ['/dialog/0/body', undefined, 'inline-content'],
  ['/dialog/0/encoding', 'base64', 'one-of'],
  ['/dialog/0/body', { text: 'Hi' }, 'body-string'],
  ['/dialog/0/recordings', [2], 'recording-set-only'],
  ['/dialog/0/recording_set', 1, 'recording-only'],
  ['/dialog/0/transferor', 1, 'transfer-only'],
  ['/dialog/1/recordings', undefined, 'required'],
  ['/dialog/1/recordings', 2, 'array'],
  ['/dialog/1/recordings', [9], 'index-bounds'],
  ['/dialog/1/recordings', [0], 'recording-type'],
  ['/dialog/1/body', 'x', 'no-content'],
  ['/dialog/2/recording_set', 0, 'recording-set-type'],
  ['/dialog/2/content_hash', undefined, 'external-content'],
  ['/dialog/2/url', undefined, 'external-content'],
  ['/dialog/2/url', 'http://media.example/1', 'https'],
  ['/dialog/2/url', 'media', 'url'],
  ['/dialog/2/content_hash', 'SHA-512:abc', 'content-hash'],
  ['/dialog/2/content_hash', `${hash}==`, 'content-hash'],
  ['/dialog/2/content_hash', [], 'content-hash'],
  ['/dialog/2/session_id', { local: 5 }, 'session-id'],
  ['/dialog/2/session_id', [{}], 'session-id'],
  ['/dialog/2/party_history/0/party', undefined, 'required'],
  ['/dialog/2/party_history/0/party', 3, 'index-bounds'],
  ['/dialog/2/party_history/0/time', undefined, 'required'],
  ['/dialog/2/party_history/0/time', 'then', 'date'],
  ['/dialog/2/party_history/0/event', undefined, 'required'],
  ['/dialog/2/party_history/0/event', 'leave', 'one-of'],
  ['/dialog/2/party_history/1/button', undefined, 'key-button'],
  ['/dialog/3/disposition', undefined, 'required'],
  ['/dialog/3/disposition', 'resolved', 'one-of'],
  ['/dialog/3/body', 'x', 'no-content'],
  ['/dialog/4/url', 'https://media.example/1', 'no-content'],
  ['/dialog/4/parties', [0], 'not-in-transfer'],
  ['/dialog/4/originator', 0, 'not-in-transfer'],
  ['/dialog/4/mediatype', 'text/plain', 'not-in-transfer'],
  ['/dialog/4/filename', 'x', 'not-in-transfer'],
  ['/dialog/4/transferee', [0], 'index'],
  ['/dialog/4/transferor', 3, 'index-bounds'],
  ['/dialog/4/transfer_target', [3], 'index-bounds'],
  ['/dialog/4/original', 9, 'index-bounds'],
  ['/dialog/4/original', 3, 'transfer-dialog-type'],
  ['/dialog/4/consultation', 4, 'transfer-dialog-type'],
  ['/dialog/4/target_dialog', 1, 'transfer-dialog-type'],
  ['/analysis/0/type', undefined, 'required'],
  ['/analysis/0/vendor', undefined, 'required'],
  ['/analysis/0/dialog', 5, 'index-bounds'],
  ['/analysis/0/dialog', [0, '2'], 'index'],
  ['/analysis/1/attachment', 1, 'index-bounds'],
  ['/analysis/1/body', 'U2hvcnQ=', 'base64url'],
  ['/analysis/1/mediatype', undefined, 'inline-mediatype'],
  ['/attachments/0/start', undefined, 'required'],
  ['/attachments/0/party', undefined, 'required'],
  ['/attachments/0/party', 3, 'index-bounds'],
  ['/attachments/0/dialog', undefined, 'required'],
  ['/attachments/0/dialog', -1, 'index'],
]

test('a document that breaks no rule has no problems', () => {
  assert.deepEqual(validateVcon(valid()), [])
  assert.deepEqual(validateVcon(redacted()), [])
})

for (const [pointer, value, rule] of broken)
  test(`${pointer} = ${JSON.stringify(value) ?? 'nothing'} breaks ${rule}`, () => {
    const document = /^.(redacted|amended)/.test(pointer) ? redacted() : valid()
    set(document, pointer, value)
    const problems = validateVcon(document)
    const near = problems.find(problem => problem.rule === rule && problem.pointer.startsWith(parentOf(pointer)))
    assert.ok(near !== undefined, JSON.stringify(problems))
    assert.ok(near.section !== '' && near.found !== '' && near.expected !== '')
  })

const parentOf = (pointer: string) => pointer.slice(0, pointer.lastIndexOf('/'))

test('what the draft advises against is told when asked for', () => {
  const document = valid()
  set(document, '/extensions', [])
  set(document, '/parties/0/validation', undefined)
  set(document, '/parties/0/type', 'system')
  set(document, '/dialog/0/disposition', 'busy')
  set(document, '/dialog/2/recording_set', undefined)
  set(document, '/dialog/4/transferor', undefined)
  set(document, '/analysis/0/type', 'tool_call')
  assert.deepEqual(validateVcon(document), [])
  assert.deepEqual(
    validateVcon(document, { level: 'should' }).map(({ pointer, rule }) => `${pointer} ${rule}`),
    [
      '/parties/0/type one-of',
      '/parties/0/validation name-validation',
      '/dialog/0/disposition incomplete-only',
      '/dialog/1/recordings recording-set-back',
      '/dialog/4/transferor transfer-roles',
      '/analysis/0/type one-of',
      '/extensions extension-named',
    ],
  )
})

test('it never throws, whatever it is given', () => {
  fc.assert(
    fc.property(fc.anything(), value => {
      validateVcon(value)
      for (const field of ['parties', 'dialog', 'analysis', 'attachments', 'redacted'])
        validateVcon({ ...valid(), [field]: value })
      for (const field of [
        'type',
        'parties',
        'recordings',
        'session_id',
        'party_history',
        'url',
        'content_hash',
        'original',
      ])
        validateVcon({ ...valid(), dialog: [{ type: 'transfer', start: 'x', [field]: value }] })
    }),
  )
})

test('a problem never quotes what could be private', () => {
  const document = valid()
  set(document, '/dialog/0/encoding', 'the customer said that her card is 4111 1111 1111 1111')
  set(document, '/uuid', 'the customer said that her card is 4111 1111 1111 1111')
  assert.ok(!JSON.stringify(validateVcon(document)).includes('4111'))
})

test('the working group’s own examples break only what they are known to break', () => {
  const problemsOf = (name: string) => {
    const path = join(import.meta.dirname, '../../../shared/fixtures/vcon', name)
    return validateVcon(JSON.parse(readFileSync(path, 'utf8'))).map(({ pointer, rule }) => `${pointer} ${rule}`)
  }
  assert.deepEqual(problemsOf('ab_call_ext_rec.vcon'), ['/created_at required', '/dialog/0/start date-zero-fraction'])
  assert.deepEqual(problemsOf('ab_call_ext_rec_redacted.vcon'), [
    '/created_at required',
    '/dialog/0/start date-zero-fraction',
    '/analysis/0/mediatype inline-mediatype',
  ])
  assert.deepEqual(problemsOf('ab_email_prob_followup_text_thread.vcon'), [
    '/redacted/type required',
    '/dialog/0/start date-zero-fraction',
    '/dialog/1/start date-zero-fraction',
    '/dialog/2/start date-zero-fraction',
  ])
  assert.deepEqual(problemsOf('legacy/ab_call_ext_rec_0.0.1.vcon'), [
    '/vcon syntax',
    '/created_at required',
    '/dialog/0/start date-zero-fraction',
    '/dialog/0/content_hash external-content',
    '/analysis/0/vendor required',
    '/attachments/0/start required',
    '/attachments/0/party required',
    '/attachments/0/dialog required',
  ])
})
