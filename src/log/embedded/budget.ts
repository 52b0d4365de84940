/** Bytes that may be under way at once; who wants more waits for its turn. */
export class Budget {
  readonly #limit: number
  #used = 0
  readonly #waiting: { readonly bytes: number; readonly go: () => void; readonly stop: (error: unknown) => void }[] = []

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Takes the bytes if they fit, or if nothing else is under way, and nobody is before us. */
  tryTake(bytes: number): boolean {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) return false
    this.#used += bytes
    return true
  }

  /** Resolves when it is our turn and the bytes are taken; first come, first served. */
  take(bytes: number): Promise<void> {
    return new Promise((go, stop) => this.#waiting.push({ bytes, go, stop }))
  }

  give(bytes: number): void {
    this.#used -= bytes
    for (let [next] = this.#waiting; next !== undefined && this.#fits(next.bytes); [next] = this.#waiting) {
      this.#waiting.shift()
      this.#used += next.bytes
      next.go()
    }
  }

  /** Refuses everybody who waits. */
  stop(error: unknown): void {
    for (const { stop } of this.#waiting.splice(0)) stop(error)
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#limit
  }
}
