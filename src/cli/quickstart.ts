import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { stringify } from 'yaml'
import { type GenesysSandbox, startGenesysSandbox } from '../../connectors/genesys-cloud/sandbox/index.ts'
import { configError, fatalError } from '../core/errors.ts'
import { type AddCommand, type Cli, configFile, createLogger, quickstartDirectory } from './command.ts'
import { type LoadedConfig, loadConfig } from './config.ts'
import { printAnswers, readCounts } from './quickstart-answers.ts'
import { pause, type Running, runPipeline } from './run.ts'
import { wholeNumber } from './sandbox.ts'
import { line, startProgress } from './terminal.ts'
import { readWarehouse } from './warehouse-access.ts'

interface Options {
  readonly directory: string
  readonly conversations: number
  readonly seed: number
  readonly dialogues?: string
}

/** Late facts appear this long after the start; windows are read again later than that, so that they are seen. */
const lateAfterMs = 3_000
const rereadAfterSeconds = 6
/** A sandbox that takes longer than this has a fault. */
const giveUpAfterMs = 10 * 60_000

export const quickstartCommand: AddCommand = (program, cli) => {
  program
    .command('quickstart')
    .description(
      'Runs everything once: a sandbox of Genesys Cloud and AI agents, the pipeline, the warehouse, the archive; then shows what came out.',
    )
    .option(
      '--directory <directory>',
      'where to leave it; what an earlier quickstart left there is replaced',
      quickstartDirectory,
    )
    .option('--conversations <number>', 'how many conversations to invent', wholeNumber, 200)
    .option('--seed <number>', 'the same seed invents the same conversations', wholeNumber, 1)
    .option('--dialogues <file>', 'play these dialogues (.jsonl or .jsonl.gz) instead of inventing some')
    .action(async (options: Options) => {
      const directory = prepareDirectory(options.directory)
      const token = randomBytes(18).toString('base64url')
      const receiverPort = await freePort()
      const sandbox = await startGenesysSandbox({
        seed: options.seed,
        conversations: options.conversations,
        now: cli.now,
        log: createLogger(cli, 'warn'),
        otlp: { url: `http://127.0.0.1:${receiverPort}`, token },
        lateAfterMs,
        jobMs: 200,
        requestsPerMinute: 100_000,
        chaos: true,
        ...(options.dialogues === undefined ? {} : { dialogues: options.dialogues }),
      })
      try {
        const path = join(directory, configFile)
        writeFileSync(path, stringify(quickstartConfig(sandbox, receiverPort, token)), { mode: 0o600 })
        const config = loadConfig(path, cli.environment)
        const complete = await exportAll(cli, config, sandbox)
        if (!complete)
          throw fatalError('interrupted', 'running the quickstart: interrupted before everything was exported')
        await report(cli, config, sandbox)
        line(cli.terminal.out, nextSteps(relative(process.cwd(), path)))
      } finally {
        await sandbox.close()
      }
    })
}

const marker = '.quickstart'

/** An empty directory; only what a quickstart made is ever removed. */
function prepareDirectory(path: string): string {
  const directory = resolve(path)
  if (existsSync(directory) && !existsSync(join(directory, marker)))
    throw configError(
      'directory-not-ours',
      `preparing ${directory}: it is there and no quickstart made it; name another with --directory`,
    )
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, marker), '')
  return directory
}

