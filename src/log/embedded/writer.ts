import { fatalError, VconduitError } from '../../core/errors.ts'
import { type Database, transact } from './environment.ts'
import { type Outstanding, Unit } from './unit.ts'

/** What an operation returns when it has to wait for room. It must not have changed anything then that only it wants. */
export const waitsForRoom: unique symbol = Symbol('waits for room')

/**
 * Something to do in a transaction. It may throw a `VconduitError` before it changes anything: that refuses this
 * operation alone. Anything else it throws undoes the whole transaction.
 */
export type Operation<T> = (unit: Unit) => T | typeof waitsForRoom

interface Queued {
  readonly bytes: number
  readonly run: (unit: Unit) => { readonly settle: () => void } | typeof waitsForRoom
  readonly reject: (error: unknown) => void
}

/** What a transaction did, once it is on disk. */
export interface Committed {
  /** Ids of the topics that got records. */
  readonly appended: ReadonlySet<number>
}

export interface WriterOptions {
  readonly database: Database
  readonly directory: string
  readonly now: () => Date
  readonly outstanding: Outstanding
  readonly committed: (what: Committed) => void
}

/** Bytes after which a transaction takes no further operation. */
const unitBytes = 8 << 20
/** How often what waits for room looks again: another process may have made some. Milliseconds. */
const roomIntervalMs = 200

/**
 * The only writer of this process. One transaction is under way at a time, and everything that was asked for meanwhile
 * shares the next one: one sync to disk for many appends.
 */
export class Writer {
  readonly #options: WriterOptions
  readonly #queue: Queued[] = []
  #waiting: Queued[] = []
  #lookAgain = false
  #timer: NodeJS.Timeout | undefined
  #pumping: Promise<void> | undefined
  #closed = false

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** Resolves once the operation is on disk. `bytes` is about what it writes. */
  submit<T>(operation: Operation<T>, bytes = 0): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) {
        reject(closedError(this.#options.directory))
        return
      }
      const run: Queued['run'] = unit => {
        const result = operation(unit)
        // Not waiting, so it is the operation's own result; the compiler cannot tell a symbol from a T that might be one.
        return result === waitsForRoom ? waitsForRoom : { settle: () => resolve(result as T) }
      }
      this.#queue.push({ bytes, run, reject })
      this.#pumping ??= this.#pump()
    })
  }

  /** Finishes what is under way; what waits for room is refused. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    while (this.#pumping !== undefined) await this.#pumping
    for (const { reject } of this.#waiting.splice(0)) reject(closedError(this.#options.directory))
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0 || this.#lookAgain) await this.#transact()
    this.#pumping = undefined
    if (this.#waiting.length > 0 && !this.#closed)
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#lookAgain = true
        this.#pumping ??= this.#pump()
      }, roomIntervalMs)
  }

  async #transact(): Promise<void> {
    const { database, directory, now, outstanding, committed } = this.#options
    const taken: Queued[] = []
    const settle: (() => void)[] = []
    const waiting: Queued[] = []
    this.#lookAgain = false
    try {
      const unit = await transact(database, `writing the log in ${directory}`, () => {
        // Taken only now: whatever was asked for while the transaction was being opened rides along.
        taken.push(...this.#waiting.splice(0), ...this.#take())
        const unit = new Unit(database, now().getTime(), outstanding)
        for (const queued of taken) {
          const { changes } = unit
          try {
            const result = queued.run(unit)
            if (result === waitsForRoom) waiting.push(queued)
            else settle.push(result.settle)
          } catch (error) {
            if (!(error instanceof VconduitError) || unit.changes > changes) throw error
            settle.push(() => queued.reject(error))
          }
        }
        unit.finish()
        return unit
      })
      this.#waiting = waiting
      this.#lookAgain = unit.groupsMoved && waiting.length > 0
      for (const done of settle) done()
      committed({ appended: unit.appended })
    } catch (error) {
      for (const { reject } of taken.length > 0 ? taken : this.#take()) reject(error)
    }
  }

  #take(): Queued[] {
    let bytes = 0
    let count = 0
    for (const queued of this.#queue) {
      if (count > 0 && bytes + queued.bytes > unitBytes) break
      bytes += queued.bytes
      count += 1
    }
    return this.#queue.splice(0, count)
  }
}

export const closedError = (directory: string): VconduitError =>
  fatalError('log-closed', `using the log in ${directory}: it is closed`)
