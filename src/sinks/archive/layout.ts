import type { OffsetRange } from '../../core/sink.ts'

/**
 * Hive layout: `<input>/topic=<topic>/dt=YYYY-MM-DD/hour=HH/<partition>-<first>-<last>.parquet`, in UTC, by the record's
 * time. The offsets are those of the whole range that was cut from the log, so a range that spans two hours leaves two
 * files with the same name in two folders, and a replay of it finds both.
 */
export const rangePath = (range: Pick<OffsetRange, 'input' | 'topic' | 'partition' | 'first' | 'last'>, hour: string) =>
  `${range.input}/topic=${range.topic}/${hour}/${range.partition}-${range.first}-${range.last}.parquet`

/** The range that a path was made of; undefined if it is no path of a range. */
export function rangeOfPath(path: string) {
  const [, topic, partition, first, last] = /topic=([^/]+)\/.*\/(\d+)-(\d+)-(\d+)\.parquet$/.exec(path) ?? []
  if (topic === undefined) return undefined
  return { topic, partition: Number(partition), first: Number(first), last: Number(last) }
}

/** `dt=YYYY-MM-DD/hour=HH` of a time in Unix milliseconds; `dt=unknown/hour=00` if it is out of any calendar. */
export function hourOf(timestamp: number): string {
  const date = new Date(timestamp)
  if (Number.isNaN(date.getTime())) return 'dt=unknown/hour=00'
  const text = date.toISOString()
  const dayEnd = text.indexOf('T')
  return `dt=${text.slice(0, dayEnd)}/hour=${text.slice(dayEnd + 1, dayEnd + 3)}`
}

/** A conversation's vCon: one object, whatever its revision, found from its id alone. */
export const vconPath = (conversationId: string) =>
  `conversations/${conversationId.slice(0, 2)}/${conversationId}.vcon.json`

/** The record of an erasure. */
export const erasurePath = (conversationId: string) => `erasures/${conversationId}.json`
