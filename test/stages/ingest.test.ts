import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RawInput } from '../../src/core/connector.ts'
import { configError, retriableError } from '../../src/core/errors.ts'
import type { EventLog } from '../../src/core/log.ts'
import { createDeadLetters } from '../../src/stages/dead-letters.ts'
import { createIngestStage, type IngestSettings } from '../../src/stages/ingest.ts'
import { StageMetrics } from '../../src/stages/metrics.ts'
import {
  createRig,
  type Rig,
  readAll,
  readDeadLetters,
  runUntil,
  said,
  type TinyVendor,
  tinyConfig,
  tinyRecord,
  tinyVendor,
} from './rig.ts'

const now = () => new Date()
const settings: IngestSettings = { slicesAtOnce: 2, sliceRefreshMs: 20, maxRecordBytes: 1_000, seenKeepMs: 86_400_000 }

function stageOf(rig: Rig, vendor: TinyVendor, log: EventLog = rig.log) {
  const metrics = new StageMetrics(now)
  const { state, codecs, topics } = rig
  const topic = topics.deadLetters
  const deadLetters = createDeadLetters({ log, codec: codecs.deadLetter, topic, stage: 'ingest', metrics, now })
  const accounts = [{ connector: vendor.connector, config: tinyConfig() }]
  const stage = createIngestStage({ log, state, codecs, topics, accounts, settings, deadLetters, metrics, now })
  /** Runs until every slice was read to its end by a pass that began after this was called. */
  const catchUp = async () => {
    const since = Date.now()
    await runUntil(
      ctx => stage.run(ctx),
      () => stage.caughtUpSince(since),
    )
  }
  return { stage, metrics, catchUp }
}

const batchOf = (...texts: readonly string[]) => texts.map(text => tinyRecord(said(text, 'c1', text)))

async function rawKeys({ log, codecs, topics }: Rig): Promise<readonly string[]> {
  const keys: string[] = []
  for (const { value } of await readAll(log, topics.raw('tiny')))
    if (value !== null) keys.push((await codecs.rawRecord.decode(value)).key)
  return keys.sort()
}

test('every slice is read to its end, with provenance filled in, and resumes after a restart', async t => {
  const rig = await createRig(t)
  const batches: Record<string, RawInput[][]> = { a: [batchOf('a1', 'a2'), batchOf('a3')], b: [batchOf('b1')], c: [[]] }
  const vendor = tinyVendor({ batches: () => batches })
  await stageOf(rig, vendor).catchUp()
  assert.deepEqual(await rawKeys(rig), ['a1', 'a2', 'a3', 'b1'])
  const [stored] = await readAll(rig.log, rig.topics.raw('tiny'))
  const raw = await rig.codecs.rawRecord.decode(stored?.value ?? Buffer.alloc(0))
  assert.deepEqual([raw.vendor, raw.account, raw.conversationKey, raw.version], ['tiny', 'acme', 'c1', null])
  assert.match(raw.hash, /^[0-9a-f]{64}$/)
  assert.equal(stored?.key.toString(), 'c1')

  await rig.reopen()
  batches['a']?.push(batchOf('a4'))
  const again = tinyVendor({ batches: () => batches })
  const { stage, catchUp } = stageOf(rig, again)
  await catchUp()
  assert.deepEqual(await rawKeys(rig), ['a1', 'a2', 'a3', 'a4', 'b1'])
  const firstFrom = (slice: string) => again.reads.find(read => read.slice === slice)?.from
  assert.deepEqual([firstFrom('a'), firstFrom('b'), firstFrom('c')], [2, 1, 1], 'an empty batch moves the cursor too')
  assert.deepEqual(stage.progress(), [], 'what has stopped reads nothing')
})

test('bytes that were seen before are dropped, also after a restart; changed bytes are not', async t => {
  const rig = await createRig(t)
  const batches = { a: [batchOf('x'), batchOf('x', 'y')] }
  const { metrics, catchUp } = stageOf(rig, tinyVendor({ batches: () => batches }))
  await catchUp()
  assert.deepEqual(await rawKeys(rig), ['x', 'y'])
  assert.deepEqual(metrics.snapshot().dropped, { unchanged: 1 })

  await rig.reopen()
  const changed = tinyRecord({ ...said('x', 'c1', 'x'), text: 'changed' })
  await stageOf(rig, tinyVendor({ batches: () => ({ b: [batchOf('x', 'y'), [changed]] }) })).catchUp()
  assert.deepEqual(await rawKeys(rig), ['x', 'x', 'y'])
})

