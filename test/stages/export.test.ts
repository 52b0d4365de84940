import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fatalError, retriableError } from '../../src/core/errors.ts'
import type { Sink, SinkInput } from '../../src/core/sink.ts'
import { createDeadLetters } from '../../src/stages/dead-letters.ts'
import { createExportStage } from '../../src/stages/export.ts'
import { StageMetrics } from '../../src/stages/metrics.ts'
import { createRig, memorySink, type Rig, readDeadLetters, runUntil } from './rig.ts'

const now = () => new Date()

function stageOf(rig: Rig, sink: Sink) {
  const metrics = new StageMetrics(now)
  const { log, codecs, topics } = rig
  const stageName = `sink-${sink.name}`
  const topic = topics.deadLetters
  const deadLetters = createDeadLetters({ codec: codecs.deadLetter, topic, stage: stageName, now })
  const stage = createExportStage({ log, codecs, topics, vendors: ['tiny'], sink, deadLetters, metrics })
  const until = (records: number) =>
    runUntil(
      ctx => stage.run(ctx),
      () => metrics.snapshot().records >= records,
    )
  return { stage, metrics, until }
}

const head = (revision: number) => ({ head: JSON.stringify({ conversationId: 'c', revision }) })

async function appendConversations({ log, topics }: Rig, count: number, from = 0): Promise<void> {
  const records = Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(`c${from + index}`),
    value: Buffer.from(`{"vcon":${from + index}}`),
    timestamp: 1,
    headers: head(from + index),
  }))
  await log.append(topics.conversations, records)
}

const conversationsOnly: readonly SinkInput[] = ['conversations']

test('a sink gets ranges that touch, cut to its limits, with heads and tombstones', async t => {
  const rig = await createRig(t)
  await appendConversations(rig, 25)
  await rig.log.append(rig.topics.conversations, [{ key: Buffer.from('erased'), value: null, timestamp: 1 }])
  const sink = memorySink(conversationsOnly, { limits: { maxRecords: 4 } })
  const { until, metrics } = stageOf(rig, sink)
  await until(26)
  const ends = new Map<number, number>()
  for (const { input, topic, partition, first, last, token, records } of sink.ranges.values()) {
    assert.equal(input, 'conversations')
    assert.equal(first, ends.get(partition) ?? 0)
    assert.equal(token, `${topic}:${partition}:${first}-${last}`)
    assert.ok(records.length <= 4)
    assert.deepEqual([records[0]?.stored.offset, records.at(-1)?.stored.offset], [first, last])
    ends.set(partition, last + 1)
  }
  const all = [...sink.ranges.values()].flatMap(({ records }) => [...records])
  assert.equal(all.filter(({ value }) => value === null).length, 1)
  const revisions = all.flatMap(({ value }) => (value !== null && 'revision' in value ? [value.revision] : []))
  assert.deepEqual(
    revisions.sort((a, b) => a - b),
    Array.from({ length: 25 }, (_, index) => index),
  )
  assert.equal(metrics.snapshot().emitted, 26)
})

test('a store that is down is asked again with the same range, in order, as often as it takes', async t => {
  const rig = await createRig(t)
  await appendConversations(rig, 20)
  const failures = new Map<string, number>()
  const sink = memorySink(conversationsOnly, {
    limits: { maxRecords: 3 },
    fail({ token }) {
      const failed = failures.get(token) ?? 0
      failures.set(token, failed + 1)
      return failed < 4 ? retriableError('down', 'inserting: connection refused') : undefined
    },
  })
  const { until, metrics } = stageOf(rig, sink)
  await until(20)
  assert.equal(metrics.snapshot().retries, 4 * sink.ranges.size)
  for (const partition of [0, 1]) {
    const tokens = sink.writes.filter(token => token.includes(`:${partition}:`))
    const inOrder = [...new Set(tokens)]
    assert.deepEqual(
      tokens,
      inOrder.flatMap(token => [token, token, token, token, token]),
      'one range at a time per partition',
    )
  }
  assert.ok(sink.mostInFlight <= 2)
})

test('a range that was recorded but not committed is written again exactly, though more has come since', async t => {
  const rig = await createRig(t)
  await appendConversations(rig, 4)
  const dying = memorySink(conversationsOnly, { fail: () => fatalError('gone', 'inserting: killed') })
  const first = stageOf(rig, dying)
  await assert.rejects(first.until(4), { code: 'gone' })
  const recorded = new Set(dying.writes)
  assert.ok(recorded.size > 0)

  await rig.reopen()
  await appendConversations(rig, 10, 4)
  const sink = memorySink(conversationsOnly)
  await stageOf(rig, sink).until(14)
  assert.deepEqual(new Set(sink.writes.slice(0, recorded.size)), recorded)
})

test('what cannot be decoded becomes a dead letter, and the range keeps its bounds', async t => {
  const rig = await createRig(t, 1)
  const { log, topics } = rig
  const record = (value: string, headers?: Record<string, string>) => ({
    key: Buffer.from(value),
    value: Buffer.from(value),
    timestamp: 1,
    ...(headers && { headers }),
  })
  await log.append(topics.conversations, [
    record('{"no":"head"}'),
    record('{}', head(1)),
    record('{"bad":"head"}', { head: '{' }),
  ])
  const sink = memorySink(conversationsOnly)
  await stageOf(rig, sink).until(3)
  const [range, ...others] = sink.ranges.values()
  assert.deepEqual(others, [])
  assert.deepEqual([range?.first, range?.last, range?.records.length], [0, 2, 1])
  const letters = await readDeadLetters(rig)
  assert.deepEqual(
    letters.map(({ code, stage, offset }) => [code, stage, offset]),
    [
      ['no-head', 'sink-memory', 0],
      ['head-not-json', 'sink-memory', 2],
    ],
  )
  assert.equal(letters[0]?.value?.toString(), '{"no":"head"}')
})

test('an error that nobody foresaw stops the stage, and the range stays uncommitted', async t => {
  const rig = await createRig(t)
  await appendConversations(rig, 1)
  const sink = memorySink(conversationsOnly, { fail: () => new TypeError('unforeseen') })
  await assert.rejects(stageOf(rig, sink).until(1), TypeError)
  assert.ok((await rig.log.committed('sink-memory')).every(({ offset }) => offset === 0))
})
