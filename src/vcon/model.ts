/**
 * The unsigned form of a vCon, draft-ietf-vcon-vcon-core-03, with the parameters of the contact-centre extension
 * (draft-ietf-vcon-cc-extension-02). Parameter names and the order of properties are the drafts'.
 */
export interface Vcon {
  /** Deprecated syntax version; always this value. */
  readonly vcon?: '0.4.0'
  readonly uuid: string
  readonly extensions?: readonly string[]
  /** Extensions that a reader must support to process this vCon at all. */
  readonly critical?: readonly string[]
  readonly created_at: VconDate
  readonly updated_at?: VconDate
  readonly subject?: string
  readonly redacted?: Redacted
  readonly amended?: Amended
  readonly parties?: readonly Party[]
  readonly dialog?: readonly Dialog[]
  readonly analysis?: readonly Analysis[]
  readonly attachments?: readonly Attachment[]
}

/** RFC 3339 as RFC 8620 §1.4 narrows it: upper-case T and Z, no fraction of a second that is zero. */
export type VconDate = string

/** Index into the array that the parameter names: parties, dialog or attachments. */
export type Index = number

/** `<algorithm>-<base64url digest>`, e.g. `sha512-…`. */
export type ContentHash = string

/** Any JSON value. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

/** A file: inline (`body`, `encoding`) or elsewhere (`url`, `content_hash`). */
export interface Content {
  readonly mediatype?: string
  readonly filename?: string
  readonly body?: JsonValue
  readonly encoding?: Encoding
  readonly url?: string
  readonly content_hash?: ContentHash | readonly ContentHash[]
}

export const encodings = ['base64url', 'json', 'none'] as const
export type Encoding = (typeof encodings)[number]

/** The less redacted vCon that this one was made from. */
export interface Redacted {
  readonly uuid?: string
  readonly type: string
  readonly url?: string
  readonly content_hash?: ContentHash | readonly ContentHash[]
}

/** The vCon that this one adds to. */
export interface Amended {
  readonly uuid?: string
  readonly url?: string
  readonly content_hash?: ContentHash | readonly ContentHash[]
}

/** Somebody or something that took part in or contributed to the conversation; named by its index. */
export interface Party {
  readonly tel?: string
  readonly sip?: string
  readonly stir?: string
  readonly mailto?: string
  readonly name?: string
  readonly did?: string
  /** Label of the method by which the identity was validated, `none` included; never what was validated. */
  readonly validation?: string
  readonly gmlpos?: string
  readonly civicaddress?: Civicaddress
  /** In a contact centre: the same for an agent in every interaction. */
  readonly uuid?: string
  /** Should be one of `partyTypes`. */
  readonly type?: string
  readonly org?: string
  readonly dept?: string
  /** CC: agent, customer, supervisor, sme, thirdparty or another word. */
  readonly role?: string
  /** CC: label of the list that the party was contacted from. */
  readonly contact_list?: string
}

export const partyTypes = ['person', 'bot', 'organization'] as const

export const civicaddressFields = [
  'country',
  'a1',
  'a2',
  'a3',
  'a4',
  'a5',
  'a6',
  'prd',
  'pod',
  'sts',
  'hno',
  'hns',
  'lmk',
  'loc',
  'flr',
  'nam',
  'pc',
] as const
export type Civicaddress = { readonly [F in (typeof civicaddressFields)[number]]?: string }

export const dialogTypes = ['recording', 'recording-set', 'text', 'transfer', 'incomplete'] as const
export type DialogType = (typeof dialogTypes)[number]

export const dispositions = ['no-answer', 'congestion', 'failed', 'busy', 'hung-up', 'voicemail-no-message'] as const
/** Why a conversation never came about; what an agent decides afterwards is analysis. */
export type Disposition = (typeof dispositions)[number]

/** A piece of the conversation, or what is known of it. */
export interface Dialog extends Content {
  readonly type: DialogType
  readonly start: VconDate
  /** Seconds. */
  readonly duration?: number
  /** Of a multichannel recording one entry per channel, null for an unused one. The first party is the originator. */
  readonly parties?: Index | readonly (Index | readonly Index[] | null)[]
  /** Only if the first party is not the originator. */
  readonly originator?: Index
  /** The recordings of a `recording-set`. */
  readonly recordings?: readonly Index[]
  /** The `recording-set` that a `recording` belongs to. */
  readonly recording_set?: Index
  /** Why an `incomplete` dialog did not come about. */
  readonly disposition?: Disposition
  readonly session_id?: SessionId | readonly (SessionId | readonly SessionId[])[]
  readonly party_history?: readonly PartyHistory[]
  /** Of a `transfer`: who was handed over, … */
  readonly transferee?: Index
  /** …by whom, … */
  readonly transferor?: Index
  /** …and to whom. */
  readonly transfer_target?: Index | readonly Index[]
  /** Dialog between transferee and transferor. */
  readonly original?: Index | readonly Index[]
  /** Dialog between transferor and transfer target. */
  readonly consultation?: Index | readonly Index[]
  /** Dialog between transferee and transfer target. */
  readonly target_dialog?: Index | readonly Index[]
  readonly application?: string
  readonly message_id?: string
  /** CC: label of the campaign. */
  readonly campaign?: string
  /** CC: the draft leaves its values open. */
  readonly interaction_type?: string
  /** CC: the contact centre's own id of the interaction. */
  readonly interaction_id?: string
  /** CC: the skill that was asked for. */
  readonly skill?: string
}

/** RFC 7989 UUIDs of both ends; empty for a party without one. */
export interface SessionId {
  readonly local?: string
  readonly remote?: string
}

export const partyEvents = ['join', 'drop', 'hold', 'unhold', 'mute', 'unmute', 'keydown', 'keyup'] as const
export type PartyEvent = (typeof partyEvents)[number]

/** A party came, went, was held or muted, or pressed a key. */
export interface PartyHistory {
  readonly party: Index
  readonly time: VconDate
  readonly event: PartyEvent
  /** The key: on `keydown` and `keyup`. */
  readonly button?: string
}

/** A document that belongs to the conversation. */
export interface Attachment extends Content {
  readonly purpose?: string
  readonly start: VconDate
  /** Who contributed it; need not have taken part. */
  readonly party: Index
  readonly dialog: Index
}

export const analysisTypes = ['report', 'sentiment', 'summary', 'transcript', 'translation', 'tts'] as const

/** What somebody or something found out about the conversation. */
export interface Analysis extends Content {
  /** Should be one of `analysisTypes`. */
  readonly type: string
  readonly dialog?: Index | readonly Index[]
  readonly attachment?: Index | readonly Index[]
  /** Vendor or product that made it. */
  readonly vendor: string
  readonly product?: string
  /** Label of the format of the content. */
  readonly schema?: string
}
