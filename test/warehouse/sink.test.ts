import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { VconduitError } from '../../src/core/errors.ts'
import type { ConversationEvent } from '../../src/core/records.ts'
import { createWarehouseSink } from '../../src/sinks/warehouse/sink.ts'
import {
  conversation,
  conversationRange,
  eventRange,
  sampleEvent,
  sampleHead,
  startedAt,
} from '../contract/sink-samples.ts'
import { context, openRig, silent, type WarehouseRig } from './rig.ts'

describe('warehouse sink', () => {
  let rig: WarehouseRig
  let offset = 0
  before(async () => {
    rig = await openRig()
    await rig.sink().check(context)
    // Merges would hide what was inserted twice.
    for (const table of ['events_all', 'conversations_all'])
      await rig.ingest.command({ query: `SYSTEM STOP MERGES ${table}` })
  })
  after(() => rig.close())

  const write = async (...events: readonly ConversationEvent[]) => {
    await rig.sink().write(eventRange(offset, events), context)
    offset += events.length
  }
  const one = async <Row>(query: string): Promise<Row | undefined> => (await rig.ask<Row>(query))[0]
  const count = async (query: string) => Number((await one<{ n: string }>(`SELECT count() AS n FROM ${query}`))?.n)

  it('inserts a range once by its token, even when the warehouse was killed in between', async () => {
    const sink = rig.sink()
    const range = eventRange(10_000, [sampleEvent({ type: 'message', of: 'token' })])
    await sink.write(range, context)
    await sink.write(range, context)
    assert.equal(await count(`events_all WHERE conversation_id = '${conversation('token')}'`), 1)
    await rig.stop()
    await rig.start()
    await rig.ingest.command({ query: 'SYSTEM STOP MERGES events_all' })
    await sink.write(range, context)
    assert.equal(await count(`events_all WHERE conversation_id = '${conversation('token')}'`), 1)
    // The control: without the token the same rows are there twice.
    await sink.write({ ...range, token: 'another' }, context)
    assert.equal(await count(`events_all WHERE conversation_id = '${conversation('token')}'`), 2)
    assert.equal(await count(`events WHERE conversation_id = '${conversation('token')}'`), 1)
  })

  it('cuts a huge range into pieces, each of them inserted once', async () => {
    const sink = rig.sink()
    const text = 'x'.repeat(9 << 20)
    const events = Array.from({ length: 16 }, (_, key) =>
      sampleEvent({ type: 'message', of: 'huge', key: `${key}`, section: { text } }),
    )
    const range = eventRange(20_000, events)
    await sink.write(range, context)
    await sink.write(range, context)
    assert.equal(await count(`events_all WHERE conversation_id = '${conversation('huge')}'`), 16)
  })

  it('gives up when it is told to stop, with the reason that it was given', async () => {
    const text = 'x'.repeat(9 << 20)
    const events = Array.from({ length: 8 }, (_, key) =>
      sampleEvent({ type: 'message', of: 'stopped', key: `${key}`, section: { text } }),
    )
    const stop = new AbortController()
    const writing = rig.sink().write(eventRange(30_000, events), { ...context, signal: stop.signal })
    setTimeout(() => stop.abort(), 30)
    await assert.rejects(writing, error => error === stop.signal.reason)
  })

  it('shows the highest of version, revision and content hash, in whatever order they come', async () => {
    const versionOf = fc.record({
      version: fc.constantFrom(-1, 0, 1, startedAt, startedAt + 1, Number.MAX_SAFE_INTEGER),
      revision: fc.constantFrom(-2_147_483_648, -1, 0, 1, 7, 2_147_483_647),
      text: fc.constantFrom('a', 'b', 'c', 'd'),
    })
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(versionOf, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 30 }),
        async facts => {
          const of = `order-${run++}`
          const events = facts.map((versions, key) =>
            versions.map(({ text, ...rest }) =>
              sampleEvent({ type: 'message', of, key: `${key}`, section: { text }, ...rest }),
            ),
          )
          const [even, odd] = [0, 1].map(rest => events.flatMap(all => all.filter((_, index) => index % 2 === rest)))
          await write(...(even ?? []))
          await write(...(odd ?? []))
          const winners = events.map(all => all.reduce((a, b) => (precedes(a, b) ? b : a)))
          const shown = await rig.ask<{
            id: string
            text: string
            version: string
            revision: number
            content_hash: string
          }>(
            `SELECT toString(id) AS id, text, toString(version) AS version, revision, content_hash
            FROM events WHERE conversation_id = '${conversation(of)}' ORDER BY toString(id)`,
          )
          const expected = winners.map(({ id, message, version, revision, contentHash }) => ({
            id,
            text: message?.text ?? '',
            version: `${version}`,
            revision,
            content_hash: contentHash,
          }))
          assert.deepEqual(
            shown,
            expected.sort((a, b) => (a.id < b.id ? -1 : 1)),
          )
        },
      ),
      { numRuns: 12 },
    )
  })

  it('shows an event once that has moved in time', async () => {
    const january = Date.UTC(2026, 0, 31, 23)
    await write(sampleEvent({ type: 'message', of: 'moved', version: 1, occurredAt: january }))
    await write(sampleEvent({ type: 'message', of: 'moved', version: 2, occurredAt: january + 7_200_000 }))
    await rig.ingest.command({ query: 'SYSTEM START MERGES events_all' })
    await rig.ingest.command({ query: 'OPTIMIZE TABLE events_all FINAL' })
    await rig.ingest.command({ query: 'SYSTEM STOP MERGES events_all' })
    const rows = await rig.ask<{ at: string }>(
      `SELECT toString(occurred_at) AS at FROM events_all WHERE conversation_id = '${conversation('moved')}'`,
    )
    assert.deepEqual(rows, [{ at: '2026-02-01 01:00:00.000' }])
  })

  it('hides an event where it was retracted, and shows it where it went', async () => {
    const moved = (of: string, revision: number, retracted: boolean) =>
      ({ ...sampleEvent({ type: 'tool.call', of, revision, retracted }), id: conversation('the fact') }) as const
    await write(moved('fallback', 0, false))
    await write(moved('fallback', 1, true), moved('right', 1, false))
    const rows = await rig.ask<{ conversation: string }>(
      `SELECT toString(conversation_id) AS conversation FROM tool_calls WHERE event_id = '${conversation('the fact')}'`,
    )
    assert.deepEqual(rows, [{ conversation: conversation('right') }])
    await write(moved('fallback', 2, false))
    assert.equal(await count(`tool_calls WHERE event_id = '${conversation('the fact')}'`), 2)
  })

  it('keeps the raw value of a time that it cannot hold', async () => {
    const occurredAt = 8_640_000_000_000_000
    await write(sampleEvent({ type: 'message', of: 'absurd', occurredAt, observedAt: -62_135_596_800_000 }))
    assert.deepEqual(
      await one(
        `SELECT toString(occurred_at) AS at, toString(occurred_at_raw) AS raw, toString(observed_at) AS seen, toString(observed_at_raw) AS seenRaw
          FROM events WHERE conversation_id = '${conversation('absurd')}'`,
      ),
      {
        at: '2299-12-31 23:59:59.999',
        raw: `${occurredAt}`,
        seen: '1900-01-01 00:00:00.000',
        seenRaw: '-62135596800000',
      },
    )
  })

  it('puts every field of a section into a column or into details', async () => {
    const step = sampleEvent({ type: 'reasoning.step', of: 'fields' })
    await write(step)
    const row = await one<{ details: string }>(`SELECT details FROM events WHERE id = '${step.id}'`)
    assert.deepEqual(JSON.parse(row?.details ?? ''), {
      provider: 'acme-ai',
      requestModel: 'm',
      finishReasons: ['stop'],
      cachedInputTokens: 512,
      reasoningTokens: 32,
      parentSpanId: 'eee19b7ec3c1b174',
    })
    assert.deepEqual(
      await one(`SELECT kind, name, text, model, input_tokens, is_error FROM events WHERE id = '${step.id}'`),
      {
        kind: 'inference',
        name: 'chat',
        text: 'The card has to be replaced.',
        model: 'm-2026',
        input_tokens: 812,
        is_error: false,
      },
    )
  })

  it('tells in the views who said what', async () => {
    const party = (partyKey: string, role: string, version: number) =>
      sampleEvent({
        type: 'party.joined',
        of: 'views',
        key: `${partyKey}/${version}`,
        version,
        section: { partyKey, role, name: partyKey },
      })
    const said = (partyKey: string, sequence: number) =>
      sampleEvent({
        type: 'utterance',
        of: 'views',
        key: `${sequence}`,
        sequence,
        section: { partyKey, text: `${sequence}` },
      })
    await write(
      party('p-1', 'customer', 1),
      party('p-2', 'bot', 1),
      party('p-2', 'agent', 2),
      said('p-2', 2),
      said('p-1', 1),
      said('p-9', 3),
    )
    const rows = await rig.ask(
      `SELECT role, party_name, text FROM utterances WHERE conversation_id = '${conversation('views')}' ORDER BY occurred_at, sequence`,
    )
    assert.deepEqual(rows, [
      { role: 'customer', party_name: 'p-1', text: '1' },
      { role: 'agent', party_name: 'p-2', text: '2' },
      { role: '', party_name: null, text: '3' },
    ])
  })

  it('does not bring back an old revision that comes again', async () => {
    const sink = rig.sink()
    const revision = (n: number) => ({ head: sampleHead('old', n), vcon: `{"n":${n}}` })
    await sink.write(conversationRange(0, [revision(1), revision(2), revision(3)], 7), context)
    await sink.write({ ...conversationRange(0, [revision(1)], 7), token: 'after the window' }, context)
    assert.deepEqual(await rig.ask(`SELECT vcon FROM conversations WHERE conversation_key = 'old'`), [
      { vcon: '{"n":3}' },
    ])
  })

  it('removes the utterances of a transcript that was deleted, and the revisions that had them', async () => {
    // Deletes wait for merges.
    for (const table of ['events_all', 'conversations_all'])
      await rig.ingest.command({ query: `SYSTEM START MERGES ${table}` })
    const sink = rig.sink()
    const said = (transcriptId: string) =>
      sampleEvent({
        type: 'utterance',
        of: 'transcript',
        key: transcriptId,
        section: { transcriptId, text: `in ${transcriptId}` },
      })
    const revision = (n: number) => ({ head: sampleHead('transcript', n), vcon: `{"n":${n}}` })
    await write(said('t-1'), said('t-2'), sampleEvent({ type: 'sentiment', of: 'transcript' }))
    await sink.write(conversationRange(0, [revision(1)], 8), context)
    await write(sampleEvent({ type: 'deletion', of: 'transcript', section: { scope: 'transcript', targetId: 't-1' } }))
    await sink.write(conversationRange(1, [revision(2)], 8), context)
    const of = `conversation_id = '${conversation('transcript')}'`
    assert.deepEqual(await rig.ask(`SELECT type, text FROM events_all WHERE ${of} ORDER BY type`), [
      { type: 'deletion', text: null },
      { type: 'utterance', text: 'in t-2' },
    ])
    assert.deepEqual(await rig.ask(`SELECT vcon FROM conversations_all WHERE ${of}`), [{ vcon: '{"n":2}' }])
    assert.deepEqual(await rig.ask(`SELECT scope, target_id FROM erasures WHERE ${of}`), [
      { scope: 'transcript', target_id: 't-1' },
    ])
  })

  it('refuses a wrong password by name, and waits where nobody answers', async () => {
    const sinkAs = (url: string, password: string) =>
      createWarehouseSink({ url, database: 'vconduit', username: 'ingest', password, log: silent })
    for (const [sink, kind] of [
      [sinkAs(rig.url, 'wrong'), 'config'],
      [sinkAs('http://127.0.0.1:1', 'wrong'), 'retriable'],
    ] as const) {
      await assert.rejects(sink.check(context), (error: unknown) => {
        assert.ok(error instanceof VconduitError)
        assert.equal(error.kind, kind)
        assert.match(error.message, /checking the warehouse at http:\/\/127\.0\.0\.1:\d+ as ingest/)
        return true
      })
      await sink.close()
    }
  })
})

/** True if `b` supersedes `a`, or is as good. */
function precedes(a: ConversationEvent, b: ConversationEvent): boolean {
  if (a.version !== b.version) return a.version < b.version
  if (a.revision !== b.revision) return a.revision < b.revision
  return a.contentHash <= b.contentHash
}
