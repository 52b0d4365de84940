import { failure } from './failure.ts'

/** Lets so many run at once and so many wait; throws ClickHouse's failure 202 for more. */
export function createSlots(running: number, waiting: number): { take(): Promise<() => void> } {
  let taken = 0
  const queue: (() => void)[] = []
  const release = () => {
    const next = queue.shift()
    if (next === undefined) taken--
    else next()
  }
  return {
    async take() {
      if (taken < running) taken++
      else {
        if (queue.length >= waiting)
          throw failure(202, `Too many simultaneous queries: ${running} run, ${waiting} wait`)
        await new Promise<void>(resolve => queue.push(resolve))
      }
      let released = false
      return () => {
        if (!released) release()
        released = true
      }
    },
  }
}
