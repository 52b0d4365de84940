import assert from 'node:assert/strict'
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { numbered, readAll } from '../contract/log-client.ts'
import { openTestLog, runTool, startProcess, type TestProcess, temporaryDirectory } from './rig.ts'

async function makeLog(directory: string): Promise<void> {
  const log = await openTestLog(directory)
  await log.createTopics([{ name: 't', partitions: 1, retention: { ageMs: Infinity, bytes: Infinity } }])
  await log.close()
}

const acknowledgedBy = ({ lines }: TestProcess): number[] =>
  lines.filter(line => line.startsWith('acknowledged')).map(line => Number(line.split(' ')[2]))

/** Everything that was acknowledged is there, once and in order. A refused record must not be there. */
async function check(directory: string, filler: TestProcess): Promise<void> {
  const acknowledged = acknowledgedBy(filler)
  assert.deepEqual(
    acknowledged,
    acknowledged.map((_, index) => index),
  )
  const log = await openTestLog(directory)
  const found = (await readAll(log, 't')).map(({ value }) => Number(value?.toString().split(' ')[0]))
  assert.deepEqual(found, acknowledged)
  await log.append('t', numbered(3))
  assert.equal((await readAll(log, 't')).length, found.length + 3)
  await log.close()
}

describe('disk full', () => {
  it('refuses what does not fit, naming the directory, keeps the rest, and goes on when there is room (EFBIG)', async () => {
    const directory = await temporaryDirectory()
    await makeLog(directory.path)
    const filler = startProcess(['fill', directory.path], ['prlimit', `--fsize=${4 << 20}:unlimited`, process.execPath])
    const refusal = await filler.said('fatal')
    assert.match(refusal, /^fatal disk-full /)
    assert.ok(refusal.includes(directory.path), refusal)
    const before = acknowledgedBy(filler).length
    assert.ok(before > 20 && before < 140, `${before} records of 30 kB fit into 4 MiB`)
    const raised = runTool('prlimit', ['--pid', `${filler.child.pid}`, '--fsize=unlimited:unlimited'])
    assert.equal(raised.status, 0, raised.stderr)
    assert.equal(await filler.ended, 0)
    assert.ok(acknowledgedBy(filler).length > before)
    await check(directory.path, filler)
    await directory.remove()
  })

  it('does the same on a file system without space (ENOSPC)', async t => {
    if (process.getuid?.() !== 0) return t.skip('mounting a small file system takes root')
    const directory = await temporaryDirectory()
    const mounted = runTool('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory.path])
    if (mounted.status !== 0) {
      await directory.remove()
      return t.skip(`mounting a small file system: ${mounted.stderr}`)
    }
    try {
      const path = join(directory.path, 'log')
      await mkdir(path)
      await makeLog(path)
      const ballast = join(directory.path, 'ballast')
      await writeFile(ballast, Buffer.alloc(4 << 20))
      const filler = startProcess(['fill', path])
      assert.match(await filler.said('fatal'), /^fatal disk-full /)
      const before = acknowledgedBy(filler).length
      assert.ok(before > 20)
      assert.ok((await statfs(directory.path)).bfree < 16, 'the disk really was full')
      await sleep(200)
      await rm(ballast)
      assert.equal(await filler.ended, 0)
      assert.ok(acknowledgedBy(filler).length > before)
      await check(path, filler)
    } finally {
      runTool('umount', [directory.path])
      await directory.remove()
    }
  })
})
