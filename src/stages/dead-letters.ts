import { VconduitError } from '../core/errors.ts'
import { uuidFrom } from '../core/ids.ts'
import type { Codec, LogBatch, Output, StoredRecord } from '../core/log.ts'
import type { DeadLetter } from '../core/records.ts'

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

/** The dead letters of one stage, for whoever appends them. */
export interface DeadLetters {
  /** For these records of the batch. */
  ofBatch(batch: Pick<LogBatch, 'topic' | 'partition'>, refused: readonly Refused[]): Output
  /** For what never reached the log. */
  of(letters: readonly Omit<DeadLetter, 'stage' | 'failedAt'>[]): Output
}

export interface DeadLetterDeps {
  readonly codec: Codec<DeadLetter>
  /** The topic of dead letters. */
  readonly topic: string
  readonly stage: string
  readonly now: () => Date
}

export function createDeadLetters({ codec, topic, stage, now }: DeadLetterDeps): DeadLetters {
  const of: DeadLetters['of'] = letters => {
    const failedAt = now().getTime()
    return {
      topic,
      records: letters.map(letter => ({
        key: letter.key ?? Buffer.from(letter.id),
        value: codec.encode({ ...letter, stage, failedAt }),
        timestamp: failedAt,
      })),
    }
  }
  return {
    of,
    ofBatch: (batch, refused) =>
      of(
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
