// Generated from schemas/avro by `npm run generate`; do not edit.

/** Where a slice of a stream resumes. Topic checkpoints, compacted by connector/stream/slice. Without a vendor: how far correlation has delivered a partition (the slice) of uncorrelated. */
export interface Checkpoint {
  /** The vendor of the connector. */
  readonly vendor: string
  /** The account of the connector. */
  readonly account: string
  /** The stream that the slice belongs to. */
  readonly stream: string
  /** The id of the slice. */
  readonly slice: string
  /** The connector's cursor as JSON: everything before it is durable. */
  readonly cursor: string
  /** Records appended for this slice since it began. */
  readonly records: number
  /** When it was saved. Unix milliseconds. */
  readonly savedAt: number
}

/** A record that could not be processed, kept with its reason and position, and retryable. Topic dead-letters. */
export interface DeadLetter {
  /** UUID made from stage and position: the same failure has the same id. */
  readonly id: string
  /** The stage that refused it: ingest, normalize, correlate, assemble or a sink. */
  readonly stage: string
  /** Stable code of the reason, e.g. payload-not-json. */
  readonly code: string
  /** The reason for a person; never contains the payload. */
  readonly reason: string
  /** Topic of the original record; empty where it never reached the log. */
  readonly topic: string
  /** Partition of the original record; -1 where it never reached the log. */
  readonly partition: number
  /** Offset of the original record; -1 where it never reached the log. */
  readonly offset: number
  /** Key of the original record. */
  readonly key: Buffer | null
  /** Value of the original record, as it was. */
  readonly value: Buffer | null
  /** Headers of the original record. */
  readonly headers: Readonly<Record<string, string>>
  /** When it failed. Unix milliseconds. */
  readonly failedAt: number
}

/** The conversation began. */
export interface ConversationStarted {
  /** voice, chat, message, email, callback, video, social, agent or other. */
  readonly channel: string
  /** The vendor's own word for the channel. */
  readonly vendorChannel: string | null
  /** inbound, outbound, internal or unknown. */
  readonly direction: string
  /** The vendor's own word for the direction. */
  readonly vendorDirection: string | null
  /** Subject or topic. */
  readonly subject: string | null
  /** Id of the outbound campaign. */
  readonly campaign: string | null
  /** The address that was called or written to: number, mailbox, widget. */
  readonly entryPoint: string | null
  /** BCP 47 tag. */
  readonly language: string | null
}

/** The conversation ended; late facts may still follow. */
export interface ConversationEnded {
  /** From start to end, milliseconds. */
  readonly durationMs: number | null
  /** completed, abandoned, failed, voicemail or unknown. */
  readonly reason: string
  /** The vendor's own word for the reason. */
  readonly vendorReason: string | null
  /** The party that ended it. */
  readonly endedByPartyKey: string | null
  /** True if the customer left before any agent or bot answered, or without a word. */
  readonly abandoned: boolean
}

/** A person, bot or organization entered the conversation. */
export interface PartyJoined {
  /** Names the party within the conversation; other events refer to it. */
  readonly partyKey: string
  /** customer, agent, bot, supervisor, sme, thirdparty or system. */
  readonly role: string
  /** The vendor's own word for the role. */
  readonly vendorRole: string | null
  /** person, bot, organization or system. */
  readonly kind: string
  /** Display name. */
  readonly name: string | null
  /** The vendor's id of the person or bot, stable across conversations. */
  readonly externalId: string | null
  /** Telephone number, E.164 where the vendor gives it so. */
  readonly tel: string | null
  /** SIP address. */
  readonly sip: string | null
  /** E-mail address. */
  readonly mailto: string | null
  /** Organization. */
  readonly org: string | null
  /** Department, team or division. */
  readonly dept: string | null
}

/** A party left the conversation. */
export interface PartyLeft {
  /** The party that left. */
  readonly partyKey: string
  /** hung-up, transferred, disconnected, timeout or error. */
  readonly reason: string | null
  /** The vendor's own word for the reason. */
  readonly vendorReason: string | null
  /** How long the party took part, milliseconds. */
  readonly durationMs: number | null
}

/** The conversation began to wait in a queue. */
export interface QueueEntered {
  /** The routing party (ACD) or the party that waits. */
  readonly partyKey: string | null
  /** The vendor's id of the queue. */
  readonly queueId: string
  /** Its name. */
  readonly queueName: string | null
  /** Skills asked for. */
  readonly skills: readonly string[]
}

