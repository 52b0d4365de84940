/**
 * The embedded warehouse as a process of its own: it opens what its parent tells it to, and ends when the parent says so
 * or is gone. `start.ts` runs it.
 */
import { kindOf, VconduitError } from '../core/errors.ts'
import type { FromWarehouse, ToWarehouse } from './messages.ts'
import { type ServedWarehouse, serveWarehouse } from './serve.ts'

const tell = (message: FromWarehouse) => process.send?.(message)

let served: Promise<ServedWarehouse> | undefined

async function open(options: Extract<ToWarehouse, { kind: 'open' }>['options']): Promise<void> {
  served = serveWarehouse(options)
  try {
    tell({ kind: 'ready', port: (await served).port })
  } catch (error) {
    const code = error instanceof VconduitError ? error.code : 'unknown'
    const message = error instanceof Error ? error.message : 'opening the warehouse: failed'
    tell({ kind: 'failed', error: { kind: kindOf(error), code, message } })
    process.disconnect?.()
  }
}

async function close(graceMs: number): Promise<void> {
  try {
    await (await served)?.close(graceMs)
  } finally {
    process.exit()
  }
}

process.on('message', (message: ToWarehouse) => {
  if (message.kind === 'open') void open(message.options)
  else void close(message.graceMs)
})
process.on('disconnect', () => void close(0))
// The parent decides when we end: signals to stop reach the whole process group, and the sink still has to drain.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
