import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { connectors as registry } from '../../connectors/registry.ts'
import type { AccountConfig, Connector } from '../core/connector.ts'
import { configError } from '../core/errors.ts'
import { baseUrl, duration, secret } from '../sdk/config.ts'
import { defaultArchiveLimits } from '../sinks/archive/sink.ts'
import { defaultWarehouseLimits } from '../sinks/warehouse/sink.ts'
import { allowedKeys } from './schema-text.ts'
import { type Problem, parseYaml, schemaProblems, shown, type YamlFile } from './yaml-file.ts'

const sizeUnits = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const

/** A size as an operator writes it ("64MiB"); the config holds bytes. */
const size = (description: string, fallback: string) =>
  z
    .string({ error: 'expected a size with its unit, e.g. "64MiB" or "10GiB"' })
    .transform((text, context) => {
      const [, digits = '', unit = ''] = /^(\d{1,9}) ?(KiB|MiB|GiB|TiB)$/.exec(text.trim()) ?? []
      if (digits !== '') return Number(digits) * sizeUnits[unit as keyof typeof sizeUnits]
      context.addIssue({ code: 'custom', message: 'a whole number with KiB, MiB, GiB or TiB, e.g. "64MiB"' })
      return z.NEVER
    })
    .prefault(fallback)
    .describe(description)

/** Defaults as an operator would write them. */
const mebibytes = (bytes: number) => `${bytes / sizeUnits.MiB}MiB`
const seconds = (ms: number) => `${ms / 1_000}s`

const section = <Shape extends z.core.$ZodLooseShape>(description: string, shape: Shape) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .describe(description)

const port = (description: string, fallback: number) =>
  z.number().int().min(0).max(65_535).default(fallback).describe(description)

const settings = z.strictObject({
  data: z
    .string()
    .min(1)
    .default('./vconduit-data')
    .describe('Directory of the embedded log, its state and the embedded warehouse. Relative to this file.'),
  topics: section('The topics of the log.', {
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9._-]*$/)
      .default('')
      .describe('Put before the name of every topic.'),
    partitions: z
      .number()
      .int()
      .min(1)
      .max(1024)
      .default(4)
      .describe('Partitions of each topic; fixed once they exist.'),
    retention: duration('How long records are kept for replay.', { default: '30d', min: '1h' }),
    retentionSize: size('How much of each topic is kept at most, per partition.', '10GiB'),
  }),
  receiver: section('Where vendors and agents post to: webhooks and OTLP.', {
    host: z.string().default('127.0.0.1').describe('Address to listen on.'),
    port: port('Port to listen on; 4318 is the usual one of OTLP/HTTP. 0 takes a free one.', 4318),
    maxInFlight: size('Accepted but not yet durable bytes; beyond it callers get 429.', '64MiB'),
  }),
  ingest: section('Reading from vendors.', {
    maxRecordSize: size('Larger payloads become dead letters.', '16MiB'),
    sliceRefresh: duration('How often an account is asked what there is to read, e.g. for new bot flows.', {
      default: '60s',
      min: '1s',
    }),
  }),
  correlate: section('Facts that arrive before their conversation is known.', {
    wait: duration('How long they wait for it.', { default: '10m', min: '1s' }),
  }),
  assemble: section('When a conversation is written.', {
    quiet: duration('After this long without a new fact.', { default: '5s', min: '10ms' }),
    maxDelay: duration('At the latest, however busy it is.', { default: '60s', min: '100ms' }),
  }),
  warehouse: z
    .discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('embedded').describe('The embedded ClickHouse engine (chDB).'),
        port: port('Loopback port of its HTTP endpoint. 0 takes a free one.', 8123),
      }),
      z.strictObject({
        type: z.literal('clickhouse').describe('A ClickHouse of yours.'),
        url: baseUrl('HTTP(S) address of a ClickHouse 25.8 or later.'),
        database: z.string().regex(/^\w+$/).default('vconduit').describe('Database; made if it is missing.'),
        username: z.string().min(1).describe('User who may create tables, insert and delete.'),
        password: secret('Their password.'),
      }),
      z.strictObject({ type: z.literal('none').describe('No warehouse.') }),
    ])
    .prefault({ type: 'embedded', port: 8123 })
    .describe('embedded (port), clickhouse (url, database, username, password), or none.'),
  warehouseBatch: section('How large a range the warehouse is written in.', {
    records: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(defaultWarehouseLimits.maxRecords)
      .describe('Records at most.'),
    size: size('Bytes at most. Up to three ranges are in memory.', mebibytes(defaultWarehouseLimits.maxBytes)),
    linger: duration('How long the first record of a range waits at most.', {
      default: seconds(defaultWarehouseLimits.lingerMs),
    }),
  }),
  archive: z
    .discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('directory').describe('A directory with Parquet and vCon files.'),
        directory: z.string().min(1).describe('Where it is. Relative to this file.'),
        records: z
          .number()
          .int()
          .min(1)
          .max(1_000_000)
          .default(defaultArchiveLimits.maxRecords)
          .describe('Records of a file at most.'),
        size: size(
          'Bytes of a range at most, before compression. Up to two ranges are in memory.',
          mebibytes(defaultArchiveLimits.maxBytes),
        ),
        linger: duration('How long the first record of a file waits at most.', {
          default: seconds(defaultArchiveLimits.lingerMs),
        }),
      }),
      z.strictObject({ type: z.literal('none').describe('No archive.') }),
    ])
    .prefault({
      type: 'directory',
      directory: './vconduit-archive',
      linger: seconds(defaultArchiveLimits.lingerMs),
    })
    .describe('directory (directory, records, size, linger) or none.'),
  log: section('Log lines of the process itself.', {
    level: z.enum(['error', 'warn', 'info', 'debug']).default('info').describe('Least severe level that is written.'),
  }),
  connectors: z
    .array(z.unknown(), { error: 'a list of accounts' })
    .min(1, { error: 'at least one account; `vconduit init` shows examples' })
    .describe('The accounts to read from or to listen for.'),
})

