import { z } from 'zod'

/** The parts of a JSON schema that documentation and messages are made of. */
export interface Described {
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Described>>
  readonly anyOf?: readonly Described[]
  readonly oneOf?: readonly Described[]
  readonly items?: Described
  /** Set by `secret` of the connector kit. */
  readonly secret?: boolean
}

/** A schema as the file has to be written, before defaults and units are applied. */
export const describeSchema = (schema: z.ZodType): Described =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Described

/** Names the keys that the map at a path may have. */
export function allowedKeys(schema: z.ZodType): (path: readonly PropertyKey[]) => readonly string[] {
  const described = describeSchema(schema)
  return path => {
    const alternatives = path.reduce<readonly Described[]>(
      (inner, part) =>
        inner
          .flatMap(each => (typeof part === 'number' ? each.items : each.properties?.[String(part)]) ?? [])
          .flatMap(each => [each, ...(each.anyOf ?? []), ...(each.oneOf ?? [])]),
      [described],
    )
    return [...new Set(alternatives.flatMap(each => Object.keys(each.properties ?? {})))]
  }
}
