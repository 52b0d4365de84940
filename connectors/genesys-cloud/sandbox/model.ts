import type { SandboxChannel, SandboxRole, SandboxToolCall } from './types.ts'

/** A stretch of a session. Times here and below are Unix milliseconds. */
export interface Segment {
  readonly type:
    | 'ivr'
    | 'delay'
    | 'alert'
    | 'dialing'
    | 'contacting'
    | 'interact'
    | 'hold'
    | 'wrapup'
    | 'system'
    | 'parked'
  readonly from: number
  readonly to: number
  readonly queueId?: string | undefined
  readonly disconnectType?: 'client' | 'peer' | 'endpoint' | 'transfer' | 'system' | 'conference.transfer' | undefined
  readonly subject?: string | undefined
  readonly destinationSessionId?: string | undefined
  readonly sourceSessionId?: string | undefined
  readonly wrapUp?: WrapUp | undefined
  /** How the agent handed over at the end of it. */
  readonly transfer?: 'blind' | 'consult' | undefined
}

export interface WrapUp {
  readonly code: string
  readonly note?: string | undefined
  /** Until then the segment looks as if the agent were still at it: no end, no code. */
  readonly shownFrom: number
}

export interface Flow {
  readonly id: string
  readonly name: string
  readonly type: 'INBOUNDCALL' | 'BOT' | 'DIGITALBOT' | 'INBOUNDSHORTMESSAGE' | 'INBOUNDEMAIL' | 'INBOUNDCHAT'
  readonly exitReason: 'TRANSFER' | 'DISCONNECT'
  readonly transferType?: 'ACD' | undefined
  readonly transferTargetName?: string | undefined
  readonly language: string
}

export interface Session {
  readonly id: string
  readonly mediaType: 'voice' | 'chat' | 'message' | 'email' | 'callback'
  readonly direction: 'inbound' | 'outbound'
  readonly provider: string
  readonly messageType?: 'webmessaging' | 'whatsapp' | 'sms' | undefined
  readonly ani?: string | undefined
  readonly dnis?: string | undefined
  readonly addressFrom?: string | undefined
  readonly addressTo?: string | undefined
  readonly remote?: string | undefined
  readonly requestedRoutings?: readonly string[] | undefined
  readonly usedRouting?: string | undefined
  readonly callbackNumbers?: readonly string[] | undefined
  readonly callbackUserName?: string | undefined
  readonly peerId?: string | undefined
  readonly recording?: boolean | undefined
  readonly flow?: Flow | undefined
  readonly segments: readonly Segment[]
}

export interface Participant {
  readonly id: string
  readonly purpose: 'customer' | 'external' | 'acd' | 'ivr' | 'agent' | 'workflow' | 'botflow'
  readonly name?: string | undefined
  readonly userId?: string | undefined
  readonly externalContactId?: string | undefined
  readonly attributes?: Readonly<Record<string, string>> | undefined
  readonly sessions: readonly Session[]
}

/** Something said or written. */
export interface Utterance {
  readonly role: SandboxRole
  readonly text: string
  readonly at: number
  readonly durationMs: number
  /** How it sounds, -1 (bad) to 1 (good). */
  readonly mood: number
  readonly participantId: string
}

/** What was said in one voice communication, and when Genesys has transcribed it. */
export interface Transcript {
  readonly communicationId: string
  readonly language: string
  readonly utterances: readonly Utterance[]
  readonly readyAt: number
}

/** A recording; of written channels it holds the messages. */
export interface Recording {
  readonly id: string
  readonly communicationId: string
  readonly media: 'audio' | 'chat' | 'messaging' | 'email'
  readonly from: number
  readonly to: number
  readonly readyAt: number
  readonly subject?: string | undefined
  readonly messages: readonly (Utterance & { readonly id: string })[]
}

/** One turn of a bot: what it said, then what the customer answered. */
export interface BotTurn {
  readonly prompts: readonly string[]
  readonly input: string | undefined
  readonly at: number
  readonly completedAt: number
  readonly action: { readonly id: string; readonly name: string; readonly number: number; readonly type: string }
  readonly result: string
  readonly intent?: { readonly name: string; readonly confidence: number } | undefined
  readonly slots: readonly { readonly name: string; readonly value: string }[]
  readonly query?: string | undefined
  readonly toolCalls: readonly BotToolCall[]
  readonly end?: { readonly type: string; readonly reason: string } | undefined
}

