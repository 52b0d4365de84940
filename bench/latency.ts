import { appendCalls, callKey } from './calls.ts'
import { openBenchPipeline } from './pipeline.ts'

export interface Latency {
  /** Events per second during the measurement. */
  readonly perSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
}

const everyMs = 100

/**
 * From the append of a raw record to a row that SQL returns, while calls arrive at a steady rate: of every batch of calls
 * the last one is waited for. The rate is about half of what one process sustains; see `growth.ts`.
 */
export async function benchLatency(callsPerBatch = 10, seconds = 20): Promise<Latency> {
  const { pipeline, log, codecs, client, run, close } = await openBenchPipeline()
  const waiting = new Map<string, number>()
  const latencies: number[] = []

  async function look(): Promise<void> {
    const keys = [...waiting.keys()]
    if (keys.length === 0) return
    const result = await client.query({
      query: 'SELECT DISTINCT conversation_key AS key FROM events WHERE conversation_key IN {keys: Array(String)}',
      query_params: { keys },
      format: 'JSONEachRow',
    })
    const at = performance.now()
    for (const { key } of await result.json<{ key: string }>()) {
      latencies.push(at - (waiting.get(key) ?? at))
      waiting.delete(key)
    }
  }

  const batches = (seconds * 1000) / everyMs
  let elapsedMs = 0
  await run(async () => {
    // Until the tables are there and the code is warm.
    await appendCalls(log, codecs, 0, callsPerBatch)
    while (!(await pipeline.idle())) await new Promise(resolve => setTimeout(resolve, everyMs))
    const start = performance.now()
    const feeding = (async () => {
      for (let batch = 1; batch <= batches; batch++) {
        const first = batch * callsPerBatch
        waiting.set(callKey(first + callsPerBatch - 1), performance.now())
        await appendCalls(log, codecs, first, callsPerBatch)
        await new Promise(resolve => setTimeout(resolve, Math.max(0, start + batch * everyMs - performance.now())))
      }
      elapsedMs = performance.now() - start
    })()
    while (latencies.length < batches) {
      await look()
      await new Promise(resolve => setTimeout(resolve, everyMs))
    }
    await feeding
  })
  const emitted = (await pipeline.status()).find(({ stage }) => stage === 'normalize')?.emitted ?? 0
  await close()
  latencies.sort((a, b) => a - b)
  const quantile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN
  return { perSecond: (emitted / elapsedMs) * 1000, p50Ms: quantile(0.5), p95Ms: quantile(0.95) }
}
