import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Context } from '../src/core/context.ts'

export const now = () => new Date()
export const logger = pino({ level: 'silent' })

export const contextOf = (signal: AbortSignal): Context => ({ signal, log: logger, now, random: Math.random })

/** Measures in a temporary directory, and leaves nothing of it behind. */
export async function inDirectory(measure: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'vconduit-bench-'))
  try {
    await measure(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
