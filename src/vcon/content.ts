import { type Checker, type Fields, isThere, type Surroundings, token } from './checker.ts'
import { encodings } from './model.ts'

const mediatypePattern = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;.*)?$/
const base64urlPattern = /^[A-Za-z0-9_-]*$/
const hashPattern = /^[a-z0-9]+-[A-Za-z0-9_-]+$/
/** 64 bytes without padding. */
const sha512Length = 'sha512-'.length + 86

export const contentFields = ['body', 'encoding', 'url', 'content_hash'] as const

export const hasContent = (object: Fields) => isThere(object['body']) || isThere(object['url'])

/** The rules of a file, inline or elsewhere, in a dialog, an attachment or an analysis. */
export function checkContent(object: Fields, check: Checker, { isRedacted }: Pick<Surroundings, 'isRedacted'>) {
  check.string(object, 'mediatype', 'filename')
  const { mediatype } = object
  if (typeof mediatype === 'string' && !mediatypePattern.test(mediatype))
    check.report('must', 'mediatype', 'mediatype', token(mediatype), 'type/subtype', 'JSON Notation')
  checkInline(object, check, isRedacted)
  checkExternal(object, check, isRedacted)
  if (isThere(object['body']) && isThere(object['url']))
    check.report('should', 'url', 'content-once', 'body and url', 'either inline or external content')
}

function checkInline(object: Fields, check: Checker, mayLack: boolean) {
  const { body, encoding } = object
  const report = (field: string, rule: string, found: string, expected: string) =>
    check.report('must', field, rule, found, expected, 'Inline Files')
  if (isThere(encoding) && !encodings.some(known => known === encoding))
    report('encoding', 'one-of', token(encoding), encodings.join(', '))
  if (!('body' in object) || body === undefined) {
    if (isThere(encoding) && !mayLack) report('body', 'inline-content', 'encoding without body', 'body and encoding')
    return
  }
  if (body !== '' && !isThere(encoding) && body !== null)
    report('encoding', 'inline-content', 'body without encoding', 'body and encoding')
  if ((encoding === 'none' || encoding === 'base64url') && typeof body !== 'string')
    report('body', 'body-string', body === null ? 'null' : typeof body, `a string, as encoding is ${encoding}`)
  else if (encoding === 'base64url' && !base64urlPattern.test(body as string))
    report('body', 'base64url', 'other characters', 'base64url without padding')
  if (body !== null && !isThere(object['mediatype']))
    check.report('must', 'mediatype', 'inline-mediatype', 'nothing', 'the media type of the inline content')
}

/** `url` and `content_hash` of content, and of a reference to another vCon. */
export function checkExternal(object: Fields, check: Checker, mayLackUrl = false) {
  const { url, content_hash: hash } = object
  const report = (field: string, rule: string, found: string, expected: string) =>
    check.report('must', field, rule, found, expected, 'Externally Referenced Files')
  if (isThere(url)) {
    if (typeof url !== 'string' || !URL.canParse(url)) report('url', 'url', 'no URL', 'an HTTPS URL')
    else if (new URL(url).protocol !== 'https:') report('url', 'https', new URL(url).protocol, 'an HTTPS URL')
    if (!isThere(hash)) report('content_hash', 'external-content', 'url without content_hash', 'url and content_hash')
  } else if (isThere(hash) && !mayLackUrl)
    report('url', 'external-content', 'content_hash without url', 'url and content_hash')
  if (!isThere(hash)) return
  const hashes = Array.isArray(hash) ? hash : [hash]
  if (hashes.length === 0 || !hashes.every(isContentHash))
    report('content_hash', 'content-hash', 'no content hash', '<algorithm>-<base64url digest without padding>')
}

function isContentHash(value: unknown) {
  if (typeof value !== 'string' || !hashPattern.test(value)) return false
  return !value.startsWith('sha512-') || value.length === sha512Length
}