/** The conversation left a queue. */
export interface QueueLeft {
  /** The routing party (ACD) or the party that waited. */
  readonly partyKey: string | null
  /** The vendor's id of the queue. */
  readonly queueId: string
  /** Its name. */
  readonly queueName: string | null
  /** answered, abandoned, transferred, flowed-out or unknown. */
  readonly outcome: string
  /** The vendor's own word for the outcome. */
  readonly vendorOutcome: string | null
  /** Time in the queue, milliseconds. */
  readonly durationMs: number | null
}

/** A party was put on hold. */
export interface HoldStarted {
  /** The party whose session was held. */
  readonly partyKey: string
}

/** A party was taken off hold. */
export interface HoldEnded {
  /** The party whose session was held. */
  readonly partyKey: string
  /** Time on hold, milliseconds. */
  readonly durationMs: number | null
}

/** The conversation was handed over. */
export interface Transfer {
  /** blind, consult, handover (bot to person) or unknown. */
  readonly kind: string
  /** The vendor's own word for the kind. */
  readonly vendorKind: string | null
  /** The party that handed over (transferor). */
  readonly fromPartyKey: string | null
  /** The party that received it (transfer target). */
  readonly toPartyKey: string | null
  /** The party that was handed over, as a rule the customer. */
  readonly transfereePartyKey: string | null
  /** The queue that received it. */
  readonly toQueueId: string | null
  /** Its name. */
  readonly toQueueName: string | null
  /** The address that received it. */
  readonly toAddress: string | null
}

/** A file sent with a message. */
export interface Attachment {
  /** File name. */
  readonly name: string | null
  /** Media type. */
  readonly mediaType: string | null
  /** Size in bytes. */
  readonly sizeBytes: number | null
  /** Lasting address; never a signed link. */
  readonly url: string | null
}

/** A written message: chat, SMS, e-mail, or a message of an AI agent. */
export interface Message {
  /** The party that wrote it. */
  readonly partyKey: string | null
  /** The parties that it was sent to, where known. */
  readonly toPartyKeys: readonly string[]
  /** The vendor's id of the message. */
  readonly messageId: string | null
  /** Id of the message that it answers. */
  readonly inReplyTo: string | null
  /** Subject of an e-mail. */
  readonly subject: string | null
  /** The text; null if it had only attachments. */
  readonly text: string | null
  /** Media type of text. */
  readonly mediaType: string
  /** BCP 47 tag. */
  readonly language: string | null
  /** Files sent with it. */
  readonly attachments: readonly Attachment[]
}

/** A word of an utterance. */
export interface Word {
  /** The word. */
  readonly text: string
  /** From the start of the utterance, milliseconds. */
  readonly offsetMs: number
  /** Milliseconds. */
  readonly durationMs: number
  /** 0 to 1. */
  readonly confidence: number | null
}

/** Something that was said, as transcribed. */
export interface Utterance {
  /** The party that spoke. */
  readonly partyKey: string | null
  /** What was said. */
  readonly text: string
  /** From the start of the recording or transcript, milliseconds. */
  readonly offsetMs: number | null
  /** Milliseconds. */
  readonly durationMs: number | null
  /** BCP 47 tag. */
  readonly language: string | null
  /** 0 to 1, of the whole utterance. */
  readonly confidence: number | null
  /** The vendor's id of the transcript. */
  readonly transcriptId: string | null
  /** The vendor's id of the call leg that was transcribed. */
  readonly sessionKey: string | null
  /** Its words, where the vendor gives them. */
  readonly words: readonly Word[]
}

/** A recording exists, changed its state, or was deleted. */
export interface Recording {
  /** The vendor's id of the recording. */
  readonly recordingId: string
  /** The vendor's id of the call leg that was recorded. */
  readonly sessionKey: string | null
  /** The parties that are heard or seen. */
  readonly partyKeys: readonly string[]
  /** audio, video, screen, chat, message, email or other. */
  readonly media: string
  /** The vendor's own word for the media. */
  readonly vendorMedia: string | null
  /** Media type of the file, where known. */
  readonly mediaType: string | null
  /** available, archived, restoring, processing, deleted or unknown. */
  readonly state: string
  /** The vendor's own word for the state. */
  readonly vendorState: string | null
  /** Milliseconds. */
  readonly durationMs: number | null
  /** Bytes. */
  readonly sizeBytes: number | null
  /** Lasting address; never a signed link. */
  readonly url: string | null
}

