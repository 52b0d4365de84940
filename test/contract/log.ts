import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { EventLog, LogRecord } from '../../src/core/log.ts'
import { partitionOf } from '../../src/log/partition.ts'
import {
  collect,
  eventually,
  type Fixture,
  isConfigError,
  numbered,
  readAll,
  record,
  takeBatches,
  valuesOf,
} from './log-client.ts'
import { consumingContract } from './log-consuming.ts'

/** What the suite asks of the adapter that it opens. */
export interface LogContractOptions {
  /** Retention and compaction should look this often, and a tombstone stand no longer, milliseconds. */
  readonly cleanupMs: number
}

export interface LogUnderTest {
  readonly log: EventLog
  /** Closes the log and opens it again, with what was on it. */
  reopen(): Promise<EventLog>
  /** Closes it and removes what it left behind. */
  close(): Promise<void>
}

/** A century: the tests have records from 1970 on. */
const unlimited = { ageMs: 100 * 365 * 86_400_000, bytes: 1 << 30 }

/**
 * The contract of the port `EventLog`, which every adapter passes. Written against the port only; patient enough for the
 * rebalances of a broker.
 */
export function logContract(name: string, open: (options: LogContractOptions) => Promise<LogUnderTest>): void {
  describe(`log contract: ${name}`, () => {
    let underTest: LogUnderTest
    let log: EventLog
    before(async () => {
      underTest = await open({ cleanupMs: 50 })
      log = underTest.log
    })
    after(() => underTest.close())
    const fixture: Fixture = {
      log: () => log,
      async reopen() {
        log = await underTest.reopen()
        return log
      },
      async makeTopic(partitions = 1, retention = unlimited) {
        const topic = `contract-${randomUUID()}`
        await log.createTopics([{ name: topic, partitions, retention }])
        return topic
      },
    }
    appendingContract(fixture)
    readingContract(fixture)
    cleaningContract(fixture)
    consumingContract(fixture)

    it('finishes what is in flight when it is closed, and refuses everything after', async () => {
      const topic = await fixture.makeTopic()
      const appending = log.append(topic, numbered(100))
      await log.close()
      const refused = log
      await assert.doesNotReject(appending)
      await assert.rejects(refused.append(topic, numbered(1)))
      await assert.rejects(refused.appendAll([{ topic, records: numbered(1) }]))
      await assert.rejects(refused.stats())
      await assert.rejects(readAll(refused, topic))
      await assert.rejects(refused.committed())
      await assert.rejects(takeBatches(refused, topic, randomUUID(), 1))
      assert.equal((await readAll(await fixture.reopen(), topic)).length, 100)
    })
  })
}

