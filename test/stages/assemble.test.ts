import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { conversationIdOf } from '../../src/core/ids.ts'
import type { LogBatch } from '../../src/core/log.ts'
import type { ConversationEvent } from '../../src/core/records.ts'
import type { State, StateStore } from '../../src/core/state.ts'
import { foldConversation } from '../../src/stages/assemble/fold.ts'
import { vconJson } from '../../src/vcon/serialize.ts'
import { conversationEvents, makeEvent, testConversation } from '../vcon/arbitraries.ts'
import { AssembleRig, delegate, type Intercept, topics } from './assemble-rig.ts'

const start = 1_760_000_000_000
const id = conversationIdOf(testConversation)

const started = (version = 1) =>
  makeEvent(testConversation, 'conversation.started', 'start', {
    section: { ...none.started, channel: 'voice', direction: 'inbound' },
    occurredAt: start,
    version,
  })
const none = {
  started: {
    vendorChannel: null,
    vendorDirection: null,
    subject: null,
    campaign: null,
    entryPoint: null,
    language: null,
  },
  utterance: { offsetMs: null, durationMs: null, language: null, confidence: null, sessionKey: null, words: [] },
}
const said = (text: string, second: number, version = 1, transcriptId = 'transcript-1') =>
  makeEvent(testConversation, 'utterance', `utterance-${second}`, {
    section: { ...none.utterance, partyKey: 'customer', text, transcriptId },
    occurredAt: start + second * 1000,
    version,
  })
const ended = (second: number) =>
  makeEvent(testConversation, 'conversation.ended', 'end', {
    section: { durationMs: null, reason: 'completed', vendorReason: null, endedByPartyKey: null, abandoned: false },
    occurredAt: start + second * 1000,
  })
const deleted = (scope: string, targetId: string | null, version = 1, retracted = false) =>
  makeEvent(testConversation, 'deletion', `deletion-${scope}`, {
    section: { scope, targetId, reason: 'erasure-request', requestedBy: null },
    occurredAt: start + 90_000,
    version,
    retracted,
  })

async function withRig(work: (rig: AssembleRig) => Promise<void>) {
  const rig = await AssembleRig.open()
  try {
    await work(rig)
  } finally {
    await rig.close()
  }
}

const bytesOf = (events: readonly ConversationEvent[]) => {
  const folded = foldConversation(events)
  return folded === null ? null : vconJson(folded.vcon)
}

test('a conversation is written when it closes, without waiting', () =>
  withRig(async rig => {
    rig.start()
    await rig.append(started(), said('Hello', 1), ended(5))
    await rig.until(() => rig.metrics.emitted === 1)
    const [only] = rig.written()
    assert.equal(only?.vcon, bytesOf([started(), said('Hello', 1), ended(5)]))
    assert.equal(only?.revision, 1)
    assert.equal(only?.timestamp, start)
    const head = JSON.parse(only?.headers['head'] ?? '')
    assert.equal(head.revision, 1)
    assert.equal(head.state, 'closed')
  }))

test('an open conversation is written when it is quiet, and while it is not, every so often', () =>
  withRig(async rig => {
    rig.start({ quietMs: 2_000, maxDelayMs: 10_000 })
    const begin = rig.now
    await rig.append(started())
    await rig.takenIn()
    rig.now += 1_999
    await rig.append(said('Hello', 1))
    await rig.takenIn()
    for (let second = 2; second < 6; second++) {
      rig.now = begin + second * 1_900
      await rig.append(said(`Word ${second}`, second))
      await rig.takenIn()
    }
    assert.equal(rig.metrics.emitted, 0)
    assert.equal(rig.pending, 1)
    rig.now = begin + 10_000
    await rig.until(() => rig.pending === 0)
    assert.equal(rig.metrics.emitted, 1)

    await rig.append(said('And more', 9))
    await rig.takenIn()
    assert.equal(rig.pending, 1)
    rig.now += 2_000
    await rig.until(() => rig.pending === 0)
    assert.deepEqual(
      rig.written().map(({ revision }) => revision),
      [1, 2],
    )
  }))

