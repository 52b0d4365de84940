import type { RawRecord } from '../../src/core/records.ts'
import { dataError, emit, event, type Fact, type Outcome } from '../../src/sdk/index.ts'
import { conversationRef } from './about.ts'
import type { RecordContext } from './context.ts'

/** Genesys says that it has no such conversation (404), though it had: the payload is what it says, the context which one. */
export function normalizeDeletion(record: RawRecord, context: RecordContext): Outcome<Fact> {
  const conversationId = context.conversationId ?? record.conversationKey
  if (conversationId === null)
    throw dataError('missing-conversation-id', 'reading a deletion: nothing says of which conversation it is')
  return emit(
    event({
      to: conversationRef(record, conversationId),
      type: 'deletion',
      key: conversationId,
      occurredAt: record.observedAt,
      section: { scope: 'conversation', reason: 'unknown' },
    }),
  )
}
