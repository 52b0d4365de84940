import { z } from 'zod'
import {
  type Account,
  accountConfig,
  arrayAt,
  baseUrl,
  type Connector,
  type Context,
  clientCredentials,
  createHttpClient,
  createRateBudget,
  cursorPages,
  deadLetter,
  defineConnector,
  drop,
  emit,
  event,
  type Fact,
  type HttpClient,
  kindOf,
  nextWindow,
  normalizing,
  type Outcome,
  parsePayload,
  type RateBudget,
  type RawInput,
  type RawRecord,
  type Slice,
  type SourceBatch,
  secret,
  stringAt,
  textAt,
  timeAt,
  type WindowProgress,
} from '../../../src/sdk/index.ts'
import { systemTimer } from '../../../src/sdk/timer.ts'

/** What is wrong with a toy connector: each is found by a check of the contract suite. */
export type Flaw =
  | 'accepts-unknown-keys'
  | 'asks-again-at-once'
  | 'blames-the-vendor'
  | 'budget-for-each-slice'
  | 'bare-field'
  | 'ends-when-refused'
  | 'forgets-the-page'
  | 'dates-in-cursor'
  | 'deaf-to-abort'
  | 'example-that-fails'
  | 'new-ids-every-time'
  | 'quotes-the-payload'
  | 'remembers-records'
  | 'section-with-a-hole'
  | 'skips-what-fails'
  | 'stands-still'
  | 'takes-anybody'
  | 'throws-on-lists'

const cursor = z.strictObject({
  /** For calls. */
  progress: z.strictObject({ position: z.number(), rereads: z.record(z.string(), z.number()) }),
  /** The window that is being read, and its next page; for notes only the page. */
  to: z.number().nullable(),
  page: z.string().nullable(),
})
type Cursor = z.infer<typeof cursor>

const windowMs = 6 * 3_600_000

/** A connector as the kit means it to be, small; or one with a flaw. */
export function toyConnector(flaw?: Flaw): Connector {
  const example = {
    apiUrl: flaw === 'example-that-fails' ? 'ftp://vendor' : 'https://api.toy.example',
    clientSecret: 'xxxxxxxx',
    since: '2026-01-01T00:00:00Z',
  }
  const strict = accountConfig(
    'toy',
    {
      apiUrl: baseUrl('Where its API is.'),
      clientSecret: secret('Secret of the client "toy".'),
      since: flaw === 'bare-field' ? z.iso.datetime() : z.iso.datetime().describe('Calls before are not read.'),
    },
    example,
  )
  const config = flaw === 'accepts-unknown-keys' ? z.looseObject(strict.shape).meta(strict.meta() ?? {}) : strict
  return defineConnector<z.infer<typeof strict>, Cursor>({
    vendor: 'toy',
    title: 'Toy',
    config,
    cursor,
    open: settings => openToy(settings, flaw),
    routes: () => [
      {
        path: '/toy',
        maxBytes: 1000,
        handle: ({ headers }) =>
          flaw === 'takes-anybody' || headers['authorization'] === `Bearer ${'t'.repeat(20)}`
            ? { records: [], reply: { status: 200 } }
            : undefined,
        refuse: (status, message) => ({ status, body: message }),
      },
    ],
    normalize: record => normalizeToy(record, flaw),
  })
}

interface ToyConfig {
  readonly account: string
  readonly apiUrl: string
  readonly clientSecret: string
  readonly since: string
}

function openToy(config: ToyConfig, flaw: Flaw | undefined): Account<Cursor> {
  const { account, apiUrl, clientSecret } = config
  const login = createHttpClient({ baseUrl: apiUrl, account })
  const authorizer = clientCredentials({ http: login, tokenUrl: 'oauth/token', clientId: 'toy', clientSecret, account })
  const connect = (budget: RateBudget) => createHttpClient({ baseUrl: apiUrl, account, budget, authorizer })
  // With the flaw no time passes, so that Retry-After is over before it began.
  const http =
    flaw === 'asks-again-at-once'
      ? createHttpClient({ baseUrl: apiUrl, account, authorizer, timer: { ...systemTimer, sleep: async () => {} } })
      : connect(createRateBudget({ requestsPerMinute: 60_000 }))
  const httpOf = () =>
    flaw === 'budget-for-each-slice' ? connect(createRateBudget({ requestsPerMinute: 300, burst: 1 })) : http
  const start: Cursor = { progress: { position: Date.parse(config.since), rereads: {} }, to: null, page: null }
  return {
    pollIntervalMs: 1000,
    async check(ctx) {
      try {
        await http.json({ what: 'reading notes', url: 'notes', maxTries: 3 }, ctx)
      } catch (error) {
        if (flaw === 'blames-the-vendor' && kindOf(error) === 'config') throw new Error('not now')
        throw error
      }
    },
    slices: () => Promise.resolve(['calls', 'notes'].map(stream => ({ stream, id: stream }))),
    read: (slice, from, ctx) => guarded(httpOf(), slice, from ?? start, ctx, flaw),
  }
}

