import type { Context } from './context.ts'

/** A record to append. */
export interface LogRecord {
  /** Records with equal keys go to the same partition and keep their order. */
  readonly key: Buffer
  /** Null is a tombstone: on a compacted topic it removes the key. */
  readonly value: Buffer | null
  /** Unix milliseconds. Retention by age, `dt=`/`hour=` in the archive and replay by time go by it. */
  readonly timestamp: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Records for one topic. */
export interface Output {
  readonly topic: string
  readonly records: readonly LogRecord[]
}

/** A record as it stands on the log. */
export interface StoredRecord extends LogRecord {
  /** Grows by at least one from record to record of a partition. */
  readonly offset: number
  readonly headers: Readonly<Record<string, string>>
}

export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** `compact` keeps the last record of each key; otherwise the oldest records go when either limit is passed. */
  readonly retention: 'compact' | { readonly ageMs: number; readonly bytes: number }
}

export interface ConsumeOptions {
  readonly topics: readonly string[]
  readonly group: string
  /** A batch is handed out when one of these is reached… */
  readonly maxRecords: number
  readonly maxBytes: number
  /** …or when its first record has waited this long. 0 hands out whatever is there. */
  readonly lingerMs: number
}

/** A contiguous range of one partition, in offset order, never empty. */
export interface LogBatch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly StoredRecord[]
  /** True if this is exactly the range that an earlier run recorded with `prepare` and never committed. */
  readonly replayed: boolean
  /**
   * Records durably, in the group's committed metadata, that exactly this range is about to be written. Until it is
   * committed, whoever consumes the partition next gets this very range first, with `replayed` set.
   * Call it after every earlier batch of the partition is committed.
   */
  prepare(): Promise<void>
  /**
   * Durably appends the outputs and moves the group past this batch. An adapter that can do both in one step does (the
   * embedded log); another appends first, and a crash in between lets the outputs be appended again. Waits as `append` does while
   * retention cannot make room. Batches of a partition are committed in the order they came; committing one again does nothing.
   */
  commit(outputs?: readonly Output[]): Promise<void>
}

export interface PartitionStats {
  readonly topic: string
  readonly partition: number
  /** Offset of the oldest record kept; equal to `next` if there is none. */
  readonly first: number
  /** Offset that the next record will get. */
  readonly next: number
  /** Bytes kept. */
  readonly bytes: number
}

export interface CommittedOffset {
  readonly group: string
  readonly topic: string
  readonly partition: number
  /** The next offset that the group will read. */
  readonly offset: number
}

/**
 * The durable, partitioned log that every stage reads and writes: Kafka, or the embedded one. Every adapter passes
 * `test/contract/log.ts`.
 */
export interface EventLog {
  /** Creates the topics that are missing. Refuses (`config`) a topic that exists with fewer or more partitions. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>
  /**
   * Resolves only when every record is durable, with their positions in the order given. Waits (back-pressure) while
   * too much is in flight or while retention cannot make room. Rejects `fatal` if the disk is full: what was
   * acknowledged before stays. May be called concurrently; two calls may interleave, records of one call and key do not.
   */
  append(topic: string, records: readonly LogRecord[]): Promise<readonly Position[]>
  /**
   * As `append`, for several topics; positions in the order of the outputs and their records. An adapter that can append all
   * or nothing does (the embedded log); another appends output after output, and a crash may leave only the first ones.
   */
  appendAll(outputs: readonly Output[]): Promise<readonly Position[]>
  /**
   * Batches of the partitions assigned to this member of the group, from the group's committed offset (or the oldest
   * record) on, as records arrive, until `ctx.signal` aborts: then it ends without an error. The next batch of a partition
   * may be asked for before the last one is committed. Members of a group share the partitions; a partition has one
   * consumer at a time. Groups are independent of each other.
   */
  consume(options: ConsumeOptions, ctx: Context): AsyncIterable<LogBatch>
  /** Records from `from` (or the oldest kept) up to the end as it is now, or `to` (exclusive). Needs no group. */
  read(topic: string, partition: number, from: number, to?: number): AsyncIterable<StoredRecord>
  /** The first offset whose record is not older than `timestamp` (Unix ms), or the end. */
  offsetAt(topic: string, partition: number, timestamp: number): Promise<number>
  /** Every partition of the topics given, or of all topics. */
  stats(topics?: readonly string[]): Promise<readonly PartitionStats[]>
  /** What every group, or the group given, has committed. */
  committed(group?: string): Promise<readonly CommittedOffset[]>
  /** Moves a group that nobody consumes; a recorded range is forgotten. Refuses (`config`) while the group is consumed. */
  seek(group: string, position: Position): Promise<void>
  /** Waits for what is in flight; everything after it rejects. */
  close(): Promise<void>
}

/**
 * Bytes of one kind of record. `decode` throws a `data` error on bytes that are no such record, and returns a promise
 * only when it has to look up a writer's schema that it has not met.
 */
export interface Codec<T> {
  /** Throws a `data` error on a value that does not fit the schema. */
  encode(value: T): Buffer
  decode(bytes: Buffer): T | Promise<T>
}
