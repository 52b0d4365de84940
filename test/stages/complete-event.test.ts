import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { VconduitError } from '../../src/core/errors.ts'
import { type EventFact, event, type LinkFact } from '../../src/core/fact.ts'
import { conversationIdOf, eventIdOf } from '../../src/core/ids.ts'
import { canonicalJson } from '../../src/core/json.ts'
import { eventTypes, type RawRecord, sectionFields } from '../../src/core/records.ts'
import { singleObjectCodecs } from '../../src/log/avro.ts'
import { completeEvent, completeLink, contentHashOfFact, targetOf } from '../../src/stages/complete-event.ts'
import { extremeSectionArbitrary } from '../vcon/arbitraries.ts'

const raw: RawRecord = {
  vendor: 'tiny',
  account: 'acme',
  stream: 'things',
  key: 'k1',
  conversationKey: null,
  observedAt: 2_000,
  version: null,
  contentType: 'application/json',
  payload: Buffer.from('{}'),
  hash: 'abc',
  context: null,
}
const at = { raw, topic: 'raw.tiny', partition: 3, offset: 17 }
const to = { vendor: 'tiny', account: 'acme', key: 'c1' }
const fact = event({ to, type: 'utterance', key: 'u1', occurredAt: 1_000, section: { text: 'hello' } })
const { event: codec } = singleObjectCodecs({ find: () => undefined, save: () => {} })

test('an event carries its ids, where it was read, and every field of its section', async () => {
  const completed = completeEvent(fact, at)
  assert.equal(completed.id, eventIdOf('tiny', 'acme', 'things', 'u1', 'utterance'))
  assert.equal(completed.conversationId, conversationIdOf(to))
  assert.deepEqual(
    [completed.rawTopic, completed.rawPartition, completed.rawOffset, completed.rawHash],
    ['raw.tiny', 3, 17, 'abc'],
  )
  const decoded = await codec.decode(codec.encode(completed))
  assert.deepEqual(
    { ...decoded.utterance },
    {
      partyKey: null,
      text: 'hello',
      offsetMs: null,
      durationMs: null,
      language: null,
      confidence: null,
      transcriptId: null,
      sessionKey: null,
      words: [],
    },
  )
  assert.equal(decoded.message, null)
})

test('the version is the fact’s, else the raw record’s, else when it was observed', () => {
  const versionOf = (version: number | undefined, ofRaw: number | null) =>
    completeEvent({ ...fact, ...(version !== undefined && { version }) }, { ...at, raw: { ...raw, version: ofRaw } })
      .version
  assert.deepEqual([versionOf(7, 5), versionOf(undefined, 5), versionOf(undefined, null)], [7, 5, 2_000])
})

test('a fact of another stream’s key space has that stream’s id', () => {
  const id = completeEvent({ ...fact, stream: 'other' }, at).id
  assert.equal(id, eventIdOf('tiny', 'acme', 'other', 'u1', 'utterance'))
})

test('an event for an alias has no conversation yet', () => {
  const alias = { scope: 's', alias: 'a', fallback: to }
  const { conversationId, conversationKey } = completeEvent({ ...fact, to: alias }, at)
  assert.deepEqual([conversationId, conversationKey], ['', ''])
})

test('a deletion for an alias is refused: it could not be taken back when the alias leads elsewhere', () => {
  const alias = { scope: 's', alias: 'a', fallback: to }
  const deletion = event({ to, type: 'deletion', key: 'd', occurredAt: 1, section: { scope: 'conversation' } })
  assert.equal(completeEvent(deletion, at).conversationId, conversationIdOf(to))
  assert.throws(() => completeEvent({ ...deletion, to: alias }, at), {
    kind: 'data',
    code: 'deletion-needs-conversation',
  })
})

