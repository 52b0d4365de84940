import { mkdirSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Sink } from '../core/sink.ts'
import type { State, StateStore } from '../core/state.ts'
import { lockDirectory } from '../log/embedded/lock.ts'
import { openStateStore } from '../log/embedded/state.ts'
import { type AccountRoute, type Receiver, startReceiver } from '../server/receiver.ts'
import { directoryStore } from '../sinks/archive/directory-store.ts'
import { createArchiveSink } from '../sinks/archive/sink.ts'
import { createWarehouseSink } from '../sinks/warehouse/sink.ts'
import { createPipeline, defaultPipelineSettings, type Pipeline, type PipelineSettings } from '../stages/pipeline.ts'
import type { Cli } from './command.ts'
import type { LoadedConfig, Settings } from './config.ts'
import { dataPaths } from './data-directory.ts'
import { type LogAccess, openLog } from './log-access.ts'
import { openWarehouse, type WarehouseAccess } from './warehouse-access.ts'

/** A pipeline with everything that it stands on. */
export interface Composition extends LogAccess {
  readonly pipeline: Pipeline
  readonly warehouse: WarehouseAccess | undefined
  close(): Promise<void>
}

/**
 * The composition root: opens the stores of a configuration and puts the pipeline together. Only one process at a time may
 * do so for a data directory; a second one is refused (`config`) by the name of the first.
 */
export async function openPipeline(
  cli: Cli,
  config: LoadedConfig,
  logger: Logger,
  command: string,
): Promise<Composition> {
  const { settings, accounts } = config
  const opened: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const closing of opened.splice(0).reverse()) await closing()
  }
  try {
    mkdirSync(settings.data, { recursive: true })
    const lock = await lockDirectory(settings.data, command)
    opened.push(async () => lock.release())
    const access = await openLog(cli, settings, logger, { readOnly: false })
    opened.push(() => access.log.close())
    const state = openStateStore(dataPaths(settings.data).state)
    opened.push(() => state.close())
    const warehouse = await openWarehouse(settings, logger)
    if (warehouse !== undefined) opened.push(() => warehouse.close())
    const sinks = createSinks(cli, settings, logger, warehouse)
    for (const sink of sinks) opened.push(() => sink.close())
    const pipeline = createPipeline({
      ...access,
      state,
      accounts,
      sinks,
      settings: pipelineSettings(settings),
      now: cli.now,
    })
    return { ...access, pipeline, warehouse, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The sinks of a configuration, in the order in which they are checked. */
export function createSinks(
  cli: Cli,
  settings: Settings,
  logger: Logger,
  warehouse: WarehouseAccess | undefined,
): readonly Sink[] {
  const sinks: Sink[] = []
  const { warehouseBatch, archive } = settings
  if (warehouse !== undefined)
    sinks.push(
      createWarehouseSink({
        ...warehouse,
        log: logger,
        limits: {
          maxRecords: warehouseBatch.records,
          maxBytes: warehouseBatch.size,
          lingerMs: warehouseBatch.linger,
        },
      }),
    )
  if (archive.type !== 'none')
    sinks.push(
      createArchiveSink({
        store: directoryStore(archive.directory),
        limits: { maxRecords: archive.records, maxBytes: archive.size, lingerMs: archive.linger },
        now: cli.now,
        log: logger,
      }),
    )
  return sinks
}

/** The same stages over a log that is only looked at: their names and inputs, never run. */
export function describePipeline(cli: Cli, config: LoadedConfig, access: LogAccess, logger: Logger): Pipeline {
  const { warehouse } = config.settings
  const named = { url: 'http://127.0.0.1', database: '', username: '', password: '', close: async () => {} }
  return createPipeline({
    ...access,
    state: unopenedState,
    accounts: config.accounts,
    sinks: createSinks(cli, config.settings, logger, warehouse.type === 'none' ? undefined : named),
    settings: pipelineSettings(config.settings),
    now: cli.now,
  })
}

const unopenedState: StateStore = {
  open(): State {
    throw new Error('this pipeline is only described')
  },
  close: async () => {},
}

function pipelineSettings({ topics, ingest, correlate, assemble }: Settings): PipelineSettings {
  const defaults = defaultPipelineSettings
  return {
    ingest: { ...defaults.ingest, maxRecordBytes: ingest.maxRecordSize, sliceRefreshMs: ingest.sliceRefresh },
    correlate: { ...defaults.correlate, waitMs: correlate.wait },
    assemble: { quietMs: assemble.quiet, maxDelayMs: assemble.maxDelay },
    topics: { partitions: topics.partitions, ageMs: topics.retention, bytes: topics.retentionSize },
  }
}

/** Starts the receiver of the accounts that are posted to; undefined if there is none. */
export async function openReceiver(
  cli: Cli,
  { settings, accounts }: LoadedConfig,
  logger: Logger,
  pipeline: Pipeline,
): Promise<Receiver | undefined> {
  const routes = accounts.flatMap(({ connector, config }): readonly AccountRoute[] =>
    (connector.routes?.(config) ?? []).map(route => ({ route, vendor: config.vendor, account: config.account })),
  )
  if (routes.length === 0) return undefined
  const { host, port, maxInFlight } = settings.receiver
  return await startReceiver({
    host,
    port,
    routes,
    append: (records, { vendor, account }) => pipeline.ingest.appendPushed(vendor, account, records),
    maxInFlightBytes: maxInFlight,
    log: logger,
    now: cli.now,
  })
}
