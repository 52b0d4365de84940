import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tryLock } from 'fs-native-extensions'
import { configError } from '../../core/errors.ts'
import { storageError } from './environment.ts'

/** A lock that this process holds. */
export interface DirectoryLock {
  /** Gives it back; a process that ends in any way gives it back too. */
  release(): void
}

/** Who holds a lock, as far as its file says. */
export interface Holder {
  readonly pid: number
  readonly host: string
  readonly command: string
  readonly since: Date
}

const lockFile = 'run.lock'

/**
 * Makes this process the only one that runs on a data directory. Refuses (`config`, code `directory-in-use`) while another
 * one does, and names it.
 *
 * The kernel keeps the lock (an open file description lock on the file), not the file's content: it ends with the process,
 * however that ends, holds across containers that share the directory, and two that start at once cannot both get it.
 */
export async function lockDirectory(directory: string, command: string): Promise<DirectoryLock> {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw storageError(`locking ${directory}`, error)
  }
  const path = join(directory, lockFile)
  const lock = lockPath(path, command)
  if (lock !== undefined) return lock
  throw configError('directory-in-use', `locking ${directory}: ${describe(await holderOf(path))}`)
}

function describe(holder: Holder | undefined): string {
  if (holder === undefined) return 'another process uses it'
  const { pid, host, command, since } = holder
  const where = host === hostname() ? '' : ` on ${host}`
  return `process ${pid}${where} (${command}) has used it since ${since.toISOString()}`
}

/** Takes the lock that a file stands for; undefined if another open file has it. */
export function lockPath(path: string, command: string): DirectoryLock | undefined {
  try {
    const descriptor = openSync(path, 'a+')
    try {
      if (!tryLock(descriptor)) {
        closeSync(descriptor)
        return undefined
      }
      ftruncateSync(descriptor)
      writeSync(descriptor, JSON.stringify({ pid: process.pid, host: hostname(), command }))
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
    let held = true
    return {
      release() {
        // The file stays: removing it would let a third process lock a new file beside one that a second has just opened.
        if (held) closeSync(descriptor)
        held = false
      },
    }
  } catch (error) {
    throw storageError(`locking ${path}`, error)
  }
}

const readAttempts = 20
const readIntervalMs = 25

/** Who wrote a lock's file. Waits a moment for a process that has just taken the lock and is about to write. */
async function holderOf(path: string): Promise<Holder | undefined> {
  for (let attempt = 0; attempt < readAttempts; attempt++) {
    const holder = readHolder(path)
    // A dead process's name means that its successor has not written its own yet.
    if (holder !== undefined && (holder.host !== hostname() || isAlive(holder.pid))) return holder
    await sleep(readIntervalMs)
  }
  return undefined
}

function readHolder(path: string): Holder | undefined {
  const descriptor = openSync(path, 'r')
  try {
    const found: unknown = JSON.parse(readFileSync(descriptor, 'utf8'))
    if (typeof found !== 'object' || found === null) return undefined
    if (!('pid' in found && 'host' in found && 'command' in found)) return undefined
    const { pid, host, command } = found
    if (typeof pid !== 'number' || typeof host !== 'string' || typeof command !== 'string') return undefined
    return { pid, host, command, since: fstatSync(descriptor).mtime }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  } finally {
    closeSync(descriptor)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