function appendingContract({ log, reopen, makeTopic }: Fixture): void {
  it('gives positions in the order of the records, and equal keys one partition and their order', async () => {
    const topic = await makeTopic(4)
    const records = Array.from({ length: 500 }, (_, index) => record(`key ${index % 23}`, `${index}`, index))
    const positions = await log().append(topic, records)
    assert.equal(positions.length, records.length)
    const stored = new Map<string, string | undefined>()
    for (let partition = 0; partition < 4; partition++)
      for (const { offset, value } of await readAll(log(), topic, partition))
        stored.set(`${partition}/${offset}`, value?.toString())
    assert.equal(stored.size, records.length)
    const lastOffset = new Map<string, number>()
    positions.forEach((position, index) => {
      const key = records[index]?.key ?? Buffer.alloc(0)
      assert.equal(position.topic, topic)
      assert.equal(position.partition, partitionOf(key, 4))
      assert.equal(stored.get(`${position.partition}/${position.offset}`), `${index}`)
      assert.ok(position.offset > (lastOffset.get(key.toString()) ?? -1))
      lastOffset.set(key.toString(), position.offset)
    })
  })

  it('appends to several topics, with positions in the order of the records', async () => {
    const [one, two] = await Promise.all([makeTopic(3), makeTopic()])
    const outputs = [
      { topic: one, records: Array.from({ length: 50 }, (_, index) => record(`key ${index % 7}`, `one ${index}`)) },
      { topic: two, records: numbered(3) },
    ]
    const positions = await log().appendAll(outputs)
    const stored = new Map<string, string | undefined>()
    for (const { topic, partition } of await log().stats([one, two]))
      for (const { offset, value } of await readAll(log(), topic, partition))
        stored.set(`${topic}/${partition}/${offset}`, value?.toString())
    assert.deepEqual(
      positions.map(({ topic, partition, offset }) => [topic, stored.get(`${topic}/${partition}/${offset}`)]),
      outputs.flatMap(({ topic, records }) => records.map(({ value }) => [topic, value?.toString()])),
    )
    assert.equal(stored.size, positions.length)
  })

  it('appends nothing for no records', async () => {
    const topic = await makeTopic()
    assert.deepEqual(await log().append(topic, []), [])
    assert.deepEqual(await log().appendAll([{ topic, records: [] }]), [])
  })

  it('keeps headers, tombstones, empty keys and values, odd timestamps and a megabyte, byte for byte', async () => {
    const topic = await makeTopic()
    const records: LogRecord[] = [
      { key: Buffer.from('a'), value: Buffer.from('1'), timestamp: 0, headers: { head: '{"ünï":"code"}', empty: '' } },
      { key: Buffer.from('a'), value: null, timestamp: 1 },
      { key: Buffer.alloc(0), value: Buffer.alloc(0), timestamp: 1_700_000_000_123 },
      { key: Buffer.alloc(0), value: null, timestamp: 2 },
      { key: randomBytes(300), value: randomBytes(1_000_000), timestamp: 3 },
      { key: Buffer.from([0, 255]), value: randomBytes(10), timestamp: 4, headers: {} },
    ]
    await log().append(topic, records)
    const stored = await readAll(log(), topic)
    assert.deepEqual(
      stored.map(({ key, value, timestamp, headers }) => ({ key, value, timestamp, headers })),
      records.map(({ key, value, timestamp, headers }) => ({ key, value, timestamp, headers: headers ?? {} })),
    )
  })

  it('lets the caller reuse its buffers once append has resolved', async () => {
    const topic = await makeTopic()
    const value = Buffer.from('before')
    await log().append(topic, [{ key: Buffer.from('k'), value, timestamp: 1 }])
    value.fill('x')
    assert.deepEqual(valuesOf(await readAll(log(), topic)), ['before'])
  })

  it('keeps the records of one call and key together among concurrent appends', async () => {
    const topic = await makeTopic(3)
    const calls = Array.from({ length: 60 }, (_, call) =>
      Array.from({ length: 30 }, (_, index) => record(`key ${index % 5}`, `${call}:${index}`)),
    )
    await Promise.all(calls.map(records => log().append(topic, records)))
    const perKey = new Map<string, string[]>()
    for (let partition = 0; partition < 3; partition++)
      for (const { key, value } of await readAll(log(), topic, partition))
        perKey.set(key.toString(), [...(perKey.get(key.toString()) ?? []), value?.toString() ?? ''])
    assert.equal(perKey.size, 5)
    for (const values of perKey.values()) {
      assert.equal(values.length, 60 * 6)
      for (let start = 0; start < values.length; start += 6) {
        const run = values.slice(start, start + 6).map(value => value.split(':').map(Number))
        assert.equal(new Set(run.map(([call]) => call)).size, 1)
        const order = run.map(([, index]) => index ?? -1)
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        )
      }
    }
  })

  it('has everything that was acknowledged after it is opened again, and goes on from there', async () => {
    const topic = await makeTopic(2)
    const before = await Promise.all([log().append(topic, numbered(50)), log().append(topic, numbered(50, 50))])
    await reopen()
    const [{ partition, offset } = { partition: -1, offset: -1 }] = await log().append(topic, numbered(1, 100))
    const stored = await readAll(log(), topic, partition)
    assert.deepEqual(new Set(valuesOf(stored)), new Set(Array.from({ length: 101 }, (_, index) => `${index}`)))
    assert.ok(before.flat().every(position => position.offset < offset))
  })

  it('makes a topic once, and refuses it with another number of partitions', async () => {
    const topic = await makeTopic(2)
    await log().append(topic, numbered(5))
    await log().createTopics([{ name: topic, partitions: 2, retention: unlimited }])
    assert.equal((await log().stats([topic])).length, 2)
    for (const partitions of [1, 3])
      await assert.rejects(log().createTopics([{ name: topic, partitions, retention: unlimited }]), isConfigError)
  })
}

