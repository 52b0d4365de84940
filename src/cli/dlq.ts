import { configError, fatalError } from '../core/errors.ts'
import { createDeadLetterDesk, type DeadLetterDesk, type FiledDeadLetter } from '../stages/dead-letter-desk.ts'
import { type AddCommand, type Cli, configOption, configPath, createLogger } from './command.ts'
import { loadConfig } from './config.ts'
import { openLog } from './log-access.ts'
import { line, startProgress, table } from './terminal.ts'

export const dlqCommand: AddCommand = (program, cli) => {
  const dlq = program
    .command('dlq')
    .description('Dead letters: records that could not be processed, kept with their reason.')
  dlq
    .command('list')
    .description('Lists them, oldest first.')
    .option(...configOption)
    .option('--code <code>', 'only those with this code')
    .option('--json', 'a JSON object a line', false)
    .action(async (options: { config?: string; code?: string; json: boolean }) => {
      await withDesk(cli, options.config, true, async desk => {
        const rows: string[][] = []
        for await (const filed of desk.list()) {
          if (options.code !== undefined && filed.letter.code !== options.code) continue
          if (options.json) line(cli.terminal.out, JSON.stringify(summary(filed)))
          else rows.push(row(filed))
        }
        if (options.json) return
        line(cli.terminal.out, rows.length === 0 ? 'No dead letters.' : table(headings, rows))
      })
    })
  dlq
    .command('show')
    .description('Shows one with its reason and, with --value, the original bytes.')
    .argument('<id>', 'its id, as `dlq list` shows it')
    .option(...configOption)
    .option('--value', 'write the original bytes to standard output, and nothing else', false)
    .action(async (id: string, options: { config?: string; value: boolean }) => {
      await withDesk(cli, options.config, true, async desk => {
        const filed = await desk.show(id)
        if (filed === undefined)
          throw configError('unknown-dead-letter', `showing dead letter ${id}: there is none with this id`)
        if (!options.value) line(cli.terminal.out, JSON.stringify(summary(filed), null, 2))
        else if (filed.letter.value === null)
          throw fatalError('no-value', `showing dead letter ${id}: its bytes were not kept (${filed.letter.code})`)
        else cli.terminal.out.write(filed.letter.value)
      })
    })
  dlq
    .command('retry')
    .description('Puts the original records back on their topics, each once; a running pipeline takes them up.')
    .argument('[ids...]', 'their ids, as `dlq list` shows them')
    .option(...configOption)
    .option('--code <code>', 'all with this code')
    .option('--all', 'all that were not retried', false)
    .action(async (ids: readonly string[], options: { config?: string; code?: string; all: boolean }) => {
      if (ids.length === 0 && options.code === undefined && !options.all)
        throw configError('nothing-named', 'retrying dead letters: name their ids, a --code, or --all')
      await withDesk(cli, options.config, false, async desk => {
        const chosen = ids.length > 0 ? ids : await retryable(desk, options.code)
        const progress = startProgress(cli.terminal, 'retrying')
        let retried = 0
        for (const [index, id] of chosen.entries()) {
          if (cli.signal.aborted) break
          if (await desk.retry(id)) retried++
          progress.update(index + 1, chosen.length, '')
        }
        progress.stop()
        line(cli.terminal.out, `Retried ${retried} of ${chosen.length}; the others had been retried before.`)
      })
    })
}

async function withDesk(
  cli: Cli,
  path: string | undefined,
  readOnly: boolean,
  use: (desk: DeadLetterDesk) => Promise<void>,
) {
  const { settings } = loadConfig(configPath(path), cli.environment)
  const { log, codecs, topics } = await openLog(cli, settings, createLogger(cli, 'warn'), { readOnly })
  try {
    await use(createDeadLetterDesk({ log, codec: codecs.deadLetter, topics, now: cli.now }))
  } finally {
    await log.close()
  }
}

/** Ids of the letters that can be retried and were not; with a code, only those that have it. */
async function retryable(desk: DeadLetterDesk, code: string | undefined): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const { letter, retriedAt } of desk.list())
    if (retriedAt === null && letter.topic !== '' && letter.value !== null && (code ?? letter.code) === letter.code)
      ids.push(letter.id)
  return ids
}

const headings = ['id', 'failed at', 'stage', 'code', 'position', 'retried', 'reason']

const position = ({ letter }: FiledDeadLetter) =>
  letter.topic === '' ? '-' : `${letter.topic}/${letter.partition}/${letter.offset}`

const time = (ms: number) => new Date(ms).toISOString()

const row = (filed: FiledDeadLetter): string[] => [
  filed.letter.id,
  time(filed.letter.failedAt),
  filed.letter.stage,
  filed.letter.code,
  position(filed),
  filed.retriedAt === null ? '-' : time(filed.retriedAt),
  filed.letter.reason,
]

/** A dead letter without its bytes. */
function summary({ letter, retriedAt }: FiledDeadLetter) {
  const { key, value, failedAt, ...rest } = letter
  return {
    ...rest,
    key: key?.toString() ?? null,
    valueBytes: value?.length ?? null,
    failedAt: time(failedAt),
    retriedAt: retriedAt === null ? null : time(retriedAt),
  }
}
