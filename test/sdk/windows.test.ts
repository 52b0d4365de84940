import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  nextWindow,
  type PlannedWindow,
  type WindowProgress,
  type WindowRules,
  windowsUntil,
} from '../../src/sdk/windows.ts'

const hourMs = 3_600_000
const start = (since: number): WindowProgress => ({ position: since, rereads: {} })

interface Read {
  readonly from: number
  readonly to: number
  readonly watermark: number
  readonly fresh: boolean
}

/** Reads on as the watermark moves, with the progress kept as JSON; a read that is `lost` stopped before it was kept. */
function run(since: number, watermarks: readonly number[], rules: WindowRules, lost: (reads: number) => boolean) {
  const reads: Read[] = []
  let progress = start(since)
  const readOn = (watermark: number, isLost: (reads: number) => boolean) => {
    for (const window of windowsUntil(progress, watermark, rules)) {
      assertSound(window, progress, watermark, rules)
      reads.push({ from: window.from, to: window.to, watermark, fresh: window.rereadAge === undefined })
      if (isLost(reads.length)) return
      progress = JSON.parse(JSON.stringify(window.progress)) as WindowProgress
    }
  }
  for (const watermark of watermarks) readOn(watermark, lost)
  const end = watermarks.at(-1) ?? 0
  readOn(end, () => false)
  return { reads, progress, end }
}

function assertSound(window: PlannedWindow, before: WindowProgress, watermark: number, rules: WindowRules): void {
  assert.ok(window.from < window.to, 'an empty window')
  assert.ok(window.to <= watermark, 'past the watermark')
  const longest =
    window.rereadAge === undefined ? rules.windowMs + (rules.overlapMs ?? 0) : (rules.rereadWindowMs ?? rules.windowMs)
  assert.ok(window.to - window.from <= longest, 'longer than allowed')
  assert.ok(window.progress.position >= before.position, 'the position went back')
  assert.notDeepEqual(window.progress, before, 'no progress')
}

const rulesArbitrary = fc
  .record({
    windowMs: fc.integer({ min: 1, max: 50 }),
    overlapMs: fc.integer({ min: 0, max: 20 }),
    minWindowMs: fc.integer({ min: 1, max: 60 }),
    rereadWindowMs: fc.integer({ min: 1, max: 60 }),
    rereadAges: fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 4 }),
  })
  .map((rules): WindowRules => rules)

const watermarksArbitrary = fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 25 }).map(steps => {
  let at = 0
  return steps.map(step => {
    at += step
    return at
  })
})

describe('windows', () => {
  it('are half-open, as long as allowed, reach back by the overlap and end at the watermark', () => {
    const windows = [...windowsUntil(start(100), 125, { windowMs: 10, overlapMs: 3 })]
    assert.deepEqual(
      windows.map(({ from, to, progress }) => [from, to, progress.position]),
      [
        [97, 110, 110],
        [107, 120, 120],
        [117, 125, 125],
      ],
    )
  })

  it('nothing is due at, before or just after the watermark', () => {
    assert.equal(nextWindow(start(100), 100, { windowMs: 10 }), undefined)
    assert.equal(nextWindow(start(100), 50, { windowMs: 10 }), undefined)
    assert.equal(nextWindow(start(100), 104, { windowMs: 10, minWindowMs: 5 }), undefined)
    assert.equal(nextWindow(start(100), 105, { windowMs: 10, minWindowMs: 5 })?.to, 105)
  })

  it('closed windows are read again at growing ages', () => {
    const rules = { windowMs: hourMs, rereadAges: [hourMs, 6 * hourMs, 24 * hourMs] }
    const { reads } = run(
      0,
      Array.from({ length: 49 }, (_, hour) => hour * hourMs),
      rules,
      () => false,
    )
    const ages = reads.filter(({ from }) => from === 0).map(({ watermark, to }) => (watermark - to) / hourMs)
    assert.deepEqual(ages, [0, 1, 6, 24])
  })

  it('a backfill is not read again', () => {
    const rules = { windowMs: hourMs, rereadAges: [hourMs, 6 * hourMs] }
    const windows = [...windowsUntil(start(0), 100 * hourMs, rules)]
    assert.equal(windows.length, 100)
    assert.ok(windows.every(({ rereadAge }) => rereadAge === undefined))
    const last = windows.at(-1)?.progress
    // What was younger than an age when it was read is due when it has reached it.
    assert.deepEqual(last?.rereads, { [hourMs]: 99 * hourMs, [6 * hourMs]: 94 * hourMs })
  })

  it('an age that is new in the configuration begins now; one that is gone is forgotten', () => {
    const progress = { position: 1000, rereads: { 50: 900 } }
    const window = nextWindow(progress, 1010, { windowMs: 10, rereadAges: [70] })
    assert.deepEqual(window?.progress, { position: 1010, rereads: { 70: 1000 } })
  })

  it('no gap, always progress, never past the watermark: fresh windows', () => {
    fc.assert(
      fc.property(rulesArbitrary, watermarksArbitrary, fc.nat({ max: 40 }), fc.nat(), (rules, marks, since, seed) => {
        const { reads, progress } = run(since, marks, rules, count => (count * 7919 + seed) % 5 === 0)
        const fresh = reads.filter(read => read.fresh)
        for (let moment = since; moment < progress.position; moment++)
          assert.ok(
            fresh.some(({ from, to }) => from <= moment && moment < to),
            `${moment} was never read`,
          )
      }),
    )
  })

  it('catches up: nothing but what is shorter than a window is left', () => {
    fc.assert(
      fc.property(rulesArbitrary, watermarksArbitrary, fc.nat({ max: 40 }), (rules, marks, since) => {
        const { progress, end } = run(since, marks, rules, () => false)
        const least = Math.min(rules.minWindowMs ?? 1, rules.windowMs)
        assert.ok(end - progress.position < least || end <= since)
      }),
    )
  })

  it('no gap: every moment is read when it has reached each age', () => {
    let proven = 0
    fc.assert(
      fc.property(rulesArbitrary, watermarksArbitrary, fc.nat({ max: 40 }), fc.nat(), (rules, marks, since, seed) => {
        const { reads, progress, end } = run(since, marks, rules, count => (count * 7919 + seed) % 5 === 0)
        for (const age of rules.rereadAges ?? []) {
          // What is left is shorter than a whole window, and not due yet.
          const due = Math.min(end - age, progress.position) - (rules.rereadWindowMs ?? rules.windowMs)
          for (let moment = since; moment < due; moment++) {
            proven += 1
            assert.ok(
              reads.some(({ from, to, watermark }) => from <= moment && moment < to && watermark - moment > age),
              `${moment} was not read at age ${age}`,
            )
          }
        }
      }),
    )
    assert.ok(proven > 1000, `only ${proven} moments were looked at`)
  })

  it('refuses rules that make no sense', () => {
    for (const rules of [
      { windowMs: 0 },
      { windowMs: 1.5 },
      { windowMs: 1, overlapMs: -1 },
      { windowMs: 1, rereadAges: [0] },
    ])
      assert.throws(() => nextWindow(start(0), 10, rules), RangeError)
  })
})
