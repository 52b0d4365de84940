import type { BotSession, Recording, Transcript, Utterance } from '../model.ts'
import type { Recorder } from './recorder.ts'

/** What a channel recorded of a conversation, before anybody judges it. */
export interface Course {
  readonly record: Recorder
  readonly utterances: readonly Utterance[]
  readonly transcripts: readonly Transcript[]
  readonly recordings: readonly Recording[]
  readonly bot: BotSession | undefined
  /** Who served the customer last, if anybody did. */
  readonly servedBy: { readonly userId: string; readonly queueId: string; readonly communicationId: string } | undefined
  readonly selfServed: boolean
  readonly endedAt: number
}
