import {
  canonicalJson,
  deadLetter,
  drop,
  type Fact,
  normalizing,
  type Outcome,
  type RawRecord,
} from '../../src/sdk/index.ts'
import { factsOfLogRecords } from './normalize-logs.ts'
import { factsOfSpan } from './normalize-spans.ts'
import { readOrigin } from './origin.ts'
import { encodingOf } from './otlp.ts'
import { readUsable } from './usable.ts'

/**
 * What a request tells. Spans and log records that cannot be used are passed over: their sender was told so when they
 * were received. If there are no others, the record is a dead letter.
 */
export const normalize = (record: RawRecord): Outcome<Fact> =>
  normalizing<Fact>(() => {
    const { stream, account } = record
    const encoding = encodingOf(record.contentType)
    if (stream !== 'traces' && stream !== 'logs')
      return deadLetter('unknown-stream', 'reading telemetry: expected the stream traces or logs')
    if (encoding === undefined)
      return deadLetter(
        'unknown-content-type',
        'reading telemetry: expected application/json or application/x-protobuf',
      )
    const { spans, logRecords, rejected } = readUsable(stream, encoding, record.payload)
    if (spans.length + logRecords.length === 0 && rejected.size > 0)
      return deadLetter('nothing-usable', `reading telemetry: ${[...rejected.keys()].join('; ')}`)
    const origin = readOrigin(record)
    const facts = latest([
      ...spans.flatMap(span => factsOfSpan(span, origin, account)),
      ...factsOfLogRecords(logRecords, origin, account),
    ])
    return facts.length === 0 ? drop('not-agent-telemetry') : { kind: 'emit', records: facts }
  })

/**
 * Leaves out reports that another one of the request supersedes: every span of a trace names the same parties. Of equal
 * versions all stay that differ: which one counts is decided by their content, further down.
 */
function latest(facts: readonly Fact[]): readonly Fact[] {
  const best = new Map<string, { version: number; reports: number }>()
  for (const fact of facts) {
    const key = keyOf(fact)
    const version = versionOf(fact)
    const known = best.get(key)
    if (known === undefined || version > known.version) best.set(key, { version, reports: 1 })
    else if (version === known.version) known.reports += 1
  }
  const seen = new Set<string>()
  return facts.filter(fact => {
    const { version, reports = 0 } = best.get(keyOf(fact)) ?? {}
    if (versionOf(fact) !== version) return false
    if (reports === 1) return true
    const text = canonicalJson(fact)
    return !seen.has(text) && seen.add(text)
  })
}

const versionOf = ({ version }: Fact) => version ?? Number.NEGATIVE_INFINITY

const keyOf = (fact: Fact) =>
  fact.kind === 'event' ? `${fact.type} ${fact.key}` : `link ${fact.from.scope} ${fact.from.alias}`
