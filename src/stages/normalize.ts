import type { AccountConfig, Connector } from '../core/connector.ts'
import type { Context } from '../core/context.ts'
import { fatalError, VconduitError } from '../core/errors.ts'
import { type Fact, isAlias } from '../core/fact.ts'
import type { ConversationRef } from '../core/ids.ts'
import type { Codec, EventLog, LogBatch, LogRecord, StoredRecord } from '../core/log.ts'
import { deadLetter, type Outcome } from '../core/outcome.ts'
import type { ConversationEvent, RawRecord, Uncorrelated } from '../core/records.ts'
import type { Topics } from '../core/topics.ts'
import {
  type ConversationFields,
  completeEvent,
  completeLink,
  conversationFields,
  type RawAt,
} from './complete-event.ts'
import { type DeadLetters, type Refused, reasonWith, refusedFor } from './dead-letters.ts'
import { runLoop, type Work } from './loop.ts'
import type { StageMetrics } from './metrics.ts'
import type { Stage } from './stage.ts'

/** One configured account and the connector for it. */
export interface AccountSetup {
  readonly connector: Connector
  readonly config: AccountConfig
}

/** The vendors of the accounts, each once. */
export const vendorsOf = (accounts: readonly AccountSetup[]) => [
  ...new Set(accounts.map(({ connector }) => connector.vendor)),
]

export interface NormalizeDeps {
  readonly log: EventLog
  readonly codecs: {
    readonly rawRecord: Codec<RawRecord>
    readonly event: Codec<ConversationEvent>
    readonly uncorrelated: Codec<Uncorrelated>
  }
  readonly topics: Topics
  readonly accounts: readonly AccountSetup[]
  readonly deadLetters: DeadLetters
  readonly metrics: StageMetrics
}

/** Limits of a batch of raw records. */
export const normalizeLimits = { maxRecords: 500, maxBytes: 2 * 1024 * 1024, lingerMs: 0 }

/** Turns raw records into events: those whose conversation is known go to `events`, the others to `uncorrelated`. */
export function createNormalizeStage(deps: NormalizeDeps): Stage {
  const { log, topics, deadLetters, metrics } = deps
  const input = { group: 'normalize', topics: vendorsOf(deps.accounts).map(topics.raw) }
  const normalize = createNormalizer(deps)
  return {
    name: 'normalize',
    input,
    metrics,
    run: (ctx: Context) =>
      runLoop<Work>(
        {
          log,
          deadLetters,
          metrics,
          consume: { ...normalizeLimits, ...input },
          maxInFlight: 4,
          process: normalize,
        },
        ctx,
      ),
  }
}

function createNormalizer({ codecs, topics, accounts }: NormalizeDeps): (batch: LogBatch) => Promise<Work> {
  const connectors = new Map(accounts.map(({ connector }) => [connector.vendor, connector]))
  const configs = new Map(accounts.map(({ config }) => [`${config.vendor}/${config.account}`, config]))

  const normalizeRecord = (raw: RawRecord): Outcome<Fact> =>
    connectors.get(raw.vendor)?.normalize(raw, configs.get(`${raw.vendor}/${raw.account}`)) ??
    deadLetter('unknown-vendor', `normalizing a record of ${raw.vendor}: no such connector`)

  // The facts of a raw record mostly belong to one conversation: what is made of its ref is made once.
  let last: { readonly ref: ConversationRef; readonly fields: ConversationFields; readonly key: Buffer } | undefined
  const conversationOf = (ref: ConversationRef) => {
    if (last?.ref.key !== ref.key || last.ref.account !== ref.account || last.ref.vendor !== ref.vendor) {
      const fields = conversationFields(ref)
      last = { ref, fields, key: Buffer.from(fields.conversationId) }
    }
    return last
  }

  /** A record for `events` or for `uncorrelated`. */
  const address = (
    fact: Fact,
    at: RawAt,
    timestamp: number,
  ): { readonly known: boolean; readonly record: LogRecord } => {
    if (fact.kind === 'event' && !isAlias(fact.to)) {
      const { fields, key } = conversationOf(fact.to)
      const value = codecs.event.encode(completeEvent(fact, at, fields))
      return { known: true, record: { key, value, timestamp } }
    }
    // What is left is an event for an alias, or a link from one.
    const alias = fact.kind === 'link' ? fact.from : fact.to
    if (!isAlias(alias)) throw new TypeError('addressing a fact: no alias')
    const value = codecs.uncorrelated.encode({
      scope: alias.scope,
      alias: alias.alias,
      fallbackVendor: alias.fallback.vendor,
      fallbackAccount: alias.fallback.account,
      fallbackKey: alias.fallback.key,
      observedAt: at.raw.observedAt,
      event: fact.kind === 'event' ? codecs.event.encode(completeEvent(fact, at)) : null,
      link: fact.kind === 'link' ? completeLink(fact, at.raw) : null,
    })
    return { known: false, record: { key: Buffer.from(alias.scope), value, timestamp } }
  }

  return async batch => {
    const events: LogRecord[] = []
    const uncorrelated: LogRecord[] = []
    const refused: Refused[] = []
    const dropped = new Map<string, number>()

    const take = (stored: StoredRecord, raw: RawRecord) => {
      const outcome = normalizeRecord(raw)
      if (outcome.kind === 'drop') dropped.set(outcome.reason, (dropped.get(outcome.reason) ?? 0) + 1)
      else if (outcome.kind === 'deadLetter')
        refused.push({ record: stored, code: outcome.code, reason: reasonWith(outcome.reason, outcome.error) })
      else {
        // All of a record's facts or none: a dead letter of it must be the whole story.
        const at = { raw, topic: batch.topic, partition: batch.partition, offset: stored.offset }
        const addressed = outcome.records.map(fact => address(fact, at, stored.timestamp))
        for (const { known, record } of addressed) (known ? events : uncorrelated).push(record)
      }
    }

    for (const stored of batch.records) {
      if (stored.value === null) continue
      try {
        const decoded = codecs.rawRecord.decode(stored.value)
        take(stored, decoded instanceof Promise ? await decoded : decoded)
      } catch (error) {
        refused.push(refusedFor(stored, foreseen(error, `${batch.topic}:${batch.partition}:${stored.offset}`)))
      }
    }
    return {
      outputs: [
        { topic: topics.events, records: events },
        { topic: topics.uncorrelated, records: uncorrelated },
      ],
      refused,
      dropped,
      emitted: events.length + uncorrelated.length,
    }
  }
}

/** The error, or, if nobody foresaw it, one that says which record it was: its own message may quote the payload. */
function foreseen(error: unknown, record: string): VconduitError {
  if (error instanceof VconduitError) return error
  const [, place = ''] = (error instanceof Error ? error.stack : undefined)?.match(/^ +at (.*)$/m) ?? []
  const name = error instanceof Error ? error.name : typeof error
  return fatalError('normalize-failed', `normalizing ${record}: ${name} at ${place}; this is a defect of the connector`)
}
