/** What a transaction may do; reads see the state as it was before the transaction. */
export interface StateWriter {
  put(key: string, value: Buffer): void
  remove(key: string): void
}

/** The durable state of one stage for one partition. One process and one loop write it. */
export interface State {
  get(key: string): Buffer | undefined
  /** Entries whose key starts with `prefix`, in key order. */
  range(prefix: string): Iterable<{ readonly key: string; readonly value: Buffer }>
  /** All of it or nothing; on disk when it resolves. */
  transaction(write: (writer: StateWriter) => void): Promise<void>
}

/** Where stages keep their state: LMDB. */
export interface StateStore {
  open(stage: string, partition: number): State
  close(): Promise<void>
}
