import { arrayAt, booleanAt, integerAt, kindOf, objectAt, parseTime, textAt } from '../../src/sdk/index.ts'

/** A JSON object whose fields may have any type: the vendor's types are a hope, not a promise. */
export type Fields = Readonly<Record<string, unknown>>

/** The objects of an array; elements of other types are left out, and so is anything that is no array. */
export const listOf = (fields: Fields | undefined, name: string): readonly Fields[] =>
  arrayAt(fields, name).flatMap<Fields>(item => objectAt(item) ?? [])

/** The texts of an array. */
export const textsOf = (fields: Fields | undefined, name: string): readonly string[] =>
  arrayAt(fields, name).flatMap(item => textAt(item) ?? [])

/** The texts of an object by name. */
export const entriesOf = (fields: Fields | undefined, name: string): readonly (readonly [string, string])[] =>
  Object.entries(objectAt(fields, name) ?? {}).flatMap(([key, value]) =>
    typeof value === 'string' ? [[key.toWellFormed(), value.toWellFormed()] as const] : [],
  )

export const isTrue = (fields: Fields | undefined, name: string): boolean => booleanAt(fields, name) === true

/** A length of time in milliseconds; a negative one counts as absent. */
export function durationOf(fields: Fields | undefined, name: string): number | undefined {
  const value = integerAt(fields, name)
  return value === undefined || value < 0 ? undefined : value
}

/** Unix milliseconds of ISO text or of a number in milliseconds; what cannot be a time counts as absent. */
export function timeOf(fields: Fields | undefined, name: string): number | undefined {
  try {
    return strictTimeOf(fields, name)
  } catch (error) {
    if (kindOf(error) === 'data') return undefined
    throw error
  }
}

/** As `timeOf`, but a time that cannot be is a `data` error `implausible-time`. A field of another type counts as absent. */
export function strictTimeOf(fields: Fields | undefined, name: string): number | undefined {
  const value = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined
  if (typeof value === 'number') return parseTime(Math.round(value), 'ms', name)
  return typeof value === 'string' ? parseTime(value, 'iso', name) : undefined
}

/** Milliseconds from one moment to a later one; undefined if either is not known. */
export const spanOf = (from: number | undefined, to: number | undefined): number | undefined =>
  from === undefined || to === undefined ? undefined : Math.max(0, to - from)

export const earliest = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b))

export const latest = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b))
