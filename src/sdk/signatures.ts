import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { PushRequest } from '../core/connector.ts'

/** Says whether a pushed request was sent by who knows our secret. Never throws; takes the same time for every wrong secret. */
export type Verifier = (request: Pick<PushRequest, 'headers' | 'rawBody' | 'receivedAt'>) => boolean

/** Equal or not, in a time that tells nothing about where they differ. */
export function sameSecret(given: string | Buffer, expected: string | Buffer): boolean {
  // Digests have equal lengths, which timingSafeEqual wants, and hide how long the secret is.
  const digest = (value: string | Buffer) => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

/** Accepts `Authorization: Bearer <token>` (RFC 6750 §2.1) with the token given. */
export function bearerVerifier(token: string): Verifier {
  if (token === '') throw new RangeError('a bearer token must not be empty')
  return ({ headers }) => {
    const given = /^bearer +([^ ]+) *$/i.exec(headers['authorization'] ?? '')?.[1]
    return given !== undefined && sameSecret(given, token)
  }
}

export interface SignedTimestamp {
  /** Lower-case name of the header that holds the time of signing. */
  readonly header: string
  readonly unit: 's' | 'ms'
  /** How far it may be from our clock, either way, milliseconds: older ones are replays. */
  readonly toleranceMs: number
}

export interface HmacOptions {
  readonly algorithm: 'sha256' | 'sha1'
  readonly encoding: 'hex' | 'base64'
  /** Those that are valid now: two while a secret is being changed. */
  readonly secrets: readonly string[]
  /** Lower-case name of the header that holds the signature. */
  readonly header: string
  /** What precedes the signature in the header, e.g. `sha256=`. */
  readonly prefix?: string
  readonly timestamp?: SignedTimestamp
  /** What is signed. Default: the raw body, after `<timestamp>.` if there is a timestamp. */
  readonly signed?: (rawBody: Buffer, timestamp: string | undefined) => Buffer
}

/** Accepts an HMAC (RFC 2104) over the raw body as it was sent. */
export function hmacVerifier(options: HmacOptions): Verifier {
  const { algorithm, encoding, secrets, header, prefix = '', timestamp, signed = afterTimestamp } = options
  if (secrets.length === 0 || secrets.includes('')) throw new RangeError('a signature needs a secret that is not empty')
  return ({ headers, rawBody, receivedAt }) => {
    const value = headers[header]?.trim()
    if (value === undefined || !value.startsWith(prefix)) return false
    const time = timestamp === undefined ? undefined : headers[timestamp.header]?.trim()
    if (timestamp !== undefined && !isRecent(time, receivedAt, timestamp)) return false
    const given = value.slice(prefix.length)
    const comparable = encoding === 'hex' ? given.toLowerCase() : given
    const bytes = signed(rawBody, time)
    // Every secret is tried, so that the time does not tell which one fits.
    return secrets
      .map(secret => sameSecret(comparable, createHmac(algorithm, secret).update(bytes).digest(encoding)))
      .includes(true)
  }
}

const afterTimestamp = (rawBody: Buffer, timestamp: string | undefined) =>
  timestamp === undefined ? rawBody : Buffer.concat([Buffer.from(`${timestamp}.`), rawBody])

function isRecent(time: string | undefined, receivedAt: Date, rules: SignedTimestamp): boolean {
  if (time === undefined || !/^\d{1,15}$/.test(time)) return false
  const signedAt = Number(time) * (rules.unit === 's' ? 1000 : 1)
  return Math.abs(receivedAt.getTime() - signedAt) <= rules.toleranceMs
}
