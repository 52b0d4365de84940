import type { State, StateWriter } from '../../core/state.ts'
import { type ChunkEntry, decodeChunk, encodeChunk } from './chunk.ts'
import { Conversation, type ConversationState } from './conversation.ts'

/**
 * The assembler's durable state of one partition:
 *
 * - `c/<conversation>`: its `ConversationState`, for every conversation that has or had facts;
 * - `d/<conversation>`: since when, Unix milliseconds, it differs from what was written;
 * - `f/<conversation>/<chunk>`: what a batch of events added to it, chunk numbers in hex.
 */
export interface AssemblyStore {
  /** All that is known of a conversation; undefined if nothing is. */
  read(id: string): Conversation | undefined
  /** Conversations that differ from what was written, with since when. */
  dirty(): Iterable<readonly [string, number]>
  transaction(write: (writer: AssemblyWriter) => void): Promise<void>
}

export interface AssemblyWriter {
  state(id: string, state: ConversationState): void
  chunk(id: string, chunk: number, entries: readonly ChunkEntry[]): void
  /** Removes the chunks of a conversation before `end`. */
  removeChunks(id: string, end: number): void
  dirty(id: string, since: number): void
  clean(id: string): void
}

const chunkKey = (id: string, chunk: number) => `f/${id}/${chunk.toString(16).padStart(8, '0')}`

export function openAssemblyStore(state: State): AssemblyStore {
  return {
    read(id) {
      const value = state.get(`c/${id}`)
      if (value === undefined) return undefined
      const conversation = new Conversation(id, JSON.parse(value.toString()) as ConversationState)
      const prefix = `f/${id}/`
      for (const { key, value: chunk } of state.range(prefix)) {
        for (const entry of decodeChunk(chunk)) conversation.restore(entry)
        conversation.nextChunk = Number.parseInt(key.slice(prefix.length), 16) + 1
      }
      return conversation
    },
    *dirty() {
      for (const { key, value } of state.range('d/')) yield [key.slice(2), value.readDoubleLE(0)]
    },
    transaction: write => state.transaction(writer => write(writerTo(writer))),
  }
}

const writerTo = (writer: StateWriter): AssemblyWriter => ({
  state: (id, state) => writer.put(`c/${id}`, Buffer.from(JSON.stringify(state))),
  chunk: (id, chunk, entries) => writer.put(chunkKey(id, chunk), encodeChunk(entries)),
  removeChunks(id, end) {
    for (let chunk = 0; chunk < end; chunk++) writer.remove(chunkKey(id, chunk))
  },
  dirty(id, since) {
    const value = Buffer.allocUnsafe(8)
    value.writeDoubleLE(since)
    writer.put(`d/${id}`, value)
  },
  clean: id => writer.remove(`d/${id}`),
})
