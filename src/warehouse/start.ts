import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname, join } from 'node:path'
import type { Logger } from 'pino'
import { fatalError, VconduitError } from '../core/errors.ts'
import type { ReaderLimits } from './endpoint.ts'
import type { FromWarehouse, ToWarehouse } from './messages.ts'
import type { WarehouseUsers } from './request.ts'
import type { WarehouseOptions } from './serve.ts'

export type { WarehouseUser, WarehouseUsers } from './request.ts'

/** What `startEmbeddedWarehouse` needs to know. */
export interface EmbeddedWarehouseOptions {
  /** Holds the warehouse's files; made if it is missing. One process at a time may have it open. */
  readonly directory: string
  /** Loopback port; 0, the default, takes a free one. */
  readonly port?: number
  readonly users: WarehouseUsers
  /** What one statement of the reader may use. Default: 2 GiB, 300 seconds, 10 million rows. */
  readonly readerLimits?: ReaderLimits
  readonly log: Logger
}

/** The embedded warehouse in a process of its own. */
export interface EmbeddedWarehouse {
  /** Stays the same when the process is restarted. */
  readonly url: string
  /** Of the process that answers now. */
  readonly pid: number
  /** Lets what runs finish, for some seconds, and ends the process. */
  close(): Promise<void>
}

const graceMs = 5_000
const firstPauseMs = 100
const longestPauseMs = 10_000

/**
 * Starts the embedded warehouse and keeps it running: when its process ends by itself, or is killed, it is started again
 * on the same port; meanwhile clients are refused, and a sink waits. It ends with `close()`, or when this process is gone.
 * Throws `config` if the engine is not installed, the directory is in use or the port is taken.
 */
export async function startEmbeddedWarehouse(options: EmbeddedWarehouseOptions): Promise<EmbeddedWarehouse> {
  const { log, directory, users, readerLimits } = options
  const settings = (port: number): WarehouseOptions =>
    readerLimits === undefined ? { directory, port, users } : { directory, port, users, readerLimits }
  const stopping = new AbortController()

  let current = await launch(settings(options.port ?? 0))
  const { port } = current
  const watched = watch()

  async function watch(): Promise<void> {
    while (true) {
      const how = await current.ended
      if (stopping.signal.aborted) return
      log.error({ pid: current.child.pid, how }, 'embedded warehouse ended; starting it again')
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
        await sleep(pauseMs, stopping.signal)
        if (stopping.signal.aborted) return
        try {
          current = await launch(settings(port))
          if (stopping.signal.aborted) await end(current)
          log.warn({ pid: current.child.pid }, 'embedded warehouse started again')
          break
        } catch (error) {
          log.error({ err: error, nextTryInMs: pauseMs * 2 }, 'embedded warehouse did not start')
        }
      }
    }
  }

  return {
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return current.child.pid ?? 0
    },
    async close() {
      stopping.abort()
      await end(current)
      await watched
    },
  }
}

interface Running {
  readonly child: ChildProcess
  readonly port: number
  /** Resolves, with exit code or signal, when the process is gone. */
  readonly ended: Promise<string>
}

async function launch(options: WarehouseOptions): Promise<Running> {
  const main = join(import.meta.dirname, `main${extname(import.meta.filename)}`)
  const child = spawn(process.execPath, [main], {
    // Nothing of our environment: no credential of ours is within the engine's reach. Every statement that runs holds a
    // thread of the pool, and an analyst's must not keep the sink waiting.
    env: { UV_THREADPOOL_SIZE: '64', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4096)
  })
  const ended = once(child, 'exit').then(([code, signal]) => String(signal ?? code))
  const send = (message: ToWarehouse) => child.send(message)
  send({ kind: 'open', options })
  const answer = await Promise.race([
    once(child, 'message').then(([message]) => message as FromWarehouse),
    ended.then(how => ({ kind: 'ended', how }) as const),
  ])
  if (answer.kind === 'ready') return { child, port: answer.port, ended }
  await ended
  if (answer.kind === 'ended')
    throw fatalError('warehouse-ended', `starting the embedded warehouse: it ended (${answer.how})`)
  const { kind, code, message } = answer.error
  const inUse = complaint.includes('Another server instance in same directory is already running')
  throw new VconduitError(
    kind,
    inUse ? `opening the warehouse in ${options.directory}: another process has it open` : message,
    {
      code: inUse ? 'warehouse-in-use' : code,
    },
  )
}

async function end({ child, ended }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const killed = setTimeout(() => child.kill('SIGKILL'), graceMs * 2)
  if (child.connected) child.send({ kind: 'close', graceMs } satisfies ToWarehouse)
  await ended
  clearTimeout(killed)
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
