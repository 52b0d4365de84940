import { objectAt, textAt } from '../../src/sdk/index.ts'
import { entriesOf, type Fields, listOf, textsOf, timeOf } from './fields.ts'

/** Names by id. */
export type Names = ReadonlyMap<string, string>

/** A participant of conversation details, as far as other payloads need it to say who spoke. */
export interface KnownParty {
  readonly partyKey: string
  readonly purpose: string
  readonly role: string
  readonly userId?: string | undefined
  readonly sessionIds: readonly string[]
  /** Where it writes or calls from, of outside parties. */
  readonly address?: string | undefined
  /** Unix milliseconds. */
  readonly from?: number | undefined
  /** Unix milliseconds. */
  readonly to?: number | undefined
}

export interface BotFlow {
  readonly id: string
  readonly name?: string | undefined
  /** BOT, DIGITALBOT, … */
  readonly type?: string | undefined
}

/** What the connector read beside a payload and normalizing needs; `RawRecord.context` holds it as JSON. */
export interface RecordContext {
  readonly queues: Names
  readonly users: Names
  readonly wrapUpCodes: Names
  /** Evaluations and surveys that were read in full and have records of their own. */
  readonly readInFull: ReadonlySet<string>
  /** Participants of the conversation that the payload belongs to. */
  readonly parties: readonly KnownParty[]
  /** The bot flow whose turns the payload holds. */
  readonly botFlow?: BotFlow | undefined
  /** Media type of the conversation: voice, message, … */
  readonly mediaType?: string | undefined
  /** The conversation, where the payload does not name it. */
  readonly conversationId?: string | undefined
  /** When details say that the evaluation or survey last changed; of other payloads, when the conversation ended. Unix milliseconds. */
  readonly eventTime?: number | undefined
}

type Input = Partial<Omit<RecordContext, 'queues' | 'users' | 'wrapUpCodes' | 'readInFull'>> & {
  readonly queues?: Readonly<Record<string, string>>
  readonly users?: Readonly<Record<string, string>>
  readonly wrapUpCodes?: Readonly<Record<string, string>>
  readonly readInFull?: readonly string[]
}

/** The context as a raw record keeps it. */
export const writeContext = (context: Input): string => JSON.stringify(context)

/** Total: whatever is missing or wrong counts as not known. */
export function readContext(text: string | null): RecordContext {
  const fields = text === null ? undefined : objectAt(parsed(text))
  const names = (name: string): Names => new Map(entriesOf(fields, name))
  const flow = objectAt(fields, 'botFlow')
  const flowId = textAt(flow, 'id')
  return {
    queues: names('queues'),
    users: names('users'),
    wrapUpCodes: names('wrapUpCodes'),
    readInFull: new Set(textsOf(fields, 'readInFull')),
    parties: listOf(fields, 'parties').flatMap(readParty),
    botFlow: flowId === undefined ? undefined : { id: flowId, name: textAt(flow, 'name'), type: textAt(flow, 'type') },
    mediaType: textAt(fields, 'mediaType'),
    conversationId: textAt(fields, 'conversationId'),
    eventTime: timeOf(fields, 'eventTime'),
  }
}

function readParty(fields: Fields): readonly KnownParty[] {
  const partyKey = textAt(fields, 'partyKey')
  if (partyKey === undefined) return []
  return [
    {
      partyKey,
      purpose: textAt(fields, 'purpose') ?? '',
      role: textAt(fields, 'role') ?? '',
      userId: textAt(fields, 'userId'),
      sessionIds: textsOf(fields, 'sessionIds'),
      address: textAt(fields, 'address'),
      from: timeOf(fields, 'from'),
      to: timeOf(fields, 'to'),
    },
  ]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
