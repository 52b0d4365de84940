import type { Logger } from 'pino'

export interface GenesysSandboxOptions {
  /** Same seed, same ids and content; times are relative to the start. */
  readonly seed: number
  /** How many conversations to invent. Ignored with `dialogues`. */
  readonly conversations: number
  /** Port on 127.0.0.1; default: any free one. */
  readonly port?: number
  readonly now: () => Date
  readonly log: Logger
  /** Plays the dialogues of this file (`.jsonl` or `.jsonl.gz`, the format of the STAR data set) instead of inventing. */
  readonly dialogues?: string
  /** Where the spans of AI agents go (`url` + `/v1/traces`); without it AI agents leave no traces. */
  readonly otlp?: { readonly url: string; readonly token: string }
  /** When late facts and deletions appear, milliseconds after the start. Default 10 s. */
  readonly lateAfterMs?: number
  /** How long a details job takes, milliseconds. Default 1 s. */
  readonly jobMs?: number
  /** Requests per minute and token before 429. Default 300, as Genesys's own. */
  readonly requestsPerMinute?: number
  /** How long a transcript link lives, milliseconds. Default 10 minutes, as Genesys's own. */
  readonly transcriptLinkMs?: number
  /** Answers 500 or 429 now and then, by the seed. */
  readonly chaos?: boolean
}

/** What goes wrong on demand. Counted in API requests, transcript downloads included and the token endpoint excluded. */
export interface SandboxFaults {
  /** The next `n` requests get 429 with `Retry-After`. */
  rateLimitNext(n: number, retryAfterSeconds: number): void
  /** The next `n` requests get an error of this HTTP status. */
  failNext(n: number, status: number): void
  /** The connection of the next `n` requests breaks in the middle of the body. */
  cutNext(n: number): void
  /** The next `n` requests are answered `ms` milliseconds late. */
  delayNext(n: number, ms: number): void
  /** The token endpoint refuses the client, and tokens it gave stop working. */
  revokeCredentials(): void
  restoreCredentials(): void
}

/** One request that the sandbox got. `status` 0: the connection was broken before an answer went out. */
export interface SandboxRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly status: number
  readonly at: Date
}

export type SandboxChannel = 'voice' | 'chat' | 'message' | 'email' | 'callback'

export type SandboxRole = 'customer' | 'agent' | 'bot'

/** Something said or written, in the order it was. */
export interface SandboxUtterance {
  readonly role: SandboxRole
  readonly text: string
  /** Unix milliseconds. */
  readonly at: number
  /** Where it is served: the transcript, the recording's messages or mails, or the bot's reporting turns. */
  readonly source: 'transcript' | 'recording' | 'bot-turns'
  /** Genesys session id. */
  readonly communicationId: string
  /** Genesys participant who said it. */
  readonly participantId: string
}

export interface SandboxEvaluation {
  readonly evaluationId: string
  readonly formName: string
  readonly status: string
  /** Percent; undefined while it is not finished. */
  readonly score: number | undefined
  readonly rescored: boolean
  readonly late: boolean
}

export interface SandboxSurvey {
  readonly surveyId: string
  readonly status: string
  /** Percent. */
  readonly score: number | undefined
  /** 0 to 10. */
  readonly promoterScore: number | undefined
  readonly late: boolean
}

export interface SandboxWrapUp {
  readonly participantId: string
  readonly code: string
  readonly name: string
  readonly note: string | undefined
  readonly late: boolean
}

export interface SandboxToolCall {
  /** `gen_ai.tool.call.id` of the span, or the key of the tool call in the bot's turn. */
  readonly id: string
  readonly name: string
  /** Undefined where a bot turn does not tell. */
  readonly arguments: Readonly<Record<string, unknown>> | undefined
  /** JSON value; an object with `item: null` if nothing was found; undefined if it failed or a bot turn does not tell. */
  readonly result: unknown
  readonly error: string | undefined
  /** Unix milliseconds. */
  readonly at: number
  /** A span posted to `otlp.url`, or a key of a Genesys bot turn. */
  readonly via: 'otlp' | 'bot-turns'
}

/** Everything that there is to know of one conversation once `settled()`. */
export interface SandboxConversation {
  readonly conversationId: string
  readonly channel: SandboxChannel
  readonly direction: 'inbound' | 'outbound'
  /** Unix milliseconds. */
  readonly startedAt: number
  /** Unix milliseconds. */
  readonly endedAt: number
  /** True if it was still open when the sandbox started. */
  readonly openAtStart: boolean
  /** True if no agent ever answered it. */
  readonly abandoned: boolean
  /** True if Genesys deletes it while the sandbox runs; the rest tells what was there before. */
  readonly deleted: boolean
  /** In order. */
  readonly utterances: readonly SandboxUtterance[]
  readonly evaluations: readonly SandboxEvaluation[]
  readonly surveys: readonly SandboxSurvey[]
  readonly wrapUps: readonly SandboxWrapUp[]
  readonly toolCalls: readonly SandboxToolCall[]
  readonly transfers: number
  readonly holds: number
  /** Names of the queues, in the order they were entered. */
  readonly queues: readonly string[]
  readonly userIds: readonly string[]
  /** Communications (Genesys session ids) for which a transcript is served. */
  readonly transcripts: readonly string[]
  readonly recordings: readonly string[]
  /** Ids of the bot's reporting turns, oldest first. */
  readonly botTurns: readonly string[]
  /** The number in the dialogues file, where one was given. */
  readonly dialogueId: number | undefined
}

/** What must have been exported, whatever the connector met on the way. */
export interface SandboxFacts {
  readonly conversations: readonly SandboxConversation[]
  /** Ids of conversations that Genesys deletes. */
  readonly deleted: readonly string[]
  readonly totals: {
    readonly conversations: number
    readonly deleted: number
    readonly abandoned: number
    readonly customerUtterances: number
    readonly agentUtterances: number
    readonly botUtterances: number
    readonly toolCalls: number
    /** Tool calls whose result says that nothing was found. */
    readonly toolCallsWithoutItem: number
    readonly evaluations: number
    readonly surveys: number
    readonly wrapUps: number
    readonly transcripts: number
    readonly recordings: number
    readonly botTurns: number
  }
  readonly queues: Readonly<Record<string, string>>
  readonly users: Readonly<Record<string, string>>
  readonly wrapUpCodes: Readonly<Record<string, string>>
  readonly botFlows: Readonly<Record<string, string>>
}

export interface GenesysSandbox {
  /** What the connector's `apiUrl` is to be. */
  readonly apiUrl: string
  /** What the connector's `loginUrl` is to be. */
  readonly loginUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** The oracle: what must have been exported in the end. */
  facts(): SandboxFacts
  /** True once every late fact is being served and every span has been accepted. */
  settled(): boolean
  readonly faults: SandboxFaults
  /** Every request since the start, oldest first, the token endpoint included. */
  requests(): readonly SandboxRequest[]
  /** Stops serving and posting; safe to call twice. */
  close(): Promise<void>
}