test('a number that the log cannot carry is left out, or refused where one is required', () => {
  const tooLarge = { kind: 'data', code: 'number-too-large' }
  const section = { text: 'hello', offsetMs: 2 ** 52, durationMs: -(2 ** 52) - 1 }
  const completed = completeEvent({ ...fact, type: 'utterance', section }, at)
  assert.deepEqual(
    [completed.utterance?.text, completed.utterance?.offsetMs, completed.utterance?.durationMs],
    ['hello', 2 ** 52, null],
  )
  const words = [{ text: 'hello', offsetMs: 1e300, durationMs: 0, confidence: null }]
  assert.throws(() => completeEvent({ ...fact, type: 'utterance', section: { text: 'hello', words } }, at), tooLarge)
  for (const field of ['occurredAt', 'sequence', 'version'])
    assert.throws(() => completeEvent({ ...fact, [field]: 2 ** 53 }, at), tooLarge)
  const link: LinkFact = { kind: 'link', from: { scope: 's', alias: 'a', fallback: to }, to, version: -(2 ** 53) }
  assert.throws(() => completeLink(link, raw), tooLarge)
})

test('what is completed comes back from the log as it was', async () => {
  const anyFact = fc.constantFrom(...eventTypes).chain(type =>
    extremeSectionArbitrary(type).map(
      // Sound: the section is one of this type.
      section => ({ kind: 'event', to, type, key: 'k', occurredAt: 1_000, section }) as unknown as EventFact,
    ),
  )
  let completions = 0
  await fc.assert(
    fc.asyncProperty(anyFact, async said => {
      let completed: ReturnType<typeof completeEvent>
      try {
        completed = completeEvent(said, at)
      } catch (error) {
        assert.ok(error instanceof VconduitError && error.code === 'number-too-large' && said.type === 'utterance')
        return
      }
      completions++
      const field = sectionFields[said.type]
      const decoded = await codec.decode(codec.encode(completed))
      assert.equal(canonicalJson(decoded[field]), canonicalJson(completed[field]))
    }),
    { numRuns: 1_000 },
  )
  assert.ok(completions > 500)
})

test('links say where they lead, and their record says it back', () => {
  const from = { scope: 's', alias: 'a', fallback: to }
  const targets: LinkFact['to'][] = [to, { parentAlias: 'p' }, { nowhere: true }]
  const links = targets.map(target => completeLink({ kind: 'link', from, to: target }, raw))
  assert.deepEqual(links.map(targetOf), targets)
  assert.equal(new Set(links.map(({ id }) => id)).size, targets.length)
  assert.equal(links[0]?.version, 2_000)
})

const anySection = fc.record(
  {
    text: fc.string(),
    partyKey: fc.option(fc.string()),
    offsetMs: fc.option(fc.double({ noNaN: true })),
    words: fc.array(
      fc.record({ text: fc.string(), offsetMs: fc.nat(), durationMs: fc.nat(), confidence: fc.option(fc.nat()) }),
    ),
  },
  { requiredKeys: ['text'] },
)

test('equal content has equal hashes, whatever the order of keys and however nothing is spelled', () => {
  fc.assert(
    fc.property(anySection, section => {
      const said = (other: typeof section): EventFact => ({ ...fact, type: 'utterance', section: other }) as EventFact
      const hash = contentHashOfFact(said(section))
      const reversed = Object.fromEntries(Object.entries(section).reverse()) as typeof section
      assert.equal(contentHashOfFact(said(reversed)), hash)
      const spelledOut = { partyKey: null, offsetMs: null, words: [], language: null, ...section }
      assert.equal(contentHashOfFact(said(spelledOut)), hash)
      assert.notEqual(contentHashOfFact(said({ ...section, text: `${section.text}!` })), hash)
    }),
  )
})

test('the hash is of what the fact says, not of when or where it was observed', () => {
  const hash = completeEvent(fact, at).contentHash
  const later = { ...at, offset: 99, raw: { ...raw, observedAt: 9_000, hash: 'other' } }
  assert.equal(completeEvent({ ...fact, version: 8 }, later).contentHash, hash)
  assert.notEqual(completeEvent({ ...fact, occurredAt: 1_001 }, at).contentHash, hash)
  assert.notEqual(completeEvent({ ...fact, sequence: 1 }, at).contentHash, hash)
  assert.match(hash, /^[0-9a-f]{32}$/)
})

test('fields of a section do not run into each other', () => {
  const tags = (list: readonly string[]) =>
    contentHashOfFact({
      ...event({ to, type: 'disposition', key: 'd', occurredAt: 1, section: { code: 'x', tags: list } }),
    })
  assert.notEqual(tags(['a,b']), tags(['a', 'b']))
  assert.notEqual(tags(['a']), tags(['"a"']))
})
