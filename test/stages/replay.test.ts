import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeadLetterDesk, type FiledDeadLetter } from '../../src/stages/dead-letter-desk.ts'
import { createDeadLetters } from '../../src/stages/dead-letters.ts'
import { replay } from '../../src/stages/replay.ts'
import { contextOf, createRig, type Rig, readAll, readDeadLetters } from './rig.ts'

const now = () => new Date(5_000)
const stages = [
  { name: 'ingest', input: undefined },
  { name: 'normalize', input: { group: 'normalize', topics: ['raw.tiny'] } },
]

async function appendRaw({ log }: Rig, count: number): Promise<void> {
  for (let index = 0; index < count; index++)
    await log.append('raw.tiny', [{ key: Buffer.from('k'), value: Buffer.from(`${index}`), timestamp: index * 100 }])
}

/** Consumes everything; the values that there were. */
async function consumeAll({ log }: Rig, count: number): Promise<readonly string[]> {
  const stop = new AbortController()
  const values: string[] = []
  const options = { topics: ['raw.tiny'], group: 'normalize', maxRecords: 10, maxBytes: 1 << 20, lingerMs: 0 }
  for await (const batch of log.consume(options, contextOf(stop.signal))) {
    values.push(...batch.records.map(({ value }) => `${value}`))
    await batch.commit()
    if (values.length >= count) stop.abort()
  }
  return values
}

test('a stage goes back to a time, an offset or the beginning, and never forward', async t => {
  const rig = await createRig(t, 1)
  await appendRaw(rig, 5)
  assert.deepEqual(await replay(rig.log, stages, { stage: 'normalize', from: 'beginning' }), [], 'it is there already')
  await consumeAll(rig, 5)

  assert.deepEqual(await replay(rig.log, stages, { stage: 'normalize', from: { timestamp: 250 } }), [
    { topic: 'raw.tiny', partition: 0, offset: 3, before: 5 },
  ])
  assert.deepEqual(await consumeAll(rig, 2), ['3', '4'])

  const from = { topic: 'raw.tiny', partition: 0, offset: 4 }
  await replay(rig.log, stages, { stage: 'normalize', from })
  const ahead = { ...from, offset: 5 }
  assert.deepEqual(await replay(rig.log, stages, { stage: 'normalize', from: ahead }), [])
  assert.deepEqual(await consumeAll(rig, 1), ['4'])

  await replay(rig.log, stages, { stage: 'normalize', from: 'beginning' })
  assert.deepEqual(await consumeAll(rig, 5), ['0', '1', '2', '3', '4'])
})

test('stages and topics that cannot be replayed are refused by name', async t => {
  const rig = await createRig(t, 1)
  await assert.rejects(replay(rig.log, stages, { stage: 'ingest', from: 'beginning' }), {
    kind: 'config',
    message: 'replaying ingest: expected one of normalize',
  })
  const from = { topic: 'events', partition: 0, offset: 0 }
  await assert.rejects(replay(rig.log, stages, { stage: 'normalize', from }), {
    message: 'replaying normalize from events: it reads raw.tiny',
  })
})

function desksOf(rig: Rig) {
  const { log, codecs, topics } = rig
  const deadLetters = createDeadLetters({
    codec: codecs.deadLetter,
    topic: topics.deadLetters,
    stage: 'normalize',
    now,
  })
  return { deadLetters, desk: createDeadLetterDesk({ log, codec: codecs.deadLetter, topics, now }) }
}

async function refuseOne(rig: Rig, value: string) {
  const { log } = rig
  const record = { key: Buffer.from('k'), value: Buffer.from(value), timestamp: 7, headers: { mark: 'kept' } }
  const [position] = await log.append('raw.tiny', [record])
  const refused = { record: { ...record, offset: position?.offset ?? -1 }, code: 'bad', reason: 'it is bad' }
  await log.appendAll([desksOf(rig).deadLetters.ofBatch({ topic: 'raw.tiny', partition: 0 }, [refused])])
  return { position, refused }
}

test('a dead letter is retried once: its record is back on its topic as it was', async t => {
  const rig = await createRig(t, 1)
  const { desk, deadLetters } = desksOf(rig)
  const { position, refused } = await refuseOne(rig, 'first')
  await refuseOne(rig, 'second')
  // The same failure again, as after a replay.
  await rig.log.appendAll([deadLetters.ofBatch({ topic: 'raw.tiny', partition: 0 }, [refused])])
  assert.equal((await readDeadLetters(rig)).length, 3)

  const listed: FiledDeadLetter[] = []
  for await (const filed of desk.list()) listed.push(filed)
  assert.deepEqual(
    listed.map(({ letter, retriedAt }) => [letter.value?.toString(), letter.offset, retriedAt]),
    [
      ['first', position?.offset, null],
      ['second', 1, null],
    ],
  )
  const id = listed[0]?.letter.id ?? ''
  assert.equal(await desk.retry(id), true)
  assert.equal(await desk.retry(id), false)
  const records = await readAll(rig.log, 'raw.tiny')
  assert.deepEqual(
    records.map(({ key, value, headers }) => [`${key}`, `${value}`, headers]),
    [
      ['k', 'first', { mark: 'kept' }],
      ['k', 'second', { mark: 'kept' }],
      ['k', 'first', { mark: 'kept' }],
    ],
  )
  assert.equal((await desk.show(id))?.retriedAt, 5_000)
  assert.equal(await desk.show('nothing'), undefined)
})

test('what cannot be retried is refused with the reason', async t => {
  const rig = await createRig(t, 1)
  const { desk, deadLetters } = desksOf(rig)
  await assert.rejects(desk.retry('nothing'), { code: 'unknown-dead-letter' })
  const letter = { code: 'c', reason: 'r', partition: -1, offset: -1, key: Buffer.from('k'), headers: {} }
  await rig.log.appendAll([
    deadLetters.of([
      { ...letter, id: 'lost', topic: '', value: null },
      { ...letter, id: 'state', topic: rig.topics.conversations, value: Buffer.from('{}') },
    ]),
  ])
  await assert.rejects(desk.retry('lost'), { code: 'not-retryable', message: /never reached the log/ })
  await assert.rejects(desk.retry('state'), { code: 'not-retryable', message: /replay the stage assemble/ })
})
