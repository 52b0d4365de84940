import { dataError } from '../../core/errors.ts'
import type { LogRecord, StoredRecord } from '../../core/log.ts'

/**
 * A chunk is one LMDB value that holds a run of records: far faster to write and to read than a value per record. Its
 * first byte says whether offsets are `dense` (base + index) or `sparse` (each record has its distance from the base:
 * what compaction leaves). Then record after record, little-endian: [distance u32 if sparse], key length u32, value
 * length u32 (0xffffffff: null), headers u16, timestamp f64, key, value, and per header: name length u32, value length
 * u32, name, value.
 */
export const chunkKinds = { dense: 0, sparse: 1 } as const

/** A value of this many bytes fills 16 pages of LMDB with its page header: larger chunks gain nothing. */
export const targetChunkBytes = 16 * 4096 - 16

const headerBytes = 1
const recordBytes = 18
const nullLength = 0xffff_ffff
/** LMDB's own limit is 4 GiB; a record must leave room for a chunk's other parts. */
const maxRecordBytes = 1 << 30
const maxHeaders = 0xffff

/** A run of encoded records on the way to a partition. `bytes` is a chunk of its own, `dense`, with its first byte. */
export interface Block {
  readonly bytes: Buffer
  readonly count: number
  readonly newest: number
}

/** Bytes that a record takes in a chunk. Refuses (`data`) what the log cannot hold. */
export function sizeOf(record: LogRecord): number {
  let size = recordBytes + record.key.length + (record.value?.length ?? 0)
  if (record.headers !== undefined) {
    const names = Object.keys(record.headers)
    if (names.length > maxHeaders)
      throw dataError('record-too-large', `appending a record: ${names.length} headers, at most ${maxHeaders} are kept`)
    for (const name of names) size += 8 + Buffer.byteLength(name) + Buffer.byteLength(record.headers[name] ?? '')
  }
  if (size > maxRecordBytes)
    throw dataError('record-too-large', `appending a record: ${size} bytes, at most ${maxRecordBytes} are kept`)
  if (!Number.isFinite(record.timestamp))
    throw dataError('bad-timestamp', `appending a record: timestamp ${record.timestamp} is no number of milliseconds`)
  return size
}

/** Copies records, so that the caller may reuse its buffers at once. `sizes` are their `sizeOf`. */
export function encodeBlocks(records: readonly LogRecord[], sizes: readonly number[]): readonly Block[] {
  const blocks: Block[] = []
  let start = 0
  while (start < records.length) {
    let total = headerBytes
    let end = start
    do {
      total += sizes[end] ?? 0
      end += 1
    } while (end < records.length && total + (sizes[end] ?? 0) <= targetChunkBytes)
    blocks.push(encodeBlock(records, start, end, total))
    start = end
  }
  return blocks
}

function encodeBlock(records: readonly LogRecord[], start: number, end: number, total: number): Block {
  const bytes = Buffer.allocUnsafeSlow(total)
  bytes[0] = chunkKinds.dense
  let newest = Number.NEGATIVE_INFINITY
  let at = headerBytes
  for (let index = start; index < end; index++) {
    const record = records[index]
    if (record === undefined) break
    const { key, value, timestamp, headers } = record
    const names = headers === undefined ? none : Object.keys(headers)
    at = bytes.writeUInt32LE(key.length, at)
    at = bytes.writeUInt32LE(value === null ? nullLength : value.length, at)
    at = bytes.writeUInt16LE(names.length, at)
    at = bytes.writeDoubleLE(timestamp, at)
    bytes.set(key, at)
    at += key.length
    if (value !== null) {
      bytes.set(value, at)
      at += value.length
    }
    for (const name of names) {
      const text = headers?.[name] ?? ''
      const nameLength = bytes.write(name, at + 8)
      const textLength = bytes.write(text, at + 8 + nameLength)
      bytes.writeUInt32LE(nameLength, at)
      bytes.writeUInt32LE(textLength, at + 4)
      at += 8 + nameLength + textLength
    }
    if (timestamp > newest) newest = timestamp
  }
  return { bytes, count: end - start, newest }
}

/** One chunk out of blocks that follow each other. */
export function joinBlocks(blocks: readonly Block[]): Block {
  const [first] = blocks
  if (blocks.length === 1 && first !== undefined) return first
  return {
    bytes: Buffer.concat([Buffer.of(chunkKinds.dense), ...blocks.map(block => block.bytes.subarray(headerBytes))]),
    count: blocks.reduce((sum, block) => sum + block.count, 0),
    newest: Math.max(...blocks.map(block => block.newest)),
  }
}

/** The records of a chunk. Their keys and values are views of `bytes`. */
export function decodeChunk(bytes: Buffer, base: number): StoredRecord[] {
  const sparse = bytes[0] === chunkKinds.sparse
  const records: StoredRecord[] = []
  let at = headerBytes
  while (at < bytes.length) {
    let offset = base + records.length
    if (sparse) {
      offset = base + bytes.readUInt32LE(at)
      at += 4
    }
    const keyLength = bytes.readUInt32LE(at)
    const valueLength = bytes.readUInt32LE(at + 4)
    const headerCount = bytes.readUInt16LE(at + 8)
    const timestamp = bytes.readDoubleLE(at + 10)
    at += recordBytes
    const key = bytes.subarray(at, at + keyLength)
    at += keyLength
    let value: Buffer | null = null
    if (valueLength !== nullLength) {
      value = bytes.subarray(at, at + valueLength)
      at += valueLength
    }
    let headers = noHeaders
    if (headerCount > 0) {
      const entries: [string, string][] = []
      for (let index = 0; index < headerCount; index++) {
        const nameLength = bytes.readUInt32LE(at)
        const textLength = bytes.readUInt32LE(at + 4)
        at += 8
        entries.push([
          bytes.toString('utf8', at, at + nameLength),
          bytes.toString('utf8', at + nameLength, at + nameLength + textLength),
        ])
        at += nameLength + textLength
      }
      headers = Object.fromEntries(entries)
    }
    records.push({ offset, key, value, timestamp, headers })
  }
  return records
}

/** A chunk of the records that compaction leaves, in offset order, never empty. */
export function encodeSparse(records: readonly StoredRecord[]): { readonly bytes: Buffer; readonly newest: number } {
  const base = records[0]?.offset ?? 0
  const parts: Buffer[] = [Buffer.of(chunkKinds.sparse)]
  let newest = Number.NEGATIVE_INFINITY
  for (const record of records) {
    const distance = Buffer.allocUnsafe(4)
    distance.writeUInt32LE(record.offset - base)
    const total = headerBytes + sizeOf(record)
    parts.push(distance, encodeBlock([record], 0, 1, total).bytes.subarray(headerBytes))
    newest = Math.max(newest, record.timestamp)
  }
  return { bytes: Buffer.concat(parts), newest }
}

const none: readonly string[] = []
const noHeaders: Readonly<Record<string, string>> = Object.freeze({})
