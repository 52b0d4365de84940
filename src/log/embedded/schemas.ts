import type avro from 'avsc'
import { dataError } from '../../core/errors.ts'
import type { SchemaStore } from '../avro.ts'
import { type Database, storageError } from './environment.ts'
import { schemaKey } from './keys.ts'

/** Keeps writers' schemas beside the records that they wrote. A reader's own schemas stay in memory if it may not write. */
export function createSchemaStore(database: Database, directory: string, readOnly: boolean): SchemaStore {
  const unsaved = new Map<string, avro.Schema>()
  const find = (fingerprint: string): avro.Schema | undefined => {
    // Another process may have saved it a moment ago.
    database.resetReadTxn()
    const stored = database.get(schemaKey(fingerprint))
    if (stored === undefined) return unsaved.get(fingerprint)
    try {
      return JSON.parse(stored.toString()) as avro.Schema
    } catch (error) {
      throw dataError('bad-schema', `reading schema ${fingerprint}: not JSON`, error)
    }
  }
  return {
    find,
    save(fingerprint, schema) {
      if (find(fingerprint) !== undefined) return
      if (readOnly) {
        unsaved.set(fingerprint, schema)
        return
      }
      try {
        database.putSync(schemaKey(fingerprint), Buffer.from(JSON.stringify(schema)))
      } catch (error) {
        throw storageError(`saving a schema in ${directory}`, error)
      }
    },
  }
}
