import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { configError, fatalError, VconduitError } from '../../core/errors.ts'

/** One LMDB environment with one database of bytes. */
export type Database = RootDatabase<Buffer, Buffer>

/** Address space, not disk: LMDB maps this much at once and grows by itself beyond it. */
const mapBytes = 2 ** 38
const maxReaders = 510

/**
 * Opens the LMDB environment of a directory, and makes it unless `readOnly`.
 *
 * `overlappingSync` is off: a transaction then becomes visible, and its promise resolves, only after its pages are synced
 * to disk. With it on (the package's default) other readers see records that a power failure can still take back.
 * `eventTurnBatching` is off: it adds a promise of its own to each transaction, which nobody could catch when a commit fails.
 */
export function openDatabase(directory: string, readOnly: boolean): Database {
  const made = join(directory, 'data.mdb')
  if (readOnly && !existsSync(made)) throw configError('no-log', `opening ${directory}: there is no log in it`)
  const fresh = !existsSync(made)
  try {
    if (!readOnly) mkdirSync(directory, { recursive: true })
    const database: Database = open<Buffer, Buffer>({
      path: directory,
      noSubdir: false,
      readOnly,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
      eventTurnBatching: false,
      mapSize: mapBytes,
      maxReaders,
    })
    if (fresh) {
      syncDirectory(directory)
      syncDirectory(dirname(directory))
    }
    return database
  } catch (error) {
    throw storageError(`opening ${directory}`, error)
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Runs `write` as one transaction: all of it or nothing, on disk when the promise resolves. Nothing is written if it
 * throws. Errors of LMDB and of the disk come back as `fatal` and name `what`.
 */
export async function transact<T>(database: Database, what: string, write: () => T): Promise<T> {
  try {
    // A child transaction is the only kind that lmdb aborts when the callback throws.
    return await database.childTransaction(write)
  } catch (error) {
    if (error instanceof VconduitError) throw error
    throw storageError(what, await causeOf(error))
  }
}

/** A failed commit only says where its cause will be. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error
  try {
    await error.commitError
  } catch (cause) {
    return cause
  }
  return error
}

/** ENOSPC, EFBIG, EDQUOT, LMDB's MDB_MAP_FULL, and EIO, which is what LMDB says when a write is cut short. */
const fullCodes: readonly unknown[] = [28, 27, 122, -30792, 5, 'ENOSPC', 'EFBIG', 'EDQUOT', 'EIO']
const deniedCodes: readonly unknown[] = [1, 13, 20, 30, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST']

/** What LMDB or the file system threw, as an error that says what to do. */
export function storageError(what: string, cause: unknown): VconduitError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const message = cause instanceof Error ? cause.message : String(cause)
  if (fullCodes.includes(code))
    return fatalError('disk-full', `${what}: the disk is full, or fails (${message})`, cause)
  if (deniedCodes.includes(code)) return configError('directory-unusable', `${what}: ${message}`, cause)
  return fatalError('storage-failed', `${what}: ${message}`, cause)
}
