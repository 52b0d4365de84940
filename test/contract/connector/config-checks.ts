import assert from 'node:assert/strict'
import type { z } from 'zod'
import type { Check, Subject } from './subject.ts'
import { exampleInput } from './subject.ts'

/** Checks of what an operator writes. */
export const configChecks: readonly Check[] = [
  { name: 'the vendor is named in lower case with dashes', run: checkVendorName },
  { name: 'every field of the configuration has a description', run: checkDescriptions },
  { name: 'the example of the configuration parses', run: checkExample },
  { name: 'unknown keys are refused, wherever they stand', run: checkUnknownKeys },
  { name: 'another vendor is refused', run: checkOtherVendor },
]

function checkVendorName({ connector }: Subject): void {
  assert.match(connector.vendor, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
  assert.notEqual(connector.title.trim(), '', 'the title, for people, is empty')
  assert.ok(
    connector.open !== undefined || connector.routes !== undefined,
    'it neither pulls (open) nor receives (routes)',
  )
}

function checkDescriptions({ connector }: Subject): void {
  const fields = fieldsOf(connector.config, 'config')
  assert.ok(fields.length >= 2, 'the configuration has no fields that could be listed: is it an object schema?')
  const bare = fields.filter(({ description }) => description.trim() === '').map(({ path }) => path)
  assert.deepEqual(bare, [], 'these fields have no description: add .describe("…")')
}

function checkExample({ connector }: Subject): void {
  const example = exampleInput(connector)
  assert.notEqual(example, undefined, 'the configuration has no example: add .meta({ examples: [{ … }] })')
  const parsed = connector.config.safeParse(example)
  assert.ok(parsed.success, `its own example is refused: ${parsed.error?.message}`)
  assert.equal(parsed.data.vendor, connector.vendor)
}

function checkUnknownKeys({ connector }: Subject): void {
  const example = exampleInput(connector)
  for (const [path, widened] of withUnknownKey(example, 'config')) {
    const parsed = connector.config.safeParse(widened)
    assert.equal(parsed.success, false, `an unknown key in ${path} is accepted: use z.strictObject`)
  }
}

function checkOtherVendor({ connector }: Subject): void {
  const example = exampleInput(connector)
  assert.ok(isObject(example), 'the configuration has no example')
  const parsed = connector.config.safeParse({ ...example, vendor: 'another-vendor' })
  assert.equal(parsed.success, false, 'the configuration of another vendor is accepted: use z.literal for vendor')
}

interface Field {
  readonly path: string
  readonly description: string
}

/** Every field below a schema, through whatever wraps it. */
function fieldsOf(schema: z.core.$ZodType, path: string, seen = new Set<z.core.$ZodType>()): readonly Field[] {
  if (seen.has(schema)) return []
  seen.add(schema)
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'object')
    return Object.entries(def.shape).flatMap(([name, field]) => [
      { path: `${path}.${name}`, description: descriptionOf(field) },
      ...fieldsOf(field, `${path}.${name}`, seen),
    ])
  return innerOf(def).flatMap(inner => fieldsOf(inner, path, seen))
}

function descriptionOf(schema: z.core.$ZodType): string {
  const own = (schema as z.ZodType).description
  if (own !== undefined) return own
  const { def } = (schema as z.core.$ZodTypes)._zod
  // A union or a list describes its parts, not itself.
  if (!('innerType' in def) && def.type !== 'pipe') return ''
  return (
    innerOf(def)
      .map(descriptionOf)
      .find(text => text !== '') ?? ''
  )
}

function innerOf(def: z.core.$ZodTypes['_zod']['def']): readonly z.core.$ZodType[] {
  if ('innerType' in def) return [def.innerType]
  switch (def.type) {
    case 'array':
      return [def.element]
    case 'tuple':
      return def.items
    case 'record':
    case 'map':
      return [def.keyType, def.valueType]
    case 'union':
      return def.options
    case 'intersection':
      return [def.left, def.right]
    case 'pipe':
      return [def.in, def.out]
    case 'lazy':
      return [def.getter()]
    default:
      return []
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value once for every object in it, each time with a key more in that object. */
function* withUnknownKey(value: unknown, path: string): Generator<[path: string, widened: unknown]> {
  if (Array.isArray(value)) {
    for (const [index, item] of (value as readonly unknown[]).entries())
      for (const [where, widened] of withUnknownKey(item, `${path}[${index}]`))
        yield [where, value.with(index, widened)]
    return
  }
  if (!isObject(value)) return
  yield [path, { ...value, notAField: true }]
  for (const [name, field] of Object.entries(value))
    for (const [where, widened] of withUnknownKey(field, `${path}.${name}`))
      yield [where, { ...value, [name]: widened }]
}
