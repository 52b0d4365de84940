import type { RawRecord } from '../../src/core/records.ts'
import { emit, event, type Fact, type Outcome } from '../../src/sdk/index.ts'
import { conversationOf } from './about.ts'
import type { RecordContext } from './context.ts'

/** Genesys says that it has no such conversation (404), though it had: the payload is what it says, the context which one. */
export function normalizeDeletion(record: RawRecord, context: RecordContext): Outcome<Fact> {
  const to = conversationOf(record, context, undefined, 'a deletion')
  return emit(
    event({
      to,
      type: 'deletion',
      key: to.key,
      occurredAt: record.observedAt,
      section: { scope: 'conversation', reason: 'unknown' },
    }),
  )
}
