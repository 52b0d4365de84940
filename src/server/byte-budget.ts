/** Bytes that one request holds of a budget. */
export interface Lease {
  /** Holds this many bytes in all, or says false and holds what it held. Never shrinks. */
  growTo(bytes: number): boolean
  /** Gives everything back. May be called again. */
  release(): void
}

/** Leases that together never hold more than `maxBytes`. */
export function createByteBudget(maxBytes: number): { lease(): Lease } {
  let held = 0
  return {
    lease() {
      let mine = 0
      return {
        growTo(bytes) {
          const more = Math.max(0, bytes - mine)
          if (held + more > maxBytes) return false
          held += more
          mine += more
          return true
        },
        release() {
          held -= mine
          mine = 0
        },
      }
    },
  }
}
