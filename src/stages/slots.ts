/** A fixed number of places for things that happen at once. */
export interface Slots {
  /** Waits for a place, in turn, and holds it while `task` runs. Rejects with the signal's reason if it aborts before. */
  use<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T>
}

export function createSlots(count: number): Slots {
  let free = count
  const waiting = new Set<() => void>()

  const take = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal.throwIfAborted()
      if (free > 0) {
        free--
        return resolve()
      }
      const turn = () => {
        signal.removeEventListener('abort', leave)
        waiting.delete(turn)
        resolve()
      }
      const leave = () => {
        waiting.delete(turn)
        reject(signal.reason)
      }
      waiting.add(turn)
      signal.addEventListener('abort', leave, { once: true })
    })

  const give = () => {
    const [next] = waiting
    if (next === undefined) free++
    else next()
  }

  return {
    async use(task, signal) {
      await take(signal)
      try {
        return await task()
      } finally {
        give()
      }
    },
  }
}
