import type { Connector, Slice } from '../core/connector.ts'
import { configError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import type { Codec, EventLog, Output } from '../core/log.ts'
import type { Checkpoint } from '../core/records.ts'

/** Names a slice of an account among all: the key of its checkpoint. */
export const sliceKeyOf = (vendor: string, account: string, { stream, id }: Slice) =>
  JSON.stringify([vendor, account, stream, id])

/** What names a slice in its checkpoint. */
export type SliceName = Pick<Checkpoint, 'vendor' | 'account' | 'stream' | 'slice'>

/** Where every slice resumes. */
export interface Checkpoints {
  get(name: SliceName): Checkpoint | undefined
  /** For whoever appends it together with the records that it is about. */
  outputOf(checkpoint: Checkpoint): Output
  /** Call it when the checkpoint is durable. */
  saved(checkpoint: Checkpoint): void
}

/** Reads the whole topic, which compaction keeps short: the last checkpoint of a slice counts. */
export async function loadCheckpoints(log: EventLog, codec: Codec<Checkpoint>, topic: string): Promise<Checkpoints> {
  const known = new Map<string, Checkpoint>()
  for (const { partition, first } of await log.stats([topic]))
    for await (const { key, value } of log.read(topic, partition, first)) {
      if (value === null) known.delete(key.toString())
      else known.set(key.toString(), await codec.decode(value))
    }
  return {
    get: name => known.get(keyOf(name)),
    outputOf: checkpoint => ({
      topic,
      records: [
        { key: Buffer.from(keyOf(checkpoint)), value: codec.encode(checkpoint), timestamp: checkpoint.savedAt },
      ],
    }),
    saved: checkpoint => void known.set(keyOf(checkpoint), checkpoint),
  }
}

const keyOf = ({ vendor, account, stream, slice }: SliceName) => sliceKeyOf(vendor, account, { stream, id: slice })

/**
 * The cursor of a checkpoint. One that its connector does not understand stops the process: reading from the beginning
 * instead would hide that something is wrong.
 */
export function cursorOf(checkpoint: Checkpoint, connector: Connector): Json {
  const parsed = connector.cursor.safeParse(JSON.parse(checkpoint.cursor))
  if (parsed.success) return parsed.data
  const { vendor, account, stream, slice } = checkpoint
  throw configError(
    'cursor-unreadable',
    `resuming ${vendor} account ${account}, stream ${stream}, slice ${slice}: this version does not understand its cursor`,
  )
}
