import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { pino } from 'pino'
import type { LogRecord } from '../src/core/log.ts'
import { openEmbeddedLog } from '../src/log/embedded/index.ts'
import { median } from './measure.ts'
import type { BenchResult } from './result.ts'

const rounds = 40
const batchesPerRound = 10
const batchSize = 1000
const valueBytes = 620
const partitions = 4

const records: readonly LogRecord[] = Array.from({ length: batchSize }, (_, index) => ({
  key: Buffer.from(`5f1c9d3e-0000-8000-8000-${String(index).padStart(12, '0')}`),
  value: Buffer.alloc(valueBytes, `record ${index} `),
  timestamp: 1_700_000_000_000 + index,
}))
const perRound = batchesPerRound * batchSize

/**
 * Appends batches of 1,000 records of 656 bytes one after the other, each on disk before the next: through the log, and as
 * one LMDB entry per record through bare `lmdb` (its default setting, `overlappingSync`, awaiting `flushed`). The two take
 * turns, so that whatever else the disk does meets both.
 */
export async function benchAppend(): Promise<BenchResult> {
  const directory = await mkdtemp(join(tmpdir(), 'vconduit-bench-'))
  const log = await openEmbeddedLog(join(directory, 'log'), { log: silent, now: () => new Date() })
  const database = openBare(join(directory, 'bare'))
  try {
    await log.createTopics([{ name: 'bench', partitions, retention: { ageMs: Infinity, bytes: Infinity } }])
    const ours: number[] = []
    const bare: number[] = []
    for (let round = 0; round < rounds; round++) {
      ours.push(await rateOf(() => log.append('bench', records)))
      bare.push(await rateOf(batch => putBare(database, (round * batchesPerRound + batch) * batchSize)))
    }
    const result = { ours: median(ours), bare: median(bare) }
    return { name: 'append', ...result, unit: 'records/s', ratio: result.ours / result.bare, target: 0.8 }
  } finally {
    await log.close()
    await database.close()
    await rm(directory, { recursive: true })
  }
}

const silent = pino({ level: 'silent' })

const openBare = (path: string): RootDatabase<Buffer, Buffer> =>
  open<Buffer, Buffer>({ path, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' })

const entries = records.map(({ key, value }) => Buffer.concat([key, value ?? Buffer.alloc(0)]))

async function putBare(database: RootDatabase<Buffer, Buffer>, first: number): Promise<void> {
  entries.forEach((entry, index) => {
    const key = Buffer.allocUnsafe(8)
    key.writeDoubleBE(first + index)
    void database.put(key, entry)
  })
  await database.flushed
}

/** Records per second of one round. */
async function rateOf(append: (batch: number) => Promise<unknown>): Promise<number> {
  const start = performance.now()
  for (let batch = 0; batch < batchesPerRound; batch++) await append(batch)
  return (perRound / (performance.now() - start)) * 1000
}
