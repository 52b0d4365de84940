import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { lockDirectory } from '../../src/log/embedded/index.ts'
import { eventually, isConfigError, numbered, readAll, startConsumer } from '../contract/log-client.ts'
import { openTestLog, startProcess, type TemporaryDirectory, temporaryDirectory } from './rig.ts'

const retention = { ageMs: Infinity, bytes: Infinity }

describe('several processes', () => {
  let directory: TemporaryDirectory
  before(async () => {
    directory = await temporaryDirectory()
  })
  after(() => directory.remove())

  it('reads from another process, complete and in order, while the log is written', async () => {
    const path = join(directory.path, 'follow')
    const log = await openTestLog(path)
    await log.createTopics([{ name: 't', partitions: 1, retention }])
    const follower = startProcess(['follow', path, '3000'])
    await follower.said('following')
    for (let next = 0; next < 3000; next += 30) await log.append('t', numbered(30, next))
    assert.equal(await follower.said('followed'), 'followed 3000')
    assert.equal(await follower.ended, 0)
    await log.close()
  })

  it('takes appends of a second process, and hands them to the consumers of the first', async () => {
    const path = join(directory.path, 'append')
    const log = await openTestLog(path)
    await log.createTopics([{ name: 't', partitions: 3, retention }])
    const consumer = startConsumer(log, ['t'], 'g')
    const others = [0, 1].map(() => startProcess(['append', path, '400']))
    let own = 0
    const finished = Promise.all(others.map(({ ended }) => ended))
    while (others.some(({ child }) => child.exitCode === null)) {
      await log.append('t', numbered(20, own, `own ${own % 5}`))
      own += 20
    }
    assert.deepEqual(await finished, [0, 0])
    const silentSince = own
    await eventually('what all appended', () => consumer.records().length >= own + 800)
    await consumer.stop()
    assert.equal(silentSince, own)
    assert.equal(consumer.records().length, own + 800)
    const last = new Map<number, number>()
    for (const { partition, records } of consumer.batches)
      for (const { offset } of records) {
        assert.equal(offset, (last.get(partition) ?? -1) + 1)
        last.set(partition, offset)
      }
    await log.close()
  })

  it('lets one process run on a directory, and names it to the next', async () => {
    const path = join(directory.path, 'lock')
    const owner = startProcess(['lock', path])
    await owner.said('locked')
    await assert.rejects(lockDirectory(path, 'vconduit run'), (error: Error) => {
      assert.ok(isConfigError(error))
      assert.match(error.message, new RegExp(`process ${owner.child.pid} \\(vconduit run\\) .*since \\d{4}-`))
      assert.ok(error.message.includes(path))
      return true
    })
    owner.child.kill('SIGKILL')
    await owner.ended
    const lock = await lockDirectory(path, 'vconduit run')
    await assert.rejects(lockDirectory(path, 'vconduit run'), new RegExp(`process ${process.pid} `))
    lock.release()
    ;(await lockDirectory(path, 'vconduit run')).release()
  })

  it('does not take a left-over lock file for a lock, even if its process id lives', async () => {
    const path = join(directory.path, 'left-over')
    ;(await lockDirectory(path, 'vconduit run')).release()
    await writeFile(join(path, 'run.lock'), JSON.stringify({ pid: 1, host: hostname(), command: 'vconduit run' }))
    ;(await lockDirectory(path, 'vconduit run')).release()
  })

  it('gives the lock to exactly one of many that start at once', async () => {
    const path = join(directory.path, 'race')
    const racers = Array.from({ length: 5 }, () => startProcess(['lock', path]))
    await Promise.all(racers.map(racer => eventually('its word', () => racer.lines.length > 0)))
    const said = racers.map(({ lines }) => lines[0] ?? '')
    const winner = racers[said.indexOf('locked')]
    assert.equal(said.filter(line => line === 'locked').length, 1)
    for (const line of said.filter(other => other !== 'locked')) {
      assert.match(line, /^directory-in-use: /)
      assert.ok(line.includes(`process ${winner?.child.pid} `), line)
    }
    winner?.child.kill('SIGKILL')
    await Promise.all(racers.map(({ ended }) => ended))
  })

  it('keeps a group to one process, and its place in it', async () => {
    const path = join(directory.path, 'group')
    const first = await openTestLog(path)
    const second = await openTestLog(path)
    await first.createTopics([{ name: 't', partitions: 1, retention }])
    await first.append('t', numbered(5))
    const consumer = startConsumer(first, ['t'], 'g')
    await eventually('the records', () => consumer.records().length === 5)
    const intruder = startConsumer(second, ['t'], 'g')
    await assert.rejects(eventually('the refusal', intruder.check), isConfigError)
    await assert.rejects(second.seek('g', { topic: 't', partition: 0, offset: 0 }), isConfigError)
    await assert.rejects(second.forget('g'), isConfigError)
    await consumer.stop()
    await second.seek('g', { topic: 't', partition: 0, offset: 3 })
    assert.equal((await first.committed('g'))[0]?.offset, 3)
    await second.forget('g')
    assert.deepEqual(await first.committed('g'), [])
    await Promise.all([first.close(), second.close()])
  })

  it('only looks when it is opened read-only', async () => {
    const path = join(directory.path, 'read-only')
    await assert.rejects(openTestLog(path, { readOnly: true }), isConfigError)
    const log = await openTestLog(path)
    await log.createTopics([{ name: 't', partitions: 1, retention }])
    await log.append('t', numbered(5))
    const reader = await openTestLog(path, { readOnly: true })
    assert.equal((await readAll(reader, 't')).length, 5)
    await assert.rejects(reader.append('t', numbered(1)), isConfigError)
    await assert.rejects(reader.createTopics([]), isConfigError)
    const consumer = startConsumer(reader, ['t'], 'g')
    await assert.rejects(eventually('the refusal', consumer.check), isConfigError)
    await log.append('t', numbered(1, 5))
    assert.equal((await readAll(reader, 't')).length, 6)
    await Promise.all([reader.close(), log.close()])
  })
})