interface BotToolCall {
  readonly id: string
  readonly name: string
  readonly at: number
  readonly latencyMs: number
  readonly error?: string | undefined
}

export interface BotSession {
  readonly id: string
  readonly flowId: string
  readonly participantId: string
  readonly customerId: string
  readonly language: string
  readonly channel: 'Call' | 'Webmessaging' | 'Messaging'
  readonly result: string
  readonly resultCategory: string
  readonly turns: readonly BotTurn[]
}

/** What Genesys shows of a thing from some time on, until the next version. */
export interface Version {
  readonly shownFrom: number
}

export interface EvaluationVersion extends Version {
  readonly status: 'PENDING' | 'INPROGRESS' | 'FINISHED'
  readonly eventTime: number
  readonly rescored: boolean
  readonly comment?: string | undefined
  /** Points by question, in the order of the form; absent while it is not finished. */
  readonly points?: readonly number[] | undefined
}

export interface Evaluation {
  readonly id: string
  readonly form: EvaluationForm
  readonly evaluatorId: string
  readonly agentUserId: string
  readonly queueId: string | undefined
  readonly versions: readonly EvaluationVersion[]
}

interface SurveyVersion extends Version {
  readonly status: 'Sent' | 'Finished'
  readonly eventTime: number
  /** Percent. */
  readonly score?: number | undefined
  /** 0 to 10. */
  readonly promoterScore?: number | undefined
  readonly answers: readonly { readonly question: string; readonly text: string; readonly score: number }[]
}

export interface Survey {
  readonly id: string
  readonly form: SurveyForm
  readonly agentUserId: string | undefined
  readonly queueId: string | undefined
  readonly versions: readonly SurveyVersion[]
}

export interface EvaluationForm {
  readonly id: string
  readonly contextId: string
  readonly name: string
  readonly groups: readonly {
    readonly id: string
    readonly name: string
    readonly questions: readonly { readonly id: string; readonly text: string; readonly most: number }[]
  }[]
}

export interface SurveyForm {
  readonly id: string
  readonly contextId: string
  readonly name: string
}

export interface Summary {
  readonly id: string
  readonly text: string
  readonly reason: string
  readonly resolution: string
  readonly communicationId: string
  readonly createdAt: number
}

/** Tool calls of one turn of an AI agent outside Genesys, as its telemetry tells them. */
export interface AgentTurn {
  readonly agent: { readonly id: string; readonly name: string }
  readonly from: number
  readonly to: number
  readonly calls: readonly (SandboxToolCall & { readonly durationMs: number })[]
}

/** A conversation from beginning to end; what Genesys shows of it depends on when it is asked. */
export interface Conversation {
  readonly id: string
  readonly channel: SandboxChannel
  readonly direction: 'inbound' | 'outbound'
  readonly language: string
  readonly startedAt: number
  readonly endedAt: number
  readonly deletedAt?: number | undefined
  readonly selfServed?: boolean | undefined
  readonly participants: readonly Participant[]
  readonly transcripts: readonly Transcript[]
  readonly recordings: readonly Recording[]
  readonly bot?: BotSession | undefined
  readonly evaluations: readonly Evaluation[]
  readonly surveys: readonly Survey[]
  readonly summary?: Summary | undefined
  readonly agentTurns: readonly AgentTurn[]
  readonly dialogueId?: number | undefined
}

/** The version shown at `at`, if there is one yet. */
export const shownAt = <V extends Version>(versions: readonly V[], at: number): V | undefined =>
  versions.findLast(version => version.shownFrom <= at)

/** True from the start of the conversation until Genesys deletes it. */
export const existsAt = (conversation: Conversation, at: number) =>
  conversation.startedAt <= at && (conversation.deletedAt === undefined || at < conversation.deletedAt)

/** The moments between which everything happens. */
export interface Schedule {
  /** When the sandbox started. */
  readonly start: number
  /** When late facts appear and deletions happen. */
  readonly lateAt: number
}
