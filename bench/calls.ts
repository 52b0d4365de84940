import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { genesysCloud } from '../connectors/genesys-cloud/index.ts'
import { defineConnector } from '../src/core/connector.ts'
import { sha256 } from '../src/core/ids.ts'
import type { EventLog, LogRecord } from '../src/core/log.ts'
import type { RawRecord } from '../src/core/records.ts'
import { topicsOf } from '../src/core/topics.ts'
import type { RecordCodecs } from '../src/log/avro.ts'

const vendor = 'genesys-cloud'
const account = 'acme'
const phrases = 32

/** The account that the calls are of; nobody reads from it. */
export const callAccount = {
  connector: defineConnector({ ...genesysCloud, open: () => emptyAccount }),
  config: { vendor, account },
}

const emptyAccount = {
  pollIntervalMs: 60_000,
  check: async () => {},
  slices: async () => [],
  read: async function* () {},
}

export const callTopic = topicsOf('').raw(vendor)

/** The vendor's key of the call with this number. */
export const callKey = (index: number) => `call-${index}`

/** Appends calls: of each the details of a transfer, and a transcript of 32 phrases with their words. */
export async function appendCalls(log: EventLog, codecs: RecordCodecs, from: number, count: number): Promise<void> {
  for (let first = from; first < from + count; first += 100) {
    const records: LogRecord[] = []
    for (let index = first; index < Math.min(first + 100, from + count); index++)
      for (const raw of [detailsOf(callKey(index)), transcriptOf(callKey(index))])
        records.push({ key: Buffer.from(callKey(index)), value: codecs.rawRecord.encode(raw), timestamp: Date.now() })
    await log.append(callTopic, records)
  }
}

interface Fixture {
  readonly context: unknown
  readonly payload: object
}

const fixtureOf = (situation: string) => {
  const path = join(import.meta.dirname, '../connectors/genesys-cloud/fixtures', situation, 'raw.json')
  // Sound: every fixture of the connector has this form.
  return JSON.parse(readFileSync(path, 'utf8')) as Fixture
}
const details = fixtureOf('transfer-then-abandon')
const transcript = fixtureOf('transcript-two-speakers')

const detailsOf = (key: string) =>
  rawOf('conversation-details', key, key, details.context, { ...details.payload, conversationId: key })

const transcriptOf = (key: string) =>
  rawOf('transcripts', `${key}/s-cust`, key, transcript.context, {
    ...transcript.payload,
    conversationId: key,
    transcripts: [{ transcriptId: key, language: 'en-us', startTime: start, phrases: spoken }],
  })

const start = 1_772_442_041_000
const sentence = 'what people say on the phone is about this long'.split(' ')
const spoken = Array.from({ length: phrases }, (_, index) => {
  const startTimeMs = start + index * 4_000
  return {
    text: `${sentence.join(' ')} ${index}`,
    stability: 1,
    startTimeMs,
    duration: { milliseconds: 3_000 },
    words: sentence.map((word, position) => ({
      word,
      confidence: 0.95,
      startTimeMs: startTimeMs + position * 300,
      duration: { milliseconds: 280 },
    })),
    alternatives: [],
    participantPurpose: index % 2 === 0 ? 'external' : 'internal',
  }
})

function rawOf(stream: string, key: string, conversationKey: string, context: unknown, content: object): RawRecord {
  const payload = Buffer.from(JSON.stringify(content))
  return {
    vendor,
    account,
    stream,
    key,
    conversationKey,
    observedAt: start + 600_000,
    version: null,
    contentType: 'application/json',
    payload,
    hash: sha256(payload),
    context: JSON.stringify(context),
  }
}
