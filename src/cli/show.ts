import { InvalidArgumentError } from 'commander'
import { dataError, fatalError } from '../core/errors.ts'
import type { Vcon } from '../vcon/model.ts'
import { renderTranscript } from '../vcon/transcript.ts'
import { type AddCommand, configOption, configPath, createLogger } from './command.ts'
import { loadConfig } from './config.ts'
import { line } from './terminal.ts'
import { readWarehouse } from './warehouse-access.ts'

export const showCommand: AddCommand = (program, cli) => {
  program
    .command('show')
    .description('Shows a conversation as a transcript that a person can read.')
    .argument('<conversation>', "its id, or the vendor's key of it", text => {
      if (text.trim() === '') throw new InvalidArgumentError('expected the id of a conversation')
      return text.trim()
    })
    .option(...configOption)
    .option('--vcon', 'its vCon as JSON', false)
    .action(async (conversation: string, options: { config?: string; vcon: boolean }) => {
      const { settings } = loadConfig(configPath(options.config), cli.environment)
      const warehouse = await readWarehouse(settings, createLogger(cli, 'warn'))
      try {
        const result = await warehouse.client.query({
          query: `SELECT conversation_id, vendor, account, vcon FROM conversations
            WHERE conversation_id = toUUIDOrNull({conversation: String}) OR conversation_key = {conversation: String}`,
          query_params: { conversation },
          format: 'JSONEachRow',
        })
        const found = await result.json<{ conversation_id: string; vendor: string; account: string; vcon: string }>()
        const [only, ...others] = found
        if (only === undefined)
          throw fatalError('conversation-unknown', `showing ${conversation}: the warehouse has no such conversation`)
        if (others.length > 0)
          throw dataError(
            'conversation-ambiguous',
            `showing ${conversation}: several accounts have it; name one by its id: ${found.map(row => `${row.conversation_id} (${row.vendor}/${row.account})`).join(', ')}`,
          )
        const vcon = JSON.parse(only.vcon) as Vcon
        if (options.vcon) line(cli.terminal.out, JSON.stringify(vcon, null, 2))
        else for (const text of renderTranscript(vcon, { columns: cli.terminal.columns })) line(cli.terminal.out, text)
      } finally {
        await warehouse.close()
      }
    })
}