/** The outcome that somebody or something assigned: a wrap-up code. */
export interface Disposition {
  /** The party that assigned it. */
  readonly partyKey: string | null
  /** The vendor's code. */
  readonly code: string
  /** Its name. */
  readonly name: string | null
  /** The note written with it. */
  readonly note: string | null
  /** Tags given with it. */
  readonly tags: readonly string[]
  /** Time spent on after-call work, milliseconds. */
  readonly durationMs: number | null
  /** The queue that it was worked for. */
  readonly queueId: string | null
  /** Its name. */
  readonly queueName: string | null
}

/** A summary of the conversation or a part of it. */
export interface Summary {
  /** The party that it is about. */
  readonly partyKey: string | null
  /** The summary. */
  readonly text: string
  /** conversation, segment or other. */
  readonly kind: string | null
  /** BCP 47 tag. */
  readonly language: string | null
  /** What wrote it, where known. */
  readonly model: string | null
}

/** How a party felt, as measured. */
export interface Sentiment {
  /** The party that it is about. */
  readonly partyKey: string | null
  /** conversation or utterance. */
  readonly scope: string
  /** -1 (negative) to 1 (positive). */
  readonly score: number | null
  /** The vendor's own score. */
  readonly vendorScore: number | null
  /** positive, neutral, negative or mixed. */
  readonly label: string | null
  /** Change over the conversation, -1 to 1. */
  readonly trend: number | null
  /** The phrase that it was measured on, where the vendor gives it. */
  readonly text: string | null
  /** Length of the phrase, milliseconds. */
  readonly durationMs: number | null
}

/** The answer to one question of a form. */
export interface Answer {
  /** Id of the question. */
  readonly questionId: string | null
  /** The question. */
  readonly question: string | null
  /** The answer. */
  readonly answer: string | null
  /** Its score. */
  readonly score: number | null
  /** The highest score possible. */
  readonly maxScore: number | null
  /** A comment on it. */
  readonly comment: string | null
}

/** What the customer answered afterwards. */
export interface Survey {
  /** The vendor's id of the survey. */
  readonly surveyId: string
  /** Id of the form. */
  readonly formId: string | null
  /** Name of the form. */
  readonly formName: string | null
  /** sent, started, finished, expired or unknown. */
  readonly status: string
  /** The vendor's own word for the status. */
  readonly vendorStatus: string | null
  /** Total score, in the scale below. */
  readonly score: number | null
  /** Lowest possible score. */
  readonly scaleMin: number | null
  /** Highest possible score. */
  readonly scaleMax: number | null
  /** Net promoter score, 0 to 10. */
  readonly promoterScore: number | null
  /** What the customer wrote. */
  readonly comment: string | null
  /** The answers one by one. */
  readonly answers: readonly Answer[]
}

/** A bot or agent used a tool. */
export interface ToolCall {
  /** The party that it is about. */
  readonly partyKey: string | null
  /** The id that the model or the vendor gave the call. */
  readonly callId: string | null
  /** Name of the tool. */
  readonly name: string
  /** function, mcp, datastore, extension, data-action or other. */
  readonly kind: string
  /** Server or service that offers the tool. */
  readonly server: string | null
  /** Arguments as JSON. */
  readonly arguments: string | null
  /** Result as JSON, or its text as a JSON string. */
  readonly result: string | null
  /** True if the call failed. */
  readonly isError: boolean
  /** Class of the error. */
  readonly errorType: string | null
  /** Its message. */
  readonly errorMessage: string | null
  /** Milliseconds. */
  readonly durationMs: number | null
  /** OpenTelemetry trace id, lower-case hex. */
  readonly traceId: string | null
  /** OpenTelemetry span id, lower-case hex. */
  readonly spanId: string | null
}

