import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { isAbort } from '../core/errors.ts'
import type { Receiver } from '../server/receiver.ts'
import { type AddCommand, type Cli, configOption, configPath, contextOf, createLogger } from './command.ts'
import { type Composition, openPipeline, openReceiver } from './compose.ts'
import { type LoadedConfig, loadConfig } from './config.ts'
import { dataPaths, removeFile, writeJson } from './data-directory.ts'
import type { RunStatus } from './status.ts'

export const runCommand: AddCommand = (program, cli) => {
  program
    .command('run')
    .description('Exports continuously, until Ctrl-C: then it finishes what it is at and resumes there next time.')
    .option(...configOption)
    .action(async ({ config: path }: { config?: string }) => {
      const config = loadConfig(configPath(path), cli.environment)
      const logger = createLogger(cli, config.settings.log.level)
      await runPipeline(cli, config, logger, 'run', async () => {
        await aborted(cli.signal)
      })
    })
}

/** A running pipeline. */
export interface Running extends Composition {
  readonly receiver: Receiver | undefined
}

/**
 * Runs a pipeline and its receiver for as long as `during` takes, then drains and closes both. The first failure of either
 * ends `during` through its signal and is rethrown once everything is closed.
 */
export async function runPipeline(
  cli: Cli,
  config: LoadedConfig,
  logger: Logger,
  command: string,
  during: (running: Running, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const composition = await openPipeline(cli, config, logger, command)
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, cli.signal])
  const startedAt = cli.now()
  try {
    const running = composition.pipeline.run(contextOf(cli, logger, signal))
    const receiver = await openReceiver(cli, config, logger, composition.pipeline)
    const stopped = Promise.all([running, receiver?.closed ?? running]).then(() => {})
    logger.info(
      { config: config.path, receiver: receiver === undefined ? null : `${receiver.host}:${receiver.port}` },
      'exporting',
    )
    const reporting = reportStatus(cli, config, composition, startedAt, signal)
    try {
      await Promise.race([stopped, reporting.then(() => stopped), during({ ...composition, receiver }, signal)])
    } finally {
      stop.abort()
      await receiver?.close()
      await Promise.allSettled([reporting])
    }
    await stopped
    logger.info('stopped; everything acknowledged is on disk')
  } finally {
    removeFile(dataPaths(config.settings.data).status)
    await composition.close()
  }
}

const statusEveryMs = 1_000

/** Writes what the pipeline says of itself where `vconduit status` finds it. */
async function reportStatus(
  cli: Cli,
  config: LoadedConfig,
  { pipeline }: Composition,
  startedAt: Date,
  signal: AbortSignal,
): Promise<void> {
  const { status } = dataPaths(config.settings.data)
  while (!signal.aborted) {
    const now: RunStatus = {
      pid: process.pid,
      startedAt: startedAt.toISOString(),
      at: cli.now().toISOString(),
      stages: await pipeline.status(),
      slices: pipeline.ingest.progress(),
    }
    writeJson(status, now)
    await pause(statusEveryMs, signal)
  }
}

/** Resolves after `ms` milliseconds, or as soon as the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!isAbort(error, signal)) throw error
  })
}

/** Resolves when the signal aborts. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
