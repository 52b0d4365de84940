import { fatalError } from '../../core/errors.ts'
import type { Observation } from './facts.ts'

/** One observation of a fact as it is kept. */
export interface ChunkEntry {
  readonly eventId: string
  readonly observation: Observation
  /** The event as it stands on the log, if with this observation it says something new and may be kept; else undefined. */
  readonly event: Buffer | undefined
  /** With this observation the fact says what an erasure takes away. */
  readonly erased: boolean
}

const format = 1
/** Format (1), number of entries (4). */
const headerBytes = 5
/** Version (8), revision (4), flags (1), lengths of id, hash (1 each) and event (4). Id, hash and event follow. */
const entryBytes = 19
const retractedFlag = 1
const eventFlag = 2
const erasedFlag = 4

/** What a batch adds to a conversation, in one value: a fraction of the cost of one value per fact. Little-endian. */
export function encodeChunk(entries: readonly ChunkEntry[]): Buffer {
  let size = headerBytes
  for (const { eventId, observation, event } of entries)
    size += entryBytes + Buffer.byteLength(eventId) + Buffer.byteLength(observation.contentHash) + (event?.length ?? 0)
  const bytes = Buffer.allocUnsafe(size)
  bytes.writeUInt8(format, 0)
  bytes.writeUInt32LE(entries.length, 1)
  let at = headerBytes
  for (const { eventId, observation, event, erased } of entries) {
    const { version, revision, retracted, contentHash } = observation
    bytes.writeDoubleLE(version, at)
    bytes.writeInt32LE(revision, at + 8)
    const flags = (retracted ? retractedFlag : 0) | (event === undefined ? 0 : eventFlag) | (erased ? erasedFlag : 0)
    bytes.writeUInt8(flags, at + 12)
    const idBytes = bytes.write(eventId, at + entryBytes)
    const hashBytes = bytes.write(contentHash, at + entryBytes + idBytes)
    bytes.writeUInt8(idBytes, at + 13)
    bytes.writeUInt8(hashBytes, at + 14)
    bytes.writeUInt32LE(event?.length ?? 0, at + 15)
    at += entryBytes + idBytes + hashBytes
    at += event?.copy(bytes, at) ?? 0
  }
  return bytes
}

/** The entries in the order in which they were added; their events share memory with `bytes`. */
export function* decodeChunk(bytes: Buffer): Generator<ChunkEntry> {
  const found = bytes.readUInt8(0)
  if (found !== format)
    throw fatalError('state-format', `reading the state of the assembler: format ${found}, expected ${format}`)
  const count = bytes.readUInt32LE(1)
  let at = headerBytes
  for (let index = 0; index < count; index++) {
    const flags = bytes.readUInt8(at + 12)
    const idEnd = at + entryBytes + bytes.readUInt8(at + 13)
    const hashEnd = idEnd + bytes.readUInt8(at + 14)
    const eventEnd = hashEnd + bytes.readUInt32LE(at + 15)
    const observation = {
      version: bytes.readDoubleLE(at),
      revision: bytes.readInt32LE(at + 8),
      retracted: (flags & retractedFlag) !== 0,
      contentHash: bytes.toString('utf8', idEnd, hashEnd),
    }
    const event = (flags & eventFlag) === 0 ? undefined : bytes.subarray(hashEnd, eventEnd)
    const erased = (flags & erasedFlag) !== 0
    yield { eventId: bytes.toString('latin1', at + entryBytes, idEnd), observation, event, erased }
    at = eventEnd
  }
}
