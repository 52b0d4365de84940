import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RawInput } from '../../src/core/connector.ts'
import { configError, retriableError, VconduitError } from '../../src/core/errors.ts'
import { sha256 } from '../../src/core/ids.ts'
import type { EventLog } from '../../src/core/log.ts'
import type { RawRecord } from '../../src/core/records.ts'
import type { State } from '../../src/core/state.ts'
import { createDeadLetters } from '../../src/stages/dead-letters.ts'
import { createIngestStage, type IngestSettings } from '../../src/stages/ingest.ts'
import { StageMetrics } from '../../src/stages/metrics.ts'
import { createSeenRecords } from '../../src/stages/seen-records.ts'
import { mortal } from './kill.ts'
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
  const deadLetters = createDeadLetters({ codec: codecs.deadLetter, topic, stage: 'ingest', now })
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

test('the same bytes that several slices read at once are appended once', async t => {
  const rig = await createRig(t)
  const slices = ['a', 'b', 'c', 'd']
  const keys = Array.from({ length: 20 }, (_, index) => `k${index + 10}`)
  const batches = Object.fromEntries(
    slices.map((slice, at) => [slice, [at % 2 === 0 ? batchOf(...keys) : batchOf(...keys.toReversed())]]),
  )
  const { metrics, catchUp } = stageOf(rig, tinyVendor({ batches: () => batches }))
  await catchUp()
  assert.deepEqual(await rawKeys(rig), keys)
  assert.deepEqual(metrics.snapshot().dropped, { unchanged: 3 * keys.length })
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

test('killed at any durable step, it has every record once and with its cursor, though all is read again', async t => {
  const batches = { a: [batchOf('1', '2'), batchOf('3')], b: [batchOf('4')], c: [batchOf('5', '6')] }
  const keys = ['1', '2', '3', '4', '5', '6']
  const runs = Array.from({ length: 10 }, (_, at) => (['before', 'after'] as const).map(when => ({ at, when }))).flat()
  for (const death of runs)
    await t.test(`${death.when} step ${death.at}`, async step => {
      const rig = await createRig(step)
      const doomed = mortal(rig.log, rig.state, death)
      const first = stageOf({ ...rig, state: doomed.state }, tinyVendor({ batches: () => batches }), doomed.log)
      await first.catchUp().catch((error: unknown) => {
        assert.ok(error instanceof VconduitError && error.code === 'killed', String(error))
      })
      await rig.reopen()
      // The vendor serves the same bytes elsewhere: no cursor holds them back, only what is remembered of them.
      const again = tinyVendor({ batches: () => ({ again: [batchOf(...keys)] }) })
      await stageOf(rig, again).catchUp()
      assert.deepEqual(await rawKeys(rig), keys)
      const records = new Map<string, number>()
      for (const { value } of await readAll(rig.log, rig.topics.checkpoints)) {
        const checkpoint = await rig.codecs.checkpoint.decode(value ?? Buffer.alloc(0))
        records.set(checkpoint.slice, checkpoint.records)
      }
      assert.equal(
        [...records.values()].reduce((sum, each) => sum + each, 0),
        keys.length,
      )
    })
})

test('a state that was lost is made again from the log, without what is of another account or no record at all', async t => {
  const rig = await createRig(t, 1)
  const { log, codecs, topics, state } = rig
  const of = (account: string, from: State) =>
    createSeenRecords({
      log,
      codec: codecs.rawRecord,
      topic: topics.raw('tiny'),
      account: tinyConfig(account),
      state: from,
      keepMs: settings.seenKeepMs,
      now,
    })
  await stageOf(rig, tinyVendor({ batches: () => ({ a: [batchOf('x')] }) })).catchUp()
  await log.append(topics.raw('tiny'), [
    { key: Buffer.from('k'), value: Buffer.from('no Avro'), timestamp: 1 },
    { key: Buffer.from('k'), value: null, timestamp: 1 },
  ])
  const { payload, stream, key } = tinyRecord(said('x', 'c1', 'x'))
  const lost = state.open('lost', 0)
  for (const [account, expected] of [
    ['acme', false],
    ['other', true],
  ] as const) {
    const seen = of(account, lost)
    await seen.catchUp(new AbortController().signal)
    assert.equal(seen.isNew(stream, key, sha256(payload)), expected)
    for (const entry of [...lost.range('')]) await lost.transaction(writer => writer.remove(entry.key))
  }
})

test('what an append under way may still bring is not taken for remembered', async t => {
  const rig = await createRig(t, 1)
  const { log, codecs, topics } = rig
  const topic = topics.raw('tiny')
  const state = rig.state.open('seen-records', 0)
  const open = () =>
    createSeenRecords({ log, codec: codecs.rawRecord, topic, account: tinyConfig(), state, keepMs: 86_400_000, now })
  const recordOf = (key: string): RawRecord => {
    const input = tinyRecord(said(key, 'c1', key))
    const missing = { vendor: 'tiny', account: 'acme', conversationKey: null, version: null, context: null }
    return { ...missing, ...input, hash: sha256(input.payload) }
  }
  const appendTo = (record: RawRecord) =>
    log.append(topic, [{ key: Buffer.from('k'), value: codecs.rawRecord.encode(record), timestamp: 1 }])

  const seen = open()
  const slow = recordOf('slow')
  const appended = Promise.withResolvers<void>()
  // Dies after it has appended and before it is told so.
  void seen.append([slow], async () => {
    await appendTo(slow)
    appended.resolve()
    return new Promise(() => {})
  })
  await appended.promise
  const quick = recordOf('quick')
  await seen.append([quick], () => appendTo(quick))

  const next = open()
  assert.equal(next.isNew(slow.stream, slow.key, slow.hash), true)
  const later = open()
  await later.catchUp(new AbortController().signal)
  for (const { stream, key, hash } of [slow, quick]) assert.equal(later.isNew(stream, key, hash), false)
})

/** The log, but for appends that fail. */
function flaky(log: EventLog, fails: () => boolean): EventLog {
  return new Proxy(log, {
    get(target, name, receiver) {
      if (name !== 'appendAll') {
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      }
      return async (...args: Parameters<EventLog['appendAll']>) => {
        if (fails()) throw retriableError('log-down', 'appending: the broker does not answer')
        return (Reflect.get(target, 'appendAll', receiver) as EventLog['appendAll']).apply(target, args)
      }
    },
  })
}
