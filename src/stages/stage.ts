import type { Context } from '../core/context.ts'
import type { StageMetrics } from './metrics.ts'

/** One step of the flow that runs by itself and owns its commits. */
export interface Stage {
  /** ingest, normalize, correlate, assemble, or sink-<name>. Also the stage named in its dead letters. */
  readonly name: string
  /** The consumer group and the topics that it reads; undefined if it reads from vendors. */
  readonly input: { readonly group: string; readonly topics: readonly string[] } | undefined
  readonly metrics: StageMetrics
  /** Works until `ctx.signal` aborts, then ends without an error within seconds. Rejects with anything that must stop the process. */
  run(ctx: Context): Promise<void>
  /**
   * How many things it holds back for now and will emit by itself when their time comes: events that wait for a link,
   * conversations that are not written yet. Left out where there is nothing to hold back.
   */
  pending?(): number
}
