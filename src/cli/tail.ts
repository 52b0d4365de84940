import { VconduitError } from '../core/errors.ts'
import type { EventLog, StoredRecord } from '../core/log.ts'
import { type ConversationEvent, type EventType, sectionFields } from '../core/records.ts'
import type { Topics } from '../core/topics.ts'
import type { RecordCodecs } from '../log/avro.ts'
import { type AddCommand, type Cli, configOption, configPath, createLogger } from './command.ts'
import { loadConfig } from './config.ts'
import { openLog, topicNamed } from './log-access.ts'
import { pause } from './run.ts'
import { wholeNumber } from './sandbox.ts'
import { line } from './terminal.ts'

interface Options {
  readonly config?: string
  readonly json: boolean
  readonly last: number
  readonly all: boolean
  readonly follow: boolean
}

const pollMs = 250

export const tailCommand: AddCommand = (program, cli) => {
  program
    .command('tail')
    .description('Shows the records of a topic as they arrive, also while a pipeline runs.')
    .argument('<topic>', 'raw.<vendor>, events, conversations, dead-letters, uncorrelated or checkpoints')
    .option(...configOption)
    .option('--json', 'a JSON object a line, with everything', false)
    .option('-n, --last <number>', 'begin this many records before the end of each partition', wholeNumber, 10)
    .option('--all', 'begin at the oldest record', false)
    .option('--no-follow', 'end at the end')
    .action(async (name: string, options: Options) => {
      const { settings } = loadConfig(configPath(options.config), cli.environment)
      const { log, codecs, topics } = await openLog(cli, settings, createLogger(cli, 'warn'), { readOnly: true })
      try {
        const topic = await topicNamed(log, settings.topics.prefix, name)
        const show = options.json ? jsonLine : readableLine
        for await (const { partition, record } of follow(cli, log, topic, options))
          line(cli.terminal.out, await show(topic, partition, record, valueReader(topics, codecs, topic)))
      } finally {
        await log.close()
      }
    })
}

/** Records of every partition from where the options say; waits for more until interrupted. */
async function* follow(
  cli: Cli,
  log: EventLog,
  topic: string,
  options: Options,
): AsyncGenerator<{ readonly partition: number; readonly record: StoredRecord }> {
  const next = new Map<number, number>()
  for (const { partition, first, next: end } of await log.stats([topic]))
    next.set(partition, options.all ? first : Math.max(first, end - options.last))
  while (!cli.signal.aborted) {
    for (const [partition, from] of next)
      for await (const record of log.read(topic, partition, from)) {
        if (cli.signal.aborted) return
        yield { partition, record }
        next.set(partition, record.offset + 1)
      }
    if (!options.follow) return
    await pause(pollMs, cli.signal)
  }
}

type ReadValue = (bytes: Buffer) => unknown

function valueReader(topics: Topics, codecs: RecordCodecs, topic: string): ReadValue {
  if (topic === topics.conversations) return bytes => JSON.parse(bytes.toString())
  const codec =
    topic === topics.events
      ? codecs.event
      : topic === topics.deadLetters
        ? codecs.deadLetter
        : topic === topics.uncorrelated
          ? codecs.uncorrelated
          : topic === topics.checkpoints
            ? codecs.checkpoint
            : codecs.rawRecord
  return bytes => codec.decode(bytes)
}

async function decoded(record: StoredRecord, read: ReadValue): Promise<unknown> {
  if (record.value === null) return null
  try {
    return await read(record.value)
  } catch (error) {
    return { undecodable: error instanceof VconduitError ? error.message : 'failed', sizeBytes: record.value.length }
  }
}

async function jsonLine(topic: string, partition: number, record: StoredRecord, read: ReadValue): Promise<string> {
  const { key, offset, timestamp, headers } = record
  const value = await decoded(record, read)
  return JSON.stringify(
    { topic, partition, offset, timestamp: new Date(timestamp).toISOString(), key: key.toString(), headers, value },
    (_key, inner: unknown) => (isBufferJson(inner) ? Buffer.from(inner.data).toString() : inner),
  )
}

const isBufferJson = (value: unknown): value is { readonly data: readonly number[] } =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value

async function readableLine(_topic: string, partition: number, record: StoredRecord, read: ReadValue): Promise<string> {
  const value = await decoded(record, read)
  const where = `${new Date(record.timestamp).toISOString()} ${partition}/${record.offset}`
  if (value === null) return `${where} ${record.key.toString()} removed`
  return `${where} ${isEvent(value) ? eventText(value) : `${record.key.toString()} ${brief(value)}`}`
}

const isEvent = (value: unknown): value is ConversationEvent =>
  typeof value === 'object' && value !== null && 'conversationId' in value && 'type' in value

function eventText(event: ConversationEvent): string {
  const field = sectionFields[event.type as EventType]
  const retracted = event.retracted ? ' (retracted)' : ''
  return `${event.conversationId} ${event.type}${retracted} ${brief(field === undefined ? {} : event[field])}`
}

/** The fields that say something, on one line. */
function brief(value: unknown): string {
  const said = Object.entries(value ?? {}).filter(
    ([, inner]) => inner !== null && inner !== false && !(Array.isArray(inner) && inner.length === 0),
  )
  const text = said
    .map(
      ([name, inner]) => `${name}=${inner instanceof Uint8Array ? `(${inner.length} bytes)` : JSON.stringify(inner)}`,
    )
    .join(' ')
  return text.length > 400 ? `${text.slice(0, 399)}…` : text
}
