import { randomUUID } from 'node:crypto'
import { link, mkdir, open, opendir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { configError, fatalError } from '../../core/errors.ts'
import type { ArchiveStore } from './store.ts'

/**
 * The archive in a directory. An object is written beside its place, synced, and then linked or renamed into it, so that
 * a reader never sees half of one; the folder is synced too, so that it survives a power cut.
 */
export function directoryStore(root: string): ArchiveStore {
  const absolute = (path: string) => join(root, ...path.split('/'))

  /** Writes the bytes to a synced file beside `target`, hands its name to `place`, and leaves nothing behind. */
  async function write(path: string, bytes: Uint8Array, place: (written: string, target: string) => Promise<void>) {
    const target = absolute(path)
    const folder = dirname(target)
    const written = join(folder, `.${randomUUID()}.tmp`)
    try {
      await mkdir(folder, { recursive: true })
      const file = await open(written, 'wx')
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await place(written, target)
      await syncFolder(folder)
    } catch (error) {
      throw storeError(root, 'writing', path, error)
    } finally {
      await rm(written, { force: true })
    }
  }

  const store: ArchiveStore = {
    location: root,
    async check() {
      try {
        await store.put('.check', Buffer.from('vconduit'))
        await store.remove('.check')
      } catch (error) {
        throw configError('archive-not-writable', `checking the archive directory ${root}: it cannot be written`, error)
      }
    },
    async putIfAbsent(path, bytes) {
      let absent = true
      await write(path, bytes, async (written, target) => {
        try {
          await link(written, target)
        } catch (error) {
          if (codeOf(error) !== 'EEXIST') throw error
          absent = false
        }
      })
      return absent
    },
    put: (path, bytes) => write(path, bytes, rename),
    async get(path) {
      try {
        return await readFile(absolute(path))
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined
        throw storeError(root, 'reading', path, error)
      }
    },
    async remove(path) {
      try {
        await rm(absolute(path), { force: true })
        await syncFolder(dirname(absolute(path)))
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw storeError(root, 'removing', path, error)
      }
    },
    async *list(folder) {
      const paths: string[] = []
      try {
        for await (const entry of await opendir(absolute(folder), { recursive: true }))
          if (entry.isFile() && !entry.name.startsWith('.'))
            paths.push(relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw storeError(root, 'listing', folder, error)
      }
      yield* paths.sort()
    },
  }
  return store
}

async function syncFolder(folder: string) {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : undefined)

/** A full disk or a lost permission stops the process: waiting would hide it, and nothing is lost by stopping. */
const storeError = (root: string, doing: string, path: string, error: unknown) =>
  codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT'
    ? fatalError(
        'disk-full',
        `${doing} ${path} in the archive ${root}: no space left; make room and start again`,
        error,
      )
    : fatalError('archive-failed', `${doing} ${path} in the archive ${root}: ${codeOf(error) ?? 'failed'}`, error)
