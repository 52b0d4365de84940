import type { AddressInfo } from 'node:net'
import { configError } from '../core/errors.ts'
import { createEndpoint, defaultReaderLimits, type ReaderLimits } from './endpoint.ts'
import { openEngine } from './engine.ts'
import type { WarehouseUsers } from './request.ts'

export interface WarehouseOptions {
  /** Holds the warehouse's files; made if it is missing. One process at a time may have it open. */
  readonly directory: string
  /** Loopback port; 0 takes a free one. */
  readonly port: number
  readonly users: WarehouseUsers
  readonly readerLimits?: ReaderLimits
}

/** A warehouse that answers in this process. */
export interface ServedWarehouse {
  readonly port: number
  /** Takes no more requests, waits for those that run for at most `graceMs`, and lets go of the directory. */
  close(graceMs: number): Promise<void>
}

/**
 * Opens the embedded warehouse in this process and serves it on 127.0.0.1. Throws `config` if the engine is missing, the
 * directory cannot be opened or the port is taken.
 */
export async function serveWarehouse(options: WarehouseOptions): Promise<ServedWarehouse> {
  const engine = await openEngine(options.directory)
  const server = createEndpoint(engine, options.users, options.readerLimits ?? defaultReaderLimits)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port, '127.0.0.1', resolve)
    })
  } catch (error) {
    await engine.close()
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
    throw configError('warehouse-port', `listening on 127.0.0.1:${options.port} for the warehouse: ${reason}`, error)
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close(graceMs) {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeIdleConnections()
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(cut)
      await engine.close()
    },
  }
}
