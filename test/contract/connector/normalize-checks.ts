import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AccountConfig, Connector } from '../../../src/core/connector.ts'
import type { Fact } from '../../../src/core/fact.ts'
import { canonicalJson } from '../../../src/core/json.ts'
import type { Outcome } from '../../../src/core/outcome.ts'
import type { RawRecord } from '../../../src/core/records.ts'
import { completeEvent, completeLink } from '../../../src/stages/complete-event.ts'
import { canary, payloads } from './payloads.ts'
import {
  type Check,
  codecs,
  exampleConfig,
  type Fixture,
  fingerprint,
  fixtureNames,
  rawRecordOf,
  readFixture,
  readFixtures,
  type Subject,
} from './subject.ts'

/** Checks of normalization. */
export const normalizeChecks: readonly Check[] = [
  { name: 'normalize is total and pure: any JSON', run: fuzz('json') },
  { name: 'normalize is total and pure: fixtures with values exchanged', run: fuzz('mutated') },
  { name: 'normalize is total and pure: fixtures cut short or damaged', run: fuzz('damaged') },
  { name: 'normalize is total and pure: any bytes', run: fuzz('bytes') },
  { name: 'normalize is total and pure: deep nesting, huge numbers, odd texts', run: fuzz('extreme') },
]

/** One check for each fixture, and one that there are any. */
export const fixtureChecks = (fixtures: string): readonly Check[] => [
  {
    name: 'there are fixtures',
    run: subject => assert.ok(fixtureNames(subject.fixtures).length > 0, `no folders in ${subject.fixtures}`),
  },
  ...fixtureNames(fixtures).map(name => ({
    name: `fixture ${name}`,
    run: (subject: Subject) => checkFixture(subject.connector, readFixture(subject, name)),
  })),
]

function checkFixture(connector: Connector, fixture: Fixture): void {
  const outcome = connector.normalize(fixture.raw, fixture.config)
  assertSound(outcome, fixture.raw)
  if (outcome.kind === 'emit') assertDistinct(outcome.records, fixture.raw.stream)
  // An error beside a dead letter is for the log and not part of what the record becomes.
  const { error: _error, ...comparable } = outcome as Outcome<Fact> & { readonly error?: unknown }
  assert.deepEqual(JSON.parse(JSON.stringify(comparable)), fixture.expected)
}

const runsOfEach = 150

function fuzz(kind: keyof ReturnType<typeof payloads>): Check['run'] {
  return subject => {
    const { connector } = subject
    const fixtures = readFixtures(subject)
    const config = exampleConfig(connector)
    const records = rawRecords(
      fixtures,
      payloads(fixtures)[kind],
      config ?? { vendor: connector.vendor, account: 'main' },
    )
    fc.assert(
      fc.property(records, fc.boolean(), (record, withConfig) => {
        const before = { hash: fingerprint(record.payload), rest: canonicalJson({ ...record, payload: null }) }
        const first = normalizeOf(connector, record, withConfig ? config : undefined)
        assertSound(first, record)
        const second = normalizeOf(connector, record, withConfig ? config : undefined)
        assert.equal(comparable(second), comparable(first), 'the same record gives another outcome the second time')
        assert.equal(fingerprint(record.payload), before.hash, 'normalize changes the payload')
        assert.equal(canonicalJson({ ...record, payload: null }), before.rest, 'normalize changes the record')
      }),
      { numRuns: runsOfEach },
    )
  }
}

function normalizeOf(connector: Connector, record: RawRecord, config: AccountConfig | undefined): Outcome<Fact> {
  try {
    return connector.normalize(record, config)
  } catch (error) {
    return assert.fail(`normalize throws: ${error instanceof Error ? error.stack : 'something'}`)
  }
}

const comparable = (outcome: Outcome<Fact>) =>
  outcome.kind === 'emit' ? canonicalJson(outcome) : canonicalJson({ ...outcome, error: undefined })

