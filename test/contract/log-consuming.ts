import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogBatch } from '../../src/core/log.ts'
import {
  contextOf,
  eventually,
  type Fixture,
  isConfigError,
  numbered,
  readAll,
  record,
  startConsumer,
  takeBatches,
  valuesOf,
} from './log-client.ts'

const spread = (count: number) => Array.from({ length: count }, (_, index) => record(`key ${index % 40}`, `${index}`))

const rangeOf = (batch: LogBatch | undefined) => ({
  partition: batch?.partition,
  first: batch?.records[0]?.offset,
  last: batch?.records.at(-1)?.offset,
})

/** The part of the contract that is about groups. */
export function consumingContract(fixture: Fixture): void {
  batchingContract(fixture)
  committingContract(fixture)
  sharingContract(fixture)
}

function batchingContract({ log, makeTopic }: Fixture): void {
  it('hands out contiguous batches of one partition each, in order, everything once', async () => {
    const topic = await makeTopic(4)
    await log().append(topic, spread(1000))
    const consumer = startConsumer(log(), [topic], randomUUID(), { maxRecords: 37 })
    await eventually('all records', () => consumer.records().length >= 1000)
    await consumer.stop()
    assert.equal(consumer.records().length, 1000)
    const next = new Map<number, number>()
    for (const { topic: from, partition, records, replayed } of consumer.batches) {
      assert.equal(from, topic)
      assert.equal(replayed, false)
      assert.ok(records.length >= 1 && records.length <= 37)
      for (const { offset } of records) {
        assert.equal(offset, next.get(partition) ?? 0)
        next.set(partition, offset + 1)
      }
    }
  })

  it('ends a batch at its bytes, but hands out a record that is larger alone', async () => {
    const topic = await makeTopic()
    const sizes = [400, 400, 400, 5000, 400, 400]
    await log().append(
      topic,
      sizes.map(size => record('k', 'x'.repeat(size))),
    )
    const consumer = startConsumer(log(), [topic], randomUUID(), { maxBytes: 1000 })
    await eventually('all records', () => consumer.records().length >= sizes.length)
    await consumer.stop()
    for (const { records } of consumer.batches) {
      const bytes = records.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0)
      assert.ok(bytes <= 1000 || records.length === 1, `${records.length} records, ${bytes} bytes`)
    }
    assert.ok(consumer.batches.some(({ records }) => records.length === 2))
  })

  it('waits for more records as long as it may linger, and no longer than until the batch is full', async () => {
    const topic = await makeTopic()
    const lingering = startConsumer(log(), [topic], randomUUID(), { lingerMs: 700 })
    const filling = startConsumer(log(), [topic], randomUUID(), { lingerMs: 3_600_000, maxRecords: 3 })
    for (let index = 0; index < 3; index++) {
      assert.equal(filling.batches.length, 0)
      await log().append(topic, numbered(1, index))
    }
    await eventually('the lingering batch', () => lingering.batches.length > 0)
    await eventually('the full batch', () => filling.batches.length > 0)
    await Promise.all([lingering.stop(), filling.stop()])
    assert.deepEqual(valuesOf(filling.batches[0]?.records ?? []), ['0', '1', '2'])
    assert.deepEqual(valuesOf(lingering.records()), ['0', '1', '2'])
  })

  it('hands out records as they arrive', async () => {
    const topic = await makeTopic(2)
    const consumer = startConsumer(log(), [topic], randomUUID())
    for (let round = 1; round <= 3; round++) {
      await log().append(topic, spread(10))
      await eventually(`round ${round}`, () => consumer.records().length === round * 10)
    }
    await consumer.stop()
  })

  it('consumes several topics as one group', async () => {
    const topics = [await makeTopic(2), await makeTopic(1)]
    for (const topic of topics) await log().append(topic, spread(50))
    const consumer = startConsumer(log(), topics, randomUUID())
    await eventually('both topics', () => consumer.records().length >= 100)
    await consumer.stop()
    assert.deepEqual(new Set(consumer.batches.map(({ topic }) => topic)), new Set(topics))
  })

  it('ends without an error when it is aborted: before it begins, while it waits, while a batch is out', async () => {
    const topic = await makeTopic()
    const options = { topics: [topic], group: randomUUID(), maxRecords: 1, maxBytes: 1 << 20, lingerMs: 0 }
    for await (const _ of log().consume(options, contextOf(AbortSignal.abort()))) assert.fail('it was aborted')
    const waiting = startConsumer(log(), [topic], options.group)
    await sleep(50)
    await waiting.stop()
    await log().append(topic, numbered(3))
    const abort = new AbortController()
    let handedOut = 0
    for await (const batch of log().consume(options, contextOf(abort.signal))) {
      handedOut += batch.records.length
      abort.abort()
    }
    assert.equal(handedOut, 1)
  })
}

