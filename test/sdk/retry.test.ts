import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { backoffMs, retryAfterMs } from '../../src/sdk/retry.ts'

const now = () => new Date('2026-01-01T00:00:00Z')
const after = (value: string, date?: string) => retryAfterMs({ 'retry-after': value, date }, now)

describe('Retry-After', () => {
  it('in seconds', () => {
    assert.equal(after('0'), 0)
    assert.equal(after(' 120 '), 120_000)
    assert.equal(after('1.5'), 1_500)
  })

  it("as a date, in all three forms, counted from the reply's own date if it has one", () => {
    const forms = ['Thu, 01 Jan 2026 00:00:30 GMT', 'Thursday, 01-Jan-26 00:00:30 GMT', 'Thu Jan  1 00:00:30 2026']
    for (const form of forms) assert.equal(after(form), 30_000, form)
    assert.equal(after('Thu, 01 Jan 2026 00:00:30 GMT', 'Thu, 01 Jan 2026 00:00:10 GMT'), 20_000)
    assert.equal(after('Thu, 01 Jan 2026 00:00:30 GMT', 'nonsense'), 30_000)
    assert.equal(after('Wed, 31 Dec 2025 23:59:00 GMT'), 0)
  })

  it('never longer than a day', () => {
    assert.equal(after('99999999999'), 86_400_000)
    assert.equal(after('Thu, 01 Jan 2099 00:00:00 GMT'), 86_400_000)
  })

  it('illegible or missing', () => {
    for (const value of ['', ' ', '-1', 'soon', '1e3', '2026-01-01', 'NaN', 'Infinity', '12 s'])
      assert.equal(after(value), undefined, value)
    assert.equal(retryAfterMs({}, now), undefined)
  })
})

describe('backoff', () => {
  it('is evenly between nothing and the exponential, capped at a minute', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, chance) => {
          const most = Math.min(60_000, 250 * 2 ** Math.min(failures - 1, 20))
          assert.equal(
            backoffMs(failures, () => chance),
            chance * most,
          )
        },
      ),
    )
  })
})
