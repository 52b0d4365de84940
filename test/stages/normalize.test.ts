import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import type { RawInput } from '../../src/core/connector.ts'
import type { VconduitError } from '../../src/core/errors.ts'
import { createDeadLetters } from '../../src/stages/dead-letters.ts'
import { createIntake } from '../../src/stages/intake.ts'
import { StageMetrics } from '../../src/stages/metrics.ts'
import { createNormalizeStage } from '../../src/stages/normalize.ts'
import {
  contextOf,
  createRig,
  idOf,
  linked,
  type Rig,
  readAll,
  readDeadLetters,
  readEvents,
  runUntil,
  said,
  spanSaid,
  tinyConfig,
  tinyRecord,
  tinyVendor,
} from './rig.ts'

const now = () => new Date()

function stageOf(rig: Rig) {
  const { connector } = tinyVendor({ batches: () => ({}) })
  const metrics = new StageMetrics(now)
  const { log, codecs, topics } = rig
  const deadLetters = createDeadLetters({
    codec: codecs.deadLetter,
    topic: topics.deadLetters,
    stage: 'normalize',
    now,
  })
  const stage = createNormalizeStage({
    log,
    codecs,
    topics,
    accounts: [{ connector, config: tinyConfig() }],
    deadLetters,
    metrics,
  })
  return { stage, metrics }
}

async function appendRaw({ log, codecs, topics }: Rig, records: readonly RawInput[]): Promise<void> {
  const metrics = new StageMetrics(now)
  const deadLetters = createDeadLetters({
    codec: codecs.deadLetter,
    topic: topics.deadLetters,
    stage: 'ingest',
    now,
  })
  const intake = createIntake({
    log,
    codec: codecs.rawRecord,
    topics,
    metrics,
    deadLetters,
    seenOf: () => ({ isNew: () => true, append: async (_records, append) => void (await append()) }),
    maxRecordBytes: 1 << 20,
  })
  await intake.append('tiny', 'acme', records, contextOf(new AbortController().signal))
}

test('events go to their conversation; what has none yet goes to its scope; the rest is counted or kept', async t => {
  const rig = await createRig(t)
  const { log, codecs, topics } = rig
  await appendRaw(
    rig,
    [
      said('u1', 'c1', 'hello'),
      spanSaid('s1', 'trace', 'child'),
      linked('l1', 'trace', 'child', { parent: 'root' }),
      { kind: 'dull', key: 'd' } as const,
      { kind: 'broken', key: 'b' } as const,
      { kind: 'misfit', key: 'm' } as const,
    ].map(tinyRecord),
  )
  await log.append(topics.raw('tiny'), [{ key: Buffer.from('x'), value: Buffer.from('no Avro'), timestamp: 1 }])
  const { stage, metrics } = stageOf(rig)
  await runUntil(
    ctx => stage.run(ctx),
    () => metrics.snapshot().records === 7,
  )

  const [event, ...others] = await readEvents(rig)
  assert.deepEqual(others, [])
  assert.equal(event?.conversationId, idOf('c1'))
  assert.equal(event?.utterance?.text, 'hello')
  const [stored] = await readAll(log, topics.events)
  assert.equal(stored?.key.toString(), idOf('c1'))

  const uncorrelated = await readAll(log, topics.uncorrelated)
  assert.deepEqual(
    uncorrelated.map(({ key }) => key.toString()),
    ['trace', 'trace'],
  )
  const [parked, link] = await Promise.all(
    uncorrelated.map(async ({ value }) => codecs.uncorrelated.decode(value ?? Buffer.alloc(0))),
  )
  assert.equal(parked?.alias, 'child')
  assert.equal(parked?.fallbackKey, 'fallback-trace')
  assert.equal((await codecs.event.decode(parked?.event ?? Buffer.alloc(0))).sourceKey, 's1')
  assert.equal(link?.link?.parentAlias, 'root')

  assert.deepEqual(metrics.snapshot().dropped, { dull: 1 })
  assert.deepEqual(metrics.snapshot().deadLetters, { 'payload-broken': 1, misfit: 1, 'not-avro': 1 })
  const letters = await readDeadLetters(rig)
  assert.deepEqual(letters.map(({ code }) => code).sort(), ['misfit', 'not-avro', 'payload-broken'])
  const misfit = letters.find(({ code }) => code === 'misfit')
  assert.equal(misfit?.reason, 'encoding a event: occurredAt is no long')
  assert.deepEqual([misfit?.topic, misfit?.stage], [topics.raw('tiny'), 'normalize'])
  const original = await codecs.rawRecord.decode(misfit?.value ?? Buffer.alloc(0))
  assert.equal(original.key, 'm')
})

test('processing the same raw records again emits the same events', async t => {
  const rig = await createRig(t)
  await appendRaw(rig, [said('u1', 'c1', 'one'), said('u2', 'c2', 'two')].map(tinyRecord))
  const first = stageOf(rig)
  await runUntil(
    ctx => first.stage.run(ctx),
    () => first.metrics.snapshot().records === 2,
  )
  for (const partition of [0, 1]) await rig.log.seek('normalize', { topic: 'raw.tiny', partition, offset: 0 })
  const again = stageOf(rig)
  await runUntil(
    ctx => again.stage.run(ctx),
    () => again.metrics.snapshot().records === 2,
  )
  const events = await readAll(rig.log, rig.topics.events)
  assert.equal(events.length, 4)
  assert.equal(new Set(events.map(({ value }) => value?.toString('hex'))).size, 2)
})

test('an error that nobody foresaw stops the stage, names the record but not its content, and commits nothing', async t => {
  const rig = await createRig(t)
  await appendRaw(rig, [{ ...tinyRecord(said('u1', 'c1', 'x')), payload: Buffer.from('secret words') }])
  const { stage } = stageOf(rig)
  await assert.rejects(
    runUntil(
      ctx => stage.run(ctx),
      () => false,
    ),
    (error: VconduitError) =>
      error.kind === 'fatal' &&
      /^normalizing raw\.tiny:\d:0: SyntaxError at /.test(error.message) &&
      !/secret/.test(inspect(error)),
  )
  const committed = await rig.log.committed('normalize')
  assert.ok(committed.every(({ offset }) => offset === 0))
})
