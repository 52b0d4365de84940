/** What tests of the log run as a process of their own: `node process.ts <mode> <directory> [count]`. Says what is done on stdout. */
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { VconduitError } from '../../src/core/errors.ts'
import type { EventLog } from '../../src/core/log.ts'
import { lockDirectory } from '../../src/log/embedded/index.ts'
import { contextOf, numbered, readAll } from '../contract/log-client.ts'
import { openTestLog } from './rig.ts'

const [mode = '', directory = '', count = '0'] = process.argv.slice(2)

/** Synchronous: what was said is out even if the process is killed right after. */
const say = (line: string): void => {
  writeSync(1, `${line}\n`)
}

const never = new AbortController().signal

const modes: Readonly<Record<string, () => Promise<void>>> = {
  append,
  follow,
  lock,
  'write-forever': writeForever,
  'copy-forever': copyForever,
  fill,
}

async function append(): Promise<void> {
  const log = await openTestLog(directory)
  const positions = await log.append('t', numbered(Number(count), 0, 'other process'))
  say(`appended ${positions.length}`)
  await log.close()
}

/** Reads along, read-only, until it has seen `count` records; fails if any is missing or out of order. */
async function follow(): Promise<void> {
  const log = await openTestLog(directory, { readOnly: true })
  say('following')
  let next = 0
  while (next < Number(count)) {
    for await (const { offset, value } of log.read('t', 0, next)) {
      if (offset !== next || value?.toString() !== `${next}`) throw new Error(`found ${offset} where ${next} belongs`)
      next += 1
    }
    await sleep(5)
  }
  say(`followed ${next}`)
  await log.close()
}

async function lock(): Promise<void> {
  try {
    await lockDirectory(directory, 'vconduit run')
    say('locked')
    await sleep(600_000)
  } catch (error) {
    say(error instanceof VconduitError ? `${error.code}: ${error.message}` : String(error))
  }
}

async function lastOf(log: EventLog, key: string): Promise<number> {
  const own = (await readAll(log, 't')).filter(record => record.key.toString() === key)
  return Number(own.at(-1)?.value?.toString().split(' ')[0] ?? -1)
}

/** Appends ever larger numbers under a few keys, and consumes and commits them, saying what is acknowledged. */
async function writeForever(): Promise<void> {
  const log = await openTestLog(directory)
  const writer = async (key: string): Promise<void> => {
    for (let next = (await lastOf(log, key)) + 1; ; ) {
      const size = 1 + (next % 7)
      const records = Array.from({ length: size }, (_, index) => ({
        key: Buffer.from(key),
        value: Buffer.from(`${next + index} ${'x'.repeat((next * 37) % 3000)}`),
        timestamp: next + index,
      }))
      await log.append('t', records)
      next += size
      say(`acknowledged ${key} ${next - 1}`)
    }
  }
  const reader = async (): Promise<void> => {
    const options = { topics: ['t'], group: 'g', maxRecords: 20, maxBytes: 1 << 20, lingerMs: 0 }
    for await (const batch of log.consume(options, contextOf(never))) {
      await batch.prepare()
      say(`prepared ${batch.records[0]?.offset} ${batch.records.at(-1)?.offset} ${batch.replayed}`)
      await batch.commit()
      say(`committed ${batch.records.at(-1)?.offset}`)
    }
  }
  say('writing')
  await Promise.all([...['a', 'b', 'c'].map(writer), reader()])
}

/** Appends pairs of an item and its mark, and copies items from `t` to `copy` and `letters` with the commit. */
async function copyForever(): Promise<void> {
  const log = await openTestLog(directory)
  const feed = async (): Promise<void> => {
    for (let next = (await lastOf(log, 'item')) + 1; ; next++) {
      const value = Buffer.from(`${next} ${'x'.repeat((next * 37) % 3000)}`)
      await log.appendAll([
        { topic: 't', records: [{ key: Buffer.from('item'), value, timestamp: next }] },
        { topic: 'marks', records: [{ key: Buffer.from('mark'), value: Buffer.from(`${next}`), timestamp: next }] },
      ])
      if (next % 50 === 0) say(`appended ${next}`)
    }
  }
  const copy = async (): Promise<void> => {
    const options = { topics: ['t'], group: 'copy', maxRecords: 7, maxBytes: 1 << 20, lingerMs: 0 }
    for await (const { records, commit } of log.consume(options, contextOf(never)))
      await commit([
        { topic: 'copy', records },
        { topic: 'letters', records: records.filter(({ timestamp }) => timestamp % 10 === 0) },
      ])
  }
  say('copying')
  await Promise.all([feed(), copy()])
}

/** Appends until the disk is full, says so, and goes on trying until it may write again. */
async function fill(): Promise<void> {
  const log = await openTestLog(directory)
  let full = 0
  for (let next = 0; ; ) {
    try {
      await log.append('t', [
        { key: Buffer.from('k'), value: Buffer.from(`${next} ${'x'.repeat(30_000)}`), timestamp: next },
      ])
      say(`acknowledged k ${next}`)
      next += 1
      if (full > 0 && next % 10 === 0) break
    } catch (error) {
      if (!(error instanceof VconduitError)) throw error
      full += 1
      say(`${error.kind} ${error.code} ${error.message}`)
      await sleep(100)
    }
  }
  await log.close()
  say('closed')
}

await modes[mode]?.()
