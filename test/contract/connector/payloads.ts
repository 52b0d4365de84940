import fc from 'fast-check'
import type { Fixture } from './subject.ts'

/** Put into payloads: wherever it turns up again, a payload was quoted. */
export const canary = 'canary-4f1c9e'

/** Payloads of every kind that a vendor could send by mistake or by malice. */
export function payloads(fixtures: readonly Fixture[]) {
  const originals = fixtures.map(({ raw }) => raw.payload).filter(({ length }) => length < 256 * 1024)
  const original = originals.length === 0 ? fc.constant(Buffer.from('{}')) : fc.constantFrom(...originals)
  const documents = originals.flatMap(bytes => parsed(bytes))
  const document = documents.length === 0 ? fc.constant({}) : fc.constantFrom(...documents)
  const buffer = (value: unknown) => Buffer.from(JSON.stringify(value))
  return {
    json: fc.oneof(fc.jsonValue({ maxDepth: 6 }), fc.json({ maxDepth: 4 }).map(parse)).map(buffer),
    mutated: fc
      .tuple(document, fc.array(fc.tuple(fc.nat(), oddValue), { minLength: 1, maxLength: 5 }))
      .map(([value, changes]) => changes.reduce((now, [place, odd]) => exchanged(now, place, odd), value))
      .map(buffer),
    damaged: fc.oneof(
      fc
        .tuple(original, fc.double({ min: 0, max: 1, noNaN: true }))
        .map(([bytes, part]) => bytes.subarray(0, bytes.length * part)),
      fc
        .tuple(original, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 }))
        .map(([bytes, flips]) => flipped(bytes, flips)),
      fc.tuple(original, original).map(([first, second]) => Buffer.concat([first, second])),
    ),
    bytes: fc.uint8Array({ maxLength: 2_000 }).map(bytes => Buffer.from(bytes)),
    extreme: fc.constantFrom(...extremes()),
  }
}

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    '',
    ' ',
    0,
    -1,
    -0,
    0.1,
    1e308,
    -1e308,
    2 ** 53,
    2 ** 63,
    true,
    [],
    [[]],
    {},
    canary,
    '\u0000',
    '\ud800',
    'Infinity',
    '0001-01-01T00:00:00Z',
    '+275760-09-13T00:00:00.001Z',
    '9999-99-99T99:99:99Z',
    '-1',
    '99999999999999999999',
    { [canary]: canary },
  ),
  fc.jsonValue({ maxDepth: 2 }),
)

/** JSON with the node at a place, counted from the root, exchanged for another value; undefined takes it away. */
function exchanged(value: unknown, place: number, odd: unknown): unknown {
  let left = place % countOf(value)
  const visit = (node: unknown): unknown => {
    if (left-- === 0) return odd
    if (Array.isArray(node)) return node.map(visit)
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, visit(inner)]))
  }
  return visit(value) ?? null
}

const countOf = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, inner) => sum + countOf(inner), 1)
    : 1

function flipped(bytes: Buffer, flips: readonly (readonly [number, number])[]): Buffer {
  const changed = Buffer.from(bytes)
  for (const [place, mask] of flips) {
    const at = changed.length === 0 ? -1 : place % changed.length
    const byte = changed[at]
    if (byte !== undefined) changed[at] = byte ^ mask
  }
  return changed
}

const parse = (text: string): unknown => JSON.parse(text)

function parsed(bytes: Buffer): readonly unknown[] {
  try {
    return [JSON.parse(bytes.toString('utf8'))]
  } catch {
    return []
  }
}

function extremes(): readonly Buffer[] {
  const deep = 200_000
  return [
    '',
    ' ',
    'null',
    '1e999',
    '-0',
    '"\\ud800"',
    '{"a":1e999,"b":-1e999,"c":123456789012345678901234567890}',
    '{"__proto__":{"conversationId":"x"},"constructor":{"prototype":1}}',
    `{"a":"${'x'.repeat(2_000_000)}"}`,
    `${'['.repeat(deep)}${']'.repeat(deep)}`,
    `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
    `{"a":${'['.repeat(deep)}`,
    `[${'{},'.repeat(50_000)}{}]`,
    '\uFEFF{}',
    '\uFEFF',
  ].map(text => Buffer.from(text))
}
