import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type avro from 'avsc'
import fc from 'fast-check'
import { open } from 'lmdb'
import type { RawRecord } from '../../src/core/records.ts'
import { singleObjectCodecs } from '../../src/log/avro.ts'
import { decodeChunk, encodeBlocks, encodeSparse, joinBlocks, sizeOf } from '../../src/log/embedded/chunk.ts'
import { contextOf, isConfigError, numbered, readAll, record } from '../contract/log-client.ts'
import { openTestLog, type TemporaryDirectory, temporaryDirectory } from './rig.ts'

const retention = { ageMs: Infinity, bytes: Infinity }

describe('embedded log', () => {
  let directory: TemporaryDirectory
  before(async () => {
    directory = await temporaryDirectory()
  })
  after(() => directory.remove())

  it('keeps the schemas of what is on it, also for one who only reads', async () => {
    const path = join(directory.path, 'schemas.v1')
    const log = await openTestLog(path)
    const raw: RawRecord = {
      ...{ vendor: 'v', account: 'a', stream: 's', key: 'k', conversationKey: null, observedAt: 1, version: null },
      ...{ contentType: 'application/json', payload: Buffer.from('{}'), hash: 'h', context: null },
    }
    const bytes = singleObjectCodecs(log.schemas).rawRecord.encode(raw)
    const older: avro.schema.RecordType = { type: 'record', name: 'Older', fields: [] }
    log.schemas.save('0011223344556677', older)
    log.schemas.save('0011223344556677', { ...older, name: 'Changed' })
    await log.close()
    for (const readOnly of [false, true]) {
      const again = await openTestLog(path, { readOnly })
      assert.deepEqual(again.schemas.find('0011223344556677'), older)
      assert.equal(again.schemas.find('ffffffffffffffff'), undefined)
      assert.deepEqual({ ...(await singleObjectCodecs(again.schemas).rawRecord.decode(bytes)) }, raw)
      again.schemas.save(`seen by ${readOnly}`, older)
      assert.deepEqual(again.schemas.find(`seen by ${readOnly}`), older)
      await again.close()
    }
  })

  it('refuses what it cannot serve, and says what', async () => {
    const file = join(directory.path, 'file')
    await writeFile(file, '')
    await assert.rejects(openTestLog(join(file, 'log')), isConfigError)
    const log = await openTestLog(join(directory.path, 'refusals'))
    const topic = { name: 't', partitions: 2, retention }
    await log.createTopics([topic])
    for (const wrong of [
      { ...topic, name: 'no spaces' },
      { ...topic, name: '' },
      { ...topic, name: 'new', partitions: 0 },
      { ...topic, name: 'new', partitions: 1.5 },
      { ...topic, name: 'new', retention: { ageMs: 0, bytes: 1 } },
      { ...topic, retention: 'compact' as const },
    ]) {
      await assert.rejects(log.createTopics([{ ...topic, name: 'valid' }, wrong]), isConfigError)
    }
    assert.equal((await log.stats()).length, 2, 'all of the topics or none')
    await assert.rejects(log.append('missing', numbered(1)), isConfigError)
    await assert.rejects(readAll(log, 'missing'), isConfigError)
    await assert.rejects(readAll(log, 't', 2), isConfigError)
    await assert.rejects(log.stats(['missing']), isConfigError)
    await assert.rejects(log.seek('g', { topic: 't', partition: 0, offset: 1 }), isConfigError)
    await assert.rejects(log.append('t', [record('k', 'v', Number.NaN)]), { kind: 'data' })
    const options = { topics: ['missing'], group: 'g', maxRecords: 1, maxBytes: 1, lingerMs: 0 }
    await assert.rejects(async () => {
      for await (const _ of log.consume(options, contextOf(new AbortController().signal))) assert.fail()
    }, isConfigError)
    await log.seek('g', { topic: 't', partition: 0, offset: 0 })
    await log.close()
  })

  it('refuses a log that another version wrote', async () => {
    const path = join(directory.path, 'future')
    await (await openTestLog(path)).close()
    const database = open<Buffer, Buffer>({
      ...{ path, noSubdir: false, encoding: 'binary', keyEncoding: 'binary', overlappingSync: false },
    })
    await database.put(Buffer.of(0), Buffer.of(2))
    await database.close()
    await assert.rejects(openTestLog(path), isConfigError)
  })

  it('takes over new limits of a topic, and sees topics that another process made', async () => {
    const path = join(directory.path, 'topics')
    const first = await openTestLog(path)
    const second = await openTestLog(path)
    await first.createTopics([{ name: 't', partitions: 1, retention }])
    await second.append('t', numbered(1))
    for (let index = 0; index < 20; index++) await first.append('t', [record('k', 'x'.repeat(1000))])
    await first.createTopics([{ name: 't', partitions: 1, retention: { ageMs: Infinity, bytes: 5000 } }])
    await first.append('t', numbered(1))
    assert.ok((await readAll(first, 't')).length <= 5)
    await Promise.all([first.close(), second.close()])
  })

  it('takes more than may be in flight, and one append that is larger than that', async () => {
    const log = await openTestLog(join(directory.path, 'budget'), { maxInFlightBytes: 10_000 })
    await log.createTopics([{ name: 't', partitions: 1, retention }])
    const large = Array.from({ length: 30 }, (_, index) => record('k', `${index} ${'x'.repeat(1000)}`))
    await Promise.all([
      ...Array.from({ length: 50 }, (_, call) => log.append('t', [record('k', `${call} ${'x'.repeat(3000)}`)])),
      log.append('t', large),
    ])
    const values = (await readAll(log, 't')).map(({ value }) => Number(value?.toString().split(' ')[0]))
    assert.deepEqual(values, [...Array(50).keys(), ...Array(30).keys()])
    await log.close()
  })
})

describe('chunks', () => {
  const records = fc.array(
    fc.record({
      key: fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
      value: fc.option(fc.uint8Array({ maxLength: 30_000 }).map(bytes => Buffer.from(bytes))),
      timestamp: fc.double({ noNaN: true, noDefaultInfinity: true }),
      headers: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { maxKeys: 3 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  const plain = (from: readonly { key: Buffer; value: Buffer | null; timestamp: number; headers?: object }[]) =>
    from.map(({ key, value, timestamp, headers }) => ({ key, value, timestamp, headers: { ...headers } }))

  it('decode to the records that were encoded, alone, joined or sparse', () => {
    fc.assert(
      fc.property(records, fc.nat({ max: 2 ** 40 }), (originals, base) => {
        const blocks = encodeBlocks(originals, originals.map(sizeOf))
        let next = base
        for (const { bytes, count, newest } of blocks) {
          const decoded = decodeChunk(bytes, next)
          assert.deepEqual(
            decoded.map(({ offset }) => offset),
            Array.from({ length: count }, (_, index) => next + index),
          )
          assert.equal(newest, Math.max(...decoded.map(({ timestamp }) => timestamp)))
          next += count
        }
        const joined = decodeChunk(joinBlocks(blocks).bytes, base)
        assert.deepEqual(plain(joined), plain(originals))
        const left = joined.filter((_, index) => index % 3 !== 1)
        assert.deepEqual(decodeChunk(encodeSparse(left).bytes, left[0]?.offset ?? 0), left)
      }),
    )
  })
})
