import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cursorPages, linkPages, numberedPages } from '../../src/sdk/paging.ts'

const what = 'reading things'

async function all<T>(pages: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const page of pages) found.push(page)
  return found
}

interface Listed {
  readonly items: readonly number[]
  readonly next?: string | null
}

describe('paging by cursor', () => {
  const pages: Readonly<Record<string, Listed>> = {
    '': { items: [1], next: 'a' },
    a: { items: [], next: 'b' },
    b: { items: [2], next: null },
  }
  const fetch = async (cursor: string | undefined) => pages[cursor ?? ''] ?? { items: [], next: '' }

  it('gives every page with the cursors around it, empty ones too', async () => {
    const found = await all(cursorPages({ what, fetch, next: ({ next }) => next }))
    assert.deepEqual(
      found.map(({ page, cursor, next }) => [page.items, cursor, next]),
      [
        [[1], undefined, 'a'],
        [[], 'a', 'b'],
        [[2], 'b', undefined],
      ],
    )
  })

  it('resumes from a cursor', async () => {
    const found = await all(cursorPages({ what, fetch, from: 'b', next: ({ next }) => next }))
    assert.deepEqual(
      found.map(({ page }) => page.items),
      [[2]],
    )
  })

  it('does not ask for a page before it is wanted', async () => {
    let asked = 0
    const next = () => 'more'
    const pages = cursorPages({ what, fetch: async () => ++asked, next: page => `${next()}${page}` })
    await pages.next()
    assert.equal(asked, 1)
  })

  it('a cursor that comes round again is found, however long the circle', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 40 }), async (tail, circle) => {
        let fetched = 0
        const successor = (page: number) => (page + 1 < tail + circle ? page + 1 : tail)
        const pages = cursorPages({
          what,
          fetch: async cursor => {
            fetched += 1
            return Number(cursor ?? 0)
          },
          next: page => `${successor(page)}`,
        })
        await assert.rejects(all(pages), { kind: 'retriable', code: 'cursor-repeats' })
        assert.ok(fetched <= 4 * (tail + circle) + 4, `${fetched} pages before it was found`)
      }),
    )
  })

  it('never takes distinct cursors for a circle', async () => {
    const pages = cursorPages({
      what,
      fetch: async cursor => Number(cursor ?? 0),
      next: page => (page < 1000 ? `${page + 1}` : undefined),
    })
    assert.equal((await all(pages)).length, 1001)
  })
})

describe('paging by links', () => {
  const walk = async (first: string, links: readonly (string | null)[]) => {
    const asked: string[] = []
    const pages = linkPages({
      what,
      first,
      fetch: async url => {
        asked.push(url)
        return { next: links[asked.length - 1] ?? null }
      },
      next: ({ next }) => next,
    })
    for await (const _page of pages);
    return asked
  }

  it('follows absolute and relative links', async () => {
    const first = 'https://api.example.com/v2/things?page=1'
    assert.deepEqual(await walk(first, ['https://api.example.com/v2/things?page=2', '?page=3', '/v3/x', null]), [
      first,
      'https://api.example.com/v2/things?page=2',
      'https://api.example.com/v2/things?page=3',
      'https://api.example.com/v3/x',
    ])
  })

  it('stays relative where it began relative', async () => {
    assert.deepEqual(
      await walk('/v2/things', ['/v2/things?page=2', '?page=3', 'https://api.example.com/v2/things?page=4']),
      ['/v2/things', '/v2/things?page=2', '/v2/things?page=3', 'https://api.example.com/v2/things?page=4'],
    )
  })

  it('refuses links to elsewhere and links that are none', async () => {
    for (const link of ['https://evil.example/v2', 'http://api.example.com/v2', 'https://[', '//other.example/'])
      await assert.rejects(walk('https://api.example.com/v2', [link]), { kind: 'retriable', code: 'foreign-link' })
  })

  it('finds a circle', async () => {
    const first = 'https://api.example.com/a'
    await assert.rejects(walk(first, ['/b', '/a', '/b', '/a', '/b', '/a']), { code: 'cursor-repeats' })
  })
})

describe('paging by number', () => {
  it('counts until there is no more', async () => {
    const pages = numberedPages({ fetch: async page => page * 10, hasMore: (_page, number) => number < 3 })
    assert.deepEqual(await all(pages), [
      { page: 10, cursor: 1, next: 2 },
      { page: 20, cursor: 2, next: 3 },
      { page: 30, cursor: 3, next: undefined },
    ])
    const rest = numberedPages({ from: 3, fetch: async page => page, hasMore: () => false })
    assert.equal((await all(rest)).length, 1)
  })
})
