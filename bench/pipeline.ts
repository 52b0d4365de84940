import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { pino } from 'pino'
import { topicSpecs, topicsOf } from '../src/core/topics.ts'
import { type RecordCodecs, singleObjectCodecs } from '../src/log/avro.ts'
import { type EmbeddedLog, openEmbeddedLog, openStateStore } from '../src/log/embedded/index.ts'
import { directoryStore } from '../src/sinks/archive/directory-store.ts'
import { createArchiveSink, defaultArchiveLimits } from '../src/sinks/archive/sink.ts'
import { createWarehouseSink } from '../src/sinks/warehouse/sink.ts'
import { createPipeline, defaultPipelineSettings, type Pipeline } from '../src/stages/pipeline.ts'
import { startEmbeddedWarehouse } from '../src/warehouse/start.ts'
import { callAccount } from './calls.ts'

const now = () => new Date()
/** As by default, but without the minute that the last records would wait. */
const archiveLimits = { ...defaultArchiveLimits, lingerMs: 1_000 }

/** The whole pipeline in a temporary directory, with nobody to read from: raw records are appended to its log. */
export interface BenchPipeline {
  readonly pipeline: Pipeline
  readonly log: EmbeddedLog
  readonly codecs: RecordCodecs
  readonly client: ClickHouseClient
  /** Runs it for as long as `during` takes. */
  run(during: () => Promise<void>): Promise<void>
  close(): Promise<void>
}

export async function openBenchPipeline(): Promise<BenchPipeline> {
  const directory = await mkdtemp(join(tmpdir(), 'vconduit-bench-'))
  const logger = pino({ level: 'silent' })
  const log = await openEmbeddedLog(join(directory, 'log'), { log: logger, now })
  const codecs = singleObjectCodecs(log.schemas)
  const state = openStateStore(join(directory, 'state'))
  const users = { ingest: { name: 'ingest', password: 'bench' }, reader: { name: 'reader', password: 'bench' } }
  const warehouse = await startEmbeddedWarehouse({ directory: join(directory, 'warehouse'), users, log: logger })
  const access = { url: warehouse.url, database: 'bench', username: users.ingest.name, password: users.ingest.password }
  const client = createClient(access)
  const sinks = [
    createWarehouseSink({ ...access, log: logger }),
    createArchiveSink({ store: directoryStore(join(directory, 'archive')), limits: archiveLimits, now, log: logger }),
  ]
  const topics = topicsOf('')
  const settings = defaultPipelineSettings
  const pipeline = createPipeline({ log, state, codecs, topics, accounts: [callAccount], sinks, settings, now })
  await log.createTopics(topicSpecs(topics, [callAccount.config.vendor], settings.topics))
  return {
    pipeline,
    log,
    codecs,
    client,
    async run(during) {
      const stop = new AbortController()
      const running = pipeline.run({ signal: stop.signal, log: logger, now, random: Math.random })
      await Promise.race([running, during()])
      stop.abort()
      await running
    },
    async close() {
      await client.close()
      for (const sink of sinks) await sink.close()
      await warehouse.close()
      await state.close()
      await log.close()
      await rm(directory, { recursive: true })
    },
  }
}
