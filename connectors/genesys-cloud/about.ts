import type { ConversationRef } from '../../src/core/ids.ts'
import type { RawRecord } from '../../src/core/records.ts'
import { dataError } from '../../src/sdk/index.ts'
import type { RecordContext } from './context.ts'
import type { Conversation } from './conversation.ts'

/** What every part of normalizing conversation details works from. */
export interface About {
  readonly record: RawRecord
  readonly context: RecordContext
  readonly conversation: Conversation
  readonly to: ConversationRef
}

/** The conversation that a Genesys conversation id names. */
export const conversationRef = (record: RawRecord, conversationId: string): ConversationRef => ({
  vendor: record.vendor,
  account: record.account,
  key: conversationId,
})

/**
 * The conversation that a payload names, else the one that the reader knew it to be of. Throws a `data` error
 * `missing-conversation-id` if there is neither.
 */
export function conversationOf(
  record: RawRecord,
  context: RecordContext,
  named: string | undefined,
  what: string,
): ConversationRef {
  const id = named ?? context.conversationId ?? record.conversationKey
  if (id === null)
    throw dataError('missing-conversation-id', `reading ${what}: nothing says of which conversation it is`)
  return conversationRef(record, id)
}

/** An address without its scheme and its SIP parameters: `tel:+1619…` → `+1619…`. */
export const addressOf = (address: string | undefined): string | undefined =>
  address?.replace(/^(tel|sip|sips|mailto):/i, '').replace(/;.*$/, '')

/** What kind of address a Genesys `ani`, `dnis` or `address…` is. */
export function contactOf(address: string | undefined): { tel?: string; sip?: string; mailto?: string } {
  const bare = addressOf(address)
  if (address === undefined || bare === undefined || bare === '') return {}
  if (/^\+?[\d\s().-]{3,}$/.test(bare)) return { tel: bare.replaceAll(/[\s().-]/g, '') }
  if (/^sips?:/i.test(address)) return { sip: bare }
  return /^[^@\s]+@[^@\s]+$/.test(bare) ? { mailto: bare } : {}
}
