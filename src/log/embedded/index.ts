export { type EmbeddedLog, type EmbeddedLogOptions, openEmbeddedLog } from './embedded-log.ts'
export { type DirectoryLock, lockDirectory } from './lock.ts'
export { openStateStore } from './state.ts'
