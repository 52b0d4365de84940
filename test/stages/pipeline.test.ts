import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { RawInput } from '../../src/core/connector.ts'
import { configError, VconduitError } from '../../src/core/errors.ts'
import type { EventLog } from '../../src/core/log.ts'
import type { Sink } from '../../src/core/sink.ts'
import type { StateStore } from '../../src/core/state.ts'
import { createPipeline, defaultPipelineSettings, type PipelineSettings } from '../../src/stages/pipeline.ts'
import { type Death, mortal } from './kill.ts'
import {
  createRig,
  linked,
  liveOf,
  memorySink,
  type Rig,
  readAll,
  readDeadLetters,
  readEvents,
  runUntil,
  said,
  spanSaid,
  type TinyVendor,
  tinyConfig,
  tinyRecord,
  tinyVendor,
} from './rig.ts'

const settings: PipelineSettings = {
  ...defaultPipelineSettings,
  correlate: { ...defaultPipelineSettings.correlate, waitMs: 1, tickMs: 2 },
  assemble: { quietMs: 1, maxDelayMs: 20, tickMs: 2, lingerMs: 0 },
  topics: { partitions: 2, ageMs: 3_600_000, bytes: 1 << 30 },
}

const batches: Readonly<Record<string, readonly (readonly RawInput[])[]>> = {
  calls: [
    [said('u1', 'c1', 'hello'), said('u2', 'c2', 'good day'), { kind: 'broken', key: 'b' } as const].map(tinyRecord),
    [said('u3', 'c1', 'bye'), said('u1', 'c1', 'Hello!', 2)].map(tinyRecord),
  ],
  spans: [
    [spanSaid('s1', 'trace', 'leaf'), spanSaid('s2', 'orphans', 'lost')].map(tinyRecord),
    [linked('l1', 'trace', 'leaf', { parent: 'root' })].map(tinyRecord),
    [linked('l2', 'trace', 'root', { conversation: 'c2' })].map(tinyRecord),
  ],
}
const expectedLive = { c1: ['u1', 'u3'], c2: ['s1', 'u2'], 'fallback-orphans': ['s2'] }

const pipelineOf = (
  { codecs, topics }: Rig,
  vendor: TinyVendor,
  sinks: readonly Sink[],
  { log, state }: { readonly log: EventLog; readonly state: StateStore },
) =>
  createPipeline({
    log,
    state,
    codecs,
    topics,
    accounts: [{ connector: vendor.connector, config: tinyConfig() }],
    sinks,
    settings,
    now: () => new Date(),
  })

/** Runs until everything is read and has gone all the way. */
async function settle(pipeline: ReturnType<typeof pipelineOf>): Promise<void> {
  const since = Date.now()
  await runUntil(
    ctx => pipeline.run(ctx),
    async () => pipeline.ingest.caughtUpSince(since) && (await pipeline.idle()),
  )
}