function committingContract({ log, reopen, makeTopic }: Fixture): void {
  const fixtureOf = async (count: number) => {
    const topic = await makeTopic()
    await log().append(topic, numbered(count))
    return { topic, group: randomUUID() }
  }

  it('resumes after what was committed, and hands out again what was not', async () => {
    const { topic, group } = await fixtureOf(30)
    let batches = 0
    await takeBatches(log(), topic, group, 3, { maxRecords: 5 }, async batch => {
      batches += 1
      if (batches <= 2) await batch.commit()
    })
    assert.deepEqual(await log().committed(group), [{ group, topic, partition: 0, offset: 10 }])
    for (const open of [log, reopen]) {
      await open()
      const [batch] = await takeBatches(log(), topic, group, 1, { maxRecords: 5 })
      assert.deepEqual(valuesOf(batch?.records ?? []), ['10', '11', '12', '13', '14'])
      assert.equal(batch?.replayed, false)
    }
  })

  it('appends the outputs of a batch with its commit, once, in order', async () => {
    const { topic, group } = await fixtureOf(10)
    const outputs = await Promise.all([makeTopic(2), makeTopic()])
    const [many = '', few = ''] = outputs
    await takeBatches(log(), topic, group, 2, { maxRecords: 5 }, async ({ records, commit }) => {
      const copied = [
        { topic: many, records },
        { topic: few, records: records.slice(0, 1) },
      ]
      await Promise.all([commit(copied), commit(copied)])
      await commit(copied)
    })
    await reopen()
    assert.equal((await log().committed(group))[0]?.offset, 10)
    const copies = (await Promise.all([0, 1].map(partition => readAll(log(), many, partition)))).flat()
    assert.deepEqual(
      valuesOf(copies),
      Array.from({ length: 10 }, (_, index) => `${index}`),
    )
    assert.deepEqual(valuesOf(await readAll(log(), few)), ['0', '5'])
  })

  it('hands out the next batch before the last one is committed', async () => {
    const { topic, group } = await fixtureOf(30)
    const held: LogBatch[] = []
    await takeBatches(log(), topic, group, 3, { maxRecords: 4 }, async batch => {
      held.push(batch)
      if (held.length === 3) for (const each of held) await each.commit()
    })
    assert.equal((await log().committed(group))[0]?.offset, 12)
  })

  it('replays exactly the range that was prepared, though more has arrived and the limits are others', async () => {
    const { topic, group } = await fixtureOf(7)
    const [prepared] = await takeBatches(log(), topic, group, 1, { maxRecords: 7 }, batch => batch.prepare())
    assert.equal(prepared?.records.length, 7)
    await log().append(topic, numbered(50, 7))
    for (const open of [log, reopen]) {
      await open()
      const [again, next] = await takeBatches(log(), topic, group, 2, { maxRecords: 3 })
      assert.deepEqual(rangeOf(again), rangeOf(prepared))
      assert.equal(again?.replayed, true)
      assert.deepEqual(valuesOf(again?.records ?? []), valuesOf(prepared?.records ?? []))
      assert.equal(next?.replayed, false)
      assert.deepEqual(valuesOf(next?.records ?? []), ['7', '8', '9'])
    }
    await takeBatches(log(), topic, group, 1, { maxRecords: 3 }, async batch => {
      await batch.prepare()
      await batch.commit()
    })
    const [after] = await takeBatches(log(), topic, group, 1, { maxRecords: 3 })
    assert.equal(after?.replayed, false)
    assert.equal(after?.records[0]?.value?.toString(), '7')
  })

  it('has nothing to replay once the prepared batch is committed', async () => {
    const { topic, group } = await fixtureOf(12)
    await takeBatches(log(), topic, group, 2, { maxRecords: 4 }, async batch => {
      await batch.prepare()
      await batch.commit()
    })
    await reopen()
    const [batch] = await takeBatches(log(), topic, group, 1, { maxRecords: 100 })
    assert.equal(batch?.replayed, false)
    assert.deepEqual(valuesOf(batch?.records ?? []), ['8', '9', '10', '11'])
  })

  it('keeps groups apart', async () => {
    const { topic, group } = await fixtureOf(10)
    await takeBatches(log(), topic, group, 1, {}, batch => batch.commit())
    const [batch] = await takeBatches(log(), topic, randomUUID(), 1)
    assert.equal(batch?.records[0]?.value?.toString(), '0')
    assert.equal((await log().committed(group))[0]?.offset, 10)
    assert.ok((await log().committed()).some(other => other.group === group && other.topic === topic))
  })

  it('moves a group that nobody consumes, forgets its range, and refuses while it is consumed', async () => {
    const { topic, group } = await fixtureOf(20)
    await takeBatches(log(), topic, group, 1, {}, batch => batch.prepare())
    await log().seek(group, { topic, partition: 0, offset: 5 })
    assert.equal((await log().committed(group))[0]?.offset, 5)
    const [moved] = await takeBatches(log(), topic, group, 1, { maxRecords: 2 }, batch => batch.commit())
    assert.equal(moved?.replayed, false)
    assert.deepEqual(valuesOf(moved?.records ?? []), ['5', '6'])
    const consumer = startConsumer(log(), [topic], group)
    await eventually('the rest', () => consumer.records().length >= 13)
    await assert.rejects(log().seek(group, { topic, partition: 0, offset: 0 }), isConfigError)
    await consumer.stop()
    await log().seek(group, { topic, partition: 0, offset: 0 })
    const [again] = await takeBatches(log(), topic, group, 1)
    assert.equal(again?.records[0]?.value?.toString(), '0')
  })
}

