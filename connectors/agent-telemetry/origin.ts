import { booleanAt, type ConversationRef, objectAt, type RawRecord, textAt } from '../../src/sdk/index.ts'

/** Who sent a request, as far as normalizing needs it; `RawRecord.context` holds it as JSON. */
export interface Origin {
  /** Name of the source as configured. */
  readonly source: string
  /** Whose the conversation ids in the telemetry are. */
  readonly conversation: Omit<ConversationRef, 'key'>
  /** Whether reported messages become messages of the conversation. */
  readonly messages: boolean
}

export const writeOrigin = (origin: Origin): string => JSON.stringify(origin)

/** Total: what is missing is taken from the record itself. */
export function readOrigin(record: RawRecord): Origin {
  const context = parsed(record.context)
  return {
    source: textAt(context, 'source') ?? 'unknown',
    conversation: {
      vendor: textAt(context, 'conversation', 'vendor') ?? record.vendor,
      account: textAt(context, 'conversation', 'account') ?? record.account,
    },
    messages: booleanAt(context, 'messages') ?? true,
  }
}

function parsed(context: string | null) {
  try {
    return objectAt(JSON.parse(context ?? '{}'))
  } catch {
    return undefined
  }
}
