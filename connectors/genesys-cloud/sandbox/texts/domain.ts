/** What somebody says at a point of a conversation: one of several ways to put it. `mood` is -1 (bad) to 1 (good). */
export type Line = readonly [who: 'customer' | 'agent', mood: number, ...ways: string[]]

/** What customers call about. In texts, `{name}` stands for a slot or for who takes part. */
export interface Domain {
  readonly key: string
  readonly language: 'en-US' | 'es-ES' | 'de-DE' | 'fr-FR'
  readonly queue: string
  /** Where it goes when the first agent cannot solve it. */
  readonly secondQueue: string
  /** Values that are drawn once per conversation. */
  readonly slots: Readonly<Record<string, readonly string[]>>
  /** After the greeting, before the goodbye. */
  readonly lines: readonly Line[]
  /** What an AI agent looks up for the human one, after so many lines. */
  readonly tool: {
    readonly name: string
    readonly afterLine: number
    readonly arguments: Readonly<Record<string, string>>
    readonly found: Readonly<Record<string, string>>
  }
  readonly bot: {
    readonly intent: string
    readonly opening: string
    readonly questions: readonly { readonly ask: string; readonly answer: string; readonly slot: string }[]
    readonly solved: string
    readonly handover: string
  }
  readonly mail: {
    readonly subject: string
    readonly question: string
    readonly answer: string
    readonly thanks: string
  }
  readonly wrapUps: readonly string[]
  readonly note: string
  readonly summary: { readonly text: string; readonly reason: string; readonly resolution: string }
}

/** What is said in every conversation of a language. */
export interface Phrases {
  readonly greeting: readonly string[]
  readonly goodbye: readonly Line[]
  readonly hold: readonly Line[]
  readonly backFromHold: readonly Line[]
  readonly handover: readonly Line[]
  readonly takeover: readonly Line[]
  readonly outbound: readonly Line[]
}
