import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogBatch, TopicSpec } from '../../src/core/log.ts'
import type { EmbeddedLog } from '../../src/log/embedded/index.ts'
import { eventually, numbered, readAll, record, startConsumer, takeBatches, valuesOf } from '../contract/log-client.ts'
import { openTestLog, startProcess, temporaryDirectory } from './rig.ts'

const kills = 8
const roomy = { ageMs: Infinity, bytes: Infinity }

async function withTopics(
  topics: Readonly<Record<string, TopicSpec['retention']>>,
  test: (log: EmbeddedLog, directory: string) => Promise<void>,
): Promise<void> {
  const directory = await temporaryDirectory()
  const log = await openTestLog(directory.path)
  await log.createTopics(Object.entries(topics).map(([name, retention]) => ({ name, partitions: 1, retention })))
  try {
    await test(log, directory.path)
  } finally {
    await log.close()
    await directory.remove()
  }
}

const lengthOf = async (log: EmbeddedLog, topic: string) => (await readAll(log, topic)).length
const committedOf = async (log: EmbeddedLog, group: string) =>
  (await log.committed(group)).find(({ topic }) => topic === 't')?.offset

/** Fills a topic of 20 kB up to where the next such record has to wait for group `slow`, which has committed nothing. */
async function fill(log: EmbeddedLog, topic: string): Promise<void> {
  await log.seek('slow', { topic, partition: 0, offset: 0 })
  for (let index = 0; index < 19; index++) await log.append(topic, [kilobyte(index)])
}
const kilobyte = (index: number) => record('k', `${index} ${'x'.repeat(1000)}`)
const small = { ageMs: Infinity, bytes: 20_000 }

describe('outputs of the embedded log', () => {
  it('are on the log with the commit, or neither is, wherever the process is killed', async t => {
    await withTopics({ t: roomy, copy: roomy, letters: roomy, marks: 'compact' }, async (log, directory) => {
      await log.close()
      let copied = 0
      let between = 0
      for (let kill = 0; kill < kills; kill++) {
        const copier = startProcess(['copy-forever', directory])
        await copier.said('appended')
        await sleep(Math.random() * 150)
        copier.child.kill('SIGKILL')
        assert.equal(await copier.ended, 'SIGKILL')
        const after = await openTestLog(directory, { readOnly: true })
        const items = valuesOf(await readAll(after, 't'))
        assert.deepEqual(
          items.map(value => Number(value?.split(' ')[0])),
          items.map((_, index) => index),
        )
        assert.equal(valuesOf(await readAll(after, 'marks')).at(-1), `${items.length - 1}`)
        const committed = (await after.committed('copy'))[0]?.offset ?? 0
        assert.deepEqual(valuesOf(await readAll(after, 'copy')), items.slice(0, committed))
        assert.equal(await lengthOf(after, 'letters'), Math.ceil(committed / 10))
        if (committed < items.length) between++
        copied = committed
        await after.close()
      }
      t.diagnostic(`${copied} copied; ${between} of ${kills} kills met items that were not copied yet`)
      assert.ok(copied > kills)
    })
  })

  it('wait with their commit for room, none of them before the others, and hold up nobody else', async () => {
    await withTopics({ t: roomy, full: small, letters: roomy }, async log => {
      await fill(log, 'full')
      await log.append('t', numbered(3))
      let batch: LogBatch | undefined
      const consumer = startConsumer(log, ['t'], 'g', {}, taken => {
        batch ??= taken
      })
      await eventually('a batch', () => batch !== undefined)
      const outputs = [
        { topic: 'letters', records: [record('k', 'letter')] },
        { topic: 'full', records: [kilobyte(19)] },
      ]
      const both = Promise.all([batch?.commit(outputs), log.appendAll(outputs)])
      await sleep(500)
      assert.deepEqual([await lengthOf(log, 'letters'), await lengthOf(log, 'full')], [0, 19])
      assert.equal(await committedOf(log, 'g'), 0)
      await log.append('letters', [record('k', 'of somebody else')])

      await log.seek('slow', { topic: 'full', partition: 0, offset: 19 })
      await both
      assert.deepEqual(valuesOf(await readAll(log, 'letters')), ['of somebody else', 'letter', 'letter'])
      assert.equal(await committedOf(log, 'g'), 3)
      await consumer.stop()
    })
  })

  it('are refused with a commit that is refused', async () => {
    await withTopics({ t: roomy, out: roomy }, async log => {
      await log.append('t', numbered(3))
      const [left] = await takeBatches(log, 't', 'g', 1)
      await log.seek('g', { topic: 't', partition: 0, offset: 1 })
      await assert.rejects(async () => left?.commit([{ topic: 'out', records: numbered(2) }]), { code: 'fenced' })
      assert.equal(await lengthOf(log, 'out'), 0)
      await assert.rejects(
        takeBatches(log, 't', 'g', 1, {}, batch => batch.commit([{ topic: 'nowhere', records: numbered(1) }])),
        { code: 'unknown-topic' },
      )
      assert.equal(await committedOf(log, 'g'), 1)
    })
  })

  it('may name a topic more than once, and are given positions in their order', async () => {
    await withTopics({ t: small, out: roomy }, async log => {
      const positions = await log.appendAll([
        { topic: 't', records: numbered(2) },
        { topic: 'out', records: numbered(1) },
        { topic: 't', records: numbered(1, 2) },
        { topic: 'out', records: [] },
      ])
      assert.deepEqual(
        positions.map(({ topic, offset }) => `${topic} ${offset}`),
        ['t 0', 't 1', 'out 0', 't 2'],
      )
      assert.deepEqual(valuesOf(await readAll(log, 't')), ['0', '1', '2'])
      assert.deepEqual(await log.appendAll([]), [])
    })
  })
})
