/**
 * `npm run bench`: our rates beside those of the bare libraries, measured in one run on one machine, and how time and memory
 * grow with the work. `npm run bench -- append growth` measures only those. Fails if a ratio is below its target.
 */
import os from 'node:os'
import { table } from '../src/cli/terminal.ts'
import { benchAppend } from './append.ts'
import { benchAssemble } from './assemble.ts'
import { benchGrowth } from './growth.ts'
import { benchLatency } from './latency.ts'
import { benchNormalize } from './normalize.ts'
import type { BenchResult } from './result.ts'
import { benchWarehouse } from './warehouse.ts'

const ratios: Readonly<Record<string, () => Promise<BenchResult>>> = {
  append: benchAppend,
  normalize: () => benchNormalize(),
  assemble: () => benchAssemble(),
  warehouse: () => benchWarehouse(),
}

const asked = process.argv.slice(2)
const isAsked = (name: string) => asked.length === 0 || asked.includes(name)
const unknown = asked.filter(name => !(name in ratios) && name !== 'growth' && name !== 'latency')
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; expected ${[...Object.keys(ratios), 'growth', 'latency'].join(', ')}`)
  process.exit(2)
}

const cpus = os.cpus()
console.log(
  `${cpus.length} × ${cpus[0]?.model ?? 'unknown CPU'}, Node ${process.versions.node}, ${new Date().toISOString()}\n`,
)

let missed = false
const rows: (string | number)[][] = []
for (const [name, bench] of Object.entries(ratios)) {
  if (!isAsked(name)) continue
  console.error(`measuring ${name} …`)
  const { ours, bare, unit, ratio, target } = await bench()
  missed ||= ratio < target
  rows.push([
    name,
    Math.round(ours),
    Math.round(bare),
    unit,
    ratio.toFixed(2),
    `≥ ${target}`,
    ratio < target ? 'missed' : 'reached',
  ])
}
if (rows.length > 0) console.log(table(['what', 'vconduit', 'bare', 'unit', 'ratio', 'target', ''], rows))

if (isAsked('growth')) {
  console.error('measuring growth …')
  const { small, large, timeRatio, maxTimeRatio, maxRssMiB } = await benchGrowth()
  missed ||= timeRatio > maxTimeRatio || large.rssMiB > maxRssMiB
  console.log(`
raw records through normalize, correlate, assemble and both sinks, in one process beside the embedded warehouse
${table(
  ['events', 'seconds', 'events/s', 'peak memory, MiB'],
  [small, large].map(({ events, seconds, rssMiB }) => [
    events,
    seconds.toFixed(1),
    Math.round(events / seconds),
    Math.round(rssMiB),
  ]),
)}
${(large.events / small.events).toFixed(1)} × the events took ${timeRatio.toFixed(1)} × the time (at most ${maxTimeRatio}), memory at most ${maxRssMiB} MiB`)
}

if (isAsked('latency')) {
  console.error('measuring latency …')
  const { perSecond, p50Ms, p95Ms } = await benchLatency()
  console.log(`
from the append of a raw record to a row that SQL returns, at ${Math.round(perSecond)} events/s: p50 ${Math.round(p50Ms)} ms, p95 ${Math.round(p95Ms)} ms`)
}

if (missed) process.exitCode = 1
