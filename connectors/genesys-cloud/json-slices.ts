import { fatalError } from '../../src/sdk/index.ts'

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * The elements of an array in a JSON document, each as its very bytes. `name` is the field of the outermost object that
 * holds the array; without it the document itself is the array. Empty if there is no such array. `json` must be JSON that
 * was parsed already; elements share its memory.
 */
export function arrayElements(json: Buffer, name?: string): readonly Buffer[] {
  const start = skipSpace(json, 0)
  const array = name === undefined ? start : fieldStart(json, start, name)
  if (array === undefined || json[array] !== openBracket) return []
  const elements: Buffer[] = []
  let at = skipSpace(json, array + 1)
  while (json[at] !== closeBracket) {
    const end = valueEnd(json, at)
    elements.push(json.subarray(at, end))
    at = afterSeparator(json, end)
  }
  return elements
}

/** Where the value of a field of the object at `start` begins; of fields with one name the last counts, as in JSON.parse. */
function fieldStart(json: Buffer, start: number, name: string): number | undefined {
  if (json[start] !== openBrace) return undefined
  let found: number | undefined
  let at = skipSpace(json, start + 1)
  while (json[at] !== closeBrace) {
    const keyEnd = stringEnd(json, at)
    const value = skipSpace(json, skipSpace(json, keyEnd) + 1)
    // A key may be written with escapes.
    if (JSON.parse(json.toString('utf8', at, keyEnd)) === name) found = value
    at = afterSeparator(json, valueEnd(json, value))
  }
  return found
}

/** The position after a comma, or of the bracket that closes. */
function afterSeparator(json: Buffer, from: number): number {
  const at = skipSpace(json, from)
  if (json[at] === comma) return skipSpace(json, at + 1)
  if (json[at] === closeBracket || json[at] === closeBrace) return at
  throw malformed(at)
}

function skipSpace(json: Buffer, from: number): number {
  let at = from
  for (; at < json.length; at++) {
    const byte = json[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
  }
  return at
}

function stringEnd(json: Buffer, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === backslash) at += 1
    else if (json[at] === quote) return at + 1
  }
  throw malformed(start)
}

function valueEnd(json: Buffer, start: number): number {
  const first = json[start]
  if (first === quote) return stringEnd(json, start)
  if (first === openBrace || first === openBracket) return nestedEnd(json, start)
  let at = start
  for (; at < json.length; at++) {
    const byte = json[at]
    if (byte === comma || byte === closeBracket || byte === closeBrace || byte === colon || byte === undefined) break
    if (byte <= 0x20) break
  }
  if (at === start) throw malformed(start)
  return at
}

function nestedEnd(json: Buffer, start: number): number {
  let depth = 0
  for (let at = start; at < json.length; at++) {
    const byte = json[at]
    if (byte === quote) at = stringEnd(json, at) - 1
    else if (byte === openBrace || byte === openBracket) depth += 1
    else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  throw malformed(start)
}

const malformed = (at: number) =>
  fatalError('json-malformed', `slicing JSON that was parsed before: nothing fits at byte ${at}`)
