import { hash } from 'node:crypto'

/** SHA-256 of the bytes, lower-case hex. */
export const sha256 = (bytes: Buffer | string) => hash('sha256', bytes)

/** Hash of what a record says, for telling equal content from changed: 32 hex digits. */
export const contentHashOf = (bytes: Buffer | string) => sha256(bytes).slice(0, 32)

/**
 * A UUIDv8 (RFC 9562 §5.8) made from the parts alone: the same on every machine and at every replay.
 * Parts are length-prefixed, so that no two lists of parts run together.
 */
export function uuidFrom(...parts: readonly string[]): string {
  let text = ''
  for (const part of parts) text += `${Buffer.byteLength(part)}:${part}`
  const hex = sha256(text)
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** What names a conversation at its vendor. */
export interface ConversationRef {
  readonly vendor: string
  readonly account: string
  /** The vendor's own key of the conversation. */
  readonly key: string
}

/** The id of a conversation: a function of vendor, account and the vendor's conversation key. */
export const conversationIdOf = (ref: ConversationRef) => uuidFrom('conversation', ref.vendor, ref.account, ref.key)

/**
 * The id of a fact: a function of where it was read and of the vendor's own key of it, or, where there is none,
 * of the fields that identify it, joined into `key`.
 */
export const eventIdOf = (vendor: string, account: string, stream: string, key: string, type: string) =>
  uuidFrom('event', vendor, account, stream, key, type)
