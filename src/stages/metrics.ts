/** What a stage has done since it was made. Times are Unix milliseconds. */
export interface StageSnapshot {
  /** Input records finished: their outputs are durable. */
  readonly records: number
  /** Input records finished per second, over the last ten seconds. */
  readonly recordsPerSecond: number
  /** Output records that are durable. */
  readonly emitted: number
  /** Records with nothing to emit, by reason. */
  readonly dropped: Readonly<Record<string, number>>
  /** Records refused, by code. */
  readonly deadLetters: Readonly<Record<string, number>>
  /** Attempts that failed with a retriable error. */
  readonly retries: number
  /** What it waits for right now; null while it works. */
  readonly waitingFor: string | null
  /** The last error, recovered from or not. */
  readonly lastError: { readonly message: string; readonly at: number } | null
  /** When it last finished something. */
  readonly lastProgressAt: number | null
}

const rateSeconds = 10

/** The counters of one stage, in memory. Reasons and codes have few values; there are no ids in them. */
export class StageMetrics {
  readonly #now: () => Date
  readonly #dropped = new Map<string, number>()
  readonly #deadLetters = new Map<string, number>()
  /** Records finished per second of the clock, the latest `rateSeconds` only. */
  readonly #perSecond = new Map<number, number>()
  /** Several slices or partitions may wait at once. */
  readonly #waits = new Set<string>()
  #records = 0
  #emitted = 0
  #retries = 0
  #lastError: StageSnapshot['lastError'] = null
  #lastProgressAt: number | null = null

  constructor(now: () => Date) {
    this.#now = now
  }

  /** `records` inputs are finished and `emitted` outputs are durable. */
  finished(records: number, emitted: number): void {
    const at = this.#now().getTime()
    this.#records += records
    this.#emitted += emitted
    this.#lastProgressAt = at
    const second = Math.floor(at / 1000)
    this.#perSecond.set(second, (this.#perSecond.get(second) ?? 0) + records)
    for (const old of this.#perSecond.keys()) if (old <= second - rateSeconds) this.#perSecond.delete(old)
  }

  dropped(reason: string, count = 1): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + count)
  }

  deadLetter(code: string, count = 1): void {
    this.#deadLetters.set(code, (this.#deadLetters.get(code) ?? 0) + count)
  }

  /** An attempt failed and will be made again; `what` is shown as waited for until `recovered(what)`. */
  retry(what: string, error: unknown): void {
    this.#retries++
    this.#waits.add(what)
    this.failed(error)
  }

  recovered(what: string): void {
    this.#waits.delete(what)
  }

  /** Keeps the error for the status; it counts nothing. */
  failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    this.#lastError = { message, at: this.#now().getTime() }
  }

  snapshot(): StageSnapshot {
    const second = Math.floor(this.#now().getTime() / 1000)
    let recent = 0
    for (const [at, records] of this.#perSecond) if (at > second - rateSeconds) recent += records
    return {
      records: this.#records,
      recordsPerSecond: recent / rateSeconds,
      emitted: this.#emitted,
      dropped: Object.fromEntries(this.#dropped),
      deadLetters: Object.fromEntries(this.#deadLetters),
      retries: this.#retries,
      waitingFor: this.#waits.size === 0 ? null : [...this.#waits].join('; '),
      lastError: this.#lastError,
      lastProgressAt: this.#lastProgressAt,
    }
  }
}
