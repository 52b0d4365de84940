/** Where archived objects live: a directory, or a bucket. Paths use `/` and are relative. */
export interface ArchiveStore {
  /** For messages: the directory or the bucket. */
  readonly location: string
  /** Proves that objects can be written, read and removed; throws a `config` error that names the fix. */
  check(): Promise<void>
  /** Writes a new object, whole or not at all. False if there is one already: that one stays. */
  putIfAbsent(path: string, bytes: Uint8Array): Promise<boolean>
  /** Writes an object, whole or not at all, in place of what was there. */
  put(path: string, bytes: Uint8Array): Promise<void>
  /** Undefined if there is none. */
  get(path: string): Promise<Buffer | undefined>
  /** Removes an object if it is there. */
  remove(path: string): Promise<void>
  /** Paths of the objects under a folder, in order. */
  list(folder: string): AsyncIterable<string>
}
