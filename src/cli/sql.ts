import { readFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { ClickHouseError } from '@clickhouse/client'
import { configError, fatalError } from '../core/errors.ts'
import { type AddCommand, configOption, configPath, createLogger } from './command.ts'
import { loadConfig } from './config.ts'
import { readWarehouse } from './warehouse-access.ts'

export const sqlCommand: AddCommand = (program, cli) => {
  program
    .command('sql')
    .description('Asks the warehouse, as a user who can only read.')
    .argument('[query]', 'the query; without it, it is read from --file or standard input')
    .option(...configOption)
    .option('-f, --file <file>', 'read the query from this file')
    .option(
      '--format <format>',
      'any output format of ClickHouse: JSONEachRow, CSVWithNames, …',
      'PrettyCompactMonoBlock',
    )
    .addHelpText(
      'after',
      "\nExamples:\n  vconduit sql 'SELECT channel, count() FROM conversations GROUP BY channel'\n  vconduit sql --format CSVWithNames 'SELECT * FROM tool_calls' > tools.csv",
    )
    .action(async (given: string | undefined, options: { config?: string; file?: string; format: string }) => {
      const query = queryOf(given, options.file)
      const { settings } = loadConfig(configPath(options.config), cli.environment)
      const warehouse = await readWarehouse(settings, createLogger(cli, 'warn'))
      try {
        const named = /\bformat\s+\w+\s*$/i.test(query)
        const result = await warehouse.client.exec({ query: named ? query : `${query}\nFORMAT ${options.format}` })
        await pipeline(result.stream, cli.terminal.out, { end: false, signal: cli.signal })
      } catch (error) {
        if (error instanceof ClickHouseError)
          throw fatalError('query-failed', `asking the warehouse: ${error.message} (code ${error.code})`)
        throw error
      } finally {
        await warehouse.close()
      }
    })
}

function queryOf(given: string | undefined, file: string | undefined): string {
  try {
    const text = given ?? readFileSync(file ?? 0, 'utf8')
    const query = text.trim().replace(/;\s*$/, '')
    if (query !== '') return query
  } catch (error) {
    throw configError(
      'query-unreadable',
      `reading the query from ${file ?? 'standard input'}: it cannot be read`,
      error,
    )
  }
  throw configError(
    'query-missing',
    'reading the query: it is empty; give it as an argument, with --file, or on standard input',
  )
}
