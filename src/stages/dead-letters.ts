import { VconduitError } from '../core/errors.ts'
import { uuidFrom } from '../core/ids.ts'
import type { Codec, EventLog, LogBatch, StoredRecord } from '../core/log.ts'
import type { DeadLetter } from '../core/records.ts'
import type { StageMetrics } from './metrics.ts'

/** A record of a batch that cannot be processed. */
export interface Refused {
  readonly record: StoredRecord
  /** Kebab-case, stable. */
  readonly code: string
  /** For a person; never contains the payload. */
  readonly reason: string
}

/** The refusal that a `data` error is; rethrows any other error. */
export function refusedFor(record: StoredRecord, error: unknown): Refused {
  if (!(error instanceof VconduitError) || error.kind !== 'data') throw error
  return { record, code: error.code, reason: error.message }
}

/** The reason of a dead letter with its cause, where the cause is known to hold no payload. */
export const reasonWith = (reason: string, error: unknown) =>
  error instanceof VconduitError ? `${reason}: ${error.message}` : reason

/** The id of a dead letter: the same failure has the same id, however often it is met. */
export const deadLetterIdOf = (stage: string, ...identity: readonly string[]) =>
  uuidFrom('dead-letter', stage, ...identity)

/** Where one stage puts what it refuses. */
export interface DeadLetters {
  /** Resolves when the dead letters of these records of the batch are durable. */
  ofBatch(batch: Pick<LogBatch, 'topic' | 'partition'>, refused: readonly Refused[]): Promise<void>
  /** For what never reached the log. */
  append(letters: readonly Omit<DeadLetter, 'stage' | 'failedAt'>[]): Promise<void>
}

export interface DeadLetterDeps {
  readonly log: EventLog
  readonly codec: Codec<DeadLetter>
  /** The topic of dead letters. */
  readonly topic: string
  readonly stage: string
  readonly metrics: StageMetrics
  readonly now: () => Date
}

export function createDeadLetters({ log, codec, topic, stage, metrics, now }: DeadLetterDeps): DeadLetters {
  const append: DeadLetters['append'] = async letters => {
    if (letters.length === 0) return
    const failedAt = now().getTime()
    await log.append(
      topic,
      letters.map(letter => ({
        key: letter.key ?? Buffer.from(letter.id),
        value: codec.encode({ ...letter, stage, failedAt }),
        timestamp: failedAt,
      })),
    )
    for (const { code } of letters) metrics.deadLetter(code)
  }
  return {
    append,
    ofBatch: (batch, refused) =>
      append(
        refused.map(({ record, code, reason }) => ({
          id: deadLetterIdOf(stage, batch.topic, `${batch.partition}`, `${record.offset}`),
          code,
          reason,
          topic: batch.topic,
          partition: batch.partition,
          offset: record.offset,
          key: record.key,
          value: record.value,
          headers: record.headers,
        })),
      ),
  }
}
