/** Lets nobody work on what somebody else is at work on. */
export interface Claims {
  /** Waits until none of the names is claimed, then claims them all while `task` runs. */
  hold<T>(names: readonly string[], task: () => Promise<T>): Promise<T>
}

export function createClaims(): Claims {
  /** The end of the work on each name. */
  const claimed = new Map<string, Promise<void>>()
  return {
    async hold(names, task) {
      // Nothing is claimed while waiting: two that want the same names cannot wait for each other.
      for (;;) {
        const taken = names.find(name => claimed.has(name))
        if (taken === undefined) break
        await claimed.get(taken)
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      for (const name of names) claimed.set(name, promise)
      try {
        return await task()
      } finally {
        for (const name of names) claimed.delete(name)
        resolve()
      }
    },
  }
}
