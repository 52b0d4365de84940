import { dataError } from '../../core/errors.ts'
import type { State, StateStore } from '../../core/state.ts'
import { type Database, openDatabase, transact } from './environment.ts'

/** Entries that are read together; no cursor and no snapshot stays open between two such reads. */
const entriesAtOnce = 256
/** LMDB takes 1,978 bytes with the stage's name and the partition in front. */
const maxKeyBytes = 1800

/**
 * Opens the durable state of the stages in a directory of its own: one LMDB environment, a range of keys per stage and
 * partition. A transaction is on disk when it resolves; those that are asked for together share one sync.
 */
export function openStateStore(directory: string): StateStore {
  const database = openDatabase(directory, false)
  return {
    open: (stage, partition) => createState(database, directory, stage, partition),
    close: () => database.close(),
  }
}

interface Change {
  readonly key: Buffer
  readonly value: Buffer | undefined
}

function createState(database: Database, directory: string, stage: string, partition: number): State {
  const space = Buffer.from(`${stage}/${partition}/`)
  const what = `writing the state of ${stage}/${partition} in ${directory}`
  const keyOf = (key: string): Buffer => {
    const bytes = Buffer.byteLength(key)
    if (bytes > maxKeyBytes)
      throw dataError('state-key-too-long', `${what}: a key of ${bytes} bytes, at most ${maxKeyBytes} are kept`)
    const full = Buffer.allocUnsafe(space.length + bytes)
    space.copy(full)
    full.write(key, space.length)
    return full
  }
  return {
    get: key => database.get(keyOf(key)),
    *range(prefix) {
      let start = keyOf(prefix)
      const end = afterPrefix(start)
      for (;;) {
        const entries = [...database.getRange({ start, end, limit: entriesAtOnce })]
        for (const { key, value } of entries) yield { key: key.toString('utf8', space.length), value }
        const last = entries.at(-1)
        if (last === undefined || entries.length < entriesAtOnce) return
        start = Buffer.concat([last.key, Buffer.of(0)])
      }
    },
    async transaction(write) {
      const changes: Change[] = []
      write({
        // A copy: the caller may reuse its buffer as soon as this returns.
        put: (key, value) => changes.push({ key: keyOf(key), value: Buffer.from(value) }),
        remove: key => changes.push({ key: keyOf(key), value: undefined }),
      })
      if (changes.length === 0) return
      await transact(database, what, () => {
        for (const { key, value } of changes)
          void (value === undefined ? database.remove(key) : database.put(key, value))
      })
    },
  }
}

/** The smallest key that comes after every key with this prefix; it ends in a byte below 0xff, as UTF-8 has none. */
function afterPrefix(prefix: Buffer): Buffer {
  const after = Buffer.from(prefix)
  const last = after.length - 1
  after[last] = (after[last] ?? 0) + 1
  return after
}
