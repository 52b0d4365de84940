/** What a member of a group wants and what can be given to it. */
export interface Subscriber {
  readonly topics: ReadonlySet<string>
}

/** A partition to give to a member. */
export interface Assignable {
  readonly name: string
  readonly topic: string
}

/**
 * Shares partitions among the members that want their topics: as evenly as that allows, each partition to one member, and
 * moving as few as possible away from the member that has them.
 */
export function assign<M extends Subscriber, P extends Assignable>(
  partitions: readonly P[],
  members: readonly M[],
  holderOf: (partition: P) => M | undefined,
): Map<P, M> {
  const load = new Map(members.map(member => [member, 0]))
  const loadOf = (member: M): number => load.get(member) ?? 0
  const given = new Map<P, M>()
  const give = (partition: P, member: M): void => {
    const before = given.get(partition)
    if (before !== undefined) load.set(before, loadOf(before) - 1)
    given.set(partition, member)
    load.set(member, loadOf(member) + 1)
  }
  const lightest = (partition: P): M | undefined =>
    members
      .filter(member => member.topics.has(partition.topic))
      .reduce<M | undefined>((best, member) => (best && loadOf(best) <= loadOf(member) ? best : member), undefined)

  for (const partition of partitions) {
    const holder = holderOf(partition)
    if (holder !== undefined && load.has(holder) && holder.topics.has(partition.topic)) give(partition, holder)
  }
  for (const partition of partitions) {
    const member = given.has(partition) ? undefined : lightest(partition)
    if (member !== undefined) give(partition, member)
  }
  // Every move makes the loads more even, so this ends.
  for (let moved = true; moved; ) {
    moved = false
    for (const [partition, holder] of given) {
      const member = lightest(partition)
      if (member === undefined || loadOf(holder) - loadOf(member) < 2) continue
      give(partition, member)
      moved = true
    }
  }
  return given
}