test('an unchanged redelivery writes nothing, under a new version neither', () =>
  withRig(async rig => {
    rig.start()
    await rig.append(started(), said('Hello', 1), ended(5))
    await rig.settle()
    await rig.append(started(), said('Hello', 1), said('Hello', 1, 7), started(9))
    await rig.settle()
    await rig.until(() => rig.metrics.records === 7)
    assert.equal(rig.written().length, 1)
    assert.deepEqual(rig.metrics.dropped, { 'seen-before': 2 })
  }))

/** Utterances that are moved, and move between a transcript that is deleted and one that is not. */
const movedAndErased = fc
  .array(
    fc.record({
      second: fc.constantFrom(1, 2),
      version: fc.integer({ min: 1, max: 4 }),
      revision: fc.nat(2),
      transcriptId: fc.constantFrom('transcript-1', 'transcript-2'),
    }),
    { minLength: 3, maxLength: 8 },
  )
  .map(observations => [
    started(),
    deleted('transcript', 'transcript-1'),
    ...observations.map(({ second, version, revision, transcriptId }) => ({
      ...said('Hello', second, start + version * 1000, transcriptId),
      revision,
      retracted: revision === 1,
    })),
  ])

test('any order, duplication and batching gives the same vCon, with a restart in between and without memory', () =>
  withRig(async rig => {
    let run = 0
    const deliveries = fc
      .tuple(
        fc.oneof(conversationEvents({ maxFacts: 12 }), movedAndErased),
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.infiniteStream(fc.nat(9)),
      )
      .chain(([events, again, cuts]) =>
        fc.tuple(
          fc.constant(events),
          fc.shuffledSubarray([...events, ...again.flatMap(at => events[at % events.length] ?? [])], {
            minLength: events.length + (events.length > 0 ? again.length : 0),
          }),
          fc.constant(cuts),
        ),
      )
    await fc.assert(
      fc.asyncProperty(deliveries, fc.boolean(), async ([events, delivered, cuts], remembers) => {
        const ref = { ...testConversation, key: `run-${run++}` }
        const conversationId = conversationIdOf(ref)
        const rehome = (event: ConversationEvent) => ({ ...event, conversationId, conversationKey: ref.key })
        rig.start(remembers ? {} : { recentBytes: 0 })
        let batch: ConversationEvent[] = []
        for (const event of delivered) {
          batch.push(rehome(event))
          const cut = cuts.next().value
          if (cut > 2) continue
          await rig.append(...batch)
          batch = []
          if (cut === 0) await rig.settle()
          if (cut > 1) continue
          await rig.takenIn()
          await rig.stop()
          rig.start(remembers ? {} : { recentBytes: 0 })
        }
        await rig.append(...batch)
        await rig.settle()
        await rig.stop()
        assert.equal((await rig.latest(conversationId)) ?? null, bytesOf(events.map(rehome)))
        assert.deepEqual(await rig.deadLetters(), [])
      }),
      { numRuns: 100 },
    )
  }))

test('cut short after any of its writes, it ends with the same, and a revision has one content', async () => {
  const erasure = deleted('transcript', 'transcript-1')
  const events = [started(), said('Hello', 1), ended(5), said('Bye', 6, 1, 'transcript-2'), erasure]
  let failed = true
  for (let after = 0; failed; after++) {
    assert.ok(after < 50)
    await withRig(async rig => {
      rig.start({}, cutShortAfter(after))
      failed = false
      try {
        for (const event of events) {
          await rig.append(event)
          await rig.settle()
        }
        await rig.stop()
      } catch {
        failed = true
        await rig.stop().catch(() => {})
      }
      rig.start()
      // As after a restart at the vendor's end, everything comes again.
      await rig.append(...events)
      await rig.settle()
      await rig.stop()
      const written = rig.written(id)
      assert.equal(written.at(-1)?.vcon, bytesOf(events))
      const revisions = new Map<number, string | null>()
      for (const { revision, vcon } of written) {
        assert.equal(revisions.get(revision) ?? vcon, vcon, `revision ${revision} has two contents, cut after ${after}`)
        revisions.set(revision, vcon)
      }
    })
  }
})

