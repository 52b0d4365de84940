import { Command } from 'commander'
import { VconduitError } from '../core/errors.ts'
import { checkCommand } from './check.ts'
import { type Cli, exitCodes } from './command.ts'
import { dlqCommand } from './dlq.ts'
import { initCommand } from './init.ts'
import { quickstartCommand } from './quickstart.ts'
import { replayCommand } from './replay.ts'
import { runCommand } from './run.ts'
import { sandboxCommand } from './sandbox.ts'
import { showCommand } from './show.ts'
import { sqlCommand } from './sql.ts'
import { statusCommand } from './status.ts'
import { tailCommand } from './tail.ts'
import { line, processTerminal } from './terminal.ts'
import { version } from './version.ts'

const commands = [
  quickstartCommand,
  initCommand,
  checkCommand,
  runCommand,
  statusCommand,
  sqlCommand,
  tailCommand,
  showCommand,
  dlqCommand,
  replayCommand,
  sandboxCommand,
]

/** The process's surroundings enter here and nowhere else. The first Ctrl-C drains, the second one ends at once. */
function processCli(): Cli {
  const interrupted = new AbortController()
  const interrupt = () => {
    if (interrupted.signal.aborted) process.exit(exitCodes.interrupted)
    interrupted.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok)
    throw error
  })
  return {
    terminal: processTerminal(),
    environment: process.env,
    signal: interrupted.signal,
    now: () => new Date(),
    random: Math.random,
  }
}

/** Runs a command line; resolves with the exit code. Nothing that it prints holds a payload or a secret. */
async function main(cli: Cli, args: readonly string[]): Promise<number> {
  const program = new Command('vconduit')
    .description(
      'Pulls conversations out of contact-centre vendors and AI agents, and keeps them: vCons, SQL tables, files.',
    )
    .version(version)
    .showHelpAfterError('(add --help for what is allowed)')
    .configureOutput({ writeOut: text => cli.terminal.out.write(text), writeErr: text => cli.terminal.err.write(text) })
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted before it was done.',
    )
  let code: number = exitCodes.ok
  for (const command of commands)
    command(program, cli, result => {
      code = result
    })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    return report(cli, error)
  }
}

function report(cli: Cli, error: unknown): number {
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('commander.'))
    return 'exitCode' in error && error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof VconduitError) {
    line(cli.terminal.err, `error: ${error.message}`)
    return error.kind === 'config' ? exitCodes.usage : exitCodes.failed
  }
  line(cli.terminal.err, `unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return exitCodes.failed
}

process.exitCode = await main(processCli(), process.argv.slice(2))
