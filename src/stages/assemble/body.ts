import { vconDate } from '../../vcon/date.ts'
import type { JsonValue } from '../../vcon/model.ts'
import { fieldKind } from './fields.ts'
import type { PartyTable } from './parties.ts'

type Body = { readonly [key: string]: JsonValue | undefined }

/** Deeper JSON is kept as text: readers that recurse would fail on it. */
const maxDepth = 100

export interface BodyOptions {
  /** What the body begins with. */
  readonly first?: Readonly<Record<string, JsonValue>>
  /** Fields that are said elsewhere. */
  readonly omit?: ReadonlySet<string>
}

/**
 * What a section says, for the body of an analysis or attachment: its own field names without what is null or empty, party keys
 * as indices (`partyKey` → `party`), JSON text as JSON.
 */
export function bodyOf(section: object, parties: PartyTable, options: BodyOptions = {}): Body {
  const body: Record<string, JsonValue> = { ...options.first }
  for (const name of Object.keys(section)) {
    const value = section[name as keyof typeof section] as unknown
    if (isNothing(value) || options.omit?.has(name)) continue
    switch (fieldKind(name)) {
      case 'partyKey': {
        const index = parties.indexOf(value as string)
        if (index !== undefined) body[name.slice(0, -'Key'.length)] = index
        break
      }
      case 'partyKeys': {
        const keys = value as readonly string[]
        body[`${name.slice(0, -'yKeys'.length)}ies`] = keys.map(key => parties.indexOf(key) ?? null)
        break
      }
      case 'json':
        body[name] = nativeJson(value as string)
        break
      case 'time':
        body[name] = vconDate(value as number)
        break
      case 'value':
        body[name] = typeof value === 'object' ? withoutNothing(value) : (value as JsonValue)
    }
  }
  return body
}

const isNothing = (value: unknown) =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0)

function withoutNothing(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNothing)
  if (value === null || typeof value !== 'object') return value as JsonValue
  const said = Object.entries(value).filter(([, inner]) => !isNothing(inner))
  return Object.fromEntries(said.map(([name, inner]) => [name, withoutNothing(inner)]))
}

/**
 * JSON text as a JSON value. Text that is not JSON, that nests too deep or holds numbers that JavaScript would change (integers
 * beyond 2^53, 1e999) stays text.
 */
export function nativeJson(text: string): JsonValue {
  let exact = true
  try {
    const value: JsonValue = mayLoseDigits.test(text)
      ? JSON.parse(text, (_key, inner: JsonValue, context: { readonly source?: string } = {}) => {
          if (typeof inner === 'number' && !isExact(inner, context.source)) exact = false
          return inner
        })
      : JSON.parse(text)
    return exact && nestsWithin(value, maxDepth) ? value : text
  } catch {
    return text
  }
}

const mayLoseDigits = /\d{16}|\d[eE]/

function isExact(value: number, source = `${value}`) {
  if (!Number.isFinite(value)) return false
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(source) || BigInt(source) === BigInt(value)
}

function nestsWithin(value: JsonValue | undefined, depth: number): boolean {
  if (value === null || typeof value !== 'object') return true
  return depth > 0 && Object.values(value).every(inner => nestsWithin(inner, depth - 1))
}
