import type { Models } from 'purecloud-platform-client-v2'
import { type Conversation, existsAt } from '../model.ts'
import { idFrom } from '../seeded.ts'
import { detailsOf } from '../wire/details.ts'
import { iso, wire } from '../wire/wire.ts'
import { badRequest, notFound } from './errors.ts'
import { type Filters, matches } from './filters.ts'
import type { Interval } from './query.ts'
import { lakeLagMs, type World } from './world.ts'

/** How long results can be fetched. */
const keptMs = 24 * 3_600_000

const dayMs = 24 * 3_600_000

export interface JobQuery extends Filters {
  readonly interval: Interval
  readonly order: 'asc' | 'desc'
  readonly orderBy: 'conversationStart' | 'conversationEnd'
  readonly limit: number | undefined
  /** Only conversations that started on a UTC day of the interval, instead of all whose life overlaps it. */
  readonly startOfDay: boolean
}

interface Job {
  readonly id: string
  readonly query: JobQuery
  readonly submittedAt: number
  readonly doneAt: number
  results: readonly Conversation[] | undefined
}

/** Details jobs: queued, running, fulfilled, and gone after a day. */
export class Jobs {
  readonly #world: World
  readonly #jobMs: number
  readonly #jobs = new Map<string, Job>()
  #count = 0

  constructor(world: World, jobMs: number) {
    this.#world = world
    this.#jobMs = jobMs
  }

  submit(query: JobQuery): Models.AsyncQueryResponse {
    const submittedAt = this.#world.now()
    for (const [id, old] of this.#jobs) if (old.submittedAt + keptMs <= submittedAt) this.#jobs.delete(id)
    this.#count += 1
    const id = idFrom(this.#world.seed, 'job', this.#count)
    this.#jobs.set(id, { id, query, submittedAt, doneAt: submittedAt + this.#jobMs, results: undefined })
    return { jobId: id }
  }

  status(id: string): Models.AsyncQueryStatus {
    const job = this.#find(id)
    const now = this.#world.now()
    const done = job.doneAt <= now
    const queuedUntil = job.submittedAt + this.#jobMs / 5
    return wire<Models.AsyncQueryStatus>({
      state: done ? 'FULFILLED' : now < queuedUntil ? 'QUEUED' : 'RUNNING',
      submissionDate: iso(job.submittedAt),
      completionDate: done ? iso(job.doneAt) : undefined,
      expirationDate: iso(job.submittedAt + keptMs),
      errorMessage: undefined,
    })
  }

  /** A page of what the data lake held when the job was done. */
  page(id: string, cursor: string | undefined, pageSize: number): Models.AnalyticsConversationAsyncQueryResponse {
    const job = this.#find(id)
    if (this.#world.now() < job.doneAt) throw notFound(`The results of job ${id} are not available yet`)
    const at = job.doneAt - lakeLagMs
    job.results ??= select(this.#world, job.query, at)
    const from = cursor === undefined ? 0 : offsetOf(cursor, id)
    const next = from + pageSize
    return wire<Models.AnalyticsConversationAsyncQueryResponse>({
      conversations: job.results
        .slice(from, next)
        .map(conversation => detailsOf(conversation, this.#world.org.division.id, at, true)),
      cursor: next < job.results.length ? Buffer.from(`${id}:${next}`).toString('base64url') : undefined,
      dataAvailabilityDate: iso(at),
    })
  }

  remove(id: string): void {
    this.#find(id)
    this.#jobs.delete(id)
  }

  #find(id: string): Job {
    const job = this.#jobs.get(id)
    if (job === undefined || job.submittedAt + keptMs <= this.#world.now())
      throw notFound(`A job with the given id was not found: ${id}`)
    return job
  }
}

function offsetOf(cursor: string, id: string): number {
  const [jobId, offset] = Buffer.from(cursor, 'base64url').toString('utf8').split(':')
  if (jobId !== id || offset === undefined || !/^\d+$/.test(offset)) throw badRequest(`Invalid cursor for job ${id}`)
  return Number(offset)
}

/** The conversations that a query asks for, as they are at `at`. */
export function select(world: World, query: JobQuery, at: number): readonly Conversation[] {
  const { from, to } = query.interval
  const firstDay = Math.floor(from / dayMs) * dayMs
  const endOfLastDay = Math.ceil(to / dayMs) * dayMs
  const inside = ({ startedAt, endedAt }: Conversation) =>
    query.startOfDay
      ? startedAt >= firstDay && startedAt < endOfLastDay
      : startedAt < to && (endedAt > at || endedAt >= from)
  const found = world.conversations.filter(
    conversation =>
      existsAt(conversation, at) &&
      inside(conversation) &&
      matches(detailsOf(conversation, world.org.division.id, at, false), query),
  )
  if (query.orderBy === 'conversationEnd') {
    const endOf = ({ endedAt }: Conversation) => (endedAt > at ? Number.POSITIVE_INFINITY : endedAt)
    found.sort((a, b) => (endOf(a) === endOf(b) ? 0 : endOf(a) - endOf(b)))
  }
  if (query.order === 'desc') found.reverse()
  return query.limit === undefined ? found : found.slice(0, query.limit)
}
