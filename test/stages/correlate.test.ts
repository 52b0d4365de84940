import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { event, type Fact } from '../../src/core/fact.ts'
import type { LogRecord } from '../../src/core/log.ts'
import type { ConversationEvent, RawRecord, Uncorrelated } from '../../src/core/records.ts'
import { foldConversation } from '../../src/stages/assemble/fold.ts'
import { completeEvent, completeLink } from '../../src/stages/complete-event.ts'
import { createCorrelateStage } from '../../src/stages/correlate.ts'
import {
  type CorrelateInput,
  type CorrelatePartition,
  type CorrelateSettings,
  type Delivered,
  openCorrelatePartition,
} from '../../src/stages/correlate-partition.ts'
import { createDeadLetters } from '../../src/stages/dead-letters.ts'
import { StageMetrics } from '../../src/stages/metrics.ts'
import { vconJson } from '../../src/vcon/serialize.ts'
import { conversation, createRig, liveOf, type Rig, readDeadLetters, readEvents, runUntil } from './rig.ts'

const raw: RawRecord = {
  vendor: 'tiny',
  account: 'acme',
  stream: 'things',
  key: 'k',
  conversationKey: null,
  observedAt: 1_000,
  version: null,
  contentType: 'application/json',
  payload: Buffer.from('{}'),
  hash: 'abc',
  context: null,
}
const at = { raw, topic: 'raw.tiny', partition: 0, offset: 0 }

interface Said {
  readonly key: string
  readonly version?: number
  readonly text?: string
  readonly scope?: string
}

const aliasOf = (alias: string, scope: string) => ({ scope, alias, fallback: conversation(`fallback-${scope}`) })
const saidBy = (alias: string, { key, version = 1, text = key, scope = 's' }: Said): Fact =>
  event({ to: aliasOf(alias, scope), type: 'utterance', key, occurredAt: 1, version, section: { text } })
const leads = (alias: string, to: string, version = 1, scope = 's'): Fact => ({
  kind: 'link',
  from: aliasOf(alias, scope),
  to: conversation(to),
  version,
})
const inherits = (alias: string, parentAlias: string, version = 1, scope = 's'): Fact => ({
  kind: 'link',
  from: aliasOf(alias, scope),
  to: { parentAlias },
  version,
})

function uncorrelatedOf({ codecs }: Rig, fact: Fact): CorrelateInput {
  const completed = fact.kind === 'event' ? completeEvent(fact, at) : undefined
  const alias = fact.kind === 'link' ? fact.from : fact.to
  assert.ok('alias' in alias)
  const record: Uncorrelated = {
    scope: alias.scope,
    alias: alias.alias,
    fallbackVendor: alias.fallback.vendor,
    fallbackAccount: alias.fallback.account,
    fallbackKey: alias.fallback.key,
    observedAt: 1_000,
    event: completed === undefined ? null : codecs.event.encode(completed),
    link: fact.kind === 'link' ? completeLink(fact, raw) : null,
  }
  return { record, event: completed }
}

const settings: CorrelateSettings = {
  waitMs: 600_000,
  keepMs: 86_400_000,
  maxScopeBytes: 1 << 20,
  maxPartitionBytes: 1 << 22,
  tickMs: 5,
}

function stageOf(rig: Rig, now: () => Date, changed: Partial<CorrelateSettings> = {}) {
  const metrics = new StageMetrics(now)
  const { log, state, codecs, topics } = rig
  const topic = topics.deadLetters
  const deadLetters = createDeadLetters({ codec: codecs.deadLetter, topic, stage: 'correlate', now })
  const stage = createCorrelateStage({
    log,
    state,
    codecs,
    topics,
    settings: { ...settings, ...changed },
    deadLetters,
    metrics,
  })
  const until = (done: () => boolean | Promise<boolean>) => runUntil(ctx => stage.run({ ...ctx, now }), done)
  return { stage, metrics, until }
}

