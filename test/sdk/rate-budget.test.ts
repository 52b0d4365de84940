import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createRateBudget } from '../../src/sdk/rate-budget.ts'
import { virtualTimer } from './virtual-timer.ts'

const never = new AbortController().signal

describe('rate budget', () => {
  it('no minute sees more requests than allowed, and everybody is served', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2_000 }),
        fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
        fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 8 }),
        async (requestsPerMinute, burst, pauses) => {
          const timer = virtualTimer()
          const budget = createRateBudget({ requestsPerMinute, timer, ...(burst === undefined ? {} : { burst }) })
          const given: number[] = []
          for (const pause of pauses) {
            for (let asked = 0; asked < requestsPerMinute / 4; asked++)
              void budget.take(never).then(() => given.push(timer.elapsedMs()))
            await timer.pass(pause)
          }
          // A burst that takes the whole minute's share leaves one more each minute.
          await timer.pass(pauses.length * Math.ceil(requestsPerMinute / 4) * 60_000)
          for (const [index, at] of given.entries()) {
            const within = given.slice(index).findIndex(later => later >= at + 60_000 - 1e-3)
            const inMinute = within === -1 ? given.length - index : within
            assert.ok(inMinute <= requestsPerMinute, `${inMinute} in the minute from ${at}`)
          }
          assert.equal(given.length, pauses.length * Math.ceil(requestsPerMinute / 4))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('is smooth: after the burst the requests are evenly spread', async () => {
    const timer = virtualTimer()
    const budget = createRateBudget({ requestsPerMinute: 60, burst: 1, timer })
    const given: number[] = []
    for (let asked = 0; asked < 5; asked++)
      void budget.take(never).then(() => given.push(Math.round(timer.elapsedMs())))
    await timer.pass(60_000)
    assert.deepEqual(given, [0, 1000, 2000, 3000, 4000])
  })

  it('first come, first served', async () => {
    const timer = virtualTimer()
    const budget = createRateBudget({ requestsPerMinute: 60, timer })
    const order: number[] = []
    for (let asked = 0; asked < 20; asked++) void budget.take(never).then(() => order.push(asked))
    await timer.pass(60_000)
    assert.deepEqual(
      order,
      Array.from({ length: 20 }, (_, index) => index),
    )
  })

  it('who stops waiting costs nothing and holds nobody up', async () => {
    const timer = virtualTimer()
    const budget = createRateBudget({ requestsPerMinute: 60, burst: 1, timer })
    const given: string[] = []
    const stop = new AbortController()
    await budget.take(never)
    const left = assert.rejects(budget.take(stop.signal), error => error === stop.signal.reason)
    void budget.take(never).then(() => given.push(`next at ${Math.round(timer.elapsedMs())}`))
    await timer.pass(500)
    stop.abort()
    await left
    await timer.pass(60_000)
    assert.deepEqual(given, ['next at 1000'])
    await assert.rejects(budget.take(stop.signal), error => error === stop.signal.reason)
  })

  it('serves again after everybody had left', async () => {
    const timer = virtualTimer()
    const budget = createRateBudget({ requestsPerMinute: 60, burst: 1, timer })
    const stop = new AbortController()
    await budget.take(never)
    const left = assert.rejects(budget.take(stop.signal))
    stop.abort()
    const served = budget.take(never)
    await left
    await timer.pass(1_000)
    await served
  })

  it('a pause silences everybody, also those who wait already; a shorter one does not cut a longer one', async () => {
    const timer = virtualTimer()
    const budget = createRateBudget({ requestsPerMinute: 6_000, burst: 1, timer })
    const given: number[] = []
    const ask = () => void budget.take(never).then(() => given.push(Math.round(timer.elapsedMs())))
    ask()
    ask()
    await timer.pass(5)
    budget.pause(3_000)
    budget.pause(10)
    ask()
    await timer.pass(60_000)
    assert.deepEqual(given, [0, 3_005, 3_015])
  })

  it('refuses a rate of nothing', () => {
    for (const requestsPerMinute of [0, -1, Number.NaN]) assert.throws(() => createRateBudget({ requestsPerMinute }))
  })
})
