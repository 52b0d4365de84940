import type { Logger } from 'pino'
import { removeSuperseded, removeTombstones } from './compaction.ts'
import type { PartitionId } from './keys.ts'
import { expire } from './retention.ts'
import type { Topic } from './tables.ts'
import { partitionsOf, type Topics } from './topics.ts'
import type { Unit } from './unit.ts'
import type { Writer } from './writer.ts'

export interface MaintenanceOptions {
  readonly log: Logger
  readonly tombstoneMs: number
  readonly compactionMs: number
  readonly maintenanceMs: number
}

/** Chunks or tombstones that one step takes: appends wait no longer than that. */
const stepSize = 128

/**
 * Removes what is too old, in small steps between the appends: records past their topic's age, tombstones that have stood
 * for `tombstoneMs`, and superseded records that have stayed for `compactionMs`.
 */
export class Maintenance {
  readonly #writer: Writer
  readonly #topics: Topics
  readonly #options: MaintenanceOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(writer: Writer, topics: Topics, options: MaintenanceOptions) {
    this.#writer = writer
    this.#topics = topics
    this.#options = options
  }

  /** Runs again and again until `stop`; does not keep the process alive. */
  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#run()
    }, this.#options.maintenanceMs).unref()
  }

  /** Resolves when the step under way has ended. */
  stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    return this.#running
  }

  async #run(): Promise<void> {
    try {
      for (const topic of this.#topics.all()) for (const id of partitionsOf(topic)) await this.#clean(topic, id)
    } catch (error) {
      // Appends meet the same error and stop the process; until one does, there is nothing to lose by trying later.
      if (!this.#stopped) this.#options.log.warn({ err: error }, 'removing old records failed: trying again later')
    }
    if (!this.#stopped) this.start()
  }

  async #clean({ retention }: Topic, id: PartitionId): Promise<void> {
    const { tombstoneMs, compactionMs } = this.#options
    if (retention !== 'compact') {
      await this.#whileMore(unit => expire(unit, id, unit.now - retention.ageMs, stepSize))
      return
    }
    await this.#whileMore(unit => removeTombstones(unit, id, tombstoneMs, stepSize))
    let from: number | undefined = 0
    await this.#whileMore(unit => {
      from = removeSuperseded(unit, id, compactionMs, from ?? 0, stepSize)
      return from !== undefined
    })
  }

  async #whileMore(step: (unit: Unit) => boolean): Promise<void> {
    while (!this.#stopped && (await this.#writer.submit(step)));
  }
}