/** A port of this machine that nobody listens on right now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  const address = await new Promise<ReturnType<typeof server.address>>(found =>
    server.once('listening', () => found(server.address())),
  )
  await new Promise(closed => server.close(closed))
  return typeof address === 'object' && address !== null ? address.port : 0
}

function quickstartConfig(sandbox: GenesysSandbox, receiverPort: number, token: string) {
  return {
    data: './data',
    archive: { type: 'directory', directory: './archive', linger: '2s' },
    warehouse: { type: 'embedded', port: 0 },
    warehouseBatch: { linger: '500ms' },
    receiver: { port: receiverPort },
    ingest: { sliceRefresh: '2s' },
    correlate: { wait: '10s' },
    assemble: { quiet: '1s', maxDelay: '10s' },
    log: { level: 'warn' },
    connectors: [
      {
        vendor: 'genesys-cloud',
        account: 'sandbox',
        apiUrl: sandbox.apiUrl,
        loginUrl: sandbox.loginUrl,
        clientId: sandbox.clientId,
        clientSecret: sandbox.clientSecret,
        requestsPerMinute: 100_000,
        parallelRequests: 16,
        windowMinutes: 60,
        rereadAfterSeconds,
        rereadDays: 1,
        pollSeconds: 1,
      },
      {
        vendor: 'agent-telemetry',
        account: 'sandbox',
        sources: [
          {
            name: 'sandbox-agents',
            token,
            conversation: { vendor: 'genesys-cloud', account: 'sandbox' },
            messages: false,
          },
        ],
      },
    ],
  }
}

/** Runs the pipeline until everything that the sandbox has is in the stores. False if it was interrupted before. */
async function exportAll(cli: Cli, config: LoadedConfig, sandbox: GenesysSandbox): Promise<boolean> {
  const logger = createLogger(cli, config.settings.log.level)
  const progress = startProgress(cli.terminal, 'conversations')
  let complete = false
  try {
    await runPipeline(cli, config, logger, 'quickstart', async (running, signal) => {
      const reader = await readWarehouse(config.settings, logger)
      try {
        const giveUpAt = cli.now().getTime() + giveUpAfterMs
        let readOnceAt: number | undefined
        while (!signal.aborted && !complete) {
          await pause(500, signal)
          const now = cli.now().getTime()
          if (now > giveUpAt)
            throw fatalError('quickstart-stuck', 'running the quickstart: it is not done after 10 minutes')
          const { conversations, deleted } = sandbox.facts().totals
          progress.update(await exported(reader.client), conversations - deleted, '')
          if (readOnceAt === undefined && sandbox.settled() && running.pipeline.ingest.caughtUpSince(0))
            readOnceAt = now
          complete = await isComplete(running, readOnceAt)
        }
      } finally {
        await reader.close()
      }
    })
  } finally {
    progress.stop()
  }
  return complete
}

/** Everything was read once, then read again for what came late, and all of it has gone all the way. */
async function isComplete({ pipeline }: Running, readOnceAt: number | undefined): Promise<boolean> {
  if (readOnceAt === undefined) return false
  return pipeline.ingest.caughtUpSince(readOnceAt + rereadAfterSeconds * 1000) && (await pipeline.idle())
}

type Client = Awaited<ReturnType<typeof readWarehouse>>['client']

/** Conversations that SQL returns; 0 while the tables are not there yet. */
async function exported(client: Client): Promise<number> {
  try {
    return (await readCounts(client)).conversations
  } catch {
    return 0
  }
}

/** Compares what SQL returns with what the sandbox served, and shows it. */
async function report(cli: Cli, config: LoadedConfig, sandbox: GenesysSandbox): Promise<void> {
  const { client, close } = await readWarehouse(config.settings, createLogger(cli, 'warn'))
  try {
    const counts = await readCounts(client)
    await printAnswers(cli.terminal, client, counts)
    const { totals } = sandbox.facts()
    const expected = totals.conversations - totals.deleted
    if (counts.conversations !== expected)
      throw fatalError(
        'quickstart-incomplete',
        `running the quickstart: exported ${counts.conversations} conversations of ${expected}`,
      )
  } finally {
    await close()
  }
}

const nextSteps = (config: string) => `
What to try next:
  npx vconduit sql 'SELECT name, count() AS calls, countIf(is_error) AS failed FROM tool_calls GROUP BY name ORDER BY calls DESC'
  npx vconduit show <conversation_id>            a transcript; --vcon for the portable record
  npx vconduit tail events --no-follow           what is on the log
  npx vconduit status                            how far every stage is
  npx vconduit init                              a configuration for your own accounts
The configuration of this run is ${config}.`