/** The settings, with durations in milliseconds, sizes in bytes and paths absolute. */
export type Settings = Omit<z.infer<typeof settings>, 'connectors'>

/** The schema of the file, for `init` and the documentation. */
export const settingsSchema = settings

/** A connector with the configuration of one account. */
export interface ConfiguredAccount {
  readonly connector: Connector
  readonly config: AccountConfig
}

export interface LoadedConfig {
  /** Absolute path of the file. */
  readonly path: string
  readonly settings: Settings
  readonly accounts: readonly ConfiguredAccount[]
}

/** Either the configuration or everything that is wrong with it. */
export type LintResult = { readonly config: LoadedConfig } | { readonly problems: readonly Problem[] }

/** Checks a configuration without touching anything but the file. Throws only if the file cannot be read. */
export function lintConfig(path: string, environment: Readonly<Record<string, string | undefined>>): LintResult {
  const absolute = resolve(path)
  return lintConfigText(readConfig(absolute), absolute, environment)
}

/** The same for a text that would stand at `path`. */
export function lintConfigText(
  text: string,
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): LintResult {
  const file = parseYaml(text, environment)
  const problems: Problem[] = [...file.problems]
  if (file.value === undefined) return { problems: sorted(problems) }
  const parsed = settings.safeParse(file.value ?? {})
  if (!parsed.success) problems.push(...schemaProblems(file, [], parsed.error.issues, allowedKeys(settings)))
  const accounts = lintAccounts(file, problems)
  if (!parsed.success || problems.length > 0) return { problems: sorted(problems) }
  const { connectors: _connectors, ...rest } = parsed.data
  const folder = dirname(path)
  const absoluteSettings: Settings = {
    ...rest,
    data: resolve(folder, rest.data),
    archive:
      rest.archive.type === 'none'
        ? rest.archive
        : { ...rest.archive, directory: resolve(folder, rest.archive.directory) },
  }
  return { config: { path, settings: absoluteSettings, accounts } }
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw configError(
      missing ? 'config-missing' : 'config-unreadable',
      missing
        ? `reading ${path}: there is no such file; \`vconduit init\` writes one, \`--config\` names another`
        : `reading ${path}: it cannot be read`,
      error,
    )
  }
}

/** Each account by the schema of its connector; two of one name are refused, as their ids would collide. */
function lintAccounts(file: YamlFile, problems: Problem[]): readonly ConfiguredAccount[] {
  const listed = (file.value as { connectors?: unknown } | null)?.connectors
  if (!Array.isArray(listed)) return []
  const seen = new Set<string>()
  return listed.flatMap((entry: unknown, index): readonly ConfiguredAccount[] => {
    const base = ['connectors', index]
    const problem = (key: string, message: string) => {
      problems.push({ ...file.positionOf([...base, key]), path: `connectors[${index}].${key}`, message })
      return []
    }
    const fields: Readonly<Record<string, unknown>> = typeof entry === 'object' && entry !== null ? { ...entry } : {}
    const connector = registry.find(candidate => candidate.vendor === fields['vendor'])
    if (connector === undefined)
      return problem(
        'vendor',
        `found ${shown(['vendor'], fields['vendor'])}, expected one of ${registry.map(known => `"${known.vendor}"`).join(', ')}`,
      )
    const parsed = connector.config.safeParse(entry)
    if (!parsed.success) {
      problems.push(...schemaProblems(file, base, parsed.error.issues, allowedKeys(connector.config)))
      return []
    }
    const name = `${parsed.data.vendor}/${parsed.data.account}`
    if (seen.has(name)) return problem('account', `the account ${name} is configured twice`)
    seen.add(name)
    return [{ connector, config: parsed.data }]
  })
}

const sorted = (problems: readonly Problem[]) => [...problems].sort((a, b) => a.line - b.line || a.column - b.column)

/** Every problem on a line of its own: `vconduit.yaml:12:5: connectors[0].clientId: found nothing, expected …`. */
export const problemText = (path: string, problems: readonly Problem[]): string =>
  problems
    .map(({ line, column, path: at, message }) => `${path}:${line}:${column}: ${at === '' ? '' : `${at}: `}${message}`)
    .join('\n')

/** The configuration; throws a `config` error that lists every problem. */
export function loadConfig(path: string, environment: Readonly<Record<string, string | undefined>>): LoadedConfig {
  const result = lintConfig(path, environment)
  if ('config' in result) return result.config
  const count = result.problems.length
  throw configError(
    'config-invalid',
    `${problemText(path, result.problems)}\n${count} ${count === 1 ? 'problem' : 'problems'} in ${path}`,
  )
}
