import type { Codec } from '../../core/log.ts'
import type { ConversationEvent } from '../../core/records.ts'
import type { ChunkEntry } from './chunk.ts'
import { type Erasure, isErased } from './erasure.ts'
import { effectiveVersionOf, type Observation, observationOf, saysTheSame, winnerOf, withObservation } from './facts.ts'

/** What has been written of a conversation, and what must never be written again. */
export interface ConversationState {
  /** Revision of the last record on the topic conversations; 0 if there is none. */
  readonly revision: number
  /** Hash of that record's vCon and head; `tombstone` or `erased` if it was one; empty if there is none. */
  readonly written: string
  /** Timestamp of that record, Unix milliseconds: a tombstone gets the same, so that it is found beside what it removes. */
  readonly timestamp: number
  readonly erasures: readonly Erasure[]
}

export const nothingWritten: ConversationState = { revision: 0, written: '', timestamp: 0, erasures: [] }

/** A fact: every observation of it, lowest first, and the event of the winning one. */
export interface KeptFact {
  readonly observations: readonly Observation[]
  /**
   * As bytes until somebody decodes it. Undefined if an erasure took it away: then the observations alone remain, so that an
   * older one that comes late is known to be older and does not bring the fact back.
   */
  readonly event: ConversationEvent | Buffer | undefined
}

/** Decoded, an event takes about this many times the bytes that it has on the log, and so many more. */
const decodedFactor = 2
const decodedBytes = 600
/** What a fact takes beside its event, bytes. */
const factBytes = 300

/** Everything that is known of a conversation. */
export class Conversation {
  readonly id: string
  state: ConversationState
  readonly facts = new Map<string, KeptFact>()
  /** Number of the next chunk of the durable state. */
  nextChunk = 0
  /** Memory that it takes, roughly. */
  sizeBytes = factBytes

  constructor(id: string, state: ConversationState) {
    this.id = id
    this.state = state
  }

  /** Adds what was kept earlier. */
  restore({ eventId, observation, event, erased }: ChunkEntry): void {
    const known = this.facts.get(eventId)
    const observations = withObservation(known?.observations ?? [], observation) ?? known?.observations ?? []
    this.facts.set(eventId, { observations, event: erased ? undefined : (event ?? known?.event) })
    this.sizeBytes += factBytes + (event?.length ?? 0)
  }

  /**
   * Adds an observation. Undefined if it was made before; else what is to be kept of it, and whether the vCon may differ.
   * `bytes` are the event as it stands on the log. What an erasure takes away is not kept for a moment.
   */
  observe(
    event: ConversationEvent,
    bytes: Buffer,
  ): { readonly entry: ChunkEntry; readonly matters: boolean } | undefined {
    const observation = observationOf(event)
    const known = this.facts.get(event.id)
    const observations = known === undefined ? [observation] : withObservation(known.observations, observation)
    if (observations === undefined) return undefined
    const saysNew = known === undefined || !saysTheSame(winnerOf(known.observations), winnerOf(observations))
    const erased = saysNew && isErased(event, this.state.erasures)
    const isKept = saysNew && !erased
    const said = saysNew ? event : known.event
    this.facts.set(event.id, { observations, event: erased ? undefined : said })
    this.sizeBytes += factBytes + (isKept ? bytes.length * decodedFactor + decodedBytes : 0)
    const matters = saysNew || effectiveVersionOf(known.observations) !== effectiveVersionOf(observations)
    return { entry: { eventId: event.id, observation, event: isKept ? bytes : undefined, erased }, matters }
  }

  /** Lets go of what its erasures take away of the facts that were known before them. */
  async forgetErased(codec: Codec<ConversationEvent>): Promise<void> {
    for (const [id, { observations, event: kept }] of this.facts) {
      const event = Buffer.isBuffer(kept) ? await codec.decode(kept) : kept
      if (event !== undefined && isErased(event, this.state.erasures))
        this.facts.set(id, { observations, event: undefined })
    }
  }

  /** Everything that is kept, as one batch would have added it. What no observation says any more is not among it. */
  entries(codec: Codec<ConversationEvent>): readonly ChunkEntry[] {
    return [...this.facts].flatMap(([eventId, { observations, event }]) => {
      const bytes = event === undefined || Buffer.isBuffer(event) ? event : codec.encode(event)
      return observations.map((observation, index) => ({
        eventId,
        observation,
        event: index === 0 ? bytes : undefined,
        erased: bytes === undefined,
      }))
    })
  }
}

/**
 * The conversations that were used last: most are written while they are here and need not be read back. A cache; the
 * least recently used go first when there are too many bytes.
 */
export class RecentConversations {
  readonly #maxBytes: number
  readonly #conversations = new Map<string, { readonly conversation: Conversation; countedBytes: number }>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(id: string): Conversation | undefined {
    return this.#conversations.get(id)?.conversation
  }

  /** Keeps a conversation as the most recently used one, and lets others go until the rest fits. */
  keep(conversation: Conversation): void {
    this.forget(conversation.id)
    this.#conversations.set(conversation.id, { conversation, countedBytes: conversation.sizeBytes })
    this.#bytes += conversation.sizeBytes
    for (const id of this.#conversations.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.forget(id)
    }
  }

  forget(id: string): void {
    this.#bytes -= this.#conversations.get(id)?.countedBytes ?? 0
    this.#conversations.delete(id)
  }
}
