import { VconduitError } from '../../core/errors.ts'
import type { Codec, StoredRecord } from '../../core/log.ts'
import { type ConversationEvent, sectionFields } from '../../core/records.ts'
import { type Refused, refusedFor } from '../dead-letters.ts'
import type { ChunkEntry } from './chunk.ts'
import { Conversation, nothingWritten, type RecentConversations } from './conversation.ts'
import { erasesConversation, erasureOf, withErasure } from './erasure.ts'
import { isEventType } from './facts.ts'
import type { AssemblyStore, AssemblyWriter } from './store.ts'

/** What is known of a partition, on disk and, of some conversations, in memory. */
export interface Known {
  readonly store: AssemblyStore
  readonly recent: RecentConversations
}

/** What a batch of events changes. */
export interface Merge {
  /** Conversations whose vCon may differ now; true if it is to be written at once: it closed or was erased. */
  readonly changed: ReadonlyMap<string, boolean>
  readonly refused: readonly Refused[]
  /** Events that changed nothing, by reason. */
  readonly dropped: ReadonlyMap<string, number>
  write(writer: AssemblyWriter): void
}

/** A conversation that the batch touches, and what of it has to be written. */
interface Touched {
  readonly conversation: Conversation
  stateChanged: boolean
  /** It has a new erasure: what that takes away is to leave the durable state with it. */
  erases: boolean
  readonly added: ChunkEntry[]
}

/**
 * Merges the events of a batch into what is known of their conversations, in memory: `write` makes it durable. Merging
 * them again changes nothing.
 */
export async function mergeEvents(
  records: readonly StoredRecord[],
  { store, recent }: Known,
  codec: Codec<ConversationEvent>,
): Promise<Merge> {
  const touched = new Map<string, Touched>()
  const changed = new Map<string, boolean>()
  const refused: Refused[] = []
  const dropped = new Map<string, number>()
  const drop = (reason: string) => dropped.set(reason, (dropped.get(reason) ?? 0) + 1)

  const touch = (id: string): Touched => {
    const known = touched.get(id)
    if (known !== undefined) return known
    const found = recent.get(id) ?? store.read(id)
    const conversation = found ?? new Conversation(id, nothingWritten)
    const touching = { conversation, stateChanged: found === undefined, erases: false, added: [] }
    touched.set(id, touching)
    return touching
  }

  for (const record of records) {
    const decoding = decodeEvent(record, codec)
    // Awaiting what is no promise would cost every event a turn of the queue.
    const event = decoding instanceof Promise ? await decoding : decoding
    if (isRefused(event)) {
      refused.push(event)
      continue
    }
    const { conversationId: id, type } = event
    const touching = touch(id)
    const { conversation } = touching
    if (erasesConversation(conversation.state.erasures)) {
      drop('erased')
      continue
    }
    const erases = erase(conversation, event)
    if (erases) {
      touching.stateChanged = true
      touching.erases = true
    }
    const observed = conversation.observe(event, record.value ?? Buffer.alloc(0))
    if (observed === undefined) drop('seen-before')
    else touching.added.push(observed.entry)
    if (erases || observed?.matters)
      changed.set(id, erases || type === 'conversation.ended' || changed.get(id) === true)
  }

  for (const { conversation, erases } of touched.values()) {
    if (erases) await conversation.forgetErased(codec)
    recent.keep(conversation)
  }
  return {
    changed,
    refused,
    dropped,
    write(writer) {
      for (const { conversation, stateChanged, erases, added } of touched.values()) {
        const { id, state, nextChunk } = conversation
        if (stateChanged) writer.state(id, state)
        if (erases) writer.removeChunks(id, nextChunk)
        if (erasesConversation(state.erasures)) conversation.facts.clear()
        else if (erases) writer.chunk(id, conversation.nextChunk++, conversation.entries(codec))
        else if (added.length > 0) writer.chunk(id, conversation.nextChunk++, added)
      }
    },
  }
}

type Decoded = ConversationEvent | Refused

const isRefused = (decoded: Decoded): decoded is Refused => 'record' in decoded

/** The event of a record, or why it is unfit for assembly. */
function decodeEvent(record: StoredRecord, codec: Codec<ConversationEvent>): Decoded | Promise<Decoded> {
  if (record.value === null) return { record, code: 'no-value', reason: 'assembling an event without a value' }
  const examined = (event: ConversationEvent): Decoded => {
    const flaw = flawOf(event)
    return flaw === undefined ? event : { record, ...flaw }
  }
  const failed = (error: unknown): Refused => {
    if (error instanceof VconduitError && error.kind === 'data') return refusedFor(record, error)
    throw error
  }
  try {
    const decoding = codec.decode(record.value)
    return decoding instanceof Promise ? decoding.then(examined, failed) : examined(decoding)
  } catch (error) {
    return failed(error)
  }
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** Two hundred are kept in a byte; the hash has 32. */
const maxHashLength = 200

function flawOf(event: ConversationEvent): Omit<Refused, 'record'> | undefined {
  const { id, conversationId, type, contentHash } = event
  if (!uuidPattern.test(id) || !uuidPattern.test(conversationId))
    return { code: 'bad-id', reason: 'assembling an event whose id or conversation id is no UUID' }
  if (Buffer.byteLength(contentHash) > maxHashLength)
    return { code: 'bad-content-hash', reason: 'assembling an event whose content hash is no hash' }
  if (!isEventType(type))
    return { code: 'unknown-event-type', reason: 'assembling an event of a type that this version does not know' }
  if (event[sectionFields[type]] === null)
    return { code: 'no-section', reason: `assembling an event of type ${type} without its section` }
  return undefined
}

/** Notes what the event erases. True if that is news. */
function erase(conversation: Conversation, event: ConversationEvent): boolean {
  const erasure = erasureOf(event)
  if (erasure === undefined) return false
  const { state } = conversation
  const erasures = withErasure(state.erasures, erasure)
  if (erasures === state.erasures) return false
  // A tombstone of what was never written stands at the time of the deletion.
  conversation.state = { ...state, erasures, timestamp: state.timestamp || event.occurredAt }
  return true
}
