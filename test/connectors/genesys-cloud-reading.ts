import pino from 'pino'
import type { GenesysConfig } from '../../connectors/genesys-cloud/config.ts'
import type { GenesysCursor } from '../../connectors/genesys-cloud/cursor.ts'
import { genesysCloud } from '../../connectors/genesys-cloud/index.ts'
import type { GenesysSandbox } from '../../connectors/genesys-cloud/sandbox/index.ts'
import type { Account, RawInput, Slice } from '../../src/core/connector.ts'
import type { Context } from '../../src/core/context.ts'
import type { EventFact } from '../../src/core/fact.ts'
import { sha256 } from '../../src/core/ids.ts'
import type { EventType, RawRecord } from '../../src/core/records.ts'
import { sandboxConfig } from './genesys-cloud-rig.ts'

const log = pino({ level: 'silent' })

/** A clock that a test moves on. */
export interface Clock {
  now(): Date
  skip(ms: number): void
}

export function createClock(): Clock {
  let offset = 0
  return {
    now: () => new Date(Date.now() + offset),
    skip(ms) {
      offset += ms
    },
  }
}

export const contextAt = (clock: Clock): Context => ({
  signal: AbortSignal.timeout(60_000),
  log,
  now: clock.now,
  random: () => 0,
})

export const configFor = (sandbox: GenesysSandbox, overrides: Readonly<Record<string, unknown>> = {}): GenesysConfig =>
  genesysCloud.config.parse(sandboxConfig(sandbox, overrides))

export function open(config: GenesysConfig): Account<GenesysCursor> {
  if (genesysCloud.open === undefined) throw new TypeError('opening genesys-cloud: it does not pull')
  return genesysCloud.open(config)
}

/** What a reader has: records in the order of reading and the cursor of each slice, as the log would keep them. */
export interface Reader {
  readonly records: readonly RawInput[]
  readonly cursors: ReadonlyMap<string, GenesysCursor>
  /** Reads every slice until it has caught up; each time with a new account, as after a restart. */
  read(): Promise<void>
}

export function createReader(config: GenesysConfig, clock: Clock): Reader {
  const records: RawInput[] = []
  const cursors = new Map<string, GenesysCursor>()
  const nameOf = ({ stream, id }: Slice) => `${stream}/${id}`
  return {
    records,
    cursors,
    async read() {
      const ctx = contextAt(clock)
      const account = open(config)
      for (const slice of await account.slices(ctx))
        for await (const batch of account.read(slice, cursors.get(nameOf(slice)), ctx)) {
          records.push(...batch.records)
          cursors.set(nameOf(slice), genesysCloud.cursor.parse(JSON.parse(JSON.stringify(batch.cursor))))
        }
    },
  }
}

export const rawOf = (input: RawInput): RawRecord => ({
  vendor: 'genesys-cloud',
  account: 'sandbox',
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

/** An event of one type. */
export type Known<T extends EventType> = Extract<EventFact, { type: T }>

/** The latest version of every fact of every record. */
export class Facts {
  readonly #facts = new Map<string, { readonly fact: EventFact; readonly version: number }>()

  constructor(records: readonly RawInput[], config: GenesysConfig) {
    for (const input of records) {
      const outcome = genesysCloud.normalize(rawOf(input), config)
      if (outcome.kind === 'deadLetter')
        throw new Error(`${input.stream}/${input.key}: ${outcome.code}: ${outcome.reason}`)
      if (outcome.kind !== 'emit') continue
      for (const fact of outcome.records) {
        if (fact.kind !== 'event') throw new Error('genesys-cloud knows the conversation of every fact')
        const id = JSON.stringify([fact.stream ?? input.stream, fact.key, fact.type])
        const version = fact.version ?? input.version ?? input.observedAt
        if (version >= (this.#facts.get(id)?.version ?? 0)) this.#facts.set(id, { fact, version })
      }
    }
  }

  /** Of one conversation and type, in the order of the conversation. */
  of<T extends EventType>(conversationId: string, type: T): readonly Known<T>[] {
    return [...this.#facts.values()]
      .map(({ fact }) => fact)
      .filter((fact): fact is Known<T> => fact.type === type && 'key' in fact.to && fact.to.key === conversationId)
      .sort((a, b) => a.occurredAt - b.occurredAt || (a.sequence ?? 0) - (b.sequence ?? 0))
  }
}
