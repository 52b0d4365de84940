import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'
import { dataError } from '../core/errors.ts'
import type { Codec } from '../core/log.ts'
import type { Checkpoint, ConversationEvent, DeadLetter, RawRecord, Uncorrelated } from '../core/records.ts'

/** The Avro schema files, by the record that they hold. */
export const schemaFiles = {
  rawRecord: 'raw-record',
  event: 'event',
  deadLetter: 'dead-letter',
  checkpoint: 'checkpoint',
  uncorrelated: 'uncorrelated',
} as const

export type SchemaName = keyof typeof schemaFiles

/** The codecs of every Avro record on the log. */
export interface RecordCodecs {
  readonly rawRecord: Codec<RawRecord>
  readonly event: Codec<ConversationEvent>
  readonly deadLetter: Codec<DeadLetter>
  readonly checkpoint: Codec<Checkpoint>
  readonly uncorrelated: Codec<Uncorrelated>
}

const schemaFolder = join(import.meta.dirname, '../../schemas/avro')

export const readSchema = (name: SchemaName): avro.Schema =>
  JSON.parse(readFileSync(join(schemaFolder, `${schemaFiles[name]}.avsc`), 'utf8')) as avro.Schema

export const typeOf = (name: SchemaName): avro.Type => avro.Type.forSchema(readSchema(name))

/** Where writers' schemas are kept, so that a later version reads what an earlier one wrote. */
export interface SchemaStore {
  /** The schema whose fingerprint (CRC-64-AVRO, 16 hex digits) this is. */
  find(fingerprint: string): avro.Schema | undefined
  save(fingerprint: string, schema: avro.Schema): void
}

const marker = 0xc301
const headerBytes = 10

/**
 * Codecs that frame a record as Avro's single-object encoding: the marker C3 01, the CRC-64-AVRO fingerprint of the
 * writer's schema (little-endian), the body (Avro specification 1.12, "Single-object encoding").
 */
export function singleObjectCodecs(store: SchemaStore): RecordCodecs {
  const codecOf = <T>(name: SchemaName): Codec<T> => {
    const type = typeOf(name)
    const own = fingerprintOf(type)
    store.save(own.toString('hex'), type.schema({ exportAttrs: true }))
    const resolvers = new Map<string, avro.Resolver>()
    const resolverOf = (fingerprint: string): avro.Resolver => {
      const known = resolvers.get(fingerprint)
      if (known !== undefined) return known
      const schema = store.find(fingerprint)
      if (schema === undefined) throw dataError('unknown-schema', `decoding a ${name}: unknown schema ${fingerprint}`)
      const resolver = type.createResolver(avro.Type.forSchema(schema))
      resolvers.set(fingerprint, resolver)
      return resolver
    }
    return {
      encode(value) {
        const body = toBuffer(name, type, value)
        const framed = Buffer.allocUnsafe(headerBytes + body.length)
        framed.writeUInt16BE(marker, 0)
        own.copy(framed, 2)
        body.copy(framed, headerBytes)
        return framed
      },
      decode(bytes) {
        if (bytes.length < headerBytes || bytes.readUInt16BE(0) !== marker)
          throw dataError('not-avro', `decoding a ${name}: ${bytes.length} bytes without the single-object marker`)
        const fingerprint = bytes.subarray(2, headerBytes)
        const resolver = fingerprint.equals(own) ? undefined : resolverOf(fingerprint.toString('hex'))
        try {
          return type.fromBuffer(bytes.subarray(headerBytes), resolver) as T
        } catch (error) {
          throw dataError('not-avro', `decoding a ${name}: ${error instanceof Error ? error.message : 'failed'}`)
        }
      },
    }
  }
  return {
    rawRecord: codecOf('rawRecord'),
    event: codecOf('event'),
    deadLetter: codecOf('deadLetter'),
    checkpoint: codecOf('checkpoint'),
    uncorrelated: codecOf('uncorrelated'),
  }
}

/** Names the field that does not fit, and never its value. */
function toBuffer(name: SchemaName, type: avro.Type, value: unknown): Buffer {
  try {
    return type.toBuffer(value)
  } catch {
    let misfit = ''
    type.isValid(value, {
      errorHook: (path, _value, expected) => {
        misfit ||= `: ${path.join('.')} is no ${expected.typeName === 'union:unwrapped' ? 'value of its union' : expected.typeName}`
      },
    })
    throw dataError('misfit', `encoding a ${name}${misfit}`)
  }
}

/** CRC-64-AVRO of the schema's parsing canonical form, little-endian. */
function fingerprintOf(type: avro.Type): Buffer {
  const canonical = Buffer.from(JSON.stringify(type.schema()))
  let hash = emptyFingerprint
  for (const byte of canonical) hash = (hash >> 8n) ^ (table[Number((hash ^ BigInt(byte)) & 0xffn)] ?? 0n)
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(hash)
  return bytes
}

const emptyFingerprint = 0xc15d213aa4d7a795n
const table = Array.from({ length: 256 }, (_, index) => {
  let entry = BigInt(index)
  for (let bit = 0; bit < 8; bit++) entry = (entry >> 1n) ^ (entry & 1n ? emptyFingerprint : 0n)
  return entry
})
