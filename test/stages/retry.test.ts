import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configError, isAbort, retriableError } from '../../src/core/errors.ts'
import { StageMetrics } from '../../src/stages/metrics.ts'
import { pauseMs, retrying } from '../../src/stages/retry.ts'
import { contextOf, keptLogger, silent } from './rig.ts'

const metricsNow = () => new StageMetrics(() => new Date(5_000))
const warn = 40

test('a pause never undercuts what the other side asked for, and is spread', () => {
  const asked = retriableError('busy', 'asking: 429', undefined, 7_000)
  assert.equal(
    pauseMs(1, asked, () => 0),
    7_000,
  )
  assert.ok(pauseMs(1, asked, () => 0.999) > 7_000)
  const plain = retriableError('busy', 'asking: 500')
  assert.equal(
    pauseMs(9, plain, () => 0),
    0,
  )
  assert.ok(pauseMs(9, plain, () => 0.999) > pauseMs(1, plain, () => 0.999))
})

test('retriable errors are waited out, one warning per outage, and shown while they last', async () => {
  const metrics = metricsNow()
  const { log, lines } = keptLogger()
  const ctx = contextOf(new AbortController().signal, log)
  let failures = 5
  const result = await retrying(
    'writing rows',
    async () => {
      if (failures-- > 0) {
        if (failures < 4) assert.equal(metrics.snapshot().waitingFor, 'writing rows')
        throw retriableError('down', 'writing rows: connection refused')
      }
      return 'written'
    },
    metrics,
    ctx,
  )
  assert.equal(result, 'written')
  assert.equal(metrics.snapshot().retries, 5)
  assert.equal(metrics.snapshot().waitingFor, null)
  assert.deepEqual(metrics.snapshot().lastError, { message: 'writing rows: connection refused', at: 5_000 })
  assert.deepEqual(
    lines.filter(({ level }) => level >= warn).map(({ msg }) => msg),
    ['writing rows: waiting until it works again'],
  )
})

test('what is not retriable is not tried again', async () => {
  for (const error of [configError('no', 'no'), new TypeError('unknown')]) {
    let attempts = 0
    const attempt = async () => {
      attempts++
      throw error
    }
    const ctx = contextOf(new AbortController().signal)
    await assert.rejects(retrying('trying', attempt, metricsNow(), ctx), error)
    assert.equal(attempts, 1)
  }
})

test('an abort ends a long wait at once', async () => {
  const stop = new AbortController()
  const ctx = { ...contextOf(stop.signal, silent), random: () => 0.5 }
  const attempt = async () => {
    throw retriableError('busy', 'asking: 429', undefined, 86_400_000)
  }
  const waiting = retrying('asking', attempt, metricsNow(), ctx)
  stop.abort()
  await assert.rejects(waiting, error => isAbort(error, stop.signal))
})

test('the rate is that of the last ten seconds', () => {
  let at = 100_000
  const metrics = new StageMetrics(() => new Date(at))
  metrics.finished(500, 600)
  assert.equal(metrics.snapshot().recordsPerSecond, 50)
  at += 9_000
  metrics.finished(100, 100)
  assert.equal(metrics.snapshot().recordsPerSecond, 60)
  at += 9_000
  assert.equal(metrics.snapshot().recordsPerSecond, 10)
  assert.equal(metrics.snapshot().records, 600)
  assert.equal(metrics.snapshot().emitted, 700)
})