const append = async (rig: Rig, ...facts: readonly Fact[]) => {
  const records = facts.map(fact => {
    const { record } = uncorrelatedOf(rig, fact)
    return { key: Buffer.from(record.scope), value: rig.codecs.uncorrelated.encode(record), timestamp: 1 }
  })
  await rig.log.append(rig.topics.uncorrelated, records)
}

test('events wait for the link of their root, across a restart, and then go to its conversation', async t => {
  const rig = await createRig(t)
  const now = () => new Date(10_000)
  await append(rig, saidBy('leaf', { key: 'e1' }), inherits('leaf', 'middle'), saidBy('middle', { key: 'e2' }))
  const first = stageOf(rig, now)
  await first.until(() => first.metrics.snapshot().records === 3)
  assert.deepEqual(await readEvents(rig), [])

  await rig.reopen()
  await append(rig, inherits('middle', 'root'), leads('root', 'c1'))
  const second = stageOf(rig, now)
  await second.until(() => {
    if (second.metrics.snapshot().records < 2) return false
    assert.equal(second.stage.pending?.(), 0)
    return true
  })
  const events = await readEvents(rig)
  assert.deepEqual(liveOf(events), { c1: ['e1', 'e2'] })
  assert.deepEqual([events.length, events[0]?.retracted, events[0]?.revision], [2, false, 0])
  assert.deepEqual(events[0]?.conversationAccount, 'acme')
})

test('the wait is counted from the first arrival, whatever restarts in between; a later link moves the events', async t => {
  const rig = await createRig(t)
  let clock = 1_000_000
  const now = () => new Date(clock)
  await append(rig, saidBy('span', { key: 'e1' }))
  const first = stageOf(rig, now)
  await first.until(() => first.metrics.snapshot().records === 1)
  assert.equal(first.stage.pending?.(), 0, 'a stopped stage holds nothing')

  await rig.reopen()
  clock += settings.waitMs - 1
  const second = stageOf(rig, now)
  let ticks = 0
  await second.until(() => ++ticks > 20)
  assert.deepEqual(await readEvents(rig), [], 'the wait is not over')

  await rig.reopen()
  clock += 1
  const third = stageOf(rig, now)
  await third.until(async () => (await readEvents(rig)).length > 0)
  assert.deepEqual(liveOf(await readEvents(rig)), { 'fallback-s': ['e1'] })

  await append(rig, leads('span', 'real'))
  const fourth = stageOf(rig, now)
  await fourth.until(() => fourth.metrics.snapshot().records === 1)
  assert.deepEqual(liveOf(await readEvents(rig)), { real: ['e1'] })
})

test('what cannot be decoded becomes a dead letter, and the rest flows', async t => {
  const rig = await createRig(t)
  const { record } = uncorrelatedOf(rig, saidBy('span', { key: 'bad' }))
  const value = rig.codecs.uncorrelated.encode({ ...record, event: Buffer.from('no Avro') })
  await rig.log.append(rig.topics.uncorrelated, [
    { key: Buffer.from('s'), value, timestamp: 1 },
    { key: Buffer.from('s'), value: Buffer.from('no Avro either'), timestamp: 1 },
  ])
  await append(rig, saidBy('span', { key: 'good' }), leads('span', 'c1'))
  const { metrics, until } = stageOf(rig, () => new Date())
  await until(() => metrics.snapshot().records === 4)
  assert.deepEqual(liveOf(await readEvents(rig)), { c1: ['good'] })
  assert.deepEqual(
    (await readDeadLetters(rig)).map(({ code, stage }) => [code, stage]),
    [
      ['not-avro', 'correlate'],
      ['not-avro', 'correlate'],
    ],
  )
})

test('keeping for less than the wait is refused', async t => {
  const rig = await createRig(t)
  assert.throws(() => stageOf(rig, () => new Date(), { keepMs: 1 }), { kind: 'config', code: 'correlate-times' })
})

// One partition, driven by hand.

let partitions = 0

