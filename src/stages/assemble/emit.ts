import { contentHashOf } from '../../core/ids.ts'
import type { Codec, LogRecord } from '../../core/log.ts'
import type { ConversationEvent } from '../../core/records.ts'
import { conversationHeaders } from '../../core/sink.ts'
import { vconJson } from '../../vcon/serialize.ts'
import type { Conversation, ConversationState } from './conversation.ts'
import { erasesConversation } from './erasure.ts'
import { effectiveVersionOf, type KnownFact } from './facts.ts'
import { type FoldedConversation, foldFacts } from './fold.ts'
import type { Known } from './merge.ts'

/** A conversation that is ready to be written. */
export interface Emission {
  readonly conversation: Conversation
  /** Undefined if it is as it was written last. */
  readonly record: LogRecord | undefined
  /** What its state is once the record is on the topic. */
  readonly state: ConversationState
  /** Little more will come. */
  readonly isClosed: boolean
}

/** Folds a conversation as it stands. The same facts and state give the same bytes and revision. */
export async function emissionOf(conversation: Conversation, codec: Codec<ConversationEvent>): Promise<Emission> {
  const { id, state } = conversation
  const facts: KnownFact[] = []
  for (const { observations, event: kept } of conversation.facts.values()) {
    const decoding = Buffer.isBuffer(kept) ? codec.decode(kept) : kept
    const event = decoding instanceof Promise ? await decoding : decoding
    if (event !== undefined) facts.push({ event, effectiveVersion: effectiveVersionOf(observations) })
  }
  const folded = foldFacts(facts, state.erasures)
  const isClosed = folded === null || folded.head.state === 'closed'
  const next = nextRecord(folded, state)
  if (next === undefined) return { conversation, record: undefined, state, isClosed }
  const revision = state.revision + 1
  const { written, timestamp, value } = next
  const headers = { [conversationHeaders.revision]: `${revision}`, ...next.headers(revision) }
  const record = { key: Buffer.from(id), value, timestamp, headers }
  return { conversation, record, state: { ...state, revision, written, timestamp }, isClosed }
}

interface NextRecord extends Pick<ConversationState, 'written' | 'timestamp'> {
  readonly value: Buffer | null
  headers(revision: number): Readonly<Record<string, string>>
}

/** What the topic lacks; undefined if it has all that there is to tell. */
function nextRecord(folded: FoldedConversation | null, state: ConversationState): NextRecord | undefined {
  if (folded !== null) {
    const { vcon, head } = folded
    const json = vconJson(vcon)
    const written = contentHashOf(`${json}\n${JSON.stringify(head)}`)
    if (written === state.written) return undefined
    const headers = (revision: number) => ({ [conversationHeaders.head]: JSON.stringify({ ...head, revision }) })
    return { written, timestamp: head.startedAt, value: Buffer.from(json), headers }
  }
  const { timestamp } = state
  if (erasesConversation(state.erasures)) {
    const headers = () => ({ [conversationHeaders.erase]: 'conversation' })
    return state.written === 'erased' ? undefined : { written: 'erased', timestamp, value: null, headers }
  }
  const isThere = state.revision > 0 && state.written !== 'tombstone'
  return isThere ? { written: 'tombstone', timestamp, value: null, headers: () => ({}) } : undefined
}

/**
 * Appends what there is to append, then makes it known to the state: cut short in between, it appends the same again.
 * Returns how many records it appended.
 */
export async function writeEmissions(
  emissions: readonly Emission[],
  { store, recent }: Known,
  append: (records: readonly LogRecord[]) => Promise<unknown>,
): Promise<number> {
  const records = emissions.map(({ record }) => record).filter(record => record !== undefined)
  if (records.length > 0) await append(records)
  await store.transaction(writer => {
    for (const { conversation, state, record } of emissions) {
      const { id } = conversation
      conversation.state = state
      if (record !== undefined) writer.state(id, state)
      writer.clean(id)
    }
  })
  // Little more will come of what is closed: its memory is for others.
  for (const { conversation, isClosed } of emissions) if (isClosed) recent.forget(conversation.id)
  return records.length
}
