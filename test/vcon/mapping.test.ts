import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ConversationEvent } from '../../src/core/records.ts'
import { nativeJson } from '../../src/stages/assemble/body.ts'
import { effectiveVersionOf, type Observation, withObservation } from '../../src/stages/assemble/facts.ts'
import { foldConversation } from '../../src/stages/assemble/fold.ts'
import { vconDate } from '../../src/vcon/date.ts'
import { conversationEvents } from './arbitraries.ts'
import { handedOverCall, told } from './call.ts'

function fold(...events: readonly ConversationEvent[]) {
  const folded = foldConversation(events)
  assert.ok(folded !== null)
  return folded
}

const started = (channel: string, direction = 'inbound') => told('conversation.started', 0, { channel, direction })
const customer = told('party.joined', 0, { partyKey: 'c', role: 'customer', kind: 'person', name: 'Alexis' })
const agent = told('party.joined', 5, {
  partyKey: 'a',
  role: 'agent',
  kind: 'person',
  name: 'Robin',
  externalId: 'user-7',
})
const wrote = (second: number, partyKey: string, text: string) =>
  told('message', second, { partyKey, text, mediaType: 'text/plain', messageId: `m-${second}` })

test('a chat is its messages, one dialog each, and the first carries who came and went', () => {
  const { vcon, head } = fold(
    started('chat'),
    customer,
    agent,
    wrote(1, 'c', 'Hi'),
    wrote(6, 'a', 'Hello'),
    wrote(9, 'c', 'Bye'),
  )
  assert.deepEqual(
    vcon.dialog?.map(({ type, parties, body, message_id }) => [type, parties, body, message_id]),
    [
      ['text', [0], 'Hi', 'm-1'],
      ['text', [1], 'Hello', 'm-6'],
      ['text', [0], 'Bye', 'm-9'],
    ],
  )
  assert.equal(vcon.dialog?.[0]?.party_history?.length, 2)
  assert.equal(vcon.dialog?.[1]?.party_history, undefined)
  assert.equal(head.messages, 3)
})

test('a transfer in a chat stands between the message before and the message after it', () => {
  const handOver = told('transfer', 7, { kind: 'blind', fromPartyKey: 'a', toPartyKey: 'b' })
  const { vcon } = fold(
    started('chat'),
    customer,
    agent,
    wrote(1, 'c', 'Hi'),
    wrote(6, 'a', 'Hello'),
    handOver,
    wrote(9, 'b', 'Bo here'),
  )
  assert.deepEqual(vcon.dialog?.[2], {
    type: 'transfer',
    start: '2026-03-02T09:00:07Z',
    transferee: 0,
    transferor: 1,
    transfer_target: 2,
    original: 1,
    target_dialog: 3,
  })
})

test('a file that was sent is an attachment of its message, its address a report about it', () => {
  const file = { name: 'parcel.jpg', mediaType: 'image/jpeg', sizeBytes: 5, url: 'https://files.example/1' }
  const sent = told('message', 1, { partyKey: 'c', text: null, mediaType: 'text/plain', attachments: [file] })
  const { vcon } = fold(started('chat'), customer, sent)
  assert.deepEqual(vcon.attachments, [
    {
      purpose: 'file sent with a message',
      start: '2026-03-02T09:00:01Z',
      party: 0,
      dialog: 0,
      mediatype: 'image/jpeg',
      filename: 'parcel.jpg',
    },
  ])
  const report = vcon.analysis?.at(-1)
  assert.equal(report?.attachment, 0)
  assert.deepEqual(report?.body, { url: file.url, sizeBytes: 5 })
})

for (const [name, reason, vendorReason, disposition] of [
  ['the caller gave up', 'abandoned', null, 'hung-up'],
  ['the line was busy', 'failed', 'Busy', 'busy'],
  ['nobody answered', 'failed', 'NO_ANSWER', 'no-answer'],
  ['it failed in the vendor’s own way', 'failed', 'peer', 'failed'],
  ['a machine answered', 'voicemail', null, 'voicemail-no-message'],
] as const)
  test(`a call that never came about is incomplete: ${name}`, () => {
    const ended = told('conversation.ended', 30, { reason, vendorReason, abandoned: reason === 'abandoned' })
    const { vcon, head } = fold(started('voice'), customer, ended)
    assert.equal(vcon.dialog?.[0]?.type, 'incomplete')
    assert.equal(vcon.dialog?.[0]?.disposition, disposition)
    assert.equal(head.abandoned, reason === 'abandoned')
  })

