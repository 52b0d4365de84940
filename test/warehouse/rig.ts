import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { pino } from 'pino'
import type { Context } from '../../src/core/context.ts'
import type { Sink } from '../../src/core/sink.ts'
import { createWarehouseSink } from '../../src/sinks/warehouse/sink.ts'
import type { ReaderLimits } from '../../src/warehouse/endpoint.ts'
import { type EmbeddedWarehouse, startEmbeddedWarehouse, type WarehouseUsers } from '../../src/warehouse/start.ts'

export const users: WarehouseUsers = {
  ingest: { name: 'ingest', password: `in'g"e\\st ü` },
  reader: { name: 'reader', password: 'reader-password' },
}

export const silent = pino({ level: 'silent' })

export const context: Context = {
  signal: new AbortController().signal,
  log: silent,
  now: () => new Date(),
  random: Math.random,
}

/** An embedded warehouse of a test's own, with what it needs to ask it. */
export interface WarehouseRig {
  readonly url: string
  readonly directory: string
  readonly ingest: ClickHouseClient
  readonly reader: ClickHouseClient
  process(): EmbeddedWarehouse
  sink(): Sink
  /** Rows of a query, asked by the reader. */
  ask<Row = Record<string, unknown>>(query: string): Promise<Row[]>
  stop(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

export const database = 'vconduit'

export async function openRig(limits?: ReaderLimits): Promise<WarehouseRig> {
  const directory = await mkdtemp(join(tmpdir(), 'vconduit-warehouse-'))
  const options = { directory, users, log: silent, ...(limits === undefined ? {} : { readerLimits: limits }) }
  let running = await startEmbeddedWarehouse(options)
  const { url } = running
  const clientOf = ({ name, password }: WarehouseUsers['ingest']) =>
    createClient({ url, username: name, password, database, log: { level: ClickHouseLogLevel.OFF } })
  const ingest = clientOf(users.ingest)
  const reader = clientOf(users.reader)
  const sinks: Sink[] = []
  return {
    url,
    directory,
    ingest,
    reader,
    process: () => running,
    sink() {
      const { name, password } = users.ingest
      const sink = createWarehouseSink({ url, database, username: name, password, log: silent })
      sinks.push(sink)
      return sink
    },
    async ask<Row>(query: string) {
      return (await reader.query({ query, format: 'JSONEachRow' })).json<Row>()
    },
    stop: () => running.close(),
    async start() {
      running = await startEmbeddedWarehouse({ ...options, port: Number(new URL(url).port) })
    },
    async close() {
      for (const client of [ingest, reader, ...sinks]) await client.close()
      await running.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Waits until the warehouse answers. */
export async function answers(rig: WarehouseRig): Promise<void> {
  while (!(await rig.reader.ping()).success) await new Promise(resolve => setTimeout(resolve, 20))
}
