/** Maps with at most `limit` calls under way; results in the order of the items. The first rejection is the result. */
export async function mapInOrder<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  let next = 0
  let failed = false
  async function work(): Promise<void> {
    for (let index = next++; index < items.length && !failed; index = next++) {
      const item = items[index]
      // Within bounds; the check is for the type.
      if (item === undefined) continue
      try {
        results[index] = await map(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const workers = Array.from({ length: Math.min(limit, items.length) }, work)
  await Promise.allSettled(workers)
  await Promise.all(workers)
  return results
}
