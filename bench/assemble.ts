import { join } from 'node:path'
import { contentHashOf, conversationIdOf, eventIdOf, sha256 } from '../src/core/ids.ts'
import type { EventLog, LogRecord } from '../src/core/log.ts'
import { type ConversationEvent, type EventType, noSections, sectionFields } from '../src/core/records.ts'
import { topicSpecs, topicsOf } from '../src/core/topics.ts'
import { type RecordCodecs, singleObjectCodecs } from '../src/log/avro.ts'
import { openEmbeddedLog, openStateStore } from '../src/log/embedded/index.ts'
import { createAssembleStage, defaultAssembleSettings } from '../src/stages/assemble.ts'
import { StageMetrics } from '../src/stages/metrics.ts'
import { contextOf, inDirectory, logger, median, now } from './measure.ts'
import type { BenchResult } from './result.ts'

const partitions = 4
const utterances = 32
/** Conversations that go on at the same time. */
const concurrent = 50
const topics = topicsOf('')

/**
 * Assembles calls of 40 events (32 utterances, 2 tool calls) until each is written as a vCon, and compares with a loop
 * that consumes the same events, decodes, encodes and appends them: same log, same batches, both durable.
 */
export async function benchAssemble(conversations = 2_500, rounds = 5): Promise<BenchResult> {
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round < rounds; round++) {
    await inDirectory(async directory => {
      const log = await openEmbeddedLog(join(directory, 'log'), { log: logger, now })
      const codecs = singleObjectCodecs(log.schemas)
      const limits = { partitions, ageMs: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }
      await log.createTopics([...topicSpecs(topics, [], limits), { name: 'copy', partitions, retention: limits }])
      const total = await appendCalls(log, codecs, conversations)
      bare.push((total / (await timed(() => copyEvents(log, codecs, total)))) * 1000)
      ours.push((total / (await timed(() => assemble(log, codecs, directory, total)))) * 1000)
      await log.close()
    })
  }
  // Round by round, because what else the machine does slows both halves of a round alike.
  const ratio = median(ours.map((rate, round) => rate / (bare[round] ?? Number.NaN)))
  return { name: 'assemble', ours: median(ours), bare: median(bare), unit: 'events/s', ratio, target: 0.5 }
}

async function assemble(log: EventLog, codecs: RecordCodecs, directory: string, total: number): Promise<void> {
  const state = openStateStore(join(directory, 'state'))
  const metrics = new StageMetrics(now)
  const stop = new AbortController()
  const stage = createAssembleStage({ log, state, codecs, topics, metrics, settings: { tickMs: 5 } })
  const running = stage.run(contextOf(stop.signal))
  while (metrics.snapshot().records < total || (stage.pending?.() ?? 0) > 0)
    await Promise.race([running, new Promise(resolve => setTimeout(resolve, 5))])
  stop.abort()
  await running
  await state.close()
}

async function copyEvents(log: EventLog, codecs: RecordCodecs, total: number): Promise<void> {
  const { maxRecords, maxBytes, lingerMs } = defaultAssembleSettings
  const stop = new AbortController()
  const options = { topics: [topics.events], group: 'bare', maxRecords, maxBytes, lingerMs }
  let seen = 0
  for await (const batch of log.consume(options, contextOf(stop.signal))) {
    const records: LogRecord[] = []
    for (const record of batch.records) {
      const event = await codecs.event.decode(record.value ?? Buffer.alloc(0))
      records.push({ ...record, value: codecs.event.encode(event) })
    }
    await log.append('copy', records)
    await batch.commit()
    seen += records.length
    if (seen >= total) stop.abort()
  }
}

/** Appends the events of all calls, those of `concurrent` calls taking turns. Returns how many there are. */
async function appendCalls(log: EventLog, codecs: RecordCodecs, conversations: number): Promise<number> {
  let total = 0
  for (let first = 0; first < conversations; first += concurrent) {
    const calls = Array.from({ length: Math.min(concurrent, conversations - first) }, (_, index) =>
      callOf(first + index),
    )
    const longest = Math.max(...calls.map(call => call.length))
    const records: LogRecord[] = []
    for (let position = 0; position < longest; position++)
      for (const call of calls) {
        const event = call[position]
        if (event === undefined) continue
        const key = Buffer.from(event.conversationId)
        records.push({ key, value: codecs.event.encode(event), timestamp: event.occurredAt })
      }
    await log.append(topics.events, records)
    total += records.length
  }
  return total
}

/** A call from its start to its end. */
export function callOf(index: number): readonly ConversationEvent[] {
  const ref = { vendor: 'genesys-cloud', account: 'acme', key: `call-${index}` }
  const conversationId = conversationIdOf(ref)
  const start = 1_760_000_000_000 + index * 1_000
  const call: ConversationEvent[] = []
  const add = (type: EventType, at: number, section: object) => {
    const key = `${ref.key}/${call.length}`
    const event = {
      id: eventIdOf(ref.vendor, ref.account, 'bench', key, type),
      type,
      version: start + 600_000,
      revision: 0,
      retracted: false,
      conversationId,
      conversationVendor: ref.vendor,
      conversationAccount: ref.account,
      conversationKey: ref.key,
      sourceVendor: ref.vendor,
      sourceAccount: ref.account,
      sourceStream: 'bench',
      sourceKey: key,
      occurredAt: start + at,
      sequence: call.length,
      observedAt: start + 600_000,
      rawTopic: 'raw.genesys-cloud',
      rawPartition: 0,
      rawOffset: index,
      rawHash: sha256(key),
      contentHash: contentHashOf(JSON.stringify(section)),
      ...noSections,
      [sectionFields[type]]: section,
    }
    // Sound once encoded: what the sections leave out has a default in the schema.
    call.push(event as unknown as ConversationEvent)
  }
  const customer = 'party-customer'
  const agent = 'party-agent'
  add('conversation.started', 0, { channel: 'voice', direction: 'inbound' })
  add('party.joined', 0, { partyKey: customer, role: 'customer', kind: 'person', tel: '+15550100' })
  add('party.joined', 9_000, { partyKey: agent, role: 'agent', kind: 'person', name: 'Robin', externalId: 'agent-7' })
  for (let turn = 0; turn < utterances; turn++) {
    const text = `Utterance ${turn} of the call: what people say on the phone is about this long, as a rule.`
    const said = { partyKey: turn % 2 ? agent : customer, text, offsetMs: turn * 5_000, durationMs: 4_000 }
    add('utterance', 10_000 + turn * 5_000, { ...said, transcriptId: ref.key, sessionKey: ref.key })
    if (turn % 16 === 15)
      add('tool.call', 10_000 + turn * 5_000, {
        partyKey: agent,
        name: 'lookup',
        kind: 'function',
        ...lookup,
        durationMs: 80,
      })
  }
  add('disposition', 200_000, { partyKey: agent, code: 'resolved', name: 'Resolved' })
  add('party.left', 200_000, { partyKey: customer, reason: 'hung-up' })
  add('conversation.ended', 200_000, { durationMs: 200_000, reason: 'completed' })
  return call
}

const lookup = {
  arguments: '{"order":"4711","fields":["status","eta"]}',
  result: '{"status":"shipped","eta":"tomorrow"}',
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
