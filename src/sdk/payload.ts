import { isUtf8 } from 'node:buffer'
import { dataError, VconduitError } from '../core/errors.ts'
import { deadLetter, type Outcome } from '../core/outcome.ts'

export interface PayloadLimits {
  /** Default 64 MiB. */
  readonly maxBytes?: number
  /** Objects and arrays in each other. Default 128. */
  readonly maxDepth?: number
}

/**
 * A payload as JSON. Throws a `data` error: `payload-too-large`, `payload-too-deep` or `payload-not-json`; use it inside
 * `normalizing`. What it returns may be walked recursively.
 */
export function parsePayload(payload: Buffer, limits: PayloadLimits = {}): unknown {
  const { maxBytes = 64 * 1024 * 1024, maxDepth = 128 } = limits
  if (payload.length > maxBytes)
    throw dataError(
      'payload-too-large',
      `reading a payload of ${payload.length} bytes: at most ${maxBytes} are allowed`,
    )
  if (isDeeper(payload, maxDepth))
    throw dataError('payload-too-deep', `reading a payload: its JSON is nested deeper than ${maxDepth} levels`)
  if (!isUtf8(payload)) throw dataError('payload-not-json', 'reading a payload as JSON: it is not UTF-8')
  try {
    return JSON.parse(payload.toString('utf8', hasMark(payload) ? 3 : 0))
  } catch {
    // The parser's own message quotes the payload.
    throw dataError('payload-not-json', `reading a payload of ${payload.length} bytes as JSON: it is malformed or cut`)
  }
}

/** Runs a normalization; `data` errors that it throws become dead letters with their code. Others are bugs and go on. */
export function normalizing<T>(normalize: () => Outcome<T>): Outcome<T> {
  try {
    return normalize()
  } catch (error) {
    if (error instanceof VconduitError && error.kind === 'data') return deadLetter(error.code, error.message, error)
    throw error
  }
}

/** A byte order mark, which some vendors send and JSON.parse refuses. */
const hasMark = (bytes: Buffer) => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf

/** Looks at the bytes before they are parsed, as a few megabytes of brackets become hundreds of megabytes of arrays. */
function isDeeper(json: Buffer, maxDepth: number): boolean {
  const { length } = json
  let depth = 0
  for (let at = 0; at < length; at++) {
    const byte = json[at] ?? 0
    if (byte === code.quote) {
      at = endOfString(json, at)
    } else if (byte >= code.open) {
      const bracket = byte & code.eitherForm
      if (bracket === code.open) depth += 1
      else if (bracket === code.close) depth -= 1
      if (depth > maxDepth) return true
    }
  }
  return false
}

function endOfString(json: Buffer, start: number): number {
  const { length } = json
  let at = start + 1
  for (; at < length; at++) {
    const byte = json[at]
    if (byte === code.quote) break
    if (byte === code.backslash) at += 1
  }
  return at
}

/** In UTF-8 these bytes stand for nothing else. One bit tells `{` from `[` and `}` from `]`. */
const code = { quote: 0x22, backslash: 0x5c, open: 0x5b, close: 0x5d, eitherForm: 0xff ^ 0x20 } as const

/** Keys and indexes into unknown JSON. */
export type Path = readonly (string | number)[]

/** What is at the path; undefined if it leads nowhere. Only own properties count, whatever their names. */
export function at(value: unknown, ...path: Path): unknown {
  let here = value
  for (const step of path) {
    if (here === null || typeof here !== 'object' || !Object.hasOwn(here, step)) return undefined
    here = (here as Readonly<Record<string | number, unknown>>)[step]
  }
  return here
}

/** The text at the path, lone surrogates replaced; undefined if there is no string. */
export function stringAt(value: unknown, ...path: Path): string | undefined {
  const found = at(value, ...path)
  return typeof found === 'string' ? found.toWellFormed() : undefined
}

/** The text at the path; undefined if there is no string or if it is blank. For ids and names. */
export function textAt(value: unknown, ...path: Path): string | undefined {
  const found = stringAt(value, ...path)
  return found === undefined || found.trim() === '' ? undefined : found
}

/** The finite number at the path, or undefined. */
export function numberAt(value: unknown, ...path: Path): number | undefined {
  const found = at(value, ...path)
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}

/** The number at the path rounded to a whole one that the log can hold exactly (53 bits), or undefined. */
export function integerAt(value: unknown, ...path: Path): number | undefined {
  const found = numberAt(value, ...path)
  if (found === undefined) return undefined
  const rounded = Math.round(found) + 0
  return Number.isSafeInteger(rounded) ? rounded : undefined
}

/** The boolean at the path, or undefined. */
export function booleanAt(value: unknown, ...path: Path): boolean | undefined {
  const found = at(value, ...path)
  return typeof found === 'boolean' ? found : undefined
}

/** The array at the path, or an empty one. */
export function arrayAt(value: unknown, ...path: Path): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? (found as readonly unknown[]) : []
}

/** The object at the path, or undefined. */
export function objectAt(value: unknown, ...path: Path): Readonly<Record<string, unknown>> | undefined {
  const found = at(value, ...path)
  return found !== null && typeof found === 'object' && !Array.isArray(found)
    ? (found as Readonly<Record<string, unknown>>)
    : undefined
}
