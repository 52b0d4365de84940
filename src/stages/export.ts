import { setImmediate } from 'node:timers/promises'
import type { Context } from '../core/context.ts'
import { dataError } from '../core/errors.ts'
import type { Codec, EventLog, LogBatch, StoredRecord } from '../core/log.ts'
import type { ConversationEvent, RawRecord } from '../core/records.ts'
import type { AnyRange, ConversationHead, Sink, SinkInput, SinkRecord } from '../core/sink.ts'
import type { Topics } from '../core/topics.ts'
import { type DeadLetters, type Refused, refusedFor } from './dead-letters.ts'
import { runLoop, type Work } from './loop.ts'
import type { StageMetrics } from './metrics.ts'
import { retrying } from './retry.ts'
import type { Stage } from './stage.ts'

export interface ExportDeps {
  readonly log: EventLog
  readonly codecs: { readonly rawRecord: Codec<RawRecord>; readonly event: Codec<ConversationEvent> }
  readonly topics: Topics
  readonly vendors: readonly string[]
  readonly sink: Sink
  readonly deadLetters: DeadLetters
  readonly metrics: StageMetrics
}

/** Partitions that are written at once by default. Each holds a range in memory, as bytes, and so does the next one. */
const defaultWritesAtOnce = 2

interface Prepared extends Work {
  readonly range: AnyRange
}

/**
 * Feeds a sink. A range is recorded, written under its token, and only then committed; a crash in between writes the same
 * range again under the same token, which a sink takes for once. The next range is proven meanwhile.
 */
export function createExportStage(deps: ExportDeps): Stage {
  const { log, topics, vendors, sink, deadLetters, metrics } = deps
  const inputOf = new Map<string, SinkInput>()
  for (const input of sink.inputs) {
    if (input === 'raw') for (const vendor of vendors) inputOf.set(topics.raw(vendor), 'raw')
    else inputOf.set(topics[input], input)
  }
  const name = `sink-${sink.name}`
  const input = { group: name, topics: [...inputOf.keys()] }

  const prepare = async (batch: LogBatch): Promise<Prepared> => {
    const { range, refused } = await rangeOf(batch, inputOf.get(batch.topic), deps.codecs)
    return { range, refused, outputs: [], dropped: new Map(), emitted: range.records.length }
  }

  const settle = async (batch: LogBatch, { range }: Prepared, ctx: Context) => {
    if (!batch.replayed) await retrying(`recording a range for ${name}`, () => batch.prepare(), metrics, ctx)
    await retrying(`writing to ${name}`, () => feed(sink, range, ctx), metrics, ctx)
  }

  return {
    name,
    input,
    metrics,
    async run(ctx) {
      if (input.topics.length === 0) return
      await runLoop<Prepared>(
        {
          log,
          deadLetters,
          metrics,
          consume: { ...sink.limits, ...input },
          maxInFlight: sink.writesAtOnce ?? defaultWritesAtOnce,
          process: prepare,
          settle,
        },
        ctx,
      )
    },
  }
}

/** The one door to every sink. What may not leave is kept back here, so that nothing gets past it. */
async function feed(sink: Sink, range: AnyRange, ctx: Context): Promise<void> {
  // A range of nothing but dead letters: it is committed, but there is nothing to write.
  if (range.records.length > 0) await sink.write(range, ctx)
}

async function rangeOf(
  batch: LogBatch,
  input: SinkInput | undefined,
  codecs: ExportDeps['codecs'],
): Promise<{ readonly range: AnyRange; readonly refused: readonly Refused[] }> {
  const { topic, partition, records } = batch
  const first = records[0]?.offset
  const last = records.at(-1)?.offset
  if (input === undefined || first === undefined || last === undefined)
    throw new RangeError(`exporting ${topic}:${partition}: not a batch of this sink`)
  const position = { topic, partition, first, last, token: `${topic}:${partition}:${first}-${last}` }
  switch (input) {
    case 'raw': {
      const { good, refused } = await proven(records, (_, bytes) => codecs.rawRecord.decode(bytes))
      return { range: { input, ...position, records: good }, refused }
    }
    case 'events': {
      const { good, refused } = await proven(records, (_, bytes) => codecs.event.decode(bytes))
      return { range: { input, ...position, records: good }, refused }
    }
    case 'conversations': {
      const { good, refused } = await proven(records, headOf)
      return { range: { input, ...position, records: good }, refused }
    }
  }
}

type Decode<T> = (stored: StoredRecord, bytes: Buffer) => T | Promise<T>

/** Records that are decoded before the rest of the process gets its turn: some milliseconds. */
const recordsAtOnce = 1_000

/** Decodes every record once, to tell those that can be decoded from those that cannot; nothing decoded is kept. */
async function proven<T>(records: readonly StoredRecord[], decode: Decode<T>) {
  const good: SinkRecord<T>[] = []
  const refused: Refused[] = []
  for (const [index, stored] of records.entries()) {
    if (index % recordsAtOnce === recordsAtOnce - 1) await setImmediate()
    try {
      const value = stored.value === null ? null : decode(stored, stored.value)
      if (value instanceof Promise) await value
      good.push(new ProvenRecord(stored, decode))
    } catch (error) {
      refused.push(refusedFor(stored, error))
    }
  }
  return { good, refused }
}

/** Decoded whenever its value is read: decoded events take several times their bytes, and several ranges wait at a time. */
class ProvenRecord<T> implements SinkRecord<T> {
  readonly stored: StoredRecord
  readonly #decode: Decode<T>

  constructor(stored: StoredRecord, decode: Decode<T>) {
    this.stored = stored
    this.#decode = decode
  }

  get value(): T | null {
    const { stored } = this
    if (stored.value === null) return null
    const value = this.#decode(stored, stored.value)
    // The writer's schema was looked up when the record was proven.
    if (value instanceof Promise)
      throw new TypeError(`decoding the record at ${stored.offset} again: it takes time now`)
    return value
  }
}

/** The head that the assemble stage wrote beside the vCon. */
function headOf({ headers }: StoredRecord): ConversationHead {
  const text = headers['head']
  if (text === undefined) throw dataError('no-head', 'decoding a conversation: it has no header `head`')
  try {
    // Sound: only the assemble stage writes this topic.
    return JSON.parse(text) as ConversationHead
  } catch (error) {
    throw dataError('head-not-json', 'decoding a conversation: its header `head` is no JSON', error)
  }
}
