import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { State, StateStore } from '../../src/core/state.ts'
import { openStateStore } from '../../src/log/embedded/index.ts'
import { temporaryDirectory } from './rig.ts'

async function withStore(test: (store: StateStore, reopen: () => Promise<StateStore>) => Promise<void>): Promise<void> {
  const directory = await temporaryDirectory()
  const path = join(directory.path, 'state.of.stages')
  let store = openStateStore(path)
  await test(store, async () => {
    await store.close()
    store = openStateStore(path)
    return store
  })
  await store.close()
  await directory.remove()
}

const contentOf = (state: State, prefix = '') =>
  [...state.range(prefix)].map(({ key, value }) => [key, value.toString()] as const)

const fill = (state: State, entries: Readonly<Record<string, string>>) =>
  state.transaction(writer => {
    for (const [key, value] of Object.entries(entries)) writer.put(key, Buffer.from(value))
  })

describe('state store', () => {
  it('keeps what a transaction wrote, and keeps stages and partitions apart', () =>
    withStore(async (store, reopen) => {
      await fill(store.open('assemble', 1), { a: 'one', empty: '' })
      await fill(store.open('assemble', 10), { a: 'ten' })
      await fill(store.open('correlate', 1), { a: 'other stage' })
      const again = await reopen()
      assert.equal(again.open('assemble', 1).get('a')?.toString(), 'one')
      assert.equal(again.open('assemble', 1).get('empty')?.length, 0)
      assert.equal(again.open('assemble', 10).get('a')?.toString(), 'ten')
      assert.equal(again.open('assemble', 2).get('a'), undefined)
      assert.deepEqual(contentOf(again.open('assemble', 1)), [
        ['a', 'one'],
        ['empty', ''],
      ])
      assert.deepEqual(contentOf(again.open('correlate', 1)), [['a', 'other stage']])
    }))

  it('reads in key order, by prefix, across many entries', () =>
    withStore(async store => {
      const state = store.open('s', 0)
      const names = Array.from({ length: 1500 }, (_, index) => `k/${String(index).padStart(5, '0')}`)
      await fill(
        state,
        Object.fromEntries([...names, 'j', 'k', 'k0', 'ka', 'k/é', 'k/€', 'k/😀'].map(key => [key, key])),
      )
      assert.deepEqual(
        [...state.range('k/')].map(({ key }) => key),
        [...names, 'k/é', 'k/€', 'k/😀'],
      )
      assert.equal([...state.range('')].length, names.length + 7)
      assert.deepEqual([...state.range('x')], [])
    }))

  it('can be written while a range is read', () =>
    withStore(async store => {
      const state = store.open('s', 0)
      await fill(state, Object.fromEntries(Array.from({ length: 700 }, (_, index) => [`${1000 + index}`, 'v'])))
      const seen: string[] = []
      for (const { key } of state.range('')) {
        seen.push(key)
        await state.transaction(writer => writer.remove(key))
      }
      assert.equal(new Set(seen).size, 700)
      assert.deepEqual(contentOf(state), [])
    }))

  it('writes all or nothing, and reads see the state before the transaction', () =>
    withStore(async store => {
      const state = store.open('s', 0)
      await fill(state, { a: 'old' })
      await assert.rejects(
        state.transaction(writer => {
          writer.put('a', Buffer.from('new'))
          throw new Error('changed my mind')
        }),
        /changed my mind/,
      )
      assert.equal(state.get('a')?.toString(), 'old')
      const reused = Buffer.from('new')
      await state.transaction(writer => {
        writer.put('a', reused)
        reused.fill('x')
        writer.put('b', Buffer.from('1'))
        writer.remove('b')
        assert.equal(state.get('a')?.toString(), 'old')
        assert.equal(state.get('b'), undefined)
      })
      assert.deepEqual(contentOf(state), [['a', 'new']])
      await state.transaction(() => undefined)
    }))

  it('refuses (data) a key that is too long, and writes nothing of its transaction', () =>
    withStore(async store => {
      const state = store.open('s', 0)
      const long = 'é'.repeat(1000)
      await assert.rejects(
        state.transaction(writer => {
          writer.put('a', Buffer.from('1'))
          writer.put(long, Buffer.from('1'))
        }),
        { kind: 'data', code: 'state-key-too-long' },
      )
      assert.throws(() => state.get(long), { kind: 'data' })
      assert.deepEqual(contentOf(state), [])
      const longest = 'x'.repeat(1800)
      await fill(state, { [longest]: 'fits' })
      assert.equal(state.get(longest)?.toString(), 'fits')
    }))

  it('equals a map, whatever is written and however large', () =>
    withStore(async store => {
      const change = fc.record({ key: fc.string({ maxLength: 3 }), value: fc.option(fc.nat({ max: 90_000 })) })
      let partition = 0
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(change, { maxLength: 20 }), { maxLength: 6 }), async transactions => {
          const state = store.open('model', partition++)
          const model = new Map<string, Buffer>()
          for (const changes of transactions) {
            const written = state.transaction(writer => {
              for (const { key, value } of changes)
                if (value === null) writer.remove(key)
                else writer.put(key, Buffer.alloc(value, key || ' '))
            })
            for (const { key, value } of changes)
              if (value === null) model.delete(key)
              else model.set(key, Buffer.alloc(value, key || ' '))
            if (changes.length % 2 === 0) await written
          }
          await state.transaction(writer => writer.remove('never there'))
          for (const [key, value] of model) assert.deepEqual(state.get(key), value)
          const keys = [...model.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
          assert.deepEqual(
            [...state.range('')].map(({ key }) => key),
            keys,
          )
        }),
        { numRuns: 40 },
      )
    }))
})
