import type { RawRecord } from '../../src/core/records.ts'
import { emit, type Fact, type Outcome } from '../../src/sdk/index.ts'
import { conversationRef } from './about.ts'
import type { RecordContext } from './context.ts'
import { readConversation } from './conversation.ts'
import type { Fields } from './fields.ts'
import { attributeFacts } from './normalize-attributes.ts'
import { dispositionFacts } from './normalize-dispositions.ts'
import { lifecycleFacts } from './normalize-lifecycle.ts'
import { partyFacts } from './normalize-parties.ts'
import { qualityFacts } from './normalize-quality.ts'
import { holdFacts, queueFacts } from './normalize-routing.ts'
import { transferFacts } from './normalize-transfers.ts'

/** Conversation details (AnalyticsConversation): everything but what was said. */
export function normalizeDetails(record: RawRecord, fields: Fields, context: RecordContext): Outcome<Fact> {
  const conversation = readConversation(fields)
  const about = { record, context, conversation, to: conversationRef(record, conversation.id) }
  return emit(
    ...lifecycleFacts(about),
    ...partyFacts(about),
    ...attributeFacts(about),
    ...queueFacts(about),
    ...holdFacts(about),
    ...transferFacts(about),
    ...dispositionFacts(about),
    ...qualityFacts(about),
  )
}
