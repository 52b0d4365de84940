import { configError } from '../core/errors.ts'
import type { Codec, EventLog } from '../core/log.ts'
import type { DeadLetter } from '../core/records.ts'
import type { Topics } from '../core/topics.ts'

/** A dead letter, and when it was put back on its topic (Unix milliseconds); null if it was not. */
export interface FiledDeadLetter {
  readonly letter: DeadLetter
  readonly retriedAt: number | null
}

/** What can be done about dead letters. */
export interface DeadLetterDesk {
  /** Every dead letter kept, oldest first, each failure once. */
  list(): AsyncIterable<FiledDeadLetter>
  /** By its id. */
  show(id: string): Promise<FiledDeadLetter | undefined>
  /**
   * Puts the original record back on its topic and files that. False if that was done before. Refuses (`config`) an
   * unknown id, a letter whose record never reached the log (its vendor has to be read again), and conversations.
   */
  retry(id: string): Promise<boolean>
}

export interface DeadLetterDeskDeps {
  readonly log: EventLog
  readonly codec: Codec<DeadLetter>
  readonly topics: Topics
  readonly now: () => Date
}

/** Names, on a record without a value, the dead letter that was retried. */
const retriedHeader = 'retried'

export function createDeadLetterDesk({ log, codec, topics, now }: DeadLetterDeskDeps): DeadLetterDesk {
  const topic = topics.deadLetters

  async function* records() {
    for (const { partition, first } of await log.stats([topic])) yield* log.read(topic, partition, first)
  }

  /** Ids are small and letters may be large: only the former are kept in memory. */
  async function retriedIds(): Promise<ReadonlyMap<string, number>> {
    const retried = new Map<string, number>()
    for await (const { headers, timestamp } of records()) {
      const id = headers[retriedHeader]
      if (id !== undefined) retried.set(id, timestamp)
    }
    return retried
  }

  async function* list(): AsyncGenerator<FiledDeadLetter> {
    const retried = await retriedIds()
    const listed = new Set<string>()
    for await (const { value } of records()) {
      if (value === null) continue
      const letter = await codec.decode(value)
      if (listed.has(letter.id)) continue
      listed.add(letter.id)
      yield { letter, retriedAt: retried.get(letter.id) ?? null }
    }
  }

  async function show(id: string): Promise<FiledDeadLetter | undefined> {
    for await (const filed of list()) if (filed.letter.id === id) return filed
    return undefined
  }

  return {
    list,
    show,
    async retry(id) {
      const filed = await show(id)
      if (filed === undefined)
        throw configError('unknown-dead-letter', `retrying dead letter ${id}: there is none with this id`)
      const { letter, retriedAt } = filed
      if (retriedAt !== null) return false
      if (letter.topic === '' || letter.value === null)
        throw configError(
          'not-retryable',
          `retrying dead letter ${id}: its record never reached the log (${letter.code}); read it from the vendor again`,
        )
      if (letter.topic === topics.conversations)
        throw configError(
          'not-retryable',
          `retrying dead letter ${id}: a conversation as it was would replace what it is now; replay the stage assemble`,
        )
      const timestamp = now().getTime()
      const key = letter.key ?? Buffer.from(letter.id)
      await log.appendAll([
        { topic: letter.topic, records: [{ key, value: letter.value, headers: letter.headers, timestamp }] },
        { topic, records: [{ key, value: null, headers: { [retriedHeader]: id }, timestamp }] },
      ])
      return true
    },
  }
}
