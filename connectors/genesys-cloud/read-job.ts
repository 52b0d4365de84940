import { arrayAt, type Context, fatalError, retriableError, textAt } from '../../src/sdk/index.ts'
import { systemTimer } from '../../src/sdk/timer.ts'
import { type Client, fixFor } from './client.ts'
import type { Pass } from './cursor.ts'
import { arrayElements } from './json-slices.ts'

const jobs = '/api/v2/analytics/conversations/details/jobs'

/** A job that fails over and over is the vendor's trouble: after so many the runtime waits. */
const mostJobs = 3
/** Between two looks at a job, milliseconds: the first short, then longer. */
const firstPollMs = 200
const longestPollMs = 5_000

/** Has Genesys collect every conversation whose lifetime overlaps the span, and waits until it has. */
export async function runJob(client: Client, from: number, to: number, ctx: Context): Promise<Pass> {
  const span = `${new Date(from).toISOString()}/${new Date(to).toISOString()}`
  for (let tries = 0; tries < mostJobs; tries++) {
    const what = `creating a job for conversation details of ${span}`
    const created = await client.http.json(
      {
        what,
        method: 'POST',
        url: jobs,
        json: { interval: span, order: 'asc', orderBy: 'conversationStart' },
        fix: fixFor('details'),
        clientErrors: 'fatal',
      },
      ctx,
    )
    const jobId = textAt(created.value, 'jobId')
    if (jobId === undefined) throw fatalError('job-without-id', `${what}: the reply names no job`)
    const observedAt = await fulfilled(client, jobId, span, ctx)
    if (observedAt !== undefined) return { from, to, jobId, observedAt, page: null, done: 0 }
  }
  throw retriableError('job-failed', `collecting conversation details of ${span}: ${mostJobs} jobs failed`)
}

/** When the job was seen to be done, Unix milliseconds; undefined if it never will be. */
async function fulfilled(client: Client, jobId: string, span: string, ctx: Context): Promise<number | undefined> {
  for (let waitMs = firstPollMs; ; waitMs = Math.min(longestPollMs, waitMs * 1.5)) {
    const reply = await client.http.json(
      {
        what: `waiting for the job for conversation details of ${span}`,
        url: `${jobs}/${encodeURIComponent(jobId)}`,
        accept: [404, 410],
        fix: fixFor('details'),
      },
      ctx,
    )
    const state = textAt(reply.value, 'state')?.toUpperCase()
    if (state === 'FULFILLED') return reply.receivedAt.getTime()
    if (reply.status !== 200 || state === 'FAILED' || state === 'CANCELLED' || state === 'EXPIRED') return undefined
    await systemTimer.sleep(waitMs, ctx.signal)
  }
}

/** A conversation of a page: what it says, and its very bytes. */
export interface PageEntry {
  readonly bytes: Buffer
  readonly fields: unknown
}

export interface JobPage {
  readonly entries: readonly PageEntry[]
  /** Cursor of the next page; null after the last one. */
  readonly next: string | null
}

/** A page of a job; undefined if Genesys has forgotten the job. */
export async function readPage(
  client: Client,
  pass: Pass,
  pageSize: number,
  ctx: Context,
): Promise<JobPage | undefined> {
  const what = 'reading a page of conversation details'
  const reply = await client.http.json(
    {
      what,
      url: `${jobs}/${encodeURIComponent(pass.jobId)}/results`,
      query: { pageSize, cursor: pass.page ?? undefined },
      // Which of them says "expired" is not documented; a job made anew answers in each case.
      accept: [400, 404, 410],
      fix: fixFor('details'),
    },
    ctx,
  )
  if (reply.status !== 200) return undefined
  const slices = arrayElements(reply.body, 'conversations')
  const values = arrayAt(reply.value, 'conversations')
  if (slices.length !== values.length)
    throw fatalError('page-sliced-wrong', `${what}: ${values.length} conversations, but ${slices.length} slices`)
  return {
    entries: slices.map((bytes, index) => ({ bytes, fields: values[index] })),
    next: textAt(reply.value, 'cursor') ?? null,
  }
}