/** The latest vCon of each conversation. */
async function conversations({ log, topics }: Rig): Promise<Readonly<Record<string, string>>> {
  const latest = new Map<string, string | undefined>()
  for (const { key, value } of await readAll(log, topics.conversations)) latest.set(key.toString(), value?.toString())
  return Object.fromEntries([...latest].flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
}

/** Every offset was written once: the ranges of a partition touch, but for what compaction took away between them. */
function assertExact(sink: ReturnType<typeof memorySink>): void {
  const ends = new Map<string, number>()
  for (const { topic, partition, input, first, last, token } of [...sink.ranges.values()].sort(
    (a, b) => a.first - b.first,
  )) {
    const end = ends.get(`${topic}:${partition}`) ?? 0
    assert.ok(input === 'conversations' ? first >= end : first === end, `a gap or an overlap before ${token}`)
    ends.set(`${topic}:${partition}`, last + 1)
  }
}

async function assertComplete(rig: Rig, sink: ReturnType<typeof memorySink>): Promise<void> {
  assert.deepEqual(liveOf(await readEvents(rig)), expectedLive)
  assertExact(sink)
  const letters = await readDeadLetters(rig)
  assert.deepEqual(
    letters.map(({ code, stage }) => `${stage} ${code}`),
    ['normalize payload-broken'],
  )
  const values = async (topic: string) => (await readAll(rig.log, topic)).map(({ value }) => value?.toString('hex'))
  for (const topic of [rig.topics.raw('tiny'), rig.topics.events, rig.topics.uncorrelated]) {
    const all = await values(topic)
    assert.equal(new Set(all).size, all.length, `${topic} has a record twice`)
  }
}

async function undisturbed(t: TestContext) {
  const rig = await createRig(t)
  const sink = memorySink(['raw', 'events', 'conversations'])
  const alive = mortal(rig.log, rig.state, { at: Number.POSITIVE_INFINITY, when: 'before' })
  const pipeline = pipelineOf(rig, tinyVendor({ batches: () => batches }), [alive.sink(sink)], alive)
  await settle(pipeline)
  await assertComplete(rig, sink)
  return { rig, pipeline, sink, effects: alive.effects(), vcons: await conversations(rig) }
}

test('records flow from the vendor to the sinks, and the status says how far', async t => {
  const { pipeline, vcons, rig } = await undisturbed(t)
  assert.equal(Object.keys(vcons).length, 3)
  const status = await pipeline.status()
  assert.deepEqual(
    status.map(({ stage }) => stage),
    ['ingest', 'normalize', 'correlate', 'assemble', 'sink-memory'],
  )
  assert.deepEqual(
    status.map(({ lag }) => lag),
    [null, ...Array.from({ length: 4 }, () => ({ records: 0, oldestAgeMs: null }))],
  )
  assert.deepEqual(status[1]?.deadLetters, { 'payload-broken': 1 })

  const at = Date.now() - 60_000
  await rig.log.append(rig.topics.raw('tiny'), [{ key: Buffer.from('x'), value: Buffer.from('x'), timestamp: at }])
  const behind = (await pipeline.status()).find(({ stage }) => stage === 'normalize')?.lag
  assert.equal(behind?.records, 1)
  assert.ok((behind?.oldestAgeMs ?? 0) >= 60_000)
  assert.equal(await pipeline.idle(), false)
})

test('killed at any durable step and restarted, it ends with the same events, vCons and ranges', async t => {
  const { effects, vcons } = await undisturbed(t)
  assert.ok(effects > 20, `${effects} steps`)
  // Runs differ in how they cut batches, so a step more or less than in the undisturbed run is worth a try too.
  const deaths = Array.from(
    { length: effects + 2 },
    (_, at): Death => ({ at, when: at % 2 === 0 ? 'before' : 'after' }),
  )
  for (const death of deaths)
    await t.test(`${death.when} step ${death.at}`, async step => {
      const rig = await createRig(step)
      const sink = memorySink(['raw', 'events', 'conversations'])
      const vendor = tinyVendor({ batches: () => batches })
      const doomed = mortal(rig.log, rig.state, death)
      try {
        await settle(pipelineOf(rig, vendor, [doomed.sink(sink)], doomed))
        assert.ok(doomed.effects() <= death.at, 'it survived its death')
      } catch (error) {
        assert.ok(error instanceof VconduitError && error.code === 'killed', String(error))
      }
      await rig.reopen()
      await settle(pipelineOf(rig, vendor, [sink], rig))
      await assertComplete(rig, sink)
      assert.deepEqual(await conversations(rig), vcons)
    })
})

test('the first error of a stage stops all of them and is rethrown', async t => {
  const rig = await createRig(t)
  const refuse = async () => {
    throw configError('unauthorized', 'getting a token: 401')
  }
  const vendor = tinyVendor({ batches: () => batches, check: refuse })
  const pipeline = pipelineOf(rig, vendor, [memorySink(['events'])], rig)
  await assert.rejects(settle(pipeline), { kind: 'config', code: 'unauthorized' })
  const [ingest] = await pipeline.status()
  assert.equal(ingest?.lastError?.message, 'checking tiny account acme: getting a token: 401')
})

test('a sink that is not fit stops the pipeline before anything is read', async t => {
  const rig = await createRig(t)
  const vendor = tinyVendor({ batches: () => batches })
  const unfit: Sink = {
    ...memorySink(['events']),
    async check() {
      throw configError('no-window', 'checking the table events: it has no deduplication window')
    },
  }
  await assert.rejects(settle(pipelineOf(rig, vendor, [unfit], rig)), { code: 'no-window' })
  assert.deepEqual(vendor.reads, [])
})