function readingContract({ log, makeTopic }: Fixture): void {
  it('reads from an offset, up to another, and up to the end as it was', async () => {
    const topic = await makeTopic()
    const offsets = (await log().append(topic, numbered(300))).map(({ offset }) => offset)
    const from = offsets[100] ?? 0
    const to = offsets[250] ?? 0
    assert.deepEqual(
      valuesOf(await collect(log().read(topic, 0, from, to))),
      Array.from({ length: 150 }, (_, index) => `${index + 100}`),
    )
    assert.equal((await collect(log().read(topic, 0, from))).length, 200)
    assert.deepEqual(await collect(log().read(topic, 0, to, to)), [])
    const seen: number[] = []
    for await (const { offset } of log().read(topic, 0, 0)) {
      if (seen.length === 0) await log().append(topic, numbered(5))
      seen.push(offset)
    }
    assert.equal(seen.length, 300)
  })

  it('finds the first offset that is not older than a time, also where times go back', async () => {
    const topic = await makeTopic()
    const times = [100, 300, 200, 250, 400, 400, 350, 900]
    const offsets: number[] = []
    for (const time of times)
      offsets.push(...(await log().append(topic, [record('k', 'v', time)])).map(({ offset }) => offset))
    const end = (await log().stats([topic]))[0]?.next
    for (const time of [0, 100, 101, 250, 300, 301, 400, 401, 900, 901]) {
      const expected = offsets[times.findIndex(other => other >= time)] ?? end
      assert.equal(await log().offsetAt(topic, 0, time), expected, `at ${time}`)
    }
    assert.equal(await log().offsetAt(await makeTopic(), 0, 0), 0)
  })

  it('tells the first and the next offset and the bytes of every partition', async () => {
    const topic = await makeTopic(2)
    const empty = await log().stats([topic])
    assert.deepEqual(
      empty.map(({ partition, first, next, bytes }) => ({ partition, kept: next - first, bytes })),
      [0, 1].map(partition => ({ partition, kept: 0, bytes: 0 })),
    )
    const [position] = await log().append(topic, numbered(10))
    const stats = (await log().stats([topic])).find(({ partition }) => partition === position?.partition)
    assert.equal(stats?.first, position?.offset)
    assert.equal(stats?.next, (position?.offset ?? 0) + 10)
    assert.ok((stats?.bytes ?? 0) > 10)
    assert.ok((await log().stats()).some(other => other.topic === topic))
  })
}

function cleaningContract({ log, makeTopic }: Fixture): void {
  const firstOf = async (topic: string): Promise<number> => (await log().stats([topic]))[0]?.first ?? 0
  const filler = (topic: string) => () => log().append(topic, [record('k', 'f'.repeat(2000))])

  it('removes the oldest records past the topic’s bytes, and none that a group could still miss the start of', async () => {
    const topic = await makeTopic(1, { ageMs: unlimited.ageMs, bytes: 100_000 })
    await log().append(topic, numbered(1))
    await eventually('old records go by bytes', async () => (await firstOf(topic)) > 0, filler(topic))
    const first = await firstOf(topic)
    const [oldest] = await readAll(log(), topic)
    assert.ok((oldest?.offset ?? -1) >= first)
    const next = (await log().stats([topic]))[0]?.next ?? 0
    assert.equal((await readAll(log(), topic)).at(-1)?.offset, next - 1)
  })

  it('removes records past the topic’s age', async () => {
    const topic = await makeTopic(1, { ageMs: 3_600_000, bytes: unlimited.bytes })
    const old = Date.now() - 2 * 3_600_000
    await log().append(topic, [record('k', 'old 1', old), record('k', 'old 2', old + 1)])
    await log().append(topic, [record('k', 'young')])
    await eventually('old records go by age', async () => (await firstOf(topic)) >= 2, filler(topic))
    assert.deepEqual(valuesOf(await readAll(log(), topic)).slice(0, 1), ['young'])
  })

  it('keeps the last record of each key of a compacted topic, and forgets keys with a tombstone', async () => {
    const topic = await makeTopic(1, 'compact')
    for (let revision = 0; revision < 20; revision++)
      await log().append(
        topic,
        ['a', 'b', 'c'].map(key => record(key, `${key}${revision}`)),
      )
    await log().append(topic, [record('b', null)])
    const found = await eventually(
      'superseded records and the tombstoned key go',
      async () => {
        const records = await readAll(log(), topic)
        const own = records.filter(({ key }) => ['a', 'b', 'c'].includes(key.toString()))
        return own.length <= 3 && own.every(({ key }) => key.toString() !== 'b') && records
      },
      filler(topic),
    )
    const last = new Map(found.map(({ key, value }) => [key.toString(), value?.toString()]))
    assert.equal(last.get('a'), 'a19')
    assert.equal(last.get('c'), 'c19')
    const offsets = found.map(({ offset }) => offset)
    assert.deepEqual(
      offsets,
      [...new Set(offsets)].toSorted((a, b) => a - b),
    )
    await log().append(topic, [record('b', 'again')])
    assert.ok(valuesOf(await readAll(log(), topic)).includes('again'))
  })
}
