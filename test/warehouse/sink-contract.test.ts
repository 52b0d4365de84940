import { type KeptConversation, type KeptEvent, sinkContract } from '../contract/sink.ts'
import { answers, openRig } from './rig.ts'

sinkContract('warehouse', async () => {
  const rig = await openRig()
  return {
    sink: rig.sink(),
    async events() {
      const rows = await rig.ask<Omit<KeptEvent, 'version'> & { version: string }>(
        `SELECT toString(id) AS id, type, toString(conversation_id) AS conversationId, toString(version) AS version,
          if(type IN ('message', 'utterance'), text, NULL) AS text FROM events_all`,
      )
      return rows.map(row => ({ ...row, version: Number(row.version) }))
    },
    conversations: () =>
      rig.ask<KeptConversation>(
        'SELECT toString(conversation_id) AS conversationId, toUInt32(revision) AS revision, vcon FROM conversations',
      ),
    reopen: async () => rig.sink(),
    down: () => rig.stop(),
    up: () => rig.start(),
    async kill() {
      process.kill(rig.process().pid, 'SIGKILL')
      await answers(rig)
    },
    close: () => rig.close(),
  }
})
