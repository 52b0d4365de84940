/**
 * Writes `src/core/records.ts` from the Avro schemas in `schemas/avro`, the truth of every record on the log.
 * `--check` writes nothing and fails if the file is not what the schemas say.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type AvroType = string | readonly AvroType[] | AvroRecord | { type: 'array'; items: AvroType } | AvroOther
interface AvroOther {
  readonly type: 'map' | 'long'
  readonly logicalType?: string
}
interface AvroField {
  readonly name: string
  readonly type: AvroType
  readonly doc: string
}
interface AvroRecord {
  readonly type: 'record'
  readonly name: string
  readonly doc: string
  readonly fields: readonly AvroField[]
}

const primitives: Readonly<Record<string, string>> = {
  string: 'string',
  long: 'number',
  int: 'number',
  double: 'number',
  boolean: 'boolean',
  bytes: 'Buffer',
  null: 'null',
}

const here = import.meta.dirname
const target = join(here, '../src/core/records.ts')

/** The TypeScript of a schema: one interface per record, inner records first. */
function interfacesOf(schema: AvroRecord): string[] {
  const written: string[] = []
  const nameOf = (type: AvroType): string => {
    if (typeof type === 'string') return primitives[type] ?? type
    if (Array.isArray(type)) {
      const [first, second] = type as unknown as readonly [AvroType, AvroType]
      if (first !== 'null' || type.length !== 2)
        throw new Error(`only ["null", T] unions are used: ${JSON.stringify(type)}`)
      return `${nameOf(second)} | null`
    }
    const complex = type as Exclude<AvroType, string | readonly AvroType[]>
    if (complex.type === 'array') return `readonly ${nameOf((complex as { items: AvroType }).items)}[]`
    if (complex.type === 'map') return 'Readonly<Record<string, string>>'
    if (complex.type === 'record') {
      write(complex as AvroRecord)
      return (complex as AvroRecord).name
    }
    return nameOf(complex.type)
  }
  const write = (record: AvroRecord) => {
    const fields = record.fields.map(field => `  /** ${field.doc} */\n  readonly ${field.name}: ${nameOf(field.type)}`)
    written.push(`/** ${record.doc} */\nexport interface ${record.name} {\n${fields.join('\n')}\n}`)
  }
  write(schema)
  return written
}

/** The sections of the event schema: event type, field and record name, in the order of the schema. */
function sectionsOf(event: AvroRecord): { type: string; field: string; record: string }[] {
  return event.fields.flatMap(field => {
    const type = /^Set if type is ([a-z.]+)\. /.exec(field.doc)?.[1]
    return type === undefined
      ? []
      : [{ type, field: field.name, record: field.name.charAt(0).toUpperCase() + field.name.slice(1) }]
  })
}

function generate(): string {
  const schemas = readdirSync(join(here, 'avro'))
    .filter(name => name.endsWith('.avsc'))
    .sort()
    .map(name => JSON.parse(readFileSync(join(here, 'avro', name), 'utf8')) as AvroRecord)
  const event = schemas.find(schema => schema.name === 'ConversationEvent')
  if (event === undefined) throw new Error('schemas/avro has no record ConversationEvent')
  const sections = sectionsOf(event)
  return [
    '// Generated from schemas/avro by `npm run generate`; do not edit.',
    ...schemas.flatMap(interfacesOf),
    `/** The section of each event type. */\nexport interface EventSections {\n${sections.map(s => `  readonly '${s.type}': ${s.record}`).join('\n')}\n}`,
    'export type EventType = keyof EventSections',
    `/** The field of \`ConversationEvent\` that holds the section of an event type. */\nexport const sectionFields = {\n${sections.map(s => `  '${s.type}': '${s.field}',`).join('\n')}\n} as const satisfies Record<EventType, keyof ConversationEvent>`,
    `export const eventTypes = Object.keys(sectionFields) as readonly EventType[]`,
    `/** No section set: the start of every event. */\nexport const noSections = {\n${sections.map(s => `  ${s.field}: null,`).join('\n')}\n} as const`,
  ].join('\n\n')
}

const wanted = `${generate()}\n`
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== wanted) {
    console.error('src/core/records.ts is not what schemas/avro says: run `npm run generate`')
    process.exitCode = 1
  }
} else writeFileSync(target, wanted)
