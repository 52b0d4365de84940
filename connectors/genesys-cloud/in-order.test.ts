import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { mapInOrder } from './in-order.ts'

test('results are in the order of the items, with no more calls under way than allowed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(5)), fc.integer({ min: 1, max: 9 }), async (delays, limit) => {
      let underWay = 0
      let most = 0
      const results = await mapInOrder([...delays.entries()], limit, async ([index, turns]) => {
        underWay += 1
        most = Math.max(most, underWay)
        for (let left = turns; left > 0; left--) await turn()
        underWay -= 1
        return index
      })
      assert.deepEqual(results, [...delays.keys()])
      assert.ok(most <= limit)
    }),
    { numRuns: 50 },
  )
})

test('the first rejection is the result; nothing is begun after it, and nothing is left under way', async () => {
  const begun: number[] = []
  let underWay = 0
  await assert.rejects(
    mapInOrder([0, 1, 2, 3, 4, 5], 2, async item => {
      begun.push(item)
      underWay += 1
      await turn()
      underWay -= 1
      if (item === 1) throw new Error('item 1')
    }),
    { message: 'item 1' },
  )
  assert.equal(underWay, 0)
  assert.ok(begun.length < 6)
})
