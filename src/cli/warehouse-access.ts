import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import { configError } from '../core/errors.ts'
import { startEmbeddedWarehouse } from '../warehouse/start.ts'
import type { Settings } from './config.ts'
import { dataPaths, readJson, removeFile, warehouseUsersOf, writeJson } from './data-directory.ts'

/** A warehouse that answers. */
export interface WarehouseAccess {
  readonly url: string
  readonly database: string
  readonly username: string
  readonly password: string
  close(): Promise<void>
}

/** Database of the tables in the embedded warehouse. */
const embeddedDatabase = 'vconduit'

interface Endpoint {
  readonly url: string
  readonly pid: number
}

/** Starts the embedded warehouse, or names the external one, for writing. Undefined if it is off. */
export async function openWarehouse(settings: Settings, log: Logger): Promise<WarehouseAccess | undefined> {
  const { warehouse, data } = settings
  if (warehouse.type === 'none') return undefined
  if (warehouse.type === 'clickhouse') return { ...warehouse, close: async () => {} }
  const users = warehouseUsersOf(data)
  const paths = dataPaths(data)
  const server = await startEmbeddedWarehouse({
    directory: paths.warehouse,
    port: warehouse.port,
    users,
    log,
  })
  writeJson(paths.warehouseEndpoint, { url: server.url, pid: process.pid } satisfies Endpoint)
  return {
    url: server.url,
    database: embeddedDatabase,
    username: users.ingest.name,
    password: users.ingest.password,
    async close() {
      removeFile(paths.warehouseEndpoint)
      await server.close()
    },
  }
}

/**
 * A client for reading: of the external warehouse, of the embedded one that a running pipeline has opened, or of the embedded
 * one opened for this command alone.
 */
export async function readWarehouse(
  settings: Settings,
  log: Logger,
): Promise<{ readonly client: ClickHouseClient; close(): Promise<void> }> {
  const { warehouse, data } = settings
  if (warehouse.type === 'none')
    throw configError('warehouse-off', 'querying the warehouse: the configuration says `warehouse: { type: none }`')
  if (warehouse.type === 'clickhouse') {
    const client = createClient({ ...warehouse, ...clientSettings })
    return { client, close: () => client.close() }
  }
  const { reader } = warehouseUsersOf(data)
  const running = await runningEndpoint(data)
  const opened = running === undefined ? await openWarehouse({ ...settings, warehouse: anyPort }, log) : undefined
  const client = createClient({
    url: running ?? opened?.url ?? '',
    database: embeddedDatabase,
    username: reader.name,
    password: reader.password,
    ...clientSettings,
  })
  return {
    client,
    async close() {
      await client.close()
      await opened?.close()
    },
  }
}

/** As long as the warehouse itself lets a statement of a reader run; errors are ours to tell. */
const clientSettings = { request_timeout: 300_000, log: { level: ClickHouseLogLevel.OFF } }
const anyPort = { type: 'embedded', port: 0 } as const

/** Where a running pipeline's warehouse answers; undefined if none does. */
async function runningEndpoint(data: string): Promise<string | undefined> {
  const endpoint = readJson<Endpoint>(dataPaths(data).warehouseEndpoint)
  if (endpoint === undefined) return undefined
  try {
    return (await fetch(`${endpoint.url}/ping`)).ok ? endpoint.url : undefined
  } catch {
    return undefined
  }
}
