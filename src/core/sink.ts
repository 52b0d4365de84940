import type { Context } from './context.ts'
import type { StoredRecord } from './log.ts'
import type { ConversationEvent, RawRecord } from './records.ts'

/**
 * A record of a range. `value` is null for a tombstone; it may be decoded anew whenever it is read, so read it once and
 * keep no more of it than needed: a range has thousands.
 */
export interface SinkRecord<T> {
  readonly stored: StoredRecord
  readonly value: T | null
}

/** What a sink may be fed. Conversations are fed as their vCon's JSON bytes (`stored.value`) and their head. */
export interface SinkInputs {
  readonly raw: RawRecord
  readonly events: ConversationEvent
  readonly conversations: ConversationHead
}

export type SinkInput = keyof SinkInputs

/** A contiguous range of one partition. */
export interface OffsetRange<I extends SinkInput = SinkInput> {
  readonly input: I
  readonly topic: string
  readonly partition: number
  readonly first: number
  readonly last: number
  /** `topic:partition:first-last`: the same on every replay of the same range. */
  readonly token: string
  /** In offset order. Records that could not be decoded are dead letters already and not among them. */
  readonly records: readonly SinkRecord<SinkInputs[I]>[]
}

export type AnyRange = { [I in SinkInput]: OffsetRange<I> }[SinkInput]

/** How large a range a sink wants: handed out when any of them is reached. */
export interface RangeLimits {
  readonly maxRecords: number
  readonly maxBytes: number
  readonly lingerMs: number
}

/**
 * What exports from the log. The runtime records a range, calls `write`, and commits it; it never has two writes of one
 * partition and input in flight. Every sink passes `test/contract/sink.ts`.
 */
export interface Sink {
  /** Names the consumer group: `sink-<name>`. */
  readonly name: string
  readonly inputs: readonly SinkInput[]
  readonly limits: RangeLimits
  /** How many partitions it wants to write at once; each holds a range in memory. Default 2. */
  readonly writesAtOnce?: number
  /** Proves that the store is there and fit, and makes what is missing; throws a `config` error that names the fix. */
  check(ctx: Context): Promise<void>
  /**
   * Writing the same range twice must equal writing it once. Throws `retriable` if the store does not answer: the runtime
   * waits and calls it again with the same range, forever. Anything else stops the process.
   */
  write(range: AnyRange, ctx: Context): Promise<void>
  close(): Promise<void>
}

/** What one needs to know of a conversation without opening its vCon; header `head` of the topic conversations. */
export interface ConversationHead {
  readonly conversationId: string
  /** Grows by one with every change that was written. */
  readonly revision: number
  readonly vendor: string
  readonly account: string
  /** The vendor's key of the conversation. */
  readonly key: string
  readonly channel: string
  readonly direction: string
  readonly subject: string | null
  readonly language: string | null
  /** Unix milliseconds. */
  readonly startedAt: number
  /** Unix milliseconds; null while open. */
  readonly endedAt: number | null
  readonly durationMs: number | null
  readonly state: 'open' | 'closed'
  readonly abandoned: boolean
  /** The latest version of its facts, Unix milliseconds: the vCon's updated_at. */
  readonly updatedAt: number
  readonly parties: readonly {
    readonly partyKey: string
    readonly role: string
    readonly kind: string
    readonly name: string | null
    readonly externalId: string | null
  }[]
  /** Names, or ids where there is no name, in the order entered. */
  readonly queues: readonly string[]
  /** The last disposition. */
  readonly dispositionCode: string | null
  readonly dispositionName: string | null
  readonly customerUtterances: number
  readonly agentUtterances: number
  readonly messages: number
  readonly toolCalls: number
  readonly toolErrors: number
  readonly reasoningSteps: number
  readonly transfers: number
  readonly holdMs: number
  readonly queueMs: number
  /** Of the conversation, -1 to 1. */
  readonly sentimentScore: number | null
  /** As a fraction of its scale, 0 to 1; of the last finished survey. */
  readonly surveyScore: number | null
  /** As a fraction of its scale, 0 to 1; of the last finished evaluation that has a scale. */
  readonly evaluationScore: number | null
}

/** Headers of the topic conversations. */
export const conversationHeaders = {
  /** The head's revision, decimal; also on a tombstone. */
  revision: 'revision',
  /** `ConversationHead` as JSON; not on a tombstone. */
  head: 'head',
  /** On a tombstone of a conversation that was erased: every trace of it is to go, not only its vCon. */
  erase: 'erase',
} as const
