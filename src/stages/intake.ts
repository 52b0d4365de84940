import type { RawInput } from '../core/connector.ts'
import type { Context } from '../core/context.ts'
import { dataError, VconduitError } from '../core/errors.ts'
import { sha256 } from '../core/ids.ts'
import type { Codec, EventLog, LogRecord, Output } from '../core/log.ts'
import type { DeadLetter, RawRecord } from '../core/records.ts'
import type { Topics } from '../core/topics.ts'
import { createClaims } from './claims.ts'
import { type DeadLetters, deadLetterIdOf } from './dead-letters.ts'
import type { StageMetrics } from './metrics.ts'
import { retrying } from './retry.ts'
import type { SeenRecords } from './seen-records.ts'

/** Where vendor payloads enter the log. */
export interface Intake {
  /**
   * Appends what is new to `raw.<vendor>`; resolves when it is durable, waiting for the log for as long as it takes. Bytes
   * that were seen before are dropped; a record that is too large becomes a dead letter without its payload, which the
   * vendor still has. Returns how many are new. What `alongside` gives for that number is appended in one step with the
   * last of them, or alone if there are none.
   */
  append(
    vendor: string,
    account: string,
    records: readonly RawInput[],
    ctx: Context,
    alongside?: (fresh: number) => readonly Output[],
  ): Promise<number>
}

export interface IntakeDeps {
  readonly log: EventLog
  readonly codec: Codec<RawRecord>
  readonly topics: Topics
  readonly deadLetters: DeadLetters
  readonly metrics: StageMetrics
  readonly seenOf: (vendor: string, account: string) => Pick<SeenRecords, 'isNew' | 'append'>
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

  const claims = createClaims()

  const appendNew: Intake['append'] = async (vendor, account, inputs, ctx, alongside) => {
    const seen = seenOf(vendor, account)
    const topic = topics.raw(vendor)
    let records: RawRecord[] = []
    let values: LogRecord[] = []
    let letters: Omit<DeadLetter, 'stage' | 'failedAt'>[] = []
    let bytes = 0
    let fresh = 0

    const flush = async (more: readonly Output[]) => {
      const outputs = [{ topic, records: values }, deadLetters.of(letters), ...more]
      const append = () => retrying(`appending to ${topic}`, () => log.appendAll(outputs), metrics, ctx)
      if (records.length > 0) await seen.append(records, append)
      else await append()
      for (const { code } of letters) metrics.deadLetter(code)
      metrics.finished(records.length, values.length)
      records = []
      values = []
      letters = []
      bytes = 0
    }

    for (const input of inputs) {
      const hash = sha256(input.payload)
      if (!seen.isNew(input.stream, input.key, hash)) {
        metrics.dropped('unchanged')
        metrics.finished(1, 0)
        continue
      }
      // Only now: the last portion is to be there for what goes alongside it.
      if (bytes >= portionBytes) await flush([])
      const record = completeRaw(vendor, account, input, hash)
      records.push(record)
      fresh++
      try {
        const key = Buffer.from(record.conversationKey ?? record.key)
        values.push({ key, value: encode(record), timestamp: ctx.now().getTime() })
        bytes += input.payload.length
      } catch (error) {
        letters.push(letterOf(record, error))
      }
    }
    const more = alongside?.(fresh) ?? []
    if (records.length > 0 || more.length > 0) await flush(more)
    return fresh
  }

  return {
    // What another slice, or a sender who sends again, has under way is waited for: it may be the same bytes.
    append: (vendor, account, inputs, ctx, alongside) =>
      claims.hold(
        inputs.map(({ stream, key }) => JSON.stringify([vendor, account, stream, key])),
        () => appendNew(vendor, account, inputs, ctx, alongside),
      ),
  }
}

/** The dead letter of a record that the log cannot take; rethrows any other error. */
function letterOf(
  { vendor, account, stream, key, hash }: RawRecord,
  error: unknown,
): Omit<DeadLetter, 'stage' | 'failedAt'> {
  if (!(error instanceof VconduitError) || error.kind !== 'data') throw error
  return {
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
