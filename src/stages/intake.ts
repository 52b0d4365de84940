import type { RawInput } from '../core/connector.ts'
import type { Context } from '../core/context.ts'
import { dataError, VconduitError } from '../core/errors.ts'
import { sha256 } from '../core/ids.ts'
import type { Codec, EventLog, LogRecord } from '../core/log.ts'
import type { RawRecord } from '../core/records.ts'
import type { Topics } from '../core/topics.ts'
import type { SeenIndex } from '../sdk/seen.ts'
import { type DeadLetters, deadLetterIdOf } from './dead-letters.ts'
import type { StageMetrics } from './metrics.ts'
import { retrying } from './retry.ts'

/** Where vendor payloads enter the log. */
export interface Intake {
  /**
   * Appends what is new to `raw.<vendor>`; resolves when it is durable, waiting for the log for as long as it takes. Bytes
   * that were seen before are dropped; a record that is too large becomes a dead letter without its payload, which the
   * vendor still has. Returns how many are new.
   */
  append(vendor: string, account: string, records: readonly RawInput[], ctx: Context): Promise<number>
}

export interface IntakeDeps {
  readonly log: EventLog
  readonly codec: Codec<RawRecord>
  readonly topics: Topics
  readonly deadLetters: DeadLetters
  readonly metrics: StageMetrics
  /** The seen index of an account. */
  readonly seenOf: (vendor: string, account: string) => SeenIndex
  /** The largest record taken, payload and context together, bytes. */
  readonly maxRecordBytes: number
}

/** Records are encoded and appended in portions of about this size, so that a batch of any size takes little memory. */
const portionBytes = 8 * 1024 * 1024

export function createIntake(deps: IntakeDeps): Intake {
  const { log, codec, topics, deadLetters, metrics, seenOf, maxRecordBytes } = deps

  const encode = (record: RawRecord): Buffer => {
    const sizeBytes = record.payload.length + Buffer.byteLength(record.context ?? '')
    if (sizeBytes > maxRecordBytes)
      throw dataError('record-too-large', `reading ${record.stream}: ${sizeBytes} bytes; ${maxRecordBytes} are allowed`)
    return codec.encode(record)
  }

  const refuse = (record: RawRecord, error: unknown, ctx: Context) => {
    if (!(error instanceof VconduitError) || error.kind !== 'data') throw error
    const { vendor, account, stream, key, hash } = record
    const letter = {
      id: deadLetterIdOf('ingest', vendor, account, stream, key, hash),
      code: error.code,
      reason: error.message,
      topic: '',
      partition: -1,
      offset: -1,
      key: Buffer.from(key),
      value: null,
      headers: { vendor, account, stream, hash },
    }
    return retrying('appending dead letters', () => deadLetters.append([letter]), metrics, ctx)
  }

  return {
    async append(vendor, account, inputs, ctx) {
      const seen = seenOf(vendor, account)
      const topic = topics.raw(vendor)
      let records: RawRecord[] = []
      let values: LogRecord[] = []
      let bytes = 0
      let fresh = 0

      const flush = async () => {
        if (values.length > 0) await retrying(`appending to ${topic}`, () => log.append(topic, values), metrics, ctx)
        // Only now: what is remembered is held back when it is read again.
        await seen.remember(records)
        metrics.finished(records.length, values.length)
        fresh += records.length
        records = []
        values = []
        bytes = 0
      }

      for (const input of inputs) {
        const hash = sha256(input.payload)
        if (!seen.isNew(input.stream, input.key, hash)) {
          metrics.dropped('unchanged')
          metrics.finished(1, 0)
          continue
        }
        const record = completeRaw(vendor, account, input, hash)
        records.push(record)
        try {
          const key = Buffer.from(record.conversationKey ?? record.key)
          values.push({ key, value: encode(record), timestamp: ctx.now().getTime() })
        } catch (error) {
          await refuse(record, error, ctx)
          continue
        }
        bytes += input.payload.length
        if (bytes >= portionBytes) await flush()
      }
      if (records.length > 0) await flush()
      return fresh
    },
  }
}

const completeRaw = (vendor: string, account: string, input: RawInput, hash: string): RawRecord => ({
  ...input,
  vendor,
  account,
  hash,
  conversationKey: input.conversationKey ?? null,
  version: input.version ?? null,
  context: input.context ?? null,
})