async function* guarded(http: HttpClient, slice: Slice, from: Cursor, given: Context, flaw?: Flaw) {
  const ctx = flaw === 'deaf-to-abort' ? { ...given, signal: AbortSignal.timeout(3_000) } : given
  try {
    yield* slice.stream === 'calls' ? readCalls(http, from, ctx, flaw) : readNotes(http, from, ctx, flaw)
  } catch (error) {
    if (flaw === 'ends-when-refused' && kindOf(error) === 'config') return
    throw error
  }
}

async function* readCalls(
  http: HttpClient,
  from: Cursor,
  ctx: Context,
  flaw?: Flaw,
): AsyncGenerator<SourceBatch<Cursor>> {
  const watermark = ctx.now().getTime()
  let { progress, to, page } = from
  for (;;) {
    const window = nextWindow(progress, to ?? watermark, { windowMs, minWindowMs: to === null ? 60_000 : 1 })
    if (window === undefined) return
    for await (const found of pages(http, 'calls', { from: window.from, to: window.to }, page, ctx, flaw)) {
      const last = found.next === undefined
      const reached: WindowProgress = last || flaw === 'forgets-the-page' ? window.progress : progress
      if (flaw === 'stands-still' && found.records.length === 0) yield { records: [], cursor: { progress, to, page } }
      yield {
        records: found.records,
        cursor: { progress: reached, to: last ? null : window.to, page: found.next ?? null },
      }
    }
    progress = window.progress
    to = null
    page = null
  }
}

async function* readNotes(
  http: HttpClient,
  from: Cursor,
  ctx: Context,
  flaw?: Flaw,
): AsyncGenerator<SourceBatch<Cursor>> {
  for await (const { records, next } of pages(http, 'notes', {}, from.page, ctx, flaw)) {
    const cursor = { ...from, page: next ?? null }
    if (records.length === 0) continue
    // Sound for the flaw only: a Date is no JSON, and comes back as text.
    yield {
      records,
      cursor: flaw === 'dates-in-cursor' ? ({ ...cursor, page: new Date() } as unknown as Cursor) : cursor,
    }
  }
}

async function* pages(
  http: HttpClient,
  stream: 'calls' | 'notes',
  query: Readonly<Record<string, number>>,
  from: string | null,
  ctx: Context,
  flaw?: Flaw,
) {
  const listed = cursorPages({
    what: `reading ${stream}`,
    from: from ?? undefined,
    async fetch(page) {
      const request = { what: `reading ${stream}`, url: stream, query: { ...query, page } }
      if (flaw !== 'skips-what-fails') return http.json(request, ctx)
      const reply = await http.json({ ...request, maxTries: 1 }, ctx).catch(() => undefined)
      return reply ?? { value: { items: [], next: null }, receivedAt: new Date() }
    },
    next: ({ value }) => textAt(value, 'next'),
  })
  for await (const { page, next } of listed) {
    const records = arrayAt(page.value, 'items').map(
      (item): RawInput => ({
        stream,
        key: stringAt(item, 'id') ?? '',
        observedAt: page.receivedAt.getTime(),
        contentType: 'application/json',
        payload: Buffer.from(JSON.stringify(item)),
      }),
    )
    yield { records, next }
  }
}

let normalized = 0

const normalizeToy = (record: RawRecord, flaw: Flaw | undefined): Outcome<Fact> =>
  normalizing(() => {
    const payload = parsePayload(record.payload)
    if (flaw === 'throws-on-lists' && Array.isArray(payload)) throw new TypeError('a list')
    const id = textAt(payload, 'id')
    if (id === undefined)
      return flaw === 'quotes-the-payload'
        ? deadLetter('no-id', `reading ${JSON.stringify(payload)?.slice(0, 200)}: no id`)
        : deadLetter('no-id', 'reading a record: it has no id')
    normalized += 1
    if (record.stream === 'notes')
      return flaw === 'remembers-records' ? drop(`note-${normalized}`) : drop('notes-are-not-needed')
    if (record.stream !== 'calls') return deadLetter('unknown-stream', 'reading a record: its stream is unknown')
    const to = { vendor: record.vendor, account: record.account, key: id }
    const occurredAt = timeAt(payload, 'iso', 'startedAt') ?? record.observedAt
    const key = flaw === 'new-ids-every-time' ? `${id}@${record.observedAt}` : id
    const started = { channel: 'voice', direction: 'inbound' }
    return emit(
      event({ to, type: 'conversation.started', key, occurredAt, section: started }),
      ...arrayAt(payload, 'turns').map((turn, index) => {
        const text = stringAt(turn, 'text') ?? ''
        const section = { partyKey: stringAt(turn, 'by') ?? null, text }
        return event({
          to,
          type: 'utterance',
          key: `${key}/${index}`,
          occurredAt,
          sequence: index,
          section: flaw === 'section-with-a-hole' ? ({ partyKey: 'x' } as typeof section) : section,
        })
      }),
    )
  })
