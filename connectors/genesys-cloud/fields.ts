import { arrayAt, booleanAt, kindOf, objectAt, parseTime, textAt } from '../../src/sdk/index.ts'

/** A JSON object whose fields may have any type: the vendor's types are a hope, not a promise. */
export type Fields = Readonly<Record<string, unknown>>

/** The objects of an array; elements of other types are left out, and so is anything that is no array. */
export const listOf = (fields: Fields | undefined, name: string): readonly Fields[] =>
  arrayAt(fields, name).filter(isFields)

const isFields = (value: unknown): value is Fields => objectAt(value) !== undefined

/** The texts of an array. */
export const textsOf = (fields: Fields | undefined, name: string): readonly string[] =>
  arrayAt(fields, name).flatMap(item => textAt(item) ?? [])

/** The texts, numbers and booleans of an object by name, as text. */
export const entriesOf = (fields: Fields | undefined, name: string): readonly (readonly [string, string])[] =>
  Object.entries(objectAt(fields, name) ?? {}).flatMap(([key, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value)
      ? [[key.toWellFormed(), String(value).toWellFormed()] as const]
      : [],
  )

export const isTrue = (fields: Fields | undefined, name: string): boolean => booleanAt(fields, name) === true

/** The number of a field, or of the decimal digits in its text. */
export function numberOf(fields: Fields | undefined, name: string): number | undefined {
  const value = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined
  const number = typeof value === 'string' && /^\s*-?\d{1,15}(\.\d+)?\s*$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** The number of a field rounded to a whole one. */
export function integerOf(fields: Fields | undefined, name: string): number | undefined {
  const rounded = Math.round(numberOf(fields, name) ?? Number.NaN) + 0
  return Number.isSafeInteger(rounded) ? rounded : undefined
}

/** A length of time in milliseconds, as a number or as `{milliseconds}`; a negative one counts as absent. */
export function durationOf(fields: Fields | undefined, name: string): number | undefined {
  const inside = objectAt(fields, name)
  const value = inside === undefined ? integerOf(fields, name) : integerOf(inside, 'milliseconds')
  return value === undefined || value < 0 ? undefined : value
}

/** Unix milliseconds of ISO text or of a count of milliseconds; what cannot be a time counts as absent. */
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
  const count = numberOf(fields, name)
  if (count !== undefined) return parseTime(Math.round(count), 'ms', name)
  return parseTime(textAt(fields, name), 'iso', name)
}

/** Milliseconds from one moment to a later one; undefined if either is not known. */
export const spanOf = (from: number | undefined, to: number | undefined): number | undefined =>
  from === undefined || to === undefined ? undefined : Math.max(0, to - from)

export const earliest = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b))

export const latest = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b))
