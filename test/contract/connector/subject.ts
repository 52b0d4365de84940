import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import type { AccountConfig, Connector, RawInput } from '../../../src/core/connector.ts'
import type { Context } from '../../../src/core/context.ts'
import { contentHashOf, sha256 } from '../../../src/core/ids.ts'
import type { RawRecord } from '../../../src/core/records.ts'
import { singleObjectCodecs } from '../../../src/log/avro.ts'
import type { ConnectorRig } from './rig.ts'

/** What the checks look at. */
export interface Subject {
  readonly connector: Connector
  /** Folder with one folder per case, each with `raw.json` and `expected.json`. */
  readonly fixtures: string
  readonly rig?: ConnectorRig | undefined
}

/** Throws an AssertionError that says what the connector does wrong. */
export interface Check {
  readonly name: string
  readonly run: (subject: Subject) => Promise<void> | void
}

/** The codecs of the records on the log, as a pipeline uses them. */
export const codecs = singleObjectCodecs({ find: () => undefined, save: () => {} })

const silent = pino({ level: 'silent' })

/** Real time; chance is small, so that backoffs are short. */
export const contextOf = (signal: AbortSignal): Context => ({
  signal,
  log: silent,
  now: () => new Date(),
  random: () => 0.02,
})

/** The example that the connector's configuration shows to operators, parsed; undefined if it has none that parses. */
export function exampleConfig(connector: Connector): AccountConfig | undefined {
  const parsed = connector.config.safeParse(exampleInput(connector))
  return parsed.success ? parsed.data : undefined
}

/** That example as it is written. */
export function exampleInput(connector: Connector): unknown {
  const examples = connector.config.meta()?.['examples']
  return Array.isArray(examples) ? structuredClone(examples[0] as unknown) : undefined
}

/** A raw input as the ingest stage completes it. */
export const rawRecordOf = (input: RawInput, config: AccountConfig): RawRecord => ({
  vendor: config.vendor,
  account: config.account,
  stream: input.stream,
  key: input.key,
  conversationKey: input.conversationKey ?? null,
  observedAt: input.observedAt,
  version: input.version ?? null,
  contentType: input.contentType,
  payload: input.payload,
  hash: sha256(input.payload),
  context: input.context ?? null,
})

/** A case of a connector: a raw record and what it must become. */
export interface Fixture {
  readonly name: string
  readonly raw: RawRecord
  /** The configuration that the record is normalized with, if the case names one. */
  readonly config: AccountConfig | undefined
  readonly expected: unknown
}

interface RawFixture {
  readonly stream: string
  readonly key: string
  readonly conversationKey?: string
  readonly observedAt: number | string
  readonly version?: number
  readonly contentType?: string
  /** A string as it is, anything else as JSON. */
  readonly context?: unknown
  readonly config?: unknown
  /** One of them: JSON, text as it is, or other bytes. */
  readonly payload?: unknown
  readonly payloadText?: string
  readonly payloadBase64?: string
}

export const fixtureNames = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
      .sort()
  } catch {
    return []
  }
}

export function readFixture({ connector, fixtures }: Subject, name: string): Fixture {
  const read = (file: string) => JSON.parse(readFileSync(join(fixtures, name, file), 'utf8')) as unknown
  const given = read('raw.json') as RawFixture
  assert.ok(given.stream && given.key && given.observedAt, `${name}/raw.json needs stream, key and observedAt`)
  const forms = [given.payloadText, given.payloadBase64, given.payload].filter(form => form !== undefined)
  assert.equal(forms.length, 1, `${name}/raw.json needs exactly one of payload, payloadText and payloadBase64`)
  const { context } = given
  const config = given.config === undefined ? undefined : connector.config.parse(given.config)
  const raw = rawRecordOf(
    {
      stream: given.stream,
      key: given.key,
      observedAt: typeof given.observedAt === 'number' ? given.observedAt : Date.parse(given.observedAt),
      contentType: given.contentType ?? 'application/json',
      payload:
        given.payloadText === undefined
          ? given.payloadBase64 === undefined
            ? Buffer.from(JSON.stringify(given.payload))
            : Buffer.from(given.payloadBase64, 'base64')
          : Buffer.from(given.payloadText),
      ...(given.conversationKey === undefined ? {} : { conversationKey: given.conversationKey }),
      ...(given.version === undefined ? {} : { version: given.version }),
      ...(context === undefined ? {} : { context: typeof context === 'string' ? context : JSON.stringify(context) }),
    },
    config ?? exampleConfig(connector) ?? { vendor: connector.vendor, account: 'main' },
  )
  return { name, raw, config, expected: read('expected.json') }
}

export const readFixtures = (subject: Subject): readonly Fixture[] =>
  fixtureNames(subject.fixtures).map(name => readFixture(subject, name))

/** Short, so that a failure can name a payload without quoting it. */
export const fingerprint = (bytes: Buffer) => `${bytes.length} bytes, ${contentHashOf(bytes).slice(0, 8)}`
