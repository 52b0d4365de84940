import type { ConsumeOptions, LogBatch } from '../../core/log.ts'
import type { Slot } from './slot.ts'

/** How often a member that waits looks for records of other processes, milliseconds. */
const lookIntervalMs = 100

/** One `consume` of a group: what it was given, and what wakes it. */
export class Member {
  readonly options: ConsumeOptions
  readonly topics: ReadonlySet<string>
  ended = false
  #error: unknown
  #slots: Slot[] = []
  #next = 0
  #woken = false
  #wake: (() => void) | undefined

  constructor(options: ConsumeOptions, topics: ReadonlySet<string>) {
    this.options = options
    this.topics = topics
  }

  take(slot: Slot): void {
    this.#slots.push(slot)
    this.wake()
  }

  drop(slot: Slot): void {
    this.#slots = this.#slots.filter(other => other !== slot)
  }

  end(error?: unknown): void {
    this.ended = true
    this.#error ??= error
    for (const slot of this.#slots.splice(0)) slot.close()
    this.wake()
  }

  /** The next batch that is ready, the partitions taking turns. Throws what ended the member, if that was an error. */
  next(): LogBatch | undefined {
    if (this.#error !== undefined) throw this.#error
    const slots = this.#slots
    for (let turn = 0; turn < slots.length; turn++) {
      const slot = slots[(this.#next + turn) % slots.length]
      const batch = slot?.cut(this.options)
      if (batch === undefined) continue
      this.#next = (this.#next + turn + 1) % slots.length
      return batch
    }
    return undefined
  }

  wake(): void {
    this.#woken = true
    this.#wake?.()
  }

  wakeFor(topicIds: ReadonlySet<number>): void {
    if (this.#slots.some(({ topicId }) => topicIds.has(topicId))) this.wake()
  }

  /** Until something may have changed, and not much longer than the interval at which other processes are looked for. */
  async wait(): Promise<void> {
    if (!this.#woken)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, lookIntervalMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.#wake = undefined
    this.#woken = false
  }
}
