import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import type { Context } from '../../src/core/context.ts'
import { VconduitError } from '../../src/core/errors.ts'
import { eventTypes } from '../../src/core/records.ts'
import type { AnyRange, Sink } from '../../src/core/sink.ts'
import { conversation, conversationRange, type EventSpec, eventRange, sampleEvent, sampleHead } from './sink-samples.ts'

/** An event as a store has it. */
export interface KeptEvent {
  readonly id: string
  readonly type: string
  readonly conversationId: string
  readonly version: number
  /** Of a message or utterance; null for every other event. */
  readonly text: string | null
}

/** A conversation as a store shows it: its last state, and none that was deleted. */
export interface KeptConversation {
  readonly conversationId: string
  readonly revision: number
  /** The bytes that were written, as text. */
  readonly vcon: string
}

/** What the suite asks of the store behind a sink. */
export interface SinkUnderTest {
  readonly sink: Sink
  /** Every row of an event that the store holds; it may have dropped versions that a newer one supersedes. */
  events(): Promise<readonly KeptEvent[]>
  conversations(): Promise<readonly KeptConversation[]>
  /** The sink as a new process opens it. The old one is left as a crash leaves it, and not closed. */
  reopen(): Promise<Sink>
  /** Stops what the store needs to answer; `up` makes it answer again, with what it held. */
  down(): Promise<void>
  up(): Promise<void>
  /** Kills the store without warning and waits until it answers again; undefined if it is no process. */
  kill?(): Promise<void>
  /** Closes the sink and removes the store. */
  close(): Promise<void>
}

