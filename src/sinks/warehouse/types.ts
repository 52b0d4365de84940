import type { RowWriter } from './row-binary.ts'

/** Writes one value of a column. */
export type WriteValue = (out: RowWriter, value: unknown) => void

/**
 * The writer for values of a ClickHouse type. Nulls are for Nullable only: elsewhere the type's own empty value is written,
 * as it is for a value of another kind.
 */
export function writerFor(type: string): WriteValue {
  const [, outer = type, inner = ''] = /^(\w+)\((.*)\)$/.exec(type) ?? []
  if (outer === 'LowCardinality') return writerFor(inner)
  if (outer === 'Nullable') return nullable(writerFor(inner))
  if (outer === 'Array') return arrayOf(writerFor(inner))
  if (outer === 'Tuple') return tupleOf(inner)
  const writer = scalars[outer]
  if (writer === undefined) throw new Error(`no writer for the type ${type}`)
  return writer
}

const nullable =
  (write: WriteValue): WriteValue =>
  (out, value) => {
    const isNull = value === null || value === undefined
    out.byte(isNull ? 1 : 0)
    if (!isNull) write(out, value)
  }

const arrayOf =
  (write: WriteValue): WriteValue =>
  (out, value) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : []
    out.varint(items.length)
    for (const item of items) write(out, item)
  }

/** Elements are named as the properties of the value, in snake case. */
function tupleOf(inner: string): WriteValue {
  const elements = splitTypes(inner).map(element => {
    const [, name = '', type = ''] = /^(\w+) (.+)$/.exec(element) ?? []
    return { property: camelCase(name), write: writerFor(type) }
  })
  return (out, value) => {
    const properties = (value ?? {}) as Readonly<Record<string, unknown>>
    for (const { property, write } of elements) write(out, properties[property])
  }
}

function splitTypes(list: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (const [index, char] of [...list].entries()) {
    if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === ',' && depth === 0) {
      parts.push(list.slice(start, index).trim())
      start = index + 1
    }
  }
  return [...parts, list.slice(start).trim()]
}

/** `party_key` → `partyKey`. */
export const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

/** `partyKey` → `party_key`. */
export const snakeCase = (name: string) => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

const numberOf = (value: unknown) =>
  typeof value === 'number' ? value : value === undefined || value === null ? 0 : Number.NaN

const scalars: Readonly<Record<string, WriteValue>> = {
  String: (out, value) => {
    if (typeof value === 'string') out.string(value)
    else if (Buffer.isBuffer(value)) out.blob(value)
    else out.string(value === undefined || value === null ? '' : String(value))
  },
  UUID: (out, value) => out.uuid(typeof value === 'string' ? value : ''),
  Bool: (out, value) => out.byte(value === true ? 1 : 0),
  Int32: (out, value) => out.int32(numberOf(value)),
  UInt32: (out, value) => out.uint32(numberOf(value)),
  Int64: (out, value) => out.int64(numberOf(value)),
  UInt64: (out, value) => out.uint64(numberOf(value)),
  Float64: (out, value) => out.float64(numberOf(value)),
  DateTime64: (out, value) => out.time(numberOf(value)),
}
