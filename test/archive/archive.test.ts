import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pino from 'pino'
import type { Context } from '../../src/core/context.ts'
import { type ConversationEvent, noSections, type RawRecord } from '../../src/core/records.ts'
import { type AnyRange, conversationHeaders, type SinkInputs, type SinkRecord } from '../../src/core/sink.ts'
import { directoryStore } from '../../src/sinks/archive/directory-store.ts'
import { parquetRows } from '../../src/sinks/archive/parquet.ts'
import { createArchiveSink } from '../../src/sinks/archive/sink.ts'

const log = pino({ enabled: false })
const now = () => new Date('2026-03-04T05:06:07Z')
const ctx: Context = { signal: new AbortController().signal, log, now, random: () => 0.5 }
const limits = { maxRecords: 1000, maxBytes: 1 << 20, lingerMs: 0 }
const beforeMidnight = Date.parse('2026-03-03T23:59:59.999Z')

const rawRecord = (key: string, conversationKey: string | null, payload: Buffer): RawRecord => ({
  vendor: 'acme-voice',
  account: 'main',
  stream: 'calls',
  key,
  conversationKey,
  observedAt: beforeMidnight,
  version: null,
  contentType: 'application/json',
  payload,
  hash: 'f00d',
  context: null,
})

const utterance = (id: string, conversation: string, rawOffset: number): ConversationEvent => ({
  ...noSections,
  id,
  type: 'utterance',
  version: 7,
  revision: 0,
  retracted: false,
  conversationId: `id-of-${conversation}`,
  conversationVendor: 'acme-voice',
  conversationAccount: 'main',
  conversationKey: conversation,
  sourceVendor: 'acme-voice',
  sourceAccount: 'main',
  sourceStream: 'calls',
  sourceKey: id,
  occurredAt: beforeMidnight,
  sequence: 0,
  observedAt: beforeMidnight,
  rawTopic: 'raw.acme-voice',
  rawPartition: 2,
  rawOffset,
  rawHash: 'f00d',
  contentHash: 'beef',
  utterance: {
    partyKey: 'c',
    text: 'grüß Gott \u{1f600}',
    offsetMs: null,
    durationMs: null,
    language: null,
    confidence: null,
    transcriptId: null,
    sessionKey: null,
    words: [],
  },
})

function rangeOf<I extends 'raw' | 'events'>(
  input: I,
  topic: string,
  first: number,
  values: readonly SinkInputs[I][],
  at?: (i: number) => number,
) {
  const records = values.map(
    (value, index): SinkRecord<SinkInputs[I]> => ({
      value,
      stored: {
        offset: first + index,
        key: Buffer.from('k'),
        value: Buffer.from('v'),
        timestamp: at?.(index) ?? beforeMidnight,
        headers: {},
      },
    }),
  )
  const last = first + values.length - 1
  return {
    input,
    topic,
    partition: 2,
    first,
    last,
    token: `${topic}:2:${first}-${last}`,
    records,
  } as unknown as AnyRange
}

const conversations = (
  first: number,
  entries: readonly { key: string; value: string | null; headers?: Record<string, string> }[],
): AnyRange => ({
  input: 'conversations',
  topic: 'conversations',
  partition: 0,
  first,
  last: first + entries.length - 1,
  token: `conversations:0:${first}`,
  records: entries.map(({ key, value, headers = {} }, index) => ({
    value: null,
    stored: {
      offset: first + index,
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      timestamp: beforeMidnight,
      headers,
    },
  })),
})