test('abandoned after words were said, it was a conversation', () => {
  const ended = told('conversation.ended', 30, { reason: 'abandoned', abandoned: true })
  const { vcon } = fold(started('voice'), customer, told('utterance', 2, { partyKey: 'c', text: 'Hello?' }), ended)
  assert.equal(vcon.dialog?.[0]?.type, 'recording')
})

test('the caller is the originator also where somebody else joined first', () => {
  const early = told('party.joined', -1, { partyKey: 'a', role: 'agent', kind: 'person' }, { key: 'early' })
  assert.equal(fold(started('voice'), early, customer).vcon.dialog?.[0]?.originator, 1)
  assert.equal(fold(started('voice', 'outbound'), early, customer).vcon.dialog?.[0]?.originator, undefined)
})

test('an agent has one uuid in every conversation, and another at another account', () => {
  const uuidOf = (...events: readonly ConversationEvent[]) => fold(...events).vcon.parties?.at(-1)?.uuid
  const elsewhere = { ...agent, sourceAccount: 'other' }
  assert.ok(uuidOf(agent) !== undefined)
  assert.equal(uuidOf({ ...agent, conversationId: '01900000-0000-8000-8000-000000000000', id: 'other' }), uuidOf(agent))
  assert.notEqual(uuidOf(elsewhere), uuidOf(agent))
})

test('the vendor says when its conversation began and ended, whatever an agent’s trace says', () => {
  const trace = { source: 'agent-telemetry' }
  const { vcon, head } = fold(
    told('conversation.started', -5, { channel: 'agent', direction: 'unknown' }, trace),
    started('voice'),
    told('conversation.ended', 60, { reason: 'completed' }),
    told('conversation.ended', 90, { reason: 'unknown' }, trace),
  )
  assert.equal(vcon.created_at, '2026-03-02T09:00:00Z')
  assert.deepEqual([head.channel, head.durationMs], ['voice', 60_000])
})

test('what a deletion names is gone, and that it is gone is told', () => {
  const { vcon, head } = fold(...handedOverCall, told('deletion', 9000, { scope: 'recording', targetId: 'r-2' }))
  assert.deepEqual(vcon.dialog?.[0]?.recordings, [1])
  assert.equal(vcon.analysis?.filter(({ schema }) => schema === 'vconduit/recording/1').length, 1)
  assert.equal(vcon.analysis?.filter(({ schema }) => schema === 'vconduit/deletion/1').length, 1)
  assert.equal(head.agentUtterances, 2)

  const silent = fold(...handedOverCall, told('deletion', 9000, { scope: 'transcript', targetId: null }))
  assert.equal(silent.head.agentUtterances + silent.head.customerUtterances, 0)
  assert.equal(
    silent.vcon.analysis?.some(({ type }) => type === 'transcript'),
    false,
  )
  assert.equal(foldConversation([...handedOverCall, told('deletion', 9000, { scope: 'conversation' })]), null)
})

test('an erasure is final, whatever is observed of the deletion afterwards', () => {
  const deletion = told('deletion', 9000, { scope: 'conversation' })
  assert.equal(foldConversation([...handedOverCall, deletion, { ...deletion, revision: 1, retracted: true }]), null)
  const [first] = handedOverCall
  assert.ok(first !== undefined)
  assert.ok(foldConversation([first, { ...deletion, retracted: true }]) !== null)
})

test('nothing is left of a conversation whose facts are all retracted', () => {
  const retracted = handedOverCall.map(event => ({ ...event, revision: 1, retracted: true }))
  assert.equal(foldConversation([...handedOverCall, ...retracted]), null)
  assert.equal(foldConversation([]), null)
})