function sharingContract({ log, makeTopic }: Fixture): void {
  it('shares the partitions among members without overlap, and moves them when members come and leave', async () => {
    const topic = await makeTopic(4)
    const group = randomUUID()
    const committed: string[] = []
    const join = () =>
      startConsumer(log(), [topic], group, { maxRecords: 5 }, async batch => {
        await batch.commit()
        committed.push(...valuesOf(batch.records).map(value => `${value}`))
      })
    let appended = 0
    const appendMore = async () => {
      await log().append(
        topic,
        Array.from({ length: 40 }, () => record(`key ${appended % 40}`, `${appended++}`)),
      )
    }
    const active = (consumers: readonly ReturnType<typeof join>[]) => {
      const from = consumers.map(({ batches }) => batches.length)
      return () => {
        for (const consumer of consumers) consumer.check()
        return consumers.map(({ batches }, at) => new Set(batches.slice(from[at]).map(batch => batch.partition)))
      }
    }
    const one = join()
    const alone = active([one])
    await eventually('one member has all partitions', () => alone()[0]?.size === 4, appendMore)
    const two = join()
    await eventually('the second member gets records', () => two.batches.length > 0, appendMore)
    const shared = active([one, two])
    await eventually('both get records', () => shared().every(partitions => partitions.size >= 2), appendMore)
    const [ofOne, ofTwo] = shared()
    assert.deepEqual(
      [...(ofOne ?? [])].filter(partition => ofTwo?.has(partition)),
      [],
    )
    await one.stop()
    const left = active([two])
    await eventually('the other takes over all partitions', () => left()[0]?.size === 4, appendMore)
    await eventually('everything is consumed', () => committed.length >= appended)
    await two.stop()
    assert.deepEqual(
      committed.map(Number).toSorted((a, b) => a - b),
      Array.from({ length: appended }, (_, index) => index),
    )
  })

  it('refuses the commit of a member whose partition was given to another, which gets the same records', async () => {
    const topic = await makeTopic()
    const group = randomUUID()
    await log().append(topic, numbered(6))
    const [late] = await takeBatches(log(), topic, group, 1, { maxRecords: 6 })
    const successor: LogBatch[] = []
    const consumer = startConsumer(log(), [topic], group, { maxRecords: 6 }, batch => {
      successor.push(batch)
    })
    await eventually('the successor gets the records', () => successor.length > 0)
    assert.deepEqual(rangeOf(successor[0]), rangeOf(late))
    await assert.rejects(async () => late?.prepare())
    await assert.rejects(async () => late?.commit())
    assert.notEqual((await log().committed(group))[0]?.offset, 6)
    await successor[0]?.commit()
    assert.equal((await log().committed(group))[0]?.offset, 6)
    await consumer.stop()
  })
}