/** Fails once the stage has written to log and state, and committed, this many times: the write takes place, its answer is lost. */
function cutShortAfter(writes: number): Intercept {
  let left = writes
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    if (left-- < 0) throw new Error('cut short before')
    const result = await work()
    if (left < 0) throw new Error('cut short after')
    return result
  }
  return {
    log: log => ({
      ...delegate(log),
      append: (topic, records) => counted(() => log.append(topic, records)),
      async *consume(options, ctx) {
        for await (const batch of log.consume(options, ctx))
          yield { ...delegateBatch(batch), commit: outputs => counted(() => batch.commit(outputs)) }
      },
    }),
    state: (store): StateStore => ({
      close: () => store.close(),
      open(stage, partition): State {
        const state = store.open(stage, partition)
        return {
          get: key => state.get(key),
          range: prefix => state.range(prefix),
          transaction: write => counted(() => state.transaction(write)),
        }
      },
    }),
  }
}

const delegateBatch = (batch: LogBatch): LogBatch => ({
  topic: batch.topic,
  partition: batch.partition,
  records: batch.records,
  replayed: batch.replayed,
  prepare: () => batch.prepare(),
  commit: outputs => batch.commit(outputs),
})

test('an erased conversation leaves a tombstone and nothing in the state, and does not come back', () =>
  withRig(async rig => {
    rig.start()
    await rig.append(started(), said('My card is 4111', 1), ended(5))
    await rig.settle()
    await rig.append(deleted('conversation', null))
    await rig.settle()
    await rig.append(said('My card is 4111', 1), said('Late words', 7), deleted('conversation', null, 9, true))
    await rig.settle()
    await rig.until(() => rig.metrics.records === 7)
    await rig.stop()
    const last = rig.written(id).at(-1)
    assert.equal(last?.vcon, null)
    assert.equal(last?.revision, 2)
    assert.equal(last?.timestamp, start)
    assert.deepEqual(last?.headers, { revision: '2', erase: 'conversation' })
    assert.deepEqual(rig.metrics.dropped, { erased: 3 })
    const text = await rig.stateText()
    assert.ok(text.includes(id) && !text.includes('4111') && !text.includes('Late words'))
  }))

test('an erasure of what was never written is written all the same', () =>
  withRig(async rig => {
    rig.start()
    await rig.append(deleted('conversation', null))
    await rig.settle()
    const [only] = rig.written(id)
    assert.equal(only?.vcon, null)
    assert.equal(only?.timestamp, start + 90_000)
  }))

test('a deleted transcript leaves the vCon and the state, and the rest stays', () =>
  withRig(async rig => {
    rig.start()
    await rig.append(started(), said('My card is 4111', 1), ended(5))
    await rig.settle()
    await rig.append(deleted('transcript', 'transcript-1'), said('Also 4111', 3))
    await rig.settle()
    await rig.append(said('My card is 4111', 1))
    await rig.settle()
    await rig.append(said('4111 again', 1, 20), started(2))
    await rig.settle()
    await rig.stop()
    const last = rig.written(id).at(-1)
    assert.equal(last?.vcon, bytesOf([started(), ended(5), deleted('transcript', 'transcript-1')]))
    assert.ok(!last?.vcon?.includes('4111'))
    assert.ok(!(await rig.stateText()).includes('4111'))
  }))

test('an older observation of what was erased does not bring it back', () =>
  withRig(async rig => {
    const events = [started(), said('My card is 4111', 1, 5), deleted('transcript', 'transcript-1'), ended(5)]
    rig.start()
    await rig.append(...events)
    await rig.settle()
    await rig.stop()
    rig.start()
    const older = said('My card is 4111', 1, 3, 'transcript-2')
    await rig.append(older)
    await rig.settle()
    assert.equal(await rig.latest(id), bytesOf([...events, older]))
    const newer = said('My card is hidden', 1, 7, 'transcript-2')
    await rig.append(newer)
    await rig.settle()
    await rig.stop()
    assert.equal(await rig.latest(id), bytesOf([...events, older, newer]))
    assert.ok((await rig.latest(id))?.includes('hidden'))
    assert.ok(!(await rig.stateText()).includes('4111'))
  }))

