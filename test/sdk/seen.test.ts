import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import type { State } from '../../src/core/state.ts'
import { openStateStore } from '../../src/log/embedded/index.ts'
import { createSeenIndex } from '../../src/sdk/seen.ts'

const directory = mkdtempSync(join(tmpdir(), 'vconduit-seen-'))
const store = openStateStore(directory)
after(async () => {
  await store.close()
  rmSync(directory, { recursive: true })
})

const dayMs = 86_400_000
let stages = 0

/** An index on a state of its own, at a time that the test moves. */
function rig(keepMs = 30 * dayMs) {
  const state = store.open(`stage-${++stages}`, 0)
  let at = Date.UTC(2026, 0)
  const open = () => createSeenIndex(state, { keepMs, now: () => new Date(at) })
  return {
    state,
    open,
    seen: open(),
    wait: (ms: number) => {
      at += ms
    },
    /** What the ingest stage does with a record: true if it went to the log. */
    async take(seen: ReturnType<typeof open>, key: string, hash: string, observedAt = at++): Promise<boolean> {
      if (!seen.isNew('calls', key, hash)) return false
      await seen.remember([{ stream: 'calls', key, hash, observedAt }])
      return true
    },
  }
}

const entriesOf = (state: State) => [...state.range('')].length

describe('seen index', () => {
  it('unchanged content is not new, also after a restart', async () => {
    const { seen, open, take } = rig()
    assert.equal(await take(seen, 'k', 'A'), true)
    assert.equal(await take(seen, 'k', 'A'), false)
    assert.equal(await take(open(), 'k', 'A'), false)
    assert.equal(open().isNew('calls', 'other', 'A'), true)
    assert.equal(open().isNew('notes', 'k', 'A'), true)
    assert.equal(open().isNew('call', 'sk', 'A'), true)
  })

  it('content that returns to an older value is new', async () => {
    const { seen, take } = rig()
    const taken = []
    for (const hash of ['A', 'B', 'A', 'A', 'B']) taken.push(await take(seen, 'k', hash))
    assert.deepEqual(taken, [true, true, true, false, true])
  })

  it('content that returns within one batch is new', async () => {
    const { seen, take } = rig()
    await take(seen, 'k', 'A')
    assert.ok(seen.isNew('calls', 'k', 'B'))
    assert.ok(seen.isNew('calls', 'k', 'A'), 'the log would end with B although the vendor has A')
  })

  it('nothing is remembered before it is durable: a failed append is asked again', async () => {
    const { seen, open, take } = rig()
    assert.ok(seen.isNew('calls', 'k', 'A'))
    assert.ok(seen.isNew('calls', 'k', 'A'))
    assert.ok(open().isNew('calls', 'k', 'A'))
    assert.equal(await take(seen, 'k', 'A'), true)
    assert.equal(await take(seen, 'k', 'A'), false)
  })

  it('of two contents the one observed later is what the vendor has', async () => {
    const { seen } = rig()
    const entry = (hash: string, observedAt: number) => ({ stream: 'calls', key: 'k', hash, observedAt })
    seen.isNew('calls', 'k', 'new')
    seen.isNew('calls', 'k', 'old')
    await Promise.all([seen.remember([entry('new', 20)]), seen.remember([entry('old', 10)])])
    assert.equal(seen.isNew('calls', 'k', 'new'), false)
    assert.equal(seen.isNew('calls', 'k', 'old'), true)
    const { seen: batch } = rig()
    await batch.remember([entry('new', 20), entry('old', 10)])
    assert.equal(batch.isNew('calls', 'k', 'new'), false)
  })

  it('entries that are too old are forgotten and their space is freed', async () => {
    const { seen, state, take, wait } = rig(10 * dayMs)
    for (let index = 0; index < 50; index++) await take(seen, `k${index}`, 'A')
    wait(9 * dayMs)
    assert.equal(await take(seen, 'k0', 'A'), false)
    assert.equal(await take(seen, 'k1', 'B'), true)
    wait(2 * dayMs)
    assert.equal(await take(seen, 'k1', 'B'), false, 'it was stored two days ago')
    assert.ok(seen.isNew('calls', 'k0', 'A'), 'it was stored eleven days ago')
    for (let index = 0; index < 20; index++) await take(seen, `l${index}`, 'A')
    assert.equal(entriesOf(state), 2 * 21)
    assert.equal(await take(seen, 'k1', 'B'), false)
  })

  it('any run of reads and restarts leaves the log with what the vendor has, and repeats little', async () => {
    const step = fc.record({
      key: fc.constantFrom('k', 'l'),
      hash: fc.constantFrom('A', 'B', 'C'),
      fails: fc.boolean(),
      restart: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
        const { open } = rig()
        let seen = open()
        const log = new Map<string, string>()
        let at = 0
        for (const { key, hash, fails, restart } of steps) {
          at += 1
          if (restart) seen = open()
          const fresh = seen.isNew('calls', key, hash)
          if (!fresh) {
            assert.equal(log.get(key), hash, 'it held back what the log does not have as the latest')
            continue
          }
          if (fails) {
            seen = open()
            assert.ok(seen.isNew('calls', key, hash))
          }
          log.set(key, hash)
          await seen.remember([{ stream: 'calls', key, hash, observedAt: at }])
          assert.equal(seen.isNew('calls', key, hash), false)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('keys may be of any length and form', async () => {
    const { seen, take } = rig()
    for (const key of ['x'.repeat(100_000), '\u0000', 'ä/ö', '\ud800']) {
      assert.equal(await take(seen, key, 'A'), true)
      assert.equal(await take(seen, key, 'A'), false)
    }
  })
})
