/** What a field of a section holds, where it is more than a value. */
export type FieldKind = 'partyKey' | 'partyKeys' | 'json' | 'time' | 'value'

const kinds = new Map<string, FieldKind>([
  ['arguments', 'json'],
  ['result', 'json'],
  ['expiresAt', 'time'],
])

/** By the name of the field, as `schemas/avro/event.avsc` has it. */
export function fieldKind(name: string): FieldKind {
  const known = kinds.get(name)
  if (known !== undefined) return known
  const kind = /partyKey$/i.test(name) ? 'partyKey' : /partyKeys$/i.test(name) ? 'partyKeys' : 'value'
  kinds.set(name, kind)
  return kind
}
