import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
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

/** A process of `process.ts`, and what it said. */
export interface TestProcess {
  readonly child: ChildProcess
  readonly lines: readonly string[]
  /** Resolves when a line starts with `start`; rejects if the process ends without saying it. */
  said(start: string): Promise<string>
  /** How it ended: exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

const script = join(import.meta.dirname, 'process.ts')

/** `launcher` is a command that runs the process, such as `prlimit … node`; its last part is the program. */
export function startProcess(args: readonly string[], launcher: readonly string[] = [process.execPath]): TestProcess {
  const [program = '', ...before] = launcher
  const child = spawn(program, [...before, script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000)
  })
  const output = createInterface({ input: child.stdout })
  output.on('line', line => {
    lines.push(line)
    for (const look of waiting) look()
  })
  const ended = new Promise<number | NodeJS.Signals | null>(resolve =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  )
  return {
    child,
    lines,
    ended,
    said: start =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.find(candidate => candidate.startsWith(start))
          if (line === undefined) return
          waiting.delete(look)
          resolve(line)
        }
        waiting.add(look)
        look()
        void ended.then(how => reject(new Error(`ended (${how}) without saying ${start}: ${errors}`)))
      }),
  }
}

/** Runs a program of the operating system to its end. */
export const runTool = (program: string, args: readonly string[]) => spawnSync(program, args, { encoding: 'utf8' })