describe('archive sink', () => {
  let root: string
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'vconduit-archive-'))
  })
  after(() => rm(root, { recursive: true }))

  const open = (folder: string) => {
    const store = directoryStore(join(root, folder))
    return { store, sink: createArchiveSink({ store, limits, now, log }) }
  }
  const paths = async (folder: string) =>
    (await readdir(join(root, folder), { recursive: true, withFileTypes: true }))
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1))
      .sort()

  it('keeps the payload byte for byte, in the hour of the record, under the name of its range', async () => {
    const { store, sink } = open('raw')
    const payload = Buffer.from([0, 255, 128, 10, 13, 0xc3, 0x28])
    const range = rangeOf(
      'raw',
      'raw.acme-voice',
      40,
      [rawRecord('a', 'A', payload), rawRecord('b', null, Buffer.alloc(0))],
      index => (index === 0 ? beforeMidnight : beforeMidnight + 1),
    )
    await sink.write(range, ctx)
    assert.deepEqual(await paths('raw'), [
      'raw/topic=raw.acme-voice/dt=2026-03-03/hour=23/2-40-41.parquet',
      'raw/topic=raw.acme-voice/dt=2026-03-04/hour=00/2-40-41.parquet',
    ])
    const [row] = await parquetRows(
      (await store.get('raw/topic=raw.acme-voice/dt=2026-03-03/hour=23/2-40-41.parquet')) ?? Buffer.alloc(0),
    )
    assert.deepEqual(Buffer.from(row?.['payload'] as Uint8Array), payload)
    assert.equal(row?.['log_offset'], 40n)
    assert.deepEqual(row?.['observed_at'], new Date(beforeMidnight))
  })

  it('leaves files alone when a range comes again', async () => {
    const { sink } = open('again')
    const range = rangeOf('events', 'events', 0, [utterance('u1', 'A', 0), utterance('u2', 'A', 0)])
    await sink.write(range, ctx)
    const [path = ''] = await paths('again')
    const { mtimeNs } = await stat(join(root, 'again', path), { bigint: true })
    const bytes = await readFile(join(root, 'again', path))
    await sink.write(range, ctx)
    assert.deepEqual(await paths('again'), [path])
    assert.equal((await stat(join(root, 'again', path), { bigint: true })).mtimeNs, mtimeNs)
    const rows = await parquetRows(bytes)
    assert.deepEqual(
      rows.map(row => [row['id'], JSON.parse(String(row['section'])).text]),
      [
        ['u1', 'grüß Gott \u{1f600}'],
        ['u2', 'grüß Gott \u{1f600}'],
      ],
    )
  })

  it('writes no record twice when a replay cuts the log at other offsets', async () => {
    const { store, sink } = open('recut')
    await sink.write(rangeOf('events', 'events', 0, [utterance('u0', 'A', 0), utterance('u1', 'A', 0)]), ctx)
    const recut = rangeOf('events', 'events', 1, [utterance('u1', 'A', 0), utterance('u2', 'A', 0)])
    const reopened = createArchiveSink({ store, limits, now, log })
    await reopened.write(recut, ctx)
    await reopened.write(recut, ctx)
    const ids = []
    for await (const path of store.list('events'))
      for (const row of await parquetRows((await store.get(path)) ?? Buffer.alloc(0))) ids.push(row['id'])
    assert.deepEqual(ids, ['u0', 'u1', 'u2'])
  })

  it('keeps the latest vCon of a conversation, and none after its tombstone', async () => {
    const { store, sink } = open('vcons')
    await sink.write(
      conversations(0, [
        { key: 'id-of-A', value: '{"v":1}' },
        { key: 'id-of-A', value: '{"v":2}' },
        { key: 'id-of-B', value: '{}' },
      ]),
      ctx,
    )
    assert.equal((await store.get('conversations/id/id-of-A.vcon.json'))?.toString(), '{"v":2}')
    await sink.write(conversations(3, [{ key: 'id-of-B', value: null }]), ctx)
    assert.equal(await store.get('conversations/id/id-of-B.vcon.json'), undefined)
    assert.deepEqual(await paths('vcons'), ['conversations/id/id-of-A.vcon.json'])
  })

  it('erases every trace of a conversation, also what comes late, and spares the others', async () => {
    const { store, sink } = open('erase')
    const shared = rawRecord('batch', null, Buffer.from('[A and B]'))
    await sink.write(
      rangeOf('raw', 'raw.acme-voice', 0, [
        rawRecord('a', 'A', Buffer.from('A')),
        rawRecord('b', 'B', Buffer.from('B')),
        shared,
      ]),
      ctx,
    )
    await sink.write(
      rangeOf('events', 'events', 0, [
        utterance('a1', 'A', 0),
        utterance('b1', 'B', 1),
        utterance('a2', 'A', 2),
        utterance('b2', 'B', 2),
      ]),
      ctx,
    )
    const tombstone = conversations(9, [
      { key: 'id-of-A', value: null, headers: { [conversationHeaders.erase]: 'conversation' } },
    ])
    await sink.write(tombstone, ctx)

    const rowsIn = async (input: string) => {
      const rows = []
      for await (const path of store.list(input))
        rows.push(...(await parquetRows((await store.get(path)) ?? Buffer.alloc(0))))
      return rows
    }
    const text = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value)
    const eventIds = async () => (await rowsIn('events')).map(row => row['id'])
    const rawRows = async () => (await rowsIn('raw')).map(row => [row['key'], text(row['payload'])])
    assert.deepEqual(await eventIds(), ['b1', 'b2'])
    assert.deepEqual(await rawRows(), [
      ['b', 'B'],
      ['batch', null],
    ])

    const reopened = createArchiveSink({ store, limits, now, log })
    await reopened.write(tombstone, ctx)
    await reopened.write(rangeOf('events', 'events', 10, [utterance('a3', 'A', 3), utterance('b3', 'B', 3)]), ctx)
    await reopened.write(rangeOf('raw', 'raw.acme-voice', 10, [rawRecord('a', 'A', Buffer.from('A again'))]), ctx)
    assert.deepEqual(await eventIds(), ['b1', 'b2', 'b3'])
    assert.deepEqual((await rawRows()).length, 2)
    const erasure = JSON.parse((await store.get('erasures/id-of-A.json'))?.toString() ?? '{}')
    assert.deepEqual(erasure.conversation, ['acme-voice', 'main', 'A'])
    assert.equal(erasure.erasedAt, '2026-03-04T05:06:07.000Z')
  })

  it('refuses a directory that it cannot write, and says which', async () => {
    await writeFile(join(root, 'a-file'), '')
    const store = directoryStore(join(root, 'a-file', 'archive'))
    await assert.rejects(store.check(), {
      kind: 'config',
      message: /archive directory .*a-file.archive: it cannot be written/,
    })
  })
})
