import type { Context } from '../core/context.ts'
import { dataError } from '../core/errors.ts'
import type { Codec, EventLog, LogBatch, StoredRecord } from '../core/log.ts'
import type { ConversationEvent, RawRecord } from '../core/records.ts'
import type { AnyRange, ConversationHead, Sink, SinkInput, SinkInputs, SinkRecord } from '../core/sink.ts'
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

/** Partitions that are written at once; each holds a range in memory. */
const writesAtOnce = 2

interface Prepared extends Work {
  readonly range: AnyRange
}

/**
 * Feeds a sink. A range is recorded, written under its token, and only then committed; a crash in between writes the same
 * range again under the same token, which a sink takes for once. The next range is decoded meanwhile.
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
          maxInFlight: writesAtOnce,
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
  const refused: Refused[] = []
  const decodeAll = async <I extends SinkInput>(decode: (stored: StoredRecord, bytes: Buffer) => Decoded<I>) => {
    const decoded: SinkRecord<SinkInputs[I]>[] = []
    for (const stored of records) {
      try {
        const value = stored.value === null ? null : decode(stored, stored.value)
        decoded.push({ stored, value: value instanceof Promise ? await value : value })
      } catch (error) {
        refused.push(refusedFor(stored, error))
      }
    }
    return decoded
  }
  switch (input) {
    case 'raw':
      return {
        range: { input, ...position, records: await decodeAll<'raw'>((_, b) => codecs.rawRecord.decode(b)) },
        refused,
      }
    case 'events':
      return {
        range: { input, ...position, records: await decodeAll<'events'>((_, b) => codecs.event.decode(b)) },
        refused,
      }
    case 'conversations':
      return { range: { input, ...position, records: await decodeAll<'conversations'>(headOf) }, refused }
  }
}

type Decoded<I extends SinkInput> = SinkInputs[I] | Promise<SinkInputs[I]>

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