/** A step of an agent: a call of a model, a plan, a retrieval, a hand-off, with what it reasoned and used. */
export interface ReasoningStep {
  /** The party that it is about. */
  readonly partyKey: string | null
  /** inference, plan, agent, workflow, retrieval, memory, guardrail or other. */
  readonly kind: string
  /** Name of the step. */
  readonly name: string | null
  /** What was reasoned, as the model or framework gave it. */
  readonly text: string | null
  /** Provider of the model. */
  readonly provider: string | null
  /** Model asked for. */
  readonly requestModel: string | null
  /** Model that answered. */
  readonly responseModel: string | null
  /** Why the model stopped. */
  readonly finishReasons: readonly string[]
  /** Tokens read, cached ones included. */
  readonly inputTokens: number | null
  /** Tokens written. */
  readonly outputTokens: number | null
  /** Tokens read from a cache. */
  readonly cachedInputTokens: number | null
  /** Tokens spent on reasoning. */
  readonly reasoningTokens: number | null
  /** True if the step failed. */
  readonly isError: boolean
  /** Class of the error. */
  readonly errorType: string | null
  /** Its message. */
  readonly errorMessage: string | null
  /** Milliseconds. */
  readonly durationMs: number | null
  /** OpenTelemetry trace id, lower-case hex. */
  readonly traceId: string | null
  /** OpenTelemetry span id, lower-case hex. */
  readonly spanId: string | null
  /** The span that this step belongs to. */
  readonly parentSpanId: string | null
}

/** A judgement of the conversation, a party or a step: quality form, score, guardrail. */
export interface EvaluationResult {
  /** The party that it is about. */
  readonly partyKey: string | null
  /** The vendor's id of the evaluation. */
  readonly evaluationId: string | null
  /** What was evaluated: name of the form or metric. */
  readonly name: string
  /** Id of the form. */
  readonly formId: string | null
  /** In the scale below. */
  readonly score: number | null
  /** Lowest possible score. */
  readonly scaleMin: number | null
  /** Highest possible score. */
  readonly scaleMax: number | null
  /** pass, fail or another label. */
  readonly label: string | null
  /** Why. */
  readonly explanation: string | null
  /** human, llm, code or unknown. */
  readonly evaluatorKind: string
  /** Id or name of who or what judged. */
  readonly evaluator: string | null
  /** pending, in-progress, finished or retracted. */
  readonly status: string | null
  /** The vendor's own word for the status. */
  readonly vendorStatus: string | null
  /** What was judged: a span or response id, where it is not the conversation. */
  readonly targetId: string | null
  /** The answers one by one. */
  readonly answers: readonly Answer[]
  /** OpenTelemetry trace id, lower-case hex. */
  readonly traceId: string | null
  /** OpenTelemetry span id, lower-case hex. */
  readonly spanId: string | null
}

/** A party gave, refused or withdrew consent. */
export interface ConsentSignal {
  /** The party that it is about. */
  readonly partyKey: string | null
  /** What it is about: recording, analytics, marketing, … */
  readonly purpose: string
  /** granted, denied or withdrawn. */
  readonly status: string
  /** Lawful basis. */
  readonly basis: string | null
  /** How it was given. */
  readonly method: string | null
  /** The vendor's own value. */
  readonly vendorValue: string | null
  /** Unix milliseconds. */
  readonly expiresAt: number | null
}

/** A named value that the vendor or a flow attached. */
export interface AttributeChanged {
  /** The party that it is about. */
  readonly partyKey: string | null
  /** Name of the attribute. */
  readonly name: string
  /** Its value; null if it was removed. */
  readonly value: string | null
}

/** The vendor deleted something, or an erasure was asked for. */
export interface Deletion {
  /** conversation, recording or transcript. */
  readonly scope: string
  /** What was deleted, where it is not the whole conversation. */
  readonly targetId: string | null
  /** retention, erasure-request, vendor or unknown. */
  readonly reason: string | null
  /** Who asked for it. */
  readonly requestedBy: string | null
}

