import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { eventually, numbered, readAll, record, startConsumer, takeBatches, valuesOf } from '../contract/log-client.ts'
import { openTestLog, temporaryDirectory } from './rig.ts'

const kilobyte = (index: number) => record('k', `${index} ${'x'.repeat(1000)}`)
const numberOf = (value: string | undefined) => Number(value?.split(' ')[0])

function capture(): { readonly lines: Record<string, unknown>[]; readonly log: pino.Logger } {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
      done()
    },
  })
  return { lines, log: pino({ level: 'info' }, stream) }
}

/** True if the promise is still open after the log has had time to look again. */
async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => false), sleep(500).then(() => true)])
}

async function withFullTopic(
  test: (rig: {
    readonly log: Awaited<ReturnType<typeof openTestLog>>
    readonly lines: Record<string, unknown>[]
    readonly path: string
    readonly appends: Promise<unknown>[]
  }) => Promise<void>,
): Promise<void> {
  const directory = await temporaryDirectory()
  const { lines, log: logger } = capture()
  const log = await openTestLog(directory.path, { log: logger })
  await log.createTopics([
    { name: 't', partitions: 1, retention: { ageMs: Infinity, bytes: 20_000 } },
    { name: 'other', partitions: 1, retention: { ageMs: Infinity, bytes: 20_000 } },
  ])
  for (let index = 0; index < 10; index++) await log.append('t', [kilobyte(index)])
  await takeBatches(log, 't', 'slow', 1)
  for (let index = 10; index < 19; index++) await log.append('t', [kilobyte(index)])
  const appends = [19, 20, 21].map(index => log.append('t', [kilobyte(index)]))
  try {
    await test({ log, lines, path: directory.path, appends })
  } finally {
    await log.close()
    await Promise.allSettled(appends)
    await directory.remove()
  }
}

describe('retention', () => {
  it('lets appends wait rather than remove what a known group has not committed, and says so once', () =>
    withFullTopic(async ({ log, lines, appends }) => {
      assert.ok(await isWaiting(Promise.all(appends)))
      assert.equal((await readAll(log, 't'))[0]?.offset, 0)
      await log.append('other', [kilobyte(0)])
      const warnings = lines.filter(({ level }) => level === 40)
      assert.equal(warnings.length, 1)
      assert.deepEqual(
        { topic: warnings[0]?.['topic'], partition: warnings[0]?.['partition'], groups: warnings[0]?.['groups'] },
        { topic: 't', partition: 0, groups: ['slow'] },
      )
      await takeBatches(log, 't', 'slow', 1, { maxRecords: 8 }, batch => batch.commit())
      await Promise.all(appends)
      const kept = valuesOf(await readAll(log, 't')).map(numberOf)
      assert.deepEqual(
        kept,
        Array.from({ length: kept.length }, (_, index) => 22 - kept.length + index),
      )
      assert.ok((kept[0] ?? 0) >= 2 && (kept[0] ?? 0) <= 8, `kept from ${kept[0]}`)
    }))

  it('goes on when another process moves the group', () =>
    withFullTopic(async ({ path, appends }) => {
      assert.ok(await isWaiting(Promise.all(appends)))
      const other = await openTestLog(path)
      await other.seek('slow', { topic: 't', partition: 0, offset: 15 })
      await other.close()
      await Promise.all(appends)
    }))

  it('goes on when the group is forgotten', () =>
    withFullTopic(async ({ log, appends }) => {
      assert.ok(await isWaiting(Promise.all(appends)))
      await log.forget('slow')
      await Promise.all(appends)
    }))

  it('refuses what still waits when it is closed', () =>
    withFullTopic(async ({ log, appends }) => {
      assert.ok(await isWaiting(Promise.all(appends)))
      await log.close()
      for (const append of appends) await assert.rejects(append, { code: 'log-closed' })
    }))

  it('removes by age only what every group has committed', async () => {
    const directory = await temporaryDirectory()
    let now = Date.now()
    const log = await openTestLog(directory.path, { maintenanceMs: 10, now: () => new Date(now) })
    await log.createTopics([{ name: 't', partitions: 1, retention: { ageMs: 1000, bytes: 1 << 20 } }])
    for (let index = 0; index < 6; index++) await log.append('t', [record('k', `${index}`, now)])
    // A time far ahead does not keep a record for ever.
    await log.append('t', [record('k', '6', now + 1e12)])
    await takeBatches(log, 't', 'slow', 1, { maxRecords: 4 }, batch => batch.commit())
    now += 2000
    await eventually('the committed records go', async () => (await readAll(log, 't'))[0]?.offset === 4)
    await sleep(100)
    assert.deepEqual(valuesOf(await readAll(log, 't')), ['4', '5', '6'])
    const consumer = startConsumer(log, ['t'], 'slow')
    await eventually('the rest goes', async () => (await readAll(log, 't')).length === 0)
    await consumer.stop()
    assert.deepEqual(await log.stats(['t']), [{ topic: 't', partition: 0, first: 7, next: 7, bytes: 0 }])
    await log.append('t', numbered(1))
    assert.equal((await readAll(log, 't'))[0]?.offset, 7)
    assert.equal(await log.offsetAt('t', 0, 0), 7)
    await log.close()
    await directory.remove()
  })

  it('takes a record that is larger than the topic may be', async () => {
    const directory = await temporaryDirectory()
    const log = await openTestLog(directory.path)
    await log.createTopics([{ name: 't', partitions: 1, retention: { ageMs: Infinity, bytes: 1000 } }])
    for (let index = 0; index < 3; index++) await log.append('t', [record('k', `${index} ${'x'.repeat(5000)}`)])
    assert.deepEqual(valuesOf(await readAll(log, 't')).map(numberOf), [2])
    await log.close()
    await directory.remove()
  })

  it('gives the space of removed records back: the file stops growing', async () => {
    const directory = await temporaryDirectory()
    const log = await openTestLog(directory.path)
    await log.createTopics([{ name: 't', partitions: 1, retention: { ageMs: Infinity, bytes: 2_000_000 } }])
    const sizeAfter = async (megabytes: number): Promise<number> => {
      for (let index = 0; index < megabytes * 10; index++)
        await log.append('t', [record('k', 'x'.repeat(40_000 + ((index * 7919) % 120_000)))])
      return (await stat(join(directory.path, 'data.mdb'))).size
    }
    await sizeAfter(10)
    const early = await sizeAfter(10)
    const late = await sizeAfter(40)
    assert.ok(late < early * 1.5, `${early} bytes became ${late}`)
    await log.close()
    await directory.remove()
  })
})
