import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { pino } from 'pino'
import type { Context } from '../src/core/context.ts'
import type { StoredRecord } from '../src/core/log.ts'
import type { ConversationEvent, EventType } from '../src/core/records.ts'
import type { OffsetRange, Sink } from '../src/core/sink.ts'
import { singleObjectCodecs } from '../src/log/avro.ts'
import { eventRows } from '../src/sinks/warehouse/event-rows.ts'
import { insertSettings } from '../src/sinks/warehouse/insert.ts'
import { RowWriter } from '../src/sinks/warehouse/row-binary.ts'
import { createWarehouseSink } from '../src/sinks/warehouse/sink.ts'
import { readTable } from '../src/sinks/warehouse/tables.ts'
import { startEmbeddedWarehouse } from '../src/warehouse/start.ts'
import { sampleEvent, startedAt } from '../test/contract/sink-samples.ts'
import type { BenchResult } from './result.ts'

const rounds = 5
const ranges = 5
const rangeSize = 50_000
const eventsOfConversation = 20

/** Ranges that the export stage writes at once. */
const atOnce = 2

const types: readonly EventType[] = [
  ...['utterance', 'utterance', 'utterance', 'utterance', 'utterance', 'utterance', 'message', 'tool.call'],
  ...['reasoning.step', 'party.joined', 'party.left', 'queue.left', 'hold.ended', 'conversation.started'],
  ...['conversation.ended', 'attribute.changed'],
] as EventType[]

const codecs = singleObjectCodecs({ find: () => undefined, save: () => {} })
const rows = eventRows(readTable('events_all'))

/**
 * Inserts 250,000 events in ranges of 50,000 into the embedded warehouse: through the sink, from their Avro bytes and two
 * ranges at once, as the export stage does; and the same events, decoded beforehand, each range encoded as RowBinary and
 * inserted, one after the other, through the same client with the same settings. Both into an empty table.
 */
export async function benchWarehouse(): Promise<BenchResult> {
  const directory = await mkdtemp(join(tmpdir(), 'vconduit-bench-'))
  const log = pino({ level: 'silent' })
  const user = { name: 'ingest', password: 'bench' }
  const warehouse = await startEmbeddedWarehouse({
    directory,
    users: { ingest: user, reader: { name: 'reader', password: 'bench' } },
    log,
  })
  const access = { url: warehouse.url, database: 'bench', username: user.name, password: user.password }
  const sink = createWarehouseSink({ ...access, log })
  const client = createClient({ ...access, request_timeout: 300_000, log: { level: ClickHouseLogLevel.OFF } })
  const context: Context = { signal: new AbortController().signal, log, now: () => new Date(), random: Math.random }
  try {
    await sink.check(context)
    const records = Array.from({ length: ranges }, (_, range) => recordsOf(range))
    const ours: number[] = []
    const bare: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const bareRate = await rateOf(client, () => insertBare(client, records, round))
      const ourRate = await rateOf(client, () => exportAll(sink, records, round, context))
      // The first round warms up the engine and the compiler.
      if (round > 0) {
        bare.push(bareRate)
        ours.push(ourRate)
      }
    }
    const result = { ours: median(ours), bare: median(bare) }
    return { name: 'warehouse sink', ...result, unit: 'events/s', ratio: result.ours / result.bare, target: 0.9 }
  } finally {
    await client.close()
    await sink.close()
    await warehouse.close()
    await rm(directory, { recursive: true, force: true })
  }
}

type Records = readonly StoredRecord[]

function recordsOf(range: number): Records {
  return Array.from({ length: rangeSize }, (_, index) => {
    const n = range * rangeSize + index
    const type = types[n % types.length] ?? 'utterance'
    const spoken = { text: `I would like to ask about order ${n * 7919} that was to come last week`, words: [] }
    const event = sampleEvent({
      type,
      of: `conversation-${Math.floor(n / eventsOfConversation)}`,
      key: `${n}`,
      occurredAt: startedAt + n * 10,
      sequence: n % eventsOfConversation,
      section: type === 'utterance' ? spoken : {},
    })
    return {
      offset: n,
      key: Buffer.from(event.conversationId),
      value: codecs.event.encode(event),
      timestamp: event.occurredAt,
      headers: {},
    }
  })
}

/** Decoding is synchronous: the schema is our own. */
const decode = ({ value }: StoredRecord) => codecs.event.decode(value ?? Buffer.alloc(0)) as ConversationEvent

/** Resolves with the time that it took, decoding excluded. */
async function insertBare(client: ClickHouseClient, all: readonly Records[], round: number): Promise<number> {
  let tookMs = 0
  for (const [index, records] of all.entries()) {
    const events = records.map(decode)
    const start = performance.now()
    const out = new RowWriter(rangeSize * 600)
    for (const event of events) rows.write(out, event)
    const { stream } = await client.exec({
      query: `INSERT INTO events_all (${rows.columns.join(', ')}) FORMAT RowBinary`,
      values: Readable.from([out.bytes()], { objectMode: false }),
      clickhouse_settings: { ...insertSettings, insert_deduplication_token: `bare:${round}:${index}` },
    })
    stream.resume()
    tookMs += performance.now() - start
  }
  return tookMs
}

/** Resolves with the time that it took, decoding included. */
async function exportAll(sink: Sink, all: readonly Records[], round: number, context: Context): Promise<number> {
  const start = performance.now()
  const writing: Promise<void>[] = []
  for (const [partition, records] of all.entries()) {
    const decoded = records.map(stored => ({ stored, value: decode(stored) }))
    if (writing.length >= atOnce) await writing.shift()
    const first = records[0]?.offset ?? 0
    const last = records.at(-1)?.offset ?? 0
    const token = `events:${partition}:${first}-${last}:${round}`
    const range: OffsetRange<'events'> = {
      input: 'events',
      topic: 'events',
      partition,
      first,
      last,
      token,
      records: decoded,
    }
    writing.push(sink.write(range, context))
  }
  await Promise.all(writing)
  return performance.now() - start
}

/** Events per second. */
async function rateOf(client: ClickHouseClient, work: () => Promise<number>): Promise<number> {
  await client.command({ query: 'TRUNCATE TABLE events_all' })
  return (ranges * rangeSize * 1_000) / (await work())
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
