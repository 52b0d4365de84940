import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** What one run of the whole pipeline took. */
export interface RunFigures {
  readonly events: number
  readonly seconds: number
  /** Peak of the memory that belongs to the pipeline's process alone: mapped files of the log do not count. */
  readonly rssMiB: number
}

export interface Growth {
  readonly small: RunFigures
  readonly large: RunFigures
  /** Time of the large run divided by that of the small one. */
  readonly timeRatio: number
  readonly maxTimeRatio: number
  readonly maxRssMiB: number
}

/** Ten times the events: at most eleven times the time, and flat memory. Each run is a process of its own. */
export async function benchGrowth(conversations = 1_000): Promise<Growth> {
  const small = await run(conversations)
  const large = await run(conversations * 10)
  return { small, large, timeRatio: large.seconds / small.seconds, maxTimeRatio: 11, maxRssMiB: 512 }
}

async function run(conversations: number): Promise<RunFigures> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'growth-run.ts'), `${conversations}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`measuring ${conversations} conversations: exit code ${code}`)
  return JSON.parse(output) as RunFigures
}