test('slices that appear later are read, and those that are gone are not waited for', async t => {
  const rig = await createRig(t)
  const batches: Record<string, RawInput[][]> = { old: [batchOf('o')] }
  const { stage } = stageOf(rig, tinyVendor({ batches: () => batches }))
  let since = Number.POSITIVE_INFINITY
  await runUntil(
    ctx => stage.run(ctx),
    () => {
      if (stage.progress().some(({ slice, caughtUpSince }) => slice === 'old' && caughtUpSince !== null)) {
        delete batches['old']
        batches['new'] = [batchOf('n')]
        since = Math.min(since, Date.now())
      }
      return stage.caughtUpSince(since) && stage.progress().every(({ slice }) => slice === 'new')
    },
  )
  assert.deepEqual(await rawKeys(rig), ['n', 'o'])
})

test('a slice that fails waits and goes on from its last durable cursor, without gap or duplicate', async t => {
  const rig = await createRig(t)
  const failures = new Map([
    [1, 3],
    [2, 2],
  ])
  const vendor = tinyVendor({
    batches: () => ({ a: [batchOf('1'), batchOf('2'), batchOf('3')] }),
    before(_slice, index) {
      const left = failures.get(index) ?? 0
      failures.set(index, left - 1)
      if (left > 0) throw retriableError('cut', 'reading page: connection reset')
    },
  })
  const { metrics, catchUp } = stageOf(rig, vendor)
  await catchUp()
  assert.deepEqual(await rawKeys(rig), ['1', '2', '3'])
  assert.equal(metrics.snapshot().retries, 5)
  assert.deepEqual(
    vendor.reads.slice(0, 6).map(({ from }) => from),
    [undefined, 1, 1, 1, 2, 2],
  )
})

test('wrong credentials stop the stage, with the account named', async t => {
  const rig = await createRig(t)
  const refuse = () => {
    throw configError('unauthorized', 'getting a token: 401; check clientId and clientSecret')
  }
  const atStart = tinyVendor({ batches: () => ({}), check: async () => refuse() })
  await assert.rejects(
    stageOf(rig, atStart).catchUp(),
    /^VconduitError: checking tiny account acme: getting a token: 401/,
  )
  const later = tinyVendor({ batches: () => ({ a: [[]] }), before: refuse })
  const { catchUp } = stageOf(rig, later)
  await assert.rejects(
    catchUp(),
    /^VconduitError: reading tiny account acme, stream things, slice a: getting a token: 401/,
  )
})

test('a record that is too large becomes one dead letter without its payload; the rest flows', async t => {
  const rig = await createRig(t)
  const large = { ...tinyRecord(said('large', 'c1', 'x')), payload: Buffer.alloc(1_001, 'x') }
  const batches = { a: [[large, ...batchOf('y')], [large]] }
  const { metrics, catchUp } = stageOf(rig, tinyVendor({ batches: () => batches }))
  await catchUp()
  assert.deepEqual(await rawKeys(rig), ['y'])
  const [letter, ...others] = await readDeadLetters(rig)
  assert.deepEqual(others, [])
  assert.equal(letter?.code, 'record-too-large')
  assert.equal(letter?.reason, 'reading things: 1001 bytes; 1000 are allowed')
  assert.equal(letter?.value, null)
  assert.equal(letter?.key?.toString(), 'large')
  assert.equal(letter?.headers['account'], 'acme')
  assert.match(letter?.headers['hash'] ?? '', /^[0-9a-f]{64}$/)
  assert.deepEqual(metrics.snapshot().deadLetters, { 'record-too-large': 1 })
})

