/** One run for `growth.ts`: `node bench/growth-run.ts <conversations>` prints its figures as JSON. */
import { readFileSync } from 'node:fs'
import { keepMemorySmall } from '../src/cli/process-memory.ts'
import { appendCalls } from './calls.ts'
import { openBenchPipeline } from './pipeline.ts'

// As the command line does.
keepMemorySmall()

const conversations = Number(process.argv[2])
const { pipeline, log, codecs, run, close } = await openBenchPipeline()
await appendCalls(log, codecs, 0, conversations)

let peakKiB = 0
const sampling = setInterval(() => {
  peakKiB = Math.max(peakKiB, privateKiB())
}, 100)
const start = performance.now()
await run(async () => {
  while (!(await pipeline.idle())) await new Promise(resolve => setTimeout(resolve, 50))
})
const seconds = (performance.now() - start) / 1000
clearInterval(sampling)
const events = (await pipeline.status()).find(({ stage }) => stage === 'normalize')?.emitted ?? 0
await close()
console.log(JSON.stringify({ events, seconds, rssMiB: peakKiB / 1024 }))

/** Resident memory that is no mapped file; where the system does not tell, all of it. */
function privateKiB(): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  } catch {
    return process.memoryUsage().rss / 1024
  }
}
