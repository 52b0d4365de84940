import { isMainThread } from 'node:worker_threads'

/**
 * Half a young generation is at most 16 MiB: left to itself V8 takes 64 MiB twice, which is a quarter of what the pipeline
 * may have, and in so large a one buffers that are long done stay around.
 */
const youngGeneration = '--max-semi-space-size=16'

/**
 * glibc hands allocations of at least this many bytes back to the system when they are freed. By default it raises the
 * limit to 32 MiB by itself, and the log's chunks of 64 KiB leave a fragmented heap behind that never shrinks.
 */
const largeAllocation = ['MALLOC_MMAP_THRESHOLD_', '32768'] as const

/**
 * Replaces this process by one of the same command line that keeps its memory small: both settings are read only when a
 * process starts. It keeps its id, its streams and its place under a supervisor. Does nothing where the operator set the
 * flag himself, where a parent holds a channel to it, and where the system cannot do it (Windows).
 */
export function keepMemorySmall(): void {
  const { execve, execArgv, execPath, argv, env, platform } = process
  const flags = [...execArgv, env['NODE_OPTIONS'] ?? ''].join(' ')
  if (execve === undefined || platform === 'win32' || !isMainThread || process.connected) return
  if (flags.replaceAll('_', '-').includes('--max-semi-space-size')) return
  const [name, value] = largeAllocation
  execve.call(process, execPath, [execPath, youngGeneration, ...execArgv, ...argv.slice(1)], { [name]: value, ...env })
}