test('the next batch is asked for only when the last one is durable and its cursor saved', async t => {
  const rig = await createRig(t)
  const seen: string[] = []
  const vendor = tinyVendor({
    batches: () => ({ a: [batchOf('1'), batchOf('2'), batchOf('3')] }),
    async before(_slice, index) {
      const saved = await readAll(rig.log, rig.topics.checkpoints)
      const checkpoint = saved.at(-1)?.value
      const cursor = checkpoint == null ? 0 : Number((await rig.codecs.checkpoint.decode(checkpoint)).cursor)
      seen.push(`batch ${index}: ${(await rawKeys(rig)).length} durable, cursor ${cursor}`)
    },
  })
  await stageOf(rig, vendor).catchUp()
  assert.deepEqual(seen.slice(0, 3), [
    'batch 0: 0 durable, cursor 0',
    'batch 1: 1 durable, cursor 1',
    'batch 2: 2 durable, cursor 2',
  ])
})

test('no more slices are read at once than allowed', async t => {
  const rig = await createRig(t)
  let reading = 0
  let most = 0
  const vendor = tinyVendor({
    batches: () => Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map(slice => [slice, [batchOf(slice)]])),
    async before() {
      reading++
      most = Math.max(most, reading)
      await new Promise(resolve => setTimeout(resolve, 5))
      reading--
    },
  })
  await stageOf(rig, vendor).catchUp()
  assert.equal((await rawKeys(rig)).length, 5)
  assert.equal(most, settings.slicesAtOnce)
})

test('pushed records are durable when it resolves, and deduplicated; without a running stage they are refused', async t => {
  const rig = await createRig(t)
  const { stage, metrics } = stageOf(rig, tinyVendor({ batches: () => ({}) }))
  await assert.rejects(stage.appendPushed('tiny', 'acme', batchOf('p')), { kind: 'retriable' })
  let pushed = false
  await runUntil(
    ctx => stage.run(ctx),
    async () => {
      if (stage.caughtUpSince(0) && !pushed) {
        await stage.appendPushed('tiny', 'acme', batchOf('p', 'q'))
        assert.deepEqual(await rawKeys(rig), ['p', 'q'])
        await stage.appendPushed('tiny', 'acme', batchOf('p', 'r'))
        pushed = true
      }
      return pushed
    },
  )
  assert.deepEqual(await rawKeys(rig), ['p', 'q', 'r'])
  assert.deepEqual(metrics.snapshot().dropped, { unchanged: 1 })
})

test('a log that is down for a while delays, and neither loses nor doubles', async t => {
  const rig = await createRig(t)
  let attempts = 0
  const log = flaky(rig.log, () => ++attempts % 2 === 1)
  const { metrics, catchUp } = stageOf(rig, tinyVendor({ batches: () => ({ a: [batchOf('1'), batchOf('2')] }) }), log)
  await catchUp()
  assert.deepEqual(await rawKeys(rig), ['1', '2'])
  assert.ok(metrics.snapshot().retries >= 2)
})

test('a cursor that this version does not understand stops the stage instead of starting over', async t => {
  const rig = await createRig(t)
  await stageOf(rig, tinyVendor({ batches: () => ({ a: [batchOf('1')] }) })).catchUp()
  const [stored] = await readAll(rig.log, rig.topics.checkpoints)
  const checkpoint = await rig.codecs.checkpoint.decode(stored?.value ?? Buffer.alloc(0))
  const value = rig.codecs.checkpoint.encode({ ...checkpoint, cursor: '"of another kind"' })
  await rig.log.append(rig.topics.checkpoints, [{ key: stored?.key ?? Buffer.alloc(0), value, timestamp: 1 }])
  const { catchUp } = stageOf(rig, tinyVendor({ batches: () => ({ a: [batchOf('1')] }) }))
  await assert.rejects(catchUp(), { kind: 'config', code: 'cursor-unreadable' })
})

/** The log, but for appends that fail. */
function flaky(log: EventLog, fails: () => boolean): EventLog {
  return new Proxy(log, {
    get(target, name, receiver) {
      if (name !== 'append') {
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      }
      return async (...args: Parameters<EventLog['append']>) => {
        if (fails()) throw retriableError('log-down', 'appending: the broker does not answer')
        return (Reflect.get(target, 'append', receiver) as EventLog['append']).apply(target, args)
      }
    },
  })
}
