import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type EmbeddedLog, type EmbeddedLogOptions, openEmbeddedLog } from '../../src/log/embedded/index.ts'

export const silent = pino({ level: 'silent' })

export interface TemporaryDirectory {
  readonly path: string
  remove(): Promise<void>
}

export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'vconduit-log-'))
  return { path, remove: () => rm(path, { recursive: true }) }
}

export const openTestLog = (directory: string, options: Partial<EmbeddedLogOptions> = {}): Promise<EmbeddedLog> =>
  openEmbeddedLog(directory, { log: silent, now: () => new Date(), ...options })
