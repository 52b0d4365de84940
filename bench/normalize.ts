import type { EventLog, LogRecord } from '../src/core/log.ts'
import type { ConversationEvent } from '../src/core/records.ts'
import { topicSpecs, topicsOf } from '../src/core/topics.ts'
import { type RecordCodecs, singleObjectCodecs } from '../src/log/avro.ts'
import { openEmbeddedLog } from '../src/log/embedded/index.ts'
import { createDeadLetters } from '../src/stages/dead-letters.ts'
import { StageMetrics } from '../src/stages/metrics.ts'
import { createNormalizeStage, normalizeLimits } from '../src/stages/normalize.ts'
import { appendCalls, callAccount, callKey, callTopic } from './calls.ts'
import { contextOf, inDirectory, logger, median, now } from './measure.ts'
import type { BenchResult } from './result.ts'

const partitions = 4
const topics = topicsOf('')

/**
 * Normalizes calls (the details of a transfer, and a transcript of 32 phrases with their words), and compares with a loop
 * that consumes the same raw records, decodes them, encodes as many events with the same content and appends them: same
 * log, same batches, both durable. A raw record counts as decoded when the JSON in it is parsed. In events per second.
 */
export async function benchNormalize(conversations = 1_500, rounds = 3): Promise<BenchResult> {
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round < rounds; round++)
    await inDirectory(async directory => {
      const log = await openEmbeddedLog(directory, { log: logger, now })
      const codecs = singleObjectCodecs(log.schemas)
      const limits = { partitions, ageMs: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }
      await log.createTopics([
        ...topicSpecs(topics, [callAccount.config.vendor], limits),
        { name: 'copy', partitions, retention: limits },
      ])
      await appendCalls(log, codecs, 0, conversations)

      ours.push(await rateOf(() => normalize(log, codecs, conversations * 2)))
      const events = await sampleEvents(log, codecs)
      bare.push(await rateOf(() => copy(log, codecs, events, conversations * 2)))
      await log.close()
    })
  const result = { ours: median(ours), bare: median(bare) }
  return { name: 'normalize', ...result, unit: 'events/s', ratio: result.ours / result.bare, target: 0.5 }
}

async function normalize(log: EventLog, codecs: RecordCodecs, records: number): Promise<number> {
  const metrics = new StageMetrics(now)
  const codec = codecs.deadLetter
  const deadLetters = createDeadLetters({ codec, topic: topics.deadLetters, stage: 'normalize', now })
  const accounts = [callAccount]
  const stop = new AbortController()
  const stage = createNormalizeStage({ log, codecs, topics, accounts, deadLetters, metrics })
  const running = stage.run(contextOf(stop.signal))
  while (metrics.snapshot().records < records)
    await Promise.race([running, new Promise(resolve => setTimeout(resolve, 5))])
  stop.abort()
  await running
  return metrics.snapshot().emitted
}

/** The bare loop: the events of a raw record are there already and are only encoded. Returns how many it appended. */
async function copy(
  log: EventLog,
  codecs: RecordCodecs,
  events: ReadonlyMap<string, readonly ConversationEvent[]>,
  count: number,
): Promise<number> {
  const stop = new AbortController()
  let seen = 0
  let appended = 0
  const options = { topics: [callTopic], group: 'bare', ...normalizeLimits }
  for await (const batch of log.consume(options, contextOf(stop.signal))) {
    const records: LogRecord[] = []
    for (const record of batch.records) {
      const raw = await codecs.rawRecord.decode(record.value ?? Buffer.alloc(0))
      const payload: unknown = JSON.parse(raw.payload.toString())
      if (typeof payload !== 'object') throw new TypeError('copying: not a payload')
      for (const event of events.get(raw.stream) ?? [])
        records.push({
          key: Buffer.from(event.conversationId),
          value: codecs.event.encode(event),
          timestamp: record.timestamp,
        })
    }
    await batch.commit([{ topic: 'copy', records }])
    seen += batch.records.length
    appended += records.length
    if (seen >= count) stop.abort()
  }
  return appended
}

/** The events of one conversation, by the stream that they were read from. */
async function sampleEvents(log: EventLog, codecs: RecordCodecs): Promise<ReadonlyMap<string, ConversationEvent[]>> {
  const sample = new Map<string, ConversationEvent[]>()
  for (const { partition } of await log.stats([topics.events]))
    for await (const { value } of log.read(topics.events, partition, 0)) {
      const event = await codecs.event.decode(value ?? Buffer.alloc(0))
      if (event.conversationKey !== callKey(0)) continue
      sample.set(event.sourceStream, [...(sample.get(event.sourceStream) ?? []), event])
    }
  return sample
}

/** Events per second. */
async function rateOf(emit: () => Promise<number>): Promise<number> {
  const begin = performance.now()
  const events = await emit()
  return (events / (performance.now() - begin)) * 1000
}
