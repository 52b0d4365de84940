import { logContract } from '../contract/log.ts'
import { openTestLog, temporaryDirectory } from './rig.ts'

logContract('embedded', async ({ cleanupMs }) => {
  const directory = await temporaryDirectory()
  const open = () =>
    openTestLog(directory.path, { maintenanceMs: cleanupMs, tombstoneMs: cleanupMs, compactionMs: cleanupMs })
  const first = await open()
  let current = first
  return {
    log: first,
    async reopen() {
      await current.close()
      current = await open()
      return current
    },
    async close() {
      await current.close()
      await directory.remove()
    },
  }
})