/** The contract of the port `Sink` for events and conversations. It asks for nothing that is special to one store. */
export function sinkContract(name: string, open: () => Promise<SinkUnderTest>): void {
  describe(`sink contract: ${name}`, () => {
    let store: SinkUnderTest
    let sink: Sink
    let offset = 0
    before(async () => {
      store = await open()
      sink = store.sink
      await sink.check(context())
    })
    after(() => store.close())

    /** A range behind the last one. */
    const events = (specs: readonly EventSpec[]) => advance(eventRange(offset, specs.map(sampleEvent)))
    const conversations = (states: Parameters<typeof conversationRange>[1]) =>
      advance(conversationRange(offset, states))
    const advance = <R extends AnyRange>(range: R): R => {
      offset = range.last + 1
      return range
    }
    const write = (range: AnyRange, signal?: AbortSignal) => sink.write(range, context(signal))
    const eventsOf = async (key: string) =>
      (await store.events()).filter(event => event.conversationId === conversation(key))
    const conversationOf = async (key: string) =>
      (await store.conversations()).find(({ conversationId }) => conversationId === conversation(key))

    it('may be checked again', async () => {
      await sink.check(context())
    })

    it('takes a range without records', async () => {
      const before = (await store.events()).length
      await write({ ...eventRange(0, []), token: 'events:0:0-0' })
      assert.equal((await store.events()).length, before)
    })

    it('keeps events of every type', async () => {
      await write(events(eventTypes.map(type => ({ type, of: 'every-type' }))))
      assert.deepEqual((await eventsOf('every-type')).map(({ type }) => type).sort(), [...eventTypes].sort())
    })

    it('writes a range that comes twice once', async () => {
      const range = events(Array.from({ length: 100 }, (_, key) => ({ type: 'message', of: 'twice', key: `${key}` })))
      await write(range)
      await write(range)
      assert.equal((await eventsOf('twice')).length, 100)
    })

    it('writes a range once that comes again after a crash, and the next one', async () => {
      const first = events(Array.from({ length: 10 }, (_, key) => ({ type: 'message', of: 'crash', key: `${key}` })))
      const second = events([{ type: 'message', of: 'crash', key: 'next' }])
      await write(first)
      sink = await store.reopen()
      await write(first)
      await write(second)
      assert.equal((await eventsOf('crash')).length, 11)
    })

    it('writes ranges of several partitions at once', async () => {
      const specs = (partition: number) =>
        Array.from({ length: 50 }, (_, key) =>
          sampleEvent({ type: 'message', of: 'parallel', key: `${partition}/${key}` }),
        )
      await Promise.all([0, 1, 2].map(partition => write(eventRange(1_000_000, specs(partition), partition))))
      assert.equal((await eventsOf('parallel')).length, 150)
    })

    it('writes a range whole or again, wherever it is cut off', async () => {
      const specs = (round: number) =>
        Array.from({ length: 500 }, (_, key) => ({ type: 'utterance' as const, of: 'cut', key: `${round}/${key}` }))
      for (let round = 0; round < 6; round++) {
        const range = events(specs(round))
        const cut = new AbortController()
        setTimeout(() => cut.abort(), round * 8)
        await write(range, cut.signal).catch((error: unknown) => assert.ok(cut.signal.aborted, String(error)))
        await write(range)
      }
      assert.equal((await eventsOf('cut')).length, 3_000)
    })

    it('keeps odd values as they are, or as near as it can, and loses no row for them', async () => {
      const odd: readonly EventSpec<'message'>[] = [
        { type: 'message', of: 'odd', key: 'unicode', section: { text: 'Ünïcödé 😀 \u202e مرحبا 漢字' } },
        { type: 'message', of: 'odd', key: 'control', section: { text: 'tab\t newline\n nul\0 quote\' " ` \\ \\N' } },
        { type: 'message', of: 'odd', key: 'empty', section: { text: '' } },
        { type: 'message', of: 'odd', key: 'null', section: { text: null, attachments: [], toPartyKeys: [] } },
        { type: 'message', of: 'odd', key: 'large', section: { text: '€'.repeat(400_000) } },
        { type: 'message', of: 'odd', key: 'long ago', occurredAt: -62_135_596_800_000 },
        { type: 'message', of: 'odd', key: 'never', occurredAt: 8_640_000_000_000_000, version: 9_007_199_254_740_991 },
        { type: 'message', of: 'odd', key: 'before', occurredAt: -9_007_199_254_740_991, observedAt: -1, version: -5 },
        { type: 'message', of: 'odd', key: 'sequence', sequence: 9_007_199_254_740_991, revision: -2_147_483_648 },
      ]
      await write(events(odd))
      const kept = new Map((await eventsOf('odd')).map(event => [event.id, event.text]))
      assert.equal(kept.size, odd.length)
      for (const spec of odd) {
        const { id, message } = sampleEvent(spec)
        assert.equal(kept.get(id), message?.text, spec.key)
      }
    })

    it('keeps the newest version of an event, in whatever order they come', async () => {
      await write(events([{ type: 'message', of: 'versions', version: 2 }]))
      await write(events([{ type: 'message', of: 'versions', version: 1 }]))
      const versions = (await eventsOf('versions')).map(({ version }) => version)
      assert.equal(Math.max(...versions), 2)
    })

    it('shows the last revision of a conversation', async () => {
      await write(conversations([{ head: sampleHead('c', 1), vcon: '{"v":1}' }]))
      await write(
        conversations([
          { head: sampleHead('c', 2), vcon: '{"v":2}' },
          { head: sampleHead('c', 3), vcon: '{"v":"3 ü"}' },
          { head: sampleHead('d', 1), vcon: '{}' },
        ]),
      )
      assert.deepEqual(await conversationOf('c'), {
        conversationId: conversation('c'),
        revision: 3,
        vcon: '{"v":"3 ü"}',
      })
      assert.equal((await store.conversations()).filter(kept => kept.conversationId === conversation('c')).length, 1)
    })

    it('keeps a head with nothing in it, and one with absurd numbers', async () => {
      const absurd = { startedAt: 8_640_000_000_000_000, durationMs: Number.MAX_VALUE, toolCalls: -1, holdMs: 1e300 }
      const bare = { parties: [], queues: [], endedAt: null, durationMs: null, language: null, channel: '' }
      await write(
        conversations([
          { head: sampleHead('absurd', 1, absurd), vcon: '{}' },
          { head: sampleHead('bare', 1, bare), vcon: '' },
        ]),
      )
      assert.equal((await conversationOf('absurd'))?.revision, 1)
      assert.equal((await conversationOf('bare'))?.vcon, '')
    })

    it('removes a conversation that has become empty, and shows it when it comes back', async () => {
      await write(conversations([{ head: sampleHead('empty', 1), vcon: '{}' }]))
      const range = conversations([{ key: 'empty', revision: 2, erased: false }])
      await write(range)
      await write(range)
      assert.equal(await conversationOf('empty'), undefined)
      await write(conversations([{ head: sampleHead('empty', 3), vcon: '{"back":true}' }]))
      assert.equal((await conversationOf('empty'))?.vcon, '{"back":true}')
    })

    it('erases a conversation with its events, but for its deletion, whenever they arrive', async () => {
      const facts = events([
        { type: 'message', of: 'erased' },
        { type: 'utterance', of: 'erased' },
        { type: 'deletion', of: 'erased', section: { scope: 'conversation', targetId: null } },
        { type: 'message', of: 'other' },
      ])
      const state = conversations([{ head: sampleHead('erased', 1), vcon: '{"secret":true}' }])
      const tombstone = conversations([{ key: 'erased', revision: 2, erased: true }])
      for (const range of [facts, state, tombstone]) await write(range)
      const deletionOnly = async () => {
        assert.deepEqual(
          (await eventsOf('erased')).map(({ type }) => type),
          ['deletion'],
        )
        assert.equal((await eventsOf('other')).length, 1)
        assert.equal(await conversationOf('erased'), undefined)
      }
      await deletionOnly()
      // A replay, and a straggler that was read before the vendor deleted it.
      for (const range of [facts, state, tombstone, events([{ type: 'message', of: 'erased', key: 'late' }])])
        await write(range)
      await deletionOnly()
    })

    it('says that it waits while the store is down, and writes the range when it is up', async () => {
      const range = events([{ type: 'message', of: 'down' }])
      await store.down()
      try {
        await assert.rejects(write(range), (error: unknown) => {
          assert.ok(error instanceof VconduitError, String(error))
          assert.equal(error.kind, 'retriable')
          return true
        })
      } finally {
        await store.up()
      }
      await write(range)
      await write(range)
      assert.equal((await eventsOf('down')).length, 1)
    })

    it('writes a range once when the store is killed under it', async test => {
      if (store.kill === undefined) return test.skip('the store is no process')
      for (let round = 0; round < 3; round++) {
        const specs = Array.from({ length: 2_000 }, (_, key) => ({
          type: 'utterance' as const,
          key: `${round}/${key}`,
        }))
        const range = events(specs.map(spec => ({ ...spec, of: 'killed' })))
        const writing = write(range).catch((error: unknown) => assert.ok(isRetriable(error), String(error)))
        await new Promise(resolve => setTimeout(resolve, 20 + round * 30))
        await store.kill()
        await writing
        await write(range)
        await write(range)
      }
      assert.equal((await eventsOf('killed')).length, 6_000)
    })
  })
}

const isRetriable = (error: unknown) => error instanceof VconduitError && error.kind === 'retriable'

const context = (signal = new AbortController().signal): Context => ({
  signal,
  log: pino({ level: 'silent' }),
  now: () => new Date(),
  random: Math.random,
})
