import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readAll, takeBatches } from '../contract/log-client.ts'
import { openTestLog, startProcess, temporaryDirectory } from './rig.ts'

const kills = 10

describe('no loss on kill -9', () => {
  it(`has every acknowledged record once and in order, and every commit, after ${kills} kills in mid-append`, async t => {
    const directory = await temporaryDirectory()
    const log = await openTestLog(directory.path)
    await log.createTopics([{ name: 't', partitions: 1, retention: { ageMs: Infinity, bytes: Infinity } }])
    await log.close()
    const acknowledged = new Map<string, number>()
    let committed = -1
    let prepared: { first: number; last: number } | undefined
    let replays = 0
    for (let kill = 0; kill < kills; kill++) {
      const writer = startProcess(['write-forever', directory.path])
      await writer.said('acknowledged')
      await sleep(Math.random() * 150)
      writer.child.kill('SIGKILL')
      assert.equal(await writer.ended, 'SIGKILL')
      let isFirst = true
      for (const line of writer.lines) {
        const [what, ...rest] = line.split(' ')
        if (what === 'acknowledged') acknowledged.set(`${rest[0]}`, Number(rest[1]))
        if (what === 'committed') {
          committed = Number(rest[0])
          prepared = undefined
        }
        if (what !== 'prepared') continue
        const range = { first: Number(rest[0]), last: Number(rest[1]) }
        if (isFirst && rest[2] === 'true') {
          replays += 1
          // The process may have been killed between a prepare or commit and the line that says so.
          if (prepared !== undefined && range.first === prepared.first) assert.deepEqual(range, prepared)
        }
        assert.ok(range.first > committed, 'nothing that was committed is handed out again')
        isFirst = false
        prepared = range
      }
      await check(directory.path, acknowledged, committed)
    }
    assert.ok(acknowledged.size === 3 && [...acknowledged.values()].every(last => last > 20), 'the writers wrote')
    assert.ok(committed > 0, 'the reader committed')
    t.diagnostic(`${[...acknowledged.values()].reduce((a, b) => a + b, 0)} records, ${replays} replays`)
    await directory.remove()
  })
})

async function check(directory: string, acknowledged: ReadonlyMap<string, number>, committed: number): Promise<void> {
  const log = await openTestLog(directory)
  const found = new Map<string, number>()
  let nextOffset = 0
  for (const { offset, key, value, timestamp } of await readAll(log, 't')) {
    assert.equal(offset, nextOffset)
    nextOffset += 1
    const name = key.toString()
    const number = Number(value?.toString().split(' ')[0])
    assert.equal(number, (found.get(name) ?? -1) + 1, `${name}: each number once, in order`)
    assert.equal(timestamp, number)
    found.set(name, number)
  }
  for (const [name, last] of acknowledged)
    assert.ok((found.get(name) ?? -1) >= last, `${name}: ${last} was acknowledged, ${found.get(name)} is there`)
  const offset = (await log.committed('g'))[0]?.offset ?? 0
  assert.ok(offset > committed, `${committed} was committed, the group is at ${offset}`)
  if (offset < nextOffset) {
    const [batch] = await takeBatches(log, 't', 'g', 1)
    assert.equal(batch?.records[0]?.offset, offset)
  }
  await log.close()
}
