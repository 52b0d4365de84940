import { InvalidArgumentError } from 'commander'
import { lockDirectory } from '../log/embedded/lock.ts'
import { type ReplayFrom, replay } from '../stages/replay.ts'
import { type AddCommand, configOption, configPath, createLogger } from './command.ts'
import { describePipeline } from './compose.ts'
import { loadConfig } from './config.ts'
import { openLog } from './log-access.ts'
import { line, table } from './terminal.ts'

/** `beginning`, a time (ISO 8601), or `topic/partition/offset`. */
export function parseReplayFrom(text: string): ReplayFrom {
  if (text === 'beginning') return 'beginning'
  const [, topic, partition, offset] = /^(.+)\/(\d+)\/(\d+)$/.exec(text) ?? []
  if (topic !== undefined) return { topic, partition: Number(partition), offset: Number(offset) }
  const timestamp = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(timestamp))
    throw new InvalidArgumentError(
      'expected "beginning", a time such as 2026-03-04T05:00:00Z, or <topic>/<partition>/<offset>',
    )
  return { timestamp }
}

export const replayCommand: AddCommand = (program, cli) => {
  program
    .command('replay')
    .description(
      'Moves a stage back, so that it processes a range again when `run` starts next. What it emits again is recognized: nothing is doubled.',
    )
    .requiredOption('--stage <name>', 'normalize, correlate, assemble, sink-warehouse or sink-archive')
    .requiredOption('--from <where>', '"beginning", a time, or <topic>/<partition>/<offset>', parseReplayFrom)
    .option(...configOption)
    .action(async (options: { stage: string; from: ReplayFrom; config?: string }) => {
      const config = loadConfig(configPath(options.config), cli.environment)
      const logger = createLogger(cli, 'warn')
      const lock = await lockDirectory(config.settings.data, 'replay')
      try {
        const access = await openLog(cli, config.settings, logger, { readOnly: false })
        try {
          const { stages } = describePipeline(cli, config, access, logger)
          const moved = await replay(access.log, stages, options)
          if (moved.length === 0) line(cli.terminal.out, `Nothing to do: ${options.stage} has not passed that point.`)
          else
            line(
              cli.terminal.out,
              table(
                ['topic', 'partition', 'from', 'instead of'],
                moved.map(({ topic, partition, offset, before }) => [topic, partition, offset, before ?? 0]),
              ),
            )
        } finally {
          await access.log.close()
        }
      } finally {
        lock.release()
      }
    })
}
