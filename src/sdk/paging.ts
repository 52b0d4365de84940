import { retriableError } from '../core/errors.ts'

/** A page and how it was asked for. */
export interface Page<P, C> {
  readonly page: P
  /** What asked for this page; undefined for the first one. */
  readonly cursor: C | undefined
  /** What asks for the next one; undefined after the last. */
  readonly next: C | undefined
}

export interface CursorPaging<P> {
  /** Gerund and object, for messages. */
  readonly what: string
  /** Where to begin; undefined: at the first page. */
  readonly from?: string | undefined
  fetch(cursor: string | undefined): Promise<P>
  /** The cursor of the following page; null, undefined or empty after the last one. */
  next(page: P): string | null | undefined
}

/** Pages that name the cursor of the next one. A cursor that comes round again is a `retriable` error, not an endless loop. */
export async function* cursorPages<P>(paging: CursorPaging<P>): AsyncGenerator<Page<P, string>, void, undefined> {
  const comesRound = cycleGuard(paging.from)
  let cursor = paging.from
  for (;;) {
    const page = await paging.fetch(cursor)
    const next = paging.next(page) || undefined
    if (next !== undefined && comesRound(next))
      throw retriableError('cursor-repeats', `${paging.what}: the vendor named a cursor that it had named before`)
    yield { page, cursor, next }
    if (next === undefined) return
    cursor = next
  }
}

export interface LinkPaging<P> {
  readonly what: string
  /** URL of the page to begin with. */
  readonly first: string
  fetch(url: string): Promise<P>
  /** The link to the following page, absolute or relative to the page it is on; null, undefined or empty after the last one. */
  next(page: P): string | null | undefined
}

/** Pages that link to the next one. A link to another origin, or one that comes round again, is an error. */
export async function* linkPages<P>(paging: LinkPaging<P>): AsyncGenerator<Page<P, string>, void, undefined> {
  const relative = !URL.canParse(paging.first)
  const first = new URL(paging.first, 'http://relative.invalid')
  const asGiven = (url: URL) => (url.host === 'relative.invalid' ? url.pathname + url.search : url.href)
  let current = first
  yield* cursorPages<P>({
    what: paging.what,
    from: asGiven(first),
    fetch: link => paging.fetch(link ?? paging.first),
    next: page => {
      const link = paging.next(page)
      if (!link) return undefined
      const next = URL.canParse(link, current.href) ? new URL(link, current) : undefined
      // From a relative start only the HTTP client knows the origin, and it keeps its authorization to it.
      if (next === undefined || (next.origin !== current.origin && !relative))
        throw retriableError('foreign-link', `${paging.what}: the link to the next page leads away from ${first.host}`)
      current = next
      return asGiven(next)
    },
  })
}

export interface NumberPaging<P> {
  /** Default 1. */
  readonly from?: number
  fetch(page: number): Promise<P>
  /** Whether there is a page after this one. */
  hasMore(page: P, number: number): boolean
}

/** Pages that are counted. */
export async function* numberedPages<P>(paging: NumberPaging<P>): AsyncGenerator<Page<P, number>, void, undefined> {
  for (let number = paging.from ?? 1; ; number++) {
    const page = await paging.fetch(number)
    const next = paging.hasMore(page, number) ? number + 1 : undefined
    yield { page, cursor: number, next }
    if (next === undefined) return
  }
}

/** Says whether a sequence runs in a circle, however long, while remembering one value of it (Brent 1980). */
function cycleGuard(first: string | undefined): (value: string) => boolean {
  let kept = first
  let steps = 0
  let reach = 1
  return value => {
    if (value === kept) return true
    steps += 1
    if (steps === reach) {
      kept = value
      steps = 0
      reach *= 2
    }
    return false
  }
}
