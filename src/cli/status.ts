import type { StageStatus } from '../stages/pipeline.ts'
import type { SliceProgress } from '../stages/slice-reader.ts'
import { type AddCommand, configOption, configPath, createLogger } from './command.ts'
import { describePipeline } from './compose.ts'
import { loadConfig } from './config.ts'
import { dataPaths, readJson } from './data-directory.ts'
import { openLog } from './log-access.ts'
import { durationText, line, table } from './terminal.ts'

/** What a running pipeline says of itself. */
export interface RunStatus {
  readonly pid: number
  /** ISO 8601. */
  readonly startedAt: string
  /** When it said so, ISO 8601. */
  readonly at: string
  readonly stages: readonly StageStatus[]
  readonly slices: readonly SliceProgress[]
}

/** A status this old is of a process that was killed. */
const staleMs = 10_000

export const statusCommand: AddCommand = (program, cli) => {
  program
    .command('status')
    .description(
      'How far each stage is: rate, lag, age of the oldest unprocessed record, dead letters, what it waits for.',
    )
    .option(...configOption)
    .option('--json', 'as JSON', false)
    .action(async (options: { config?: string; json: boolean }) => {
      const config = loadConfig(configPath(options.config), cli.environment)
      const said = readJson<RunStatus>(dataPaths(config.settings.data).status)
      const isRunning = said !== undefined && cli.now().getTime() - Date.parse(said.at) < staleMs
      const logger = createLogger(cli, 'warn')
      const access = await openLog(cli, config.settings, logger, { readOnly: true })
      try {
        const stages = isRunning ? said.stages : await describePipeline(cli, config, access, logger).status()
        const deadLetters = await filedDeadLetters(access.log, access.topics.deadLetters)
        if (options.json) {
          const running = isRunning ? { pid: said.pid, startedAt: said.startedAt, at: said.at } : null
          line(
            cli.terminal.out,
            JSON.stringify({ running, deadLetters, stages, slices: isRunning ? said.slices : [] }, null, 2),
          )
          return
        }
        line(
          cli.terminal.out,
          isRunning
            ? `Running as process ${said.pid} for ${durationText(cli.now().getTime() - Date.parse(said.startedAt))}. Dead letters: ${deadLetters}.`
            : `Not running. Dead letters: ${deadLetters}.`,
        )
        line(cli.terminal.out)
        line(cli.terminal.out, stageTable(stages))
        for (const { stage, waitingFor, lastError } of stages) {
          if (waitingFor !== null) line(cli.terminal.out, `\n${stage} waits: ${waitingFor}`)
          if (lastError !== null)
            line(cli.terminal.out, `${stage} last error, ${new Date(lastError.at).toISOString()}: ${lastError.message}`)
        }
      } finally {
        await access.log.close()
      }
    })
}

const stageTable = (stages: readonly StageStatus[]) =>
  table(
    ['stage', 'records', 'per second', 'lag', 'oldest', 'held back', 'dropped', 'dead letters', 'retries'],
    stages.map(({ stage, records, recordsPerSecond, lag, pending, dropped, deadLetters, retries }) => [
      stage,
      records,
      Math.round(recordsPerSecond),
      lag?.records ?? 0,
      lag?.oldestAgeMs == null ? '-' : durationText(lag.oldestAgeMs),
      pending,
      sum(dropped),
      sum(deadLetters),
      retries,
    ]),
  )

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0)

/** Records on the topic of dead letters; those that were retried count too, until retention takes them. */
async function filedDeadLetters(log: Parameters<typeof describePipeline>[2]['log'], topic: string): Promise<number> {
  const stats = await log.stats()
  return stats.filter(each => each.topic === topic).reduce((total, { first, next }) => total + next - first, 0)
}
