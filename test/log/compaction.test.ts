import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { eventually, readAll, record, takeBatches, valuesOf } from '../contract/log-client.ts'
import { openTestLog, temporaryDirectory } from './rig.ts'

const day = 86_400_000

describe('compaction', () => {
  it('always has the last record of each key, and in the end nothing else', async () => {
    const write = fc.record({
      // Few keys: they repeat within an append as well as from one to the next.
      key: fc.nat({ max: 6 }).map(key => (key === 6 ? 'long '.repeat(100) : `key ${key}`)),
      size: fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 6, arbitrary: fc.nat({ max: 9000 }) }),
    })
    const batches = fc.array(fc.array(write, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(batches, fc.boolean(), async (appends, concurrently) => {
        const directory = await temporaryDirectory()
        let now = Date.now()
        const options = { now: () => new Date(now), maintenanceMs: 5, tombstoneMs: day, compactionMs: day }
        const log = await openTestLog(directory.path, options)
        await log.createTopics([{ name: 't', partitions: 1, retention: 'compact' }])
        let count = 0
        const latest = new Map<string, string | undefined>()
        const running: Promise<unknown>[] = []
        for (const writes of appends) {
          const records = writes.map(({ key, size }) => {
            const value = size === null ? null : `${count++} ${'x'.repeat(size)}`
            latest.set(key, value ?? undefined)
            return record(key, value)
          })
          running.push(log.append('t', records))
          if (!concurrently) await running.at(-1)
        }
        await Promise.all(running)
        const check = async (): Promise<boolean> => {
          const records = await readAll(log, 't')
          const offsets = records.map(({ offset }) => offset)
          assert.deepEqual(
            offsets,
            [...new Set(offsets)].toSorted((a, b) => a - b),
          )
          const found = new Map(records.map(({ key, value }) => [key.toString(), value?.toString()]))
          for (const [key, value] of latest) if (value !== undefined) assert.equal(found.get(key), value)
          const alive = [...latest.values()].filter(value => value !== undefined).length
          return records.length === alive
        }
        await check()
        await eventually('only the last records are left', check, async () => {
          now += day
        })
        const [stats] = await log.stats(['t'])
        assert.equal(
          stats?.bytes === 0,
          [...latest.values()].every(value => value === undefined),
        )
        await log.close()
        await directory.remove()
      }),
      { numRuns: 50 },
    )
  })

  it('leaves a range that a group recorded or works on, until it is committed', async () => {
    for (const prepared of ['at once', 'late', 'after leaving the group'] as const) {
      const directory = await temporaryDirectory()
      const options = { maintenanceMs: 5, tombstoneMs: 0, compactionMs: 0 }
      let log = await openTestLog(directory.path, options)
      await log.createTopics([{ name: 't', partitions: 1, retention: 'compact' }])
      const keys = ['a', 'b', 'c', 'd', 'e', 'f']
      await log.append(
        't',
        keys.map(key => record(key, `first ${key}`)),
      )
      const rewrite = () =>
        log.append(
          't',
          keys.map(key => record(key, `second ${key}`)),
        )
      const [left] = await takeBatches(log, 't', 'g', 1, { maxRecords: 4 }, async batch => {
        if (prepared === 'at once') await batch.prepare()
        if (prepared !== 'after leaving the group') await rewrite()
        if (prepared === 'late') await batch.prepare()
      })
      await rewrite()
      if (prepared === 'after leaving the group') await left?.prepare()
      await rewrite()
      await log.close()
      log = await openTestLog(directory.path, options)
      const [replayed] = await takeBatches(log, 't', 'g', 1, {}, batch => batch.commit())
      assert.equal(replayed?.replayed, true)
      assert.deepEqual(valuesOf(replayed?.records ?? []), ['first a', 'first b', 'first c', 'first d'])
      // What the group was handed beyond that batch and has left is held as long as this process could still prepare it.
      await log.close()
      log = await openTestLog(directory.path, options)
      await eventually('the superseded records go', async () => (await readAll(log, 't')).length === keys.length)
      assert.deepEqual(
        valuesOf(await readAll(log, 't')),
        keys.map(key => `second ${key}`),
      )
      await log.close()
      await directory.remove()
    }
  })

  it('keeps a tombstone until every known group has read it', async () => {
    const directory = await temporaryDirectory()
    const log = await openTestLog(directory.path, { maintenanceMs: 5, tombstoneMs: 0, compactionMs: 0 })
    await log.createTopics([{ name: 't', partitions: 1, retention: 'compact' }])
    await log.append('t', [record('a', '1'), record('b', '1')])
    await log.seek('slow', { topic: 't', partition: 0, offset: 0 })
    await log.append('t', [record('a', null)])
    await eventually('the superseded record goes', async () => (await readAll(log, 't')).length === 2)
    assert.deepEqual(valuesOf(await readAll(log, 't')), ['1', undefined])
    await takeBatches(log, 't', 'slow', 1, {}, batch => batch.commit())
    await eventually('the tombstone goes', async () => (await readAll(log, 't')).length === 1)
    await log.close()
    await directory.remove()
  })

  it('keeps a topic that is rewritten all the time small, though a group lags behind', async () => {
    const directory = await temporaryDirectory()
    const log = await openTestLog(directory.path)
    await log.createTopics([{ name: 't', partitions: 1, retention: 'compact' }])
    await takeBatchesOfNothing(log)
    for (let round = 0; round < 300; round++)
      await log.append(
        't',
        Array.from({ length: 20 }, (_, key) => record(`slice ${key % 10}`, `${round} ${'x'.repeat(500)}`)),
      )
    const [stats] = await log.stats(['t'])
    assert.ok((stats?.bytes ?? Infinity) < 20 * 1000, `${stats?.bytes} bytes for 10 keys of 500 bytes`)
    assert.equal((await log.committed('lagging'))[0]?.offset, 0)
    await log.close()
    await directory.remove()
  })
})

/** Makes a group known that never reads anything. */
async function takeBatchesOfNothing(log: Awaited<ReturnType<typeof openTestLog>>): Promise<void> {
  await log.append('t', [record('slice 0', 'first')])
  await takeBatches(log, 't', 'lagging', 1)
}
