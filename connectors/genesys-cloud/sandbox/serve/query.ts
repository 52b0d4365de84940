import type { FastifyRequest } from 'fastify'
import { badRequest } from './errors.ts'

const queryOf = (request: FastifyRequest): Readonly<Record<string, unknown>> => Object(request.query)

/** A parameter that may be given once. */
export function textOf(request: FastifyRequest, name: string): string | undefined {
  const value = queryOf(request)[name]
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw badRequest(`Query parameter ${name} must be given once`)
  return value
}

/** A parameter that may be given several times (`id=a&id=b`, `id[]=a`) or with commas. */
export function listOf(request: FastifyRequest, name: string): readonly string[] {
  const query = queryOf(request)
  return [query[name], query[`${name}[]`]]
    .flat()
    .filter(value => typeof value === 'string')
    .flatMap(value => value.split(','))
    .filter(value => value !== '')
}

export function numberOf(request: FastifyRequest, name: string, fallback: number, most: number): number {
  const text = textOf(request, name)
  if (text === undefined) return fallback
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > most)
    throw badRequest(`Query parameter ${name} must be a whole number from 1 to ${most}, found ${text}`)
  return number
}

/** The names that a path template declares; they are there or the route would not have matched. */
export function pathOf(request: FastifyRequest, name: string): string {
  const value: unknown = Object(request.params)[name]
  return typeof value === 'string' ? value : ''
}

export interface Interval {
  /** Unix milliseconds, included. */
  readonly from: number
  /** Unix milliseconds, excluded. */
  readonly to: number
}

const longestMs = 31 * 24 * 3_600_000

/** `from/to` in ISO 8601, at most 31 days. */
export function intervalOf(text: string): Interval {
  const [from = Number.NaN, to = Number.NaN, ...more] = text.split('/').map(utc)
  if (more.length > 0 || Number.isNaN(from) || Number.isNaN(to))
    throw badRequest(`Invalid interval [${text}]: expected YYYY-MM-DDThh:mm:ss/YYYY-MM-DDThh:mm:ss`)
  if (to <= from) throw badRequest(`Invalid interval [${text}]: the end must be after the start`)
  if (to - from > longestMs) throw badRequest(`Invalid interval [${text}]: longer than 31 days`)
  return { from, to }
}

/** A time without a zone is UTC. */
const utc = (text: string) =>
  /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(/(?:Z|[+-]\d\d:?\d*)$/.test(text) ? text : `${text}Z`) : Number.NaN