/** Raw records of the connector's streams with payloads as given. */
function rawRecords(fixtures: readonly Fixture[], payload: fc.Arbitrary<Buffer>, config: AccountConfig) {
  const streams = [...new Set(fixtures.map(({ raw }) => raw.stream)), 'a-stream-that-is-not-there']
  const types = [
    ...new Set(fixtures.map(({ raw }) => raw.contentType)),
    'application/json',
    'application/x-protobuf',
    '',
  ]
  const contexts = fixtures.flatMap(({ raw }) => (raw.context === null ? [] : [raw.context]))
  const context = fc.oneof(
    fc.constantFrom(undefined, ...contexts),
    fc.json({ maxDepth: 3 }),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  return fc
    .record({
      stream: fc.constantFrom(...streams),
      key: fc.string({ minLength: 1, maxLength: 60 }),
      conversationKey: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
      observedAt: fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2050, 0) }),
      version: fc.option(fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2050, 0) }), { nil: undefined }),
      contentType: fc.constantFrom(...types),
      payload,
      context,
    })
    .map(({ conversationKey, version, context: beside, ...input }) =>
      rawRecordOf(
        {
          ...input,
          ...(conversationKey === undefined ? {} : { conversationKey }),
          ...(version === undefined ? {} : { version }),
          ...(beside === undefined ? {} : { context: beside }),
        },
        config,
      ),
    )
}

const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/
const latest = Date.UTC(2100, 0)

/** Fails if the pipeline could not take the outcome as it is. */
export function assertSound(outcome: Outcome<Fact>, raw: RawRecord): void {
  switch (outcome.kind) {
    case 'drop':
      assert.match(outcome.reason, kebab, 'the reason of a drop is counted: kebab-case, few values')
      return
    case 'deadLetter':
      assert.match(outcome.code, kebab, 'the code of a dead letter')
      assert.notEqual(outcome.reason.trim(), '', 'the reason of a dead letter is empty')
      assert.ok(!outcome.reason.includes(canary), 'the reason of a dead letter quotes the payload')
      assert.ok(outcome.reason.length <= 500, 'the reason of a dead letter is longer than a person reads')
      return
    case 'emit':
      for (const fact of outcome.records) assertEncodes(fact, raw)
  }
}

function assertEncodes(fact: Fact, raw: RawRecord): void {
  if (fact.kind === 'link') {
    completeLink(fact, raw)
    assert.ok(fact.from.scope !== '' && fact.from.alias !== '', 'a link from an empty alias')
    return
  }
  const name = `${fact.type} with key ${JSON.stringify(fact.key).slice(0, 80)}`
  assert.notEqual(fact.key, '', `${fact.type} without key: all of them would be one fact`)
  assert.ok(
    'alias' in fact.to ? fact.to.alias !== '' : fact.to.key !== '',
    `${name}: addressed to an empty conversation key`,
  )
  assert.ok(fact.occurredAt > 0 && fact.occurredAt < latest, `${name}: happened at ${fact.occurredAt}, which is absurd`)
  const completed = completeEvent(fact, { raw, topic: `raw.${raw.vendor}`, partition: 0, offset: 0 })
  try {
    codecs.event.encode(completed)
  } catch (error) {
    assert.fail(`${name} cannot be encoded: ${error instanceof Error ? error.message : 'failed'}`)
  }
}

/** What makes the fact's id, readable. */
export const factIdentity = (stream: string, fact: Fact): string =>
  fact.kind === 'link'
    ? `link ${fact.from.scope} ${fact.from.alias} ${canonicalJson(fact.to)}`
    : `${fact.stream ?? stream} ${fact.key} ${fact.type}`

function assertDistinct(facts: readonly Fact[], stream: string): void {
  const seen = new Map<string, string>()
  for (const fact of facts) {
    const identity = factIdentity(stream, fact)
    const content = canonicalJson(fact)
    assert.ok((seen.get(identity) ?? content) === content, `two different facts have one id: ${identity}`)
    seen.set(identity, content)
  }
}
