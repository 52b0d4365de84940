/** `must`: the document is no valid vCon. `should`: the draft advises against it. */
export type Level = 'must' | 'should'

/** One rule of the draft that a document breaks. */
export interface Problem {
  /** JSON pointer (RFC 6901) to the value, or to where it is missing. */
  readonly pointer: string
  /** Stable, kebab-case. */
  readonly rule: string
  readonly level: Level
  /** Section of the draft that says so, by its title. */
  readonly section: string
  /** What is there, described without its content where that could be private. */
  readonly found: string
  readonly expected: string
}

export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** What the rules of an element need to know of its vCon. */
export interface Surroundings {
  /** How many there are, for indices. */
  readonly parties: number
  readonly dialog: number
  readonly attachments: number
  /** Content may be missing from a redacted vCon. */
  readonly isRedacted: boolean
}

/** Shape of a value, never its content. */
function shapeOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return `array of ${value.length}`
  return typeof value === 'string' ? `string of ${value.length} characters` : typeof value
}

/** A value that is short enough to be a token, else its shape. */
export const token = (value: unknown) =>
  (typeof value === 'string' && value.length <= 40) || typeof value === 'number' || typeof value === 'boolean'
    ? JSON.stringify(value)
    : shapeOf(value)

const escaped = (key: string | number) => `${key}`.replaceAll('~', '~0').replaceAll('/', '~1')

/** Collects problems of the object at `pointer`; every check names the field that it is about. */
export class Checker {
  readonly problems: Problem[]
  readonly pointer: string
  readonly section: string

  constructor(section: string, pointer = '', problems: Problem[] = []) {
    this.section = section
    this.pointer = pointer
    this.problems = problems
  }

  /** A checker for what is inside, reporting to the same list. */
  at(key: string | number, section = this.section): Checker {
    return new Checker(section, `${this.pointer}/${escaped(key)}`, this.problems)
  }

  report(level: Level, field: string, rule: string, found: string, expected: string, section = this.section) {
    const pointer = field === '' ? this.pointer : `${this.pointer}/${escaped(field)}`
    this.problems.push({ pointer, rule, level, section, found, expected })
  }

  required(object: Fields, field: string) {
    if (object[field] === undefined || object[field] === null)
      this.report('must', field, 'required', shapeOf(object[field]), 'a value')
  }

  absent(object: Fields, fields: readonly string[], rule: string, expected: string, level: Level = 'must') {
    for (const field of fields)
      if (object[field] !== undefined && object[field] !== null)
        this.report(level, field, rule, shapeOf(object[field]), expected)
  }

  string(object: Fields, ...fields: readonly string[]) {
    for (const field of fields) {
      const value = object[field]
      if (isThere(value) && typeof value !== 'string') this.report('must', field, 'string', shapeOf(value), 'a string')
    }
  }

  strings(object: Fields, field: string) {
    const value = object[field]
    if (isThere(value) && !(Array.isArray(value) && value.every(entry => typeof entry === 'string')))
      this.report('must', field, 'strings', shapeOf(value), 'an array of strings')
  }

  oneOf(object: Fields, field: string, allowed: readonly string[], level: Level = 'must') {
    const value = object[field]
    if (isThere(value) && !allowed.includes(value as string))
      this.report(level, field, 'one-of', token(value), allowed.join(', '))
  }

  date(object: Fields, field: string) {
    const value = object[field]
    if (!isThere(value)) return
    if (!isDateTime(value)) this.report('must', field, 'date', token(value), 'an RFC 3339 date-time', 'JSON Notation')
    else if (/\.0+(?=\D)/.test(value))
      this.report('must', field, 'date-zero-fraction', token(value), 'no fraction that is zero', 'JSON Notation')
  }

  uuid(object: Fields, field: string) {
    const value = object[field]
    if (isThere(value) && !(typeof value === 'string' && uuidPattern.test(value)))
      this.report('must', field, 'uuid', token(value), 'a UUID')
  }

  duration(object: Fields, field: string) {
    const value = object[field]
    if (isThere(value) && !(typeof value === 'number' && value >= 0 && Number.isFinite(value)))
      this.report('must', field, 'unsigned', token(value), 'seconds, 0 or more')
  }

  /** An index into an array of `size` elements. */
  index(value: unknown, field: string, size: number, of: string): value is number {
    if (!Number.isInteger(value) || (value as number) < 0) {
      this.report('must', field, 'index', token(value), `an index into ${of}`)
      return false
    }
    if ((value as number) < size) return true
    this.report('must', field, 'index-bounds', `${value as number}`, `less than ${size}, the length of ${of}`)
    return false
  }

  /** An index or an array of them. Returns those that are in bounds. */
  indices(value: unknown, field: string, size: number, of: string): readonly number[] {
    if (!isThere(value)) return []
    if (!Array.isArray(value)) return this.index(value, field, size, of) ? [value] : []
    const inside = this.at(field)
    return value.filter((entry, position): entry is number => inside.index(entry, `${position}`, size, of))
  }

  /** The elements of an array of objects, each with its checker and index; a problem if it is something else. */
  *objects(object: Fields, field: string, section: string): Generator<readonly [Fields, Checker, number]> {
    const value = object[field]
    if (!isThere(value)) return
    if (!Array.isArray(value)) return this.report('must', field, 'array', shapeOf(value), 'an array of objects')
    for (const [position, entry] of value.entries()) {
      const inside = this.at(field).at(position, section)
      if (isFields(entry)) yield [entry, inside, position]
      else inside.report('must', '', 'object', shapeOf(entry), 'an object')
    }
  }
}

export const isThere = (value: unknown) => value !== undefined && value !== null

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const datePattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** RFC 3339 `date-time` with upper-case T and Z. */
function isDateTime(value: unknown): value is string {
  const parts = typeof value === 'string' ? datePattern.exec(value) : null
  if (parts === null) return false
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number)
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
  return month >= 1 && month <= 12 && day >= 1 && day <= lastDay && hour <= 23 && minute <= 59 && second <= 60
}
