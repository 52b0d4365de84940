import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import pino, { type Logger } from 'pino'
import type { Context } from '../core/context.ts'
import type { Terminal } from './terminal.ts'

/** What every command gets from the outside. */
export interface Cli {
  readonly terminal: Terminal
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
  readonly now: () => Date
  readonly random: () => number
}

export const exitCodes = {
  ok: 0,
  failed: 1,
  /** Wrong usage or configuration: nothing was done. */
  usage: 2,
  interrupted: 130,
} as const

/** Adds a command to the program; `exit` sets the code where it is not 0. */
export type AddCommand = (program: Command, cli: Cli, exit: (code: number) => void) => void

export const configOption = [
  '-c, --config <file>',
  'the configuration (default: vconduit.yaml, or else that of the last quickstart)',
] as const

/** Where quickstart leaves everything if it is not told otherwise. */
export const quickstartDirectory = 'vconduit-quickstart'

export const configFile = 'vconduit.yaml'

/** The configuration that a command goes by. */
export function configPath(given: string | undefined): string {
  const fallback = join(quickstartDirectory, configFile)
  return given ?? (!existsSync(configFile) && existsSync(fallback) ? fallback : configFile)
}

/** JSON lines on standard error; a log line never holds a payload or a secret. */
export const createLogger = (cli: Cli, level: string): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write: text => cli.terminal.err.write(text) })

export const contextOf = (cli: Cli, log: Logger, signal: AbortSignal = cli.signal): Context => ({
  signal,
  log,
  now: cli.now,
  random: cli.random,
})
