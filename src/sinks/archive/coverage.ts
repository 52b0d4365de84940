import type { OffsetRange } from '../../core/sink.ts'
import { rangeOfPath } from './layout.ts'
import type { ArchiveStore } from './store.ts'

type Offsets = Pick<OffsetRange, 'topic' | 'partition' | 'first' | 'last'>

interface Interval {
  readonly first: number
  readonly last: number
}

/** Which offsets the archive's files hold, by their names. */
export interface Coverage {
  /**
   * Tells of each offset of a range whether it stands in the file of another range already. A replay from an earlier offset cuts the log
   * differently; what is archived is then not written again, and what was removed from the archive by hand is.
   */
  elsewhere(range: Offsets): (offset: number) => boolean
  add(range: Offsets): void
}

export async function readCoverage(store: ArchiveStore): Promise<Coverage> {
  const intervals = new Map<string, Interval[]>()
  const coverage: Coverage = {
    elsewhere({ topic, partition, first, last }) {
      const others = (intervals.get(`${topic}:${partition}`) ?? []).filter(
        known => known.first <= last && known.last >= first && !(known.first === first && known.last === last),
      )
      return offset => others.some(known => known.first <= offset && offset <= known.last)
    },
    add({ topic, partition, first, last }) {
      const known = intervals.get(`${topic}:${partition}`) ?? []
      intervals.set(`${topic}:${partition}`, known)
      const newest = known.at(-1)
      const isKnown = newest?.first === first && newest.last === last
      if (!isKnown) known.push({ first, last })
    },
  }
  for (const input of ['raw', 'events'])
    for await (const path of store.list(input)) {
      const range = rangeOfPath(path)
      if (range !== undefined) coverage.add(range)
    }
  return coverage
}