/** One normalized fact about a conversation. Common fields, and one section that type names. Topic events. */
export interface ConversationEvent {
  /** UUID of the fact: the same on every machine and every replay. */
  readonly id: string
  /** Event type; names the one section that is set. */
  readonly type: string
  /** A higher version supersedes: the vendor's updated-at, else observedAt. Unix milliseconds. */
  readonly version: number
  /** Orders what the correlate stage moved within one version; 0 as a rule. */
  readonly revision: number
  /** True if the fact does not belong to this conversation (any more). */
  readonly retracted: boolean
  /** UUID of the conversation. */
  readonly conversationId: string
  /** The vendor whose conversation it is. */
  readonly conversationVendor: string
  /** The account whose conversation it is. */
  readonly conversationAccount: string
  /** The vendor's key of the conversation. */
  readonly conversationKey: string
  /** The vendor or telemetry that reported the fact. */
  readonly sourceVendor: string
  /** The account that reported it. */
  readonly sourceAccount: string
  /** The stream that it was read from. */
  readonly sourceStream: string
  /** The vendor's own key of the fact, or the fields that identify it. */
  readonly sourceKey: string
  /** When it happened. Unix milliseconds. */
  readonly occurredAt: number
  /** Orders facts of one conversation that happened in the same millisecond. */
  readonly sequence: number
  /** When the vendor held this state. Unix milliseconds. */
  readonly observedAt: number
  /** Topic of the raw record that shows it. */
  readonly rawTopic: string
  /** Its partition. */
  readonly rawPartition: number
  /** Its offset. */
  readonly rawOffset: number
  /** SHA-256 of its payload, lower-case hex. */
  readonly rawHash: string
  /** Hash of what the fact says: type, conversation, times, section. 32 hex digits. */
  readonly contentHash: string
  /** Set if type is conversation.started. The conversation began. */
  readonly conversationStarted: ConversationStarted | null
  /** Set if type is conversation.ended. The conversation ended; late facts may still follow. */
  readonly conversationEnded: ConversationEnded | null
  /** Set if type is party.joined. A person, bot or organization entered the conversation. */
  readonly partyJoined: PartyJoined | null
  /** Set if type is party.left. A party left the conversation. */
  readonly partyLeft: PartyLeft | null
  /** Set if type is queue.entered. The conversation began to wait in a queue. */
  readonly queueEntered: QueueEntered | null
  /** Set if type is queue.left. The conversation left a queue. */
  readonly queueLeft: QueueLeft | null
  /** Set if type is hold.started. A party was put on hold. */
  readonly holdStarted: HoldStarted | null
  /** Set if type is hold.ended. A party was taken off hold. */
  readonly holdEnded: HoldEnded | null
  /** Set if type is transfer. The conversation was handed over. */
  readonly transfer: Transfer | null
  /** Set if type is message. A written message: chat, SMS, e-mail, or a message of an AI agent. */
  readonly message: Message | null
  /** Set if type is utterance. Something that was said, as transcribed. */
  readonly utterance: Utterance | null
  /** Set if type is recording. A recording exists, changed its state, or was deleted. */
  readonly recording: Recording | null
  /** Set if type is disposition. The outcome that somebody or something assigned: a wrap-up code. */
  readonly disposition: Disposition | null
  /** Set if type is summary. A summary of the conversation or a part of it. */
  readonly summary: Summary | null
  /** Set if type is sentiment. How a party felt, as measured. */
  readonly sentiment: Sentiment | null
  /** Set if type is survey. What the customer answered afterwards. */
  readonly survey: Survey | null
  /** Set if type is tool.call. A bot or agent used a tool. */
  readonly toolCall: ToolCall | null
  /** Set if type is reasoning.step. A step of an agent: a call of a model, a plan, a retrieval, a hand-off, with what it reasoned and used. */
  readonly reasoningStep: ReasoningStep | null
  /** Set if type is evaluation.result. A judgement of the conversation, a party or a step: quality form, score, guardrail. */
  readonly evaluationResult: EvaluationResult | null
  /** Set if type is consent.signal. A party gave, refused or withdrew consent. */
  readonly consentSignal: ConsentSignal | null
  /** Set if type is attribute.changed. A named value that the vendor or a flow attached. */
  readonly attributeChanged: AttributeChanged | null
  /** Set if type is deletion. The vendor deleted something, or an erasure was asked for. */
  readonly deletion: Deletion | null
}

/** A vendor payload, byte for byte, with its provenance. Topic raw.<vendor>. */
export interface RawRecord {
  /** The vendor that it was read from, e.g. genesys-cloud. */
  readonly vendor: string
  /** The customer's org, tenant or instance at the vendor. */
  readonly account: string
  /** The kind of record, e.g. conversation-details. */
  readonly stream: string
  /** The vendor's own key of this record within account and stream. */
  readonly key: string
  /** The vendor's key of the conversation, if the record names exactly one. */
  readonly conversationKey: string | null
  /** When the vendor held this state, as far as we know it: the time of the response or of the snapshot. Unix milliseconds. */
  readonly observedAt: number
  /** The vendor's own updated-at. Unix milliseconds; null where the vendor has none. */
  readonly version: number | null
  /** Media type of payload. */
  readonly contentType: string
  /** The bytes that the vendor sent, decompressed. */
  readonly payload: Buffer
  /** SHA-256 of payload, lower-case hex. */
  readonly hash: string
  /** JSON that the connector read beside the payload and that normalizing needs, e.g. the names of ids in it. */
  readonly context: string | null
}

