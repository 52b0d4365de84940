import { InvalidArgumentError } from 'commander'
import { startGenesysSandbox } from '../../connectors/genesys-cloud/sandbox/index.ts'
import { durationMs } from '../sdk/config.ts'
import { type AddCommand, createLogger } from './command.ts'
import { line } from './terminal.ts'

/** A whole number of an option. */
export const wholeNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

/** A duration of an option, in milliseconds. */
export const durationOption = (text: string): number => {
  const ms = durationMs(text)
  if (ms === undefined) throw new InvalidArgumentError('expected a duration, e.g. "30s" or "10m"')
  return ms
}

interface Options {
  readonly port: number
  readonly seed: number
  readonly conversations: number
  readonly dialogues?: string
  readonly otlpUrl?: string
  readonly otlpToken?: string
  readonly lateAfter: number
  readonly requestsPerMinute: number
  readonly chaos: boolean
}

export const sandboxCommand: AddCommand = (program, cli) => {
  const sandbox = program
    .command('sandbox')
    .description("Local servers that behave like a vendor's API, to try things out without an account.")
  sandbox
    .command('genesys-cloud')
    .description(
      'Genesys Cloud: OAuth, details jobs, transcripts, recordings, evaluations, bot turns, late changes, faults.',
    )
    .option('--port <port>', 'port to listen on; 0 takes a free one', wholeNumber, 0)
    .option('--seed <number>', 'the same seed invents the same conversations', wholeNumber, 1)
    .option('--conversations <number>', 'how many to invent', wholeNumber, 200)
    .option('--dialogues <file>', 'play these dialogues (.jsonl or .jsonl.gz) instead')
    .option('--otlp-url <url>', 'where tool calls of the dialogues are posted as OTLP spans')
    .option('--otlp-token <token>', 'token for it')
    .option('--late-after <duration>', 'when late wrap-ups, evaluations and deletions appear', durationOption, 30_000)
    .option('--requests-per-minute <number>', 'rate limit of a token', wholeNumber, 300)
    .option('--chaos', 'answer 429 and 500 now and then', false)
    .action(async (options: Options) => {
      const { otlpUrl, otlpToken, lateAfter, dialogues, ...rest } = options
      const server = await startGenesysSandbox({
        ...rest,
        lateAfterMs: lateAfter,
        now: cli.now,
        log: createLogger(cli, 'warn'),
        ...(dialogues === undefined ? {} : { dialogues }),
        ...(otlpUrl === undefined ? {} : { otlp: { url: otlpUrl, token: otlpToken ?? '' } }),
      })
      line(cli.terminal.out, 'The sandbox answers. An account that reads from it:')
      line(cli.terminal.out)
      line(cli.terminal.out, 'connectors:')
      for (const text of [
        '- vendor: genesys-cloud',
        '  account: sandbox',
        `  apiUrl: ${server.apiUrl}`,
        `  loginUrl: ${server.loginUrl}`,
        `  clientId: ${server.clientId}`,
        `  clientSecret: ${server.clientSecret}`,
      ])
        line(cli.terminal.out, `  ${text}`)
      line(cli.terminal.err, 'Ctrl-C ends it.')
      await new Promise<void>(resolve => {
        if (cli.signal.aborted) resolve()
        else cli.signal.addEventListener('abort', () => resolve(), { once: true })
      })
      await server.close()
    })
}
