import type { Logger } from 'pino'
import { configError } from '../core/errors.ts'
import { type Topics, topicsOf } from '../core/topics.ts'
import { type RecordCodecs, singleObjectCodecs } from '../log/avro.ts'
import { type EmbeddedLog, openEmbeddedLog } from '../log/embedded/index.ts'
import type { Cli } from './command.ts'
import type { Settings } from './config.ts'
import { dataPaths } from './data-directory.ts'

/** The log, its codecs and its topics, as the configuration has them. */
export interface LogAccess {
  readonly log: EmbeddedLog
  readonly codecs: RecordCodecs
  readonly topics: Topics
}

export interface LogAccessOptions {
  /** Only look: a running pipeline is not disturbed. */
  readonly readOnly: boolean
}

/** Opens the log of a data directory. With `readOnly` it must be there already. */
export async function openLog(
  cli: Cli,
  settings: Settings,
  logger: Logger,
  { readOnly }: LogAccessOptions,
): Promise<LogAccess> {
  const log = await openEmbeddedLog(dataPaths(settings.data).log, { log: logger, now: cli.now, readOnly })
  const codecs = singleObjectCodecs(
    readOnly ? { find: fingerprint => log.schemas.find(fingerprint), save: () => {} } : log.schemas,
  )
  return { log, codecs, topics: topicsOf(settings.topics.prefix) }
}

/** The full name of a topic that an operator named with or without the prefix. */
export async function topicNamed(log: EmbeddedLog, prefix: string, name: string): Promise<string> {
  const known = [...new Set((await log.stats()).map(stats => stats.topic))].sort()
  const full = [name, `${prefix}${name}`].find(candidate => known.includes(candidate))
  if (full === undefined)
    throw configError('topic-unknown', `opening the topic ${name}: there is none; expected one of ${known.join(', ')}`)
  return full
}
