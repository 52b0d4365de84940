import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fatalError, retriableError } from '../../src/core/errors.ts'
import type { LogBatch } from '../../src/core/log.ts'
import { createDeadLetters } from '../../src/stages/dead-letters.ts'
import { batchesAndTicks, runLoop, type Work } from '../../src/stages/loop.ts'
import { StageMetrics } from '../../src/stages/metrics.ts'
import { contextOf, createRig, type Rig, runUntil } from './rig.ts'

const append = ({ log, topics }: Rig, from: number, count: number) =>
  log.append(
    topics.events,
    Array.from({ length: count }, (_, index) => ({
      key: Buffer.from(`${from + index}`),
      value: Buffer.from(`${from + index}`),
      timestamp: 1,
    })),
  )

const consumeOf = ({ topics }: Rig) => ({
  topics: [topics.events],
  group: 'loop-test',
  maxRecords: 3,
  maxBytes: 1 << 20,
  lingerMs: 0,
})

const deadLettersOf = ({ codecs, topics }: Rig) =>
  createDeadLetters({ codec: codecs.deadLetter, topic: topics.deadLetters, stage: 'loop', now: () => new Date() })

const nothing: Work = { outputs: [], refused: [], dropped: new Map(), emitted: 0 }

const valuesOf = ({ records }: LogBatch) => records.map(({ value }) => Number(value))
const nameOf = ({ partition, records }: LogBatch) => `${partition}:${records[0]?.offset}`

test('batches settle in order and one at a time per partition, while the next is processed', async t => {
  const rig = await createRig(t)
  await append(rig, 0, 30)
  const settled = new Map<number, number[]>()
  const settling = new Set<number>()
  const seen: number[] = []
  let overlapped = false
  const loop = {
    log: rig.log,
    consume: consumeOf(rig),
    deadLetters: deadLettersOf(rig),
    metrics: new StageMetrics(() => new Date()),
    maxInFlight: 2,
    async process(batch: LogBatch) {
      overlapped ||= settling.has(batch.partition)
      return { ...nothing, values: valuesOf(batch) }
    },
    async settle({ partition, records }: LogBatch, { values }: Work & { readonly values: readonly number[] }) {
      assert.ok(!settling.has(partition), 'two batches of a partition at once')
      settling.add(partition)
      assert.ok(settling.size <= 2)
      await delay(3)
      settling.delete(partition)
      settled.set(partition, [...(settled.get(partition) ?? []), ...records.map(({ offset }) => offset)])
      seen.push(...values)
    },
  }
  await runUntil(
    ctx => runLoop(loop, ctx),
    () => seen.length === 30,
  )
  for (const offsets of settled.values())
    assert.deepEqual(
      offsets,
      Array.from(offsets, (_, index) => index),
    )
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    Array.from({ length: 30 }, (_, index) => index),
  )
  assert.ok(overlapped)
})

test('retriable errors of any step repeat that step alone', async t => {
  const rig = await createRig(t, 1)
  await append(rig, 0, 3)
  const tried: string[] = []
  const failFirst = (step: string) => {
    tried.push(step)
    if (tried.filter(each => each === step).length < 3) throw retriableError('down', `${step}: down`)
  }
  const metrics = new StageMetrics(() => new Date())
  const loop = {
    log: rig.log,
    consume: consumeOf(rig),
    deadLetters: deadLettersOf(rig),
    metrics,
    maxInFlight: 1,
    async process() {
      failFirst('process')
      return nothing
    },
    settle: async () => failFirst('settle'),
  }
  await runUntil(
    ctx => runLoop(loop, ctx),
    async () => (await rig.log.committed('loop-test'))[0]?.offset === 3,
  )
  assert.deepEqual(tried, ['process', 'process', 'process', 'settle', 'settle', 'settle'])
  assert.equal(metrics.snapshot().retries, 4)
})

test('an error while a batch settles stops a loop that waits for more, and later batches stay uncommitted', async t => {
  const rig = await createRig(t, 1)
  await append(rig, 0, 6)
  const settled: string[] = []
  const loop = {
    log: rig.log,
    consume: consumeOf(rig),
    deadLetters: deadLettersOf(rig),
    metrics: new StageMetrics(() => new Date()),
    maxInFlight: 1,
    process: async () => nothing,
    async settle(batch: LogBatch) {
      if (settled.length === 1) throw fatalError('full', 'writing: the disk is full')
      settled.push(nameOf(batch))
    },
  }
  await assert.rejects(runLoop(loop, contextOf(new AbortController().signal)), { code: 'full' })
  assert.deepEqual(settled, ['0:0'])
  assert.equal((await rig.log.committed('loop-test'))[0]?.offset, 3)
})

test('an abort lets what settles end and be committed', async t => {
  const rig = await createRig(t, 1)
  await append(rig, 0, 3)
  const stop = new AbortController()
  const loop = {
    log: rig.log,
    consume: consumeOf(rig),
    deadLetters: deadLettersOf(rig),
    metrics: new StageMetrics(() => new Date()),
    maxInFlight: 1,
    process: async () => nothing,
    async settle() {
      stop.abort()
      await delay(20)
    },
  }
  await runLoop(loop, contextOf(stop.signal))
  assert.equal((await rig.log.committed('loop-test'))[0]?.offset, 3)
})

test('ticks come while the log is quiet and while it is busy, and the end comes when it is told', async t => {
  const rig = await createRig(t, 1)
  const stop = new AbortController()
  const seen: (LogBatch | undefined)[] = []
  let appended = 0
  for await (const next of batchesAndTicks(rig.log, consumeOf(rig), 2, contextOf(stop.signal))) {
    seen.push(next)
    await next?.commit()
    // There is always a batch to be had now; ticks come all the same.
    if (seen.length >= 5 && appended < 60) await append(rig, appended, 6).then(() => (appended += 6))
    await delay(1)
    if (seen.filter(each => each !== undefined).length === 20) stop.abort()
  }
  assert.deepEqual(seen.slice(0, 5), Array.from({ length: 5 }))
  const first = seen.findIndex(each => each !== undefined)
  assert.ok(seen.slice(first).some(each => each === undefined))
  assert.equal(seen.flatMap(each => (each === undefined ? [] : valuesOf(each))).length, 60)
})

test('leaving the ticks early lets the group go', async t => {
  const rig = await createRig(t, 1)
  const ctx = contextOf(new AbortController().signal)
  for await (const next of batchesAndTicks(rig.log, consumeOf(rig), 1, ctx)) if (next === undefined) break
  await rig.log.seek('loop-test', { topic: rig.topics.events, partition: 0, offset: 0 })
})

test('an error while draining is not taken for a clean stop', async t => {
  const rig = await createRig(t, 1)
  await append(rig, 0, 3)
  const stop = new AbortController()
  const loop = {
    log: rig.log,
    consume: consumeOf(rig),
    deadLetters: deadLettersOf(rig),
    metrics: new StageMetrics(() => new Date()),
    maxInFlight: 1,
    process: async () => nothing,
    async settle() {
      stop.abort()
      await delay(20)
      throw fatalError('full', 'writing: the disk is full')
    },
  }
  await assert.rejects(runLoop(loop, contextOf(stop.signal)), { code: 'full' })
})
