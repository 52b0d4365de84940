declare module 'fs-native-extensions' {
  /** Asks for an exclusive lock on an open file; false if another open file has it. Gone when the file is closed or its process ends. */
  export function tryLock(fd: number): boolean
}
