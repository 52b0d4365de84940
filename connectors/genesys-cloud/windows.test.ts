import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { genesysConfig } from './config.ts'
import { firstWindowOf, oldestWindow, rereadDue, sliceOf, windowOf, windowPlan } from './windows.ts'

const configOf = (windowMinutes: number, rereadDays: number) =>
  genesysConfig.parse({
    vendor: 'genesys-cloud',
    account: 'main',
    clientId: 'id',
    clientSecret: 'secret',
    windowMinutes,
    rereadDays,
  })

const plans = fc
  .tuple(fc.constantFrom(5, 30, 60, 90, 360, 1440), fc.integer({ min: 1, max: 30 }))
  .map(([minutes, days]) => windowPlan(configOf(minutes, days)))
const moments = fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2050, 0) })

test('at any moment every young window is followed by exactly one slice', () => {
  fc.assert(
    fc.property(plans, moments, (plan, now) => {
      const oldest = oldestWindow(plan, 0, now)
      assert.ok(oldest <= now - plan.restMs)
      const followed = Array.from({ length: plan.slices }, (_, slice) => firstWindowOf(plan, slice, oldest))
      const young: number[] = []
      for (let window = oldest; window <= windowOf(plan, now); window += plan.windowMs) young.push(window)
      assert.equal(new Set(followed).size, plan.slices)
      for (const window of young) assert.ok(followed.includes(window))
    }),
  )
})

test('a slice goes from window to window without skipping one of its own', () => {
  fc.assert(
    fc.property(plans, moments, fc.nat(1000), (plan, from, n) => {
      const slice = n % plan.slices
      const first = firstWindowOf(plan, slice, windowOf(plan, from))
      assert.equal(sliceOf(plan, first), slice)
      assert.ok(first >= windowOf(plan, from) && first < windowOf(plan, from) + plan.slices * plan.windowMs)
      assert.equal(firstWindowOf(plan, slice, first + plan.windowMs), first + plan.slices * plan.windowMs)
    }),
  )
})

test('nothing before the beginning is followed', () => {
  const plan = windowPlan(configOf(60, 14))
  const now = Date.UTC(2026, 2, 2, 9, 30)
  const since = Date.UTC(2026, 2, 1, 7, 59)
  assert.equal(oldestWindow(plan, since, now), Date.UTC(2026, 2, 1, 7))
})

test('re-reads grow apart by a factor of four', () => {
  const config = configOf(60, 14)
  const minutes = (rereads: number) => rereadDue(config, 0, rereads) / 60_000
  assert.deepEqual([0, 1, 2, 3].map(minutes), [15, 60, 240, 960])
})