const observation = (content: string, version: number, revision = 0, retracted = false): Observation => ({
  version,
  revision,
  contentHash: content,
  retracted,
})
const effective = (...list: readonly Observation[]) =>
  effectiveVersionOf(list.reduce<readonly Observation[]>((known, added) => withObservation(known, added) ?? known, []))

test('a fact counts from the first observation of the run of equal content that it ends with', () => {
  assert.equal(effective(observation('A', 10), observation('A', 30)), 10)
  assert.equal(effective(observation('A', 30), observation('A', 10)), 10)
  assert.equal(effective(observation('A', 10), observation('B', 20), observation('A', 30)), 30)
  assert.equal(effective(observation('A', 30), observation('A', 10), observation('B', 20)), 30)
})

test('a fact that was moved away and back counts as if it had stayed', () => {
  const stayed = [observation('A', 10), observation('A', 30)]
  const back = [observation('A', 10, 2), observation('A', 30, 2)]
  assert.equal(effective(...stayed, observation('A', 30, 1, true), ...back), 10)
  assert.equal(effective(observation('A', 10), observation('A', 10, 1, true), ...back), 10)
  assert.equal(effective(...back, observation('B', 30, 1), observation('A', 30, 1, true)), 10)
})

test('a fact that was moved away leaves no trace', () => {
  const passing = told('attribute.changed', 9000, { name: 'plan', value: 'gold' })
  const detour = [passing, { ...passing, revision: 1, retracted: true }]
  assert.notDeepEqual(foldConversation([...handedOverCall, passing]), foldConversation(handedOverCall))
  assert.deepEqual(foldConversation([...handedOverCall, ...detour]), foldConversation(handedOverCall))
})

test('updated_at is the highest effective version, in whatever order the observations came', () => {
  fc.assert(
    fc.property(conversationEvents({ types: ['summary', 'disposition'], maxFacts: 3 }), events => {
      const folded = foldConversation(events)
      fc.pre(folded !== null)
      const versions = [...Map.groupBy(events, ({ id }) => id).values()].map(all => {
        const counting = all.filter(
          ({ version, revision }) => !all.some(other => other.version === version && other.revision > revision),
        )
        const runs = counting.toSorted(
          (a, b) =>
            b.version - a.version ||
            (a.contentHash < b.contentHash ? 1 : a.contentHash > b.contentHash ? -1 : 0) ||
            Number(b.retracted) - Number(a.retracted),
        )
        const [winner] = runs
        if (winner === undefined || winner.retracted) return 0
        const end = runs.findIndex(run => run.contentHash !== winner.contentHash || run.retracted)
        return runs.at(end === -1 ? -1 : end - 1)?.version ?? 0
      })
      assert.equal(folded.head.updatedAt, Math.max(folded.head.startedAt, ...versions))
      assert.equal(folded.vcon.updated_at, vconDate(folded.head.updatedAt))
    }),
  )
})

test('JSON stays JSON unless JavaScript would change it', () => {
  assert.deepEqual(nativeJson('{"a":[1,2.50,"x"]}'), { a: [1, 2.5, 'x'] })
  assert.deepEqual(nativeJson('"text"'), 'text')
  assert.deepEqual(nativeJson('{"card":"4111111111111111","n":9007199254740991}'), {
    card: '4111111111111111',
    n: 9007199254740991,
  })
  for (const text of ['{"id":12345678901234567890}', '[1e999]', 'no JSON', '', '['.repeat(200) + ']'.repeat(200)])
    assert.equal(nativeJson(text), text)
})

test('a date has no fraction that is zero, and stays within what RFC 3339 can say', () => {
  assert.equal(vconDate(0), '1970-01-01T00:00:00Z')
  assert.equal(vconDate(1_500), '1970-01-01T00:00:01.500Z')
  assert.equal(vconDate(Number.MAX_SAFE_INTEGER), '9999-12-31T23:59:59.999Z')
  assert.equal(vconDate(-Number.MAX_SAFE_INTEGER), '0000-01-01T00:00:00Z')
})