/** A partition on the real state, its deliveries kept, which can be killed and opened again. */
function partitionOf(rig: Rig, changed: Partial<CorrelateSettings> = {}) {
  const state = rig.state.open('correlate-test', partitions++)
  const delivered: ConversationEvent[] = []
  let clock = 0
  let last: Delivered | undefined
  const open = (): CorrelatePartition =>
    openCorrelatePartition({
      state,
      event: rig.codecs.event,
      settings: { ...settings, ...changed },
      now: () => new Date(clock),
      delivered: last,
    })
  let partition = open()
  const take = async (records: readonly LogRecord[], until: Delivered) => {
    const { decision, count } = last ?? { decision: 0, count: 0 }
    const isNew = until.decision > decision || (until.decision === decision && until.count === count + records.length)
    assert.ok(isNew, `${JSON.stringify(until)} after ${JSON.stringify(last)}`)
    last = until
    for (const { value } of records) if (value !== null) delivered.push(await rig.codecs.event.decode(value))
  }
  const deliver = () => partition.deliver(take)
  return {
    state,
    delivered,
    learn: (facts: readonly Fact[]) => partition.learn(facts.map(fact => uncorrelatedOf(rig, fact))),
    deliver,
    async age() {
      while (await partition.age()) await deliver()
    },
    /** One decision of time, not delivered. */
    ageOnce: () => partition.age(),
    wait: (ms: number) => {
      clock += ms
    },
    /** As after a crash: what was not durable is gone; the next run delivers first what was decided. */
    async kill() {
      partition = open()
      await deliver()
    },
    waiting: () => partition.waiting(),
  }
}

test('a scope is forgotten when it had no news for long, and leaves nothing behind', async t => {
  const rig = await createRig(t)
  const partition = partitionOf(rig)
  await partition.learn([saidBy('span', { key: 'e1' }), leads('other', 'c1', 1, 'other')])
  await partition.deliver()
  partition.wait(settings.keepMs - 1)
  await partition.age()
  assert.deepEqual(liveOf(partition.delivered), { 'fallback-s': ['e1'] })
  assert.notDeepEqual([...partition.state.range('head/')], [])
  partition.wait(1)
  await partition.age()
  assert.deepEqual(
    [...partition.state.range('')].map(({ key }) => key),
    ['outbox'],
  )

  await partition.learn([leads('span', 'late')])
  await partition.deliver()
  assert.deepEqual(liveOf(partition.delivered), { 'fallback-s': ['e1'] }, 'a link after that finds nothing to move')
})

test('a scope that grows too large is released, and keeps its links for what comes', async t => {
  const rig = await createRig(t)
  const partition = partitionOf(rig, { maxScopeBytes: 20_000 })
  const text = 'x'.repeat(1_000)
  await partition.learn([leads('root', 'c1'), leads('other', 'c2')])
  await partition.learn(Array.from({ length: 30 }, (_, index) => saidBy('orphan', { key: `e${index}`, text })))
  await partition.deliver()
  assert.equal(partition.waiting(), 30)
  await partition.age()
  assert.equal(partition.waiting(), 0)
  assert.equal(liveOf(partition.delivered)['fallback-s']?.length, 30)
  assert.deepEqual([...partition.state.range('event/')], [])
  assert.deepEqual([...partition.state.range('body/')], [])

  await partition.learn([saidBy('root', { key: 'later' })])
  await partition.deliver()
  assert.deepEqual(liveOf(partition.delivered)['c1'], ['later'])
})

test('a partition that grows too large lets go of its oldest scopes, and loses no event', async t => {
  const rig = await createRig(t)
  const maxPartitionBytes = 40_000
  const partition = partitionOf(rig, { maxPartitionBytes })
  const text = 'x'.repeat(1_000)
  for (let index = 0; index < 60; index++) {
    partition.wait(1)
    await partition.learn([saidBy('span', { key: `e${index}`, text, scope: `s${index}` })])
    await partition.deliver()
    await partition.age()
    const bytes = [...partition.state.range('')].reduce((sum, { key, value }) => sum + key.length + value.length, 0)
    assert.ok(bytes <= maxPartitionBytes, `${bytes} bytes`)
  }
  const live = liveOf(partition.delivered)
  assert.deepEqual(live['fallback-s0'], ['e0'])
  assert.equal(live['fallback-s59'], undefined, 'the newest still waits')
  assert.equal(Object.keys(live).length + partition.waiting(), 60)
})