/** The fact that an alias belongs to a conversation, or to another alias of its scope. */
export interface Link {
  /** UUID of the fact. */
  readonly id: string
  /** A higher version supersedes. Unix milliseconds. */
  readonly version: number
  /** The alias that it inherits from; null if it names a conversation. */
  readonly parentAlias: string | null
  /** Vendor of the conversation. */
  readonly conversationVendor: string | null
  /** Account of the conversation. */
  readonly conversationAccount: string | null
  /** The vendor's key of the conversation. */
  readonly conversationKey: string | null
}

/** An event whose conversation is not known yet, or a link that tells it. Topic uncorrelated, keyed by scope. */
export interface Uncorrelated {
  /** What is correlated together, e.g. trace:5b8e…; the key of the record. */
  readonly scope: string
  /** The name within the scope that the event is addressed to or the link is about. */
  readonly alias: string
  /** Vendor of the conversation that the scope becomes if no link comes. */
  readonly fallbackVendor: string
  /** Account of that conversation. */
  readonly fallbackAccount: string
  /** Key of that conversation. */
  readonly fallbackKey: string
  /** When it was observed. Unix milliseconds. */
  readonly observedAt: number
  /** The event, encoded as on the topic events; its conversation fields are empty. */
  readonly event: Buffer | null
  /** The link. */
  readonly link: Link | null
}

/** The section of each event type. */
export interface EventSections {
  readonly 'conversation.started': ConversationStarted
  readonly 'conversation.ended': ConversationEnded
  readonly 'party.joined': PartyJoined
  readonly 'party.left': PartyLeft
  readonly 'queue.entered': QueueEntered
  readonly 'queue.left': QueueLeft
  readonly 'hold.started': HoldStarted
  readonly 'hold.ended': HoldEnded
  readonly 'transfer': Transfer
  readonly 'message': Message
  readonly 'utterance': Utterance
  readonly 'recording': Recording
  readonly 'disposition': Disposition
  readonly 'summary': Summary
  readonly 'sentiment': Sentiment
  readonly 'survey': Survey
  readonly 'tool.call': ToolCall
  readonly 'reasoning.step': ReasoningStep
  readonly 'evaluation.result': EvaluationResult
  readonly 'consent.signal': ConsentSignal
  readonly 'attribute.changed': AttributeChanged
  readonly 'deletion': Deletion
}

export type EventType = keyof EventSections

/** The field of `ConversationEvent` that holds the section of an event type. */
export const sectionFields = {
  'conversation.started': 'conversationStarted',
  'conversation.ended': 'conversationEnded',
  'party.joined': 'partyJoined',
  'party.left': 'partyLeft',
  'queue.entered': 'queueEntered',
  'queue.left': 'queueLeft',
  'hold.started': 'holdStarted',
  'hold.ended': 'holdEnded',
  'transfer': 'transfer',
  'message': 'message',
  'utterance': 'utterance',
  'recording': 'recording',
  'disposition': 'disposition',
  'summary': 'summary',
  'sentiment': 'sentiment',
  'survey': 'survey',
  'tool.call': 'toolCall',
  'reasoning.step': 'reasoningStep',
  'evaluation.result': 'evaluationResult',
  'consent.signal': 'consentSignal',
  'attribute.changed': 'attributeChanged',
  'deletion': 'deletion',
} as const satisfies Record<EventType, keyof ConversationEvent>

export const eventTypes = Object.keys(sectionFields) as readonly EventType[]

/** No section set: the start of every event. */
export const noSections = {
  conversationStarted: null,
  conversationEnded: null,
  partyJoined: null,
  partyLeft: null,
  queueEntered: null,
  queueLeft: null,
  holdStarted: null,
  holdEnded: null,
  transfer: null,
  message: null,
  utterance: null,
  recording: null,
  disposition: null,
  summary: null,
  sentiment: null,
  survey: null,
  toolCall: null,
  reasoningStep: null,
  evaluationResult: null,
  consentSignal: null,
  attributeChanged: null,
  deletion: null,
} as const
