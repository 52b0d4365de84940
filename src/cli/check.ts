import type { Logger } from 'pino'
import { kindOf } from '../core/errors.ts'
import { type AddCommand, type Cli, configOption, configPath, contextOf, createLogger, exitCodes } from './command.ts'
import { createSinks } from './compose.ts'
import { type LoadedConfig, lintConfig, problemText } from './config.ts'
import { line } from './terminal.ts'
import { openWarehouse } from './warehouse-access.ts'

/** A remote that does not answer in this time is reported as such. */
const probeTimeoutMs = 30_000

export const checkCommand: AddCommand = (program, cli, exit) => {
  program
    .command('check')
    .description('Lints the configuration, then proves the credentials of every account and every store.')
    .option(...configOption)
    .option('--offline', 'only lint', false)
    .action(async (options: { config?: string; offline: boolean }) => {
      const path = configPath(options.config)
      const result = lintConfig(path, cli.environment)
      if ('problems' in result) {
        line(cli.terminal.err, problemText(path, result.problems))
        line(cli.terminal.err, `${result.problems.length} problems`)
        exit(exitCodes.usage)
        return
      }
      const { config } = result
      line(cli.terminal.out, `ok      ${path}: ${config.accounts.length} accounts`)
      if (options.offline) return
      const logger = createLogger(cli, 'error')
      const failures = [...(await probeAccounts(cli, config, logger)), ...(await probeStores(cli, config, logger))]
      if (failures.length === 0) return
      exit(failures.includes('config') ? exitCodes.usage : exitCodes.failed)
    })
}

/** Runs one probe and prints how it went; returns the kind of its error, if it failed. */
async function probe(
  cli: Cli,
  logger: Logger,
  name: string,
  run: (ctx: ReturnType<typeof contextOf>) => Promise<void>,
): Promise<readonly string[]> {
  const timeout = AbortSignal.timeout(probeTimeoutMs)
  try {
    await run(contextOf(cli, logger, AbortSignal.any([cli.signal, timeout])))
    line(cli.terminal.out, `ok      ${name}`)
    return []
  } catch (error) {
    const text = timeout.aborted
      ? `it did not answer within ${probeTimeoutMs / 1000} s`
      : error instanceof Error
        ? error.message
        : String(error)
    line(cli.terminal.out, `failed  ${name}: ${text}`)
    return [kindOf(error)]
  }
}

async function probeAccounts(cli: Cli, config: LoadedConfig, logger: Logger): Promise<readonly string[]> {
  const failures: string[] = []
  for (const { connector, config: account } of config.accounts) {
    const opened = connector.open?.(account)
    if (opened === undefined) continue
    const name = `${connector.title}, account ${account.account}`
    failures.push(...(await probe(cli, logger, name, ctx => opened.check(ctx))))
  }
  return failures
}

async function probeStores(cli: Cli, { settings }: LoadedConfig, logger: Logger): Promise<readonly string[]> {
  let warehouse: Awaited<ReturnType<typeof openWarehouse>>
  const failures = [
    ...(await probe(cli, logger, 'warehouse', async () => {
      warehouse = await openWarehouse(settings, logger)
    })),
  ]
  try {
    for (const sink of createSinks(cli, settings, logger, warehouse)) {
      failures.push(...(await probe(cli, logger, `sink ${sink.name}`, ctx => sink.check(ctx))))
      await sink.close()
    }
  } finally {
    await warehouse?.close()
  }
  return failures
}