const anyFact = (() => {
  const alias = fc.constantFrom('a', 'b', 'c', 'd')
  const version = fc.integer({ min: 1, max: 3 }).map(hours => hours * 3_600_000)
  const scope = fc.constantFrom('s', 't')
  return fc.oneof(
    fc
      .record({ alias, version, scope, key: fc.constantFrom('e1', 'e2', 'e3'), text: fc.constantFrom('x', 'y') })
      .map(({ alias, ...said }) => saidBy(alias, { ...said, key: `${said.scope}-${said.key}` })),
    fc.tuple(alias, fc.constantFrom('one', 'two'), version, scope).map(args => leads(...args)),
    fc.tuple(alias, alias, version, scope).map(args => inherits(...args)),
  )
})()

type Move = 'learn' | 'repeat' | 'wait' | 'age' | 'kill' | 'kill-undelivered' | 'kill-aging'
const anyMoves = fc.array(
  fc.record({
    move: fc.constantFrom<Move>('learn', 'learn', 'repeat', 'wait', 'age', 'kill', 'kill-undelivered', 'kill-aging'),
    size: fc.integer({ min: 1, max: 4 }),
  }),
  { maxLength: 20 },
)

/** The vCon of every conversation of which something is left to tell. */
function vconsOf(events: readonly ConversationEvent[]): Readonly<Record<string, string>> {
  const vcons: Record<string, string> = {}
  for (const [key, its] of Map.groupBy(events, ({ conversationKey }) => conversationKey)) {
    const folded = foldConversation(its)
    if (folded !== null) vcons[key] = vconJson(folded.vcon)
  }
  return vcons
}

test('any order, repetition and batching, any pause and any crash leaves the same events live, and the same vCons', async t => {
  const rig = await createRig(t)
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFact, { minLength: 1, maxLength: 10 }).chain(facts =>
        fc.record({
          facts: fc.constant(facts),
          shuffled: fc.shuffledSubarray([...facts], { minLength: facts.length }),
        }),
      ),
      anyMoves,
      async ({ facts, shuffled }, moves) => {
        const plain = partitionOf(rig)
        await plain.learn(facts)
        await plain.deliver()
        plain.wait(settings.waitMs)
        await plain.age()

        const partition = partitionOf(rig)
        let committed = 0
        for (const { move, size } of [...moves, { move: 'learn' as const, size: shuffled.length }]) {
          const batch = shuffled.slice(committed, committed + size)
          switch (move) {
            case 'learn':
              await partition.learn(batch)
              await partition.deliver()
              committed += batch.length
              break
            // The consumer was killed before its commit, or the range is replayed.
            case 'repeat':
              await partition.learn(shuffled.slice(Math.max(0, committed - size), committed + 1))
              await partition.deliver()
              break
            case 'kill-undelivered':
              await partition.learn(batch)
              await partition.kill()
              break
            case 'kill-aging':
              await partition.ageOnce()
              await partition.kill()
              break
            case 'wait':
              partition.wait(size * (settings.waitMs / 3))
              break
            case 'age':
              await partition.age()
              break
            case 'kill':
              await partition.kill()
          }
        }
        partition.wait(settings.waitMs)
        await partition.age()
        assert.equal(partition.waiting(), 0)
        assert.deepEqual(liveOf(partition.delivered), liveOf(plain.delivered))
        assert.deepEqual(vconsOf(partition.delivered), vconsOf(plain.delivered))
      },
    ),
    { numRuns: 150 },
  )
})