test('what an erasure takes away leaves the state with it, superseded or late, before anything is written', () =>
  withRig(async rig => {
    rig.start({ quietMs: 60_000, maxDelayMs: 60_000 })
    await rig.append(said('My card is 4111', 1, 1), said('My card is hidden', 1, 2, 'transcript-2'))
    await rig.append(deleted('transcript', 'transcript-1'), said('Yes, 4111', 3))
    await rig.takenIn()
    await rig.append(said('Yes, 4111', 3, 4))
    await rig.takenIn()
    await rig.stop()
    const text = await rig.stateText()
    assert.ok(text.includes('hidden') && !text.includes('4111'))
  }))

test('what an erasure leaves keeps every observation', () =>
  withRig(async rig => {
    const events = [started(start + 10), started(start + 30), said('My card is 4111', 1, 5), ended(5)]
    const deletion = deleted('transcript', 'transcript-1')
    rig.start()
    await rig.append(...events, deletion)
    await rig.settle()
    await rig.stop()
    rig.start()
    const late = makeEvent(testConversation, 'party.left', 'left', {
      section: { partyKey: 'customer', reason: null, vendorReason: null, durationMs: null },
      occurredAt: start + 5000,
    })
    await rig.append(late)
    await rig.settle()
    const latest = await rig.latest(id)
    assert.equal(latest, bytesOf([...events, deletion, late]))
    assert.ok(latest?.includes('"updated_at":"2025-10-09T08:53:20.010Z"'))
  }))

test('a conversation whose facts were all retracted leaves a tombstone, and comes back with them', () =>
  withRig(async rig => {
    const moved = (event: ConversationEvent, revision: number, retracted: boolean) => ({
      ...event,
      revision,
      retracted,
    })
    rig.start()
    await rig.append(said('Hello', 1))
    await rig.settle()
    await rig.append(moved(said('Hello', 1), 1, true))
    await rig.settle()
    await rig.append(moved(said('Hello', 1), 2, false))
    await rig.settle()
    const written = rig.written(id)
    assert.deepEqual(
      written.map(({ vcon, revision }) => [revision, vcon === null]),
      [
        [1, false],
        [2, true],
        [3, false],
      ],
    )
    assert.deepEqual(written[1]?.headers, { revision: '2' })
  }))

test('what cannot be assembled goes to dead letters with its reason, and the rest flows', () =>
  withRig(async rig => {
    const encode = (event: ConversationEvent) => rig.codecs.event.encode(event)
    rig.start()
    await rig.append(started())
    await rig.appendBytes([
      [id, Buffer.from('no event')],
      [id, null],
      [id, encode({ ...started(), type: 'conversation.teleported' })],
      [id, encode({ ...started(), conversationStarted: null })],
      [id, encode({ ...started(), conversationId: '../c' })],
    ])
    await rig.append(said('Hello', 1))
    await rig.settle()
    const letters = await rig.deadLetters()
    assert.deepEqual(
      letters.map(({ code }) => code),
      ['not-avro', 'no-value', 'unknown-event-type', 'no-section', 'bad-id'],
    )
    assert.ok(letters.every(({ stage, topic }) => stage === 'assemble' && topic === topics.events))
    assert.equal(rig.written(id).at(-1)?.vcon, bytesOf([started(), said('Hello', 1)]))
  }))

test('what waits when the stage is stopped is written after the restart', () =>
  withRig(async rig => {
    rig.start()
    await rig.append(started())
    await rig.takenIn()
    await rig.stop()
    assert.deepEqual(rig.written(), [])
    rig.start()
    await rig.until(() => rig.metrics.emitted === 1)
    assert.equal(await rig.latest(id), bytesOf([started()]))
  }))
