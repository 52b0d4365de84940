import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { LogBatch } from '../../src/core/log.ts'
import { assign } from '../../src/log/embedded/assignment.ts'
import { eventually, numbered, startConsumer, takeBatches } from '../contract/log-client.ts'
import { openTestLog, temporaryDirectory } from './rig.ts'

const retention = { ageMs: Infinity, bytes: Infinity }

async function withLog(
  handoverMs: number,
  test: (log: Awaited<ReturnType<typeof openTestLog>>) => Promise<void>,
): Promise<void> {
  const directory = await temporaryDirectory()
  const log = await openTestLog(directory.path, { handoverMs })
  await log.createTopics([{ name: 't', partitions: 2, retention }])
  for (let key = 0; key < 10; key++) await log.append('t', numbered(3, 0, `key ${key}`))
  try {
    await test(log)
  } finally {
    await log.close()
    await directory.remove()
  }
}

/** A member that takes one batch of each partition and commits nothing. */
function holder(log: Awaited<ReturnType<typeof openTestLog>>) {
  const held = new Map<number, LogBatch>()
  const consumer = startConsumer(log, ['t'], 'g', {}, async batch => {
    if (held.has(batch.partition)) await batch.commit()
    else held.set(batch.partition, batch)
  })
  return { held, consumer }
}

describe('assignment', () => {
  const partitionsOf = (topics: readonly number[]) =>
    topics.flatMap((count, topic) =>
      Array.from({ length: count }, (_, partition) => ({ name: `${topic}/${partition}`, topic: `${topic}` })),
    )

  it('gives every partition to one member that wants it, evenly, and moves no more than it must', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(
        counts,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 3 }),
        (topics, staying, joining) => {
          const partitions = partitionsOf(topics)
          const member = () => ({ topics: new Set(topics.map((_, topic) => `${topic}`)) })
          const before = Array.from({ length: staying }, member)
          const first = assign(partitions, before, () => undefined)
          const all = [...before, ...Array.from({ length: joining }, member)]
          const second = assign(partitions, all, partition => first.get(partition))
          for (const [given, members] of [
            [first, before],
            [second, all],
          ] as const) {
            assert.equal(given.size, partitions.length)
            const loads = members.map(one => [...given.values()].filter(other => other === one).length)
            assert.ok(Math.max(...loads) - Math.min(...loads) <= 1)
          }
          const moved = partitions.filter(partition => first.get(partition) !== second.get(partition)).length
          const fair = Math.ceil(partitions.length / all.length)
          assert.ok(moved <= fair * joining, `${moved} moved`)
          const again = assign(partitions, all, partition => second.get(partition))
          assert.deepEqual(again, second)
        },
      ),
    )
  })

  it('gives a partition only to members that want its topic', () => {
    const partitions = partitionsOf([4, 4])
    const both = { topics: new Set(['0', '1']) }
    const one = { topics: new Set(['1']) }
    const given = assign(partitions, [one, both], () => undefined)
    for (const partition of partitions)
      assert.ok(given.get(partition)?.topics.has(partition.topic), `${partition.name} has a member`)
    assert.equal([...given.values()].filter(member => member === one).length, 4)
    assert.equal(assign(partitions, [one], () => undefined).size, 4)
  })
})

describe('moving partitions', () => {
  it('waits for the holder to commit what it was handed, and hands nothing out twice', () =>
    withLog(600_000, async log => {
      const { held, consumer } = holder(log)
      await eventually('a batch of each partition', () => held.size === 2)
      const second = startConsumer(log, ['t'], 'g')
      await sleep(200)
      assert.equal(second.batches.length, 0)
      for (const batch of held.values()) await batch.commit()
      for (let key = 0; key < 10; key++) await log.append('t', numbered(1, 3, `key ${key}`))
      await eventually('both have what is new', () => consumer.records().length + second.records().length === 40)
      assert.ok(second.batches.length > 0)
      assert.equal(new Set(second.batches.map(({ partition }) => partition)).size, 1)
      await Promise.all([consumer.stop(), second.stop()])
    }))

  it('fences the holder after the handover time: its commit and prepare reject, the other gets the records', () =>
    withLog(100, async log => {
      const { held, consumer } = holder(log)
      await eventually('a batch of each partition', () => held.size === 2)
      const second = startConsumer(log, ['t'], 'g')
      await eventually('the second gets a partition', () => second.batches.length > 0)
      const moved = second.batches[0]
      const fenced = held.get(moved?.partition ?? -1)
      const kept = held.get(1 - (moved?.partition ?? 0))
      assert.equal(moved?.records[0]?.offset, fenced?.records[0]?.offset)
      await assert.rejects(async () => fenced?.prepare(), { code: 'fenced', kind: 'fatal' })
      await assert.rejects(async () => fenced?.commit(), { code: 'fenced', kind: 'fatal' })
      await kept?.commit()
      await Promise.all([consumer.stop(), second.stop()])
      const committed = await log.committed('g')
      const next = new Map((await log.stats(['t'])).map(({ partition, next }) => [partition, next]))
      for (const { partition, offset } of committed) assert.equal(offset, next.get(partition))
    }))

  it('lets a member that left commit, until its partition is given to another', () =>
    withLog(600_000, async log => {
      const batches = await takeBatches(log, 't', 'g', 2)
      await batches[0]?.commit()
      const committed = await log.committed('g')
      assert.equal(
        committed.find(({ partition }) => partition === batches[0]?.partition)?.offset,
        batches[0]?.records.length,
      )
      const [again] = await takeBatches(log, 't', 'g', 1)
      assert.equal(again?.partition, batches[1]?.partition)
      await assert.rejects(async () => batches[1]?.commit(), { code: 'fenced' })
    }))

  it('refuses to commit or prepare out of order, and takes a second commit of the same batch for the first', () =>
    withLog(600_000, async log => {
      const inOrder: LogBatch[] = []
      const consumer = startConsumer(log, ['t'], 'g', { maxRecords: 2 }, batch => {
        if (batch.partition === 0) inOrder.push(batch)
      })
      await eventually('three batches', () => inOrder.length >= 3)
      const [first, second, third] = inOrder
      await assert.rejects(async () => second?.commit(), { code: 'out-of-order' })
      await assert.rejects(async () => second?.prepare(), { code: 'out-of-order' })
      await Promise.all([first?.commit(), first?.commit(), second?.commit()])
      await first?.commit()
      await assert.rejects(async () => first?.prepare(), { code: 'out-of-order' })
      assert.equal((await log.committed('g')).find(({ partition }) => partition === 0)?.offset, 4)
      await third?.prepare()
      await third?.commit()
      await consumer.stop()
    }))
})
