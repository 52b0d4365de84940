import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { genesysCloud } from '../../connectors/genesys-cloud/index.ts'
import type { RawInput } from '../../src/core/connector.ts'
import type { EventFact } from '../../src/core/fact.ts'
import type { EventType } from '../../src/core/records.ts'
import { type Known, rawOf } from './genesys-cloud-reading.ts'

const published = join(import.meta.dirname, '../../../shared/fixtures/genesys')

function factsOf(stream: string, payload: string, context?: object): readonly EventFact[] {
  const input: RawInput = {
    stream,
    key: 'published',
    observedAt: Date.UTC(2026, 4, 11),
    contentType: 'application/json',
    payload: Buffer.from(payload),
    ...(context === undefined ? {} : { context: JSON.stringify(context) }),
  }
  const outcome = genesysCloud.normalize(rawOf(input), undefined)
  assert.equal(outcome.kind, 'emit')
  return outcome.kind === 'emit' ? outcome.records.filter(fact => fact.kind === 'event') : []
}

/** Type, key and the time as it is written in the payload: what a person checks first. */
const outline = (facts: readonly EventFact[]) =>
  facts.map(({ type, key, occurredAt }) => `${type} ${key} ${new Date(occurredAt).toISOString().slice(11, 23)}`)

const sectionOf = <T extends EventType>(facts: readonly EventFact[], type: T): readonly Known<T>['section'][] =>
  // Sound: the type of a fact says which section it has.
  facts.flatMap(fact => (fact.type === type ? [fact.section as Known<T>['section']] : []))

describe('payloads that others published', () => {
  const lines = readFileSync(join(published, 'conversation-details-short-voice.jsonl'), 'utf8').trim().split('\n')
  const details = new Map(
    lines.map(line => {
      const facts = factsOf('conversation-details', line)
      const [first] = facts
      return [first !== undefined && 'key' in first.to ? first.to.key : '', facts] as const
    }),
  )
  const of = (id: string) => details.get(id) ?? []

  test('details without session ids and segment times: an answered call', () => {
    assert.deepEqual(outline(of('conv-inbound-3s')), [
      'conversation.started conv-inbound-3s 10:00:00.000',
      'conversation.ended conv-inbound-3s 10:00:03.000',
      'party.joined conv-inbound-3s/p-cust-1 10:00:00.000',
      'party.left conv-inbound-3s/p-cust-1 10:00:03.000',
      'party.joined conv-inbound-3s/p-agent-1 10:00:00.000',
      'party.left conv-inbound-3s/p-agent-1 10:00:03.000',
      'queue.entered conv-inbound-3s/p-cust-1/session-0/q-1/0 10:00:00.000',
      'queue.left conv-inbound-3s/p-cust-1/session-0/q-1/0 10:00:03.000',
      'disposition conv-inbound-3s/p-agent-1/session-0/wrap-up 10:00:03.000',
    ])
    const [customer, agent] = sectionOf(of('conv-inbound-3s'), 'party.joined')
    assert.equal(customer?.tel, '+15551230001')
    assert.deepEqual([agent?.name, agent?.externalId, agent?.role], ['Agent One', 'u-1', 'agent'])
    const [disposition] = sectionOf(of('conv-inbound-3s'), 'disposition')
    assert.deepEqual(
      [disposition?.partyKey, disposition?.code, disposition?.name, disposition?.queueName],
      ['p-agent-1', 'WU-OK', 'Resolved', 'Support A'],
    )
    const [left] = sectionOf(of('conv-inbound-3s'), 'queue.left')
    assert.deepEqual([left?.queueName, left?.outcome], ['Support A', 'answered'])
  })

  test('an outbound call of a campaign: the customer is who was called', () => {
    const facts = of('conv-outbound-4p8s')
    const [started] = sectionOf(facts, 'conversation.started')
    assert.deepEqual([started?.direction, started?.campaign], ['outbound', 'camp-1'])
    const [customer] = sectionOf(facts, 'party.joined')
    assert.deepEqual([customer?.tel, customer?.externalId], ['+15559870002', 'ec-2'])
    assert.deepEqual(sectionOf(facts, 'queue.entered'), [])
  })

  test('who was abandoned, and who was not', () => {
    const abandoned = [...details].map(([id, facts]) => [id, sectionOf(facts, 'conversation.ended')[0]?.abandoned])
    assert.deepEqual(Object.fromEntries(abandoned), {
      'conv-inbound-3s': false,
      'conv-outbound-4p8s': false,
      'conv-inbound-5s': true,
      // The system ended it.
      'conv-outbound-7s': false,
      'conv-chat-ignore': true,
      // Still open.
      'conv-missing-end': undefined,
      'conv-multi-segment': false,
    })
  })

  test('a conversation without an end has begun and nobody has left it', () => {
    assert.deepEqual(
      of('conv-missing-end').map(({ type }) => type),
      ['conversation.started', 'party.joined', 'queue.entered'],
    )
  })

  test('a transfer to nobody that the record shows', () => {
    const [transfer, ...more] = sectionOf(of('conv-multi-segment'), 'transfer')
    assert.deepEqual(more, [])
    assert.deepEqual(
      [transfer?.kind, transfer?.fromPartyKey, transfer?.toPartyKey, transfer?.transfereePartyKey],
      ['blind', 'p-agent-7', undefined, 'p-cust-7'],
    )
  })

  test('a transcript file: who said what, word by word, and how it felt', () => {
    const file = readFileSync(join(published, 'transcript.json'), 'utf8')
    const details = {
      parties: [
        { partyKey: 'c', purpose: 'customer', role: 'customer', sessionIds: ['2d484a2c-2ef3-497c-9144-255bf1f2624e'] },
        { partyKey: 'q', purpose: 'acd', role: 'system', sessionIds: [] },
        {
          partyKey: 'a',
          purpose: 'agent',
          role: 'agent',
          userId: 'e8b5dcdd-cb3c-48af-b2fe-b73089f3e83b',
          sessionIds: [],
        },
      ],
    }
    const facts = factsOf('transcripts', file, details)
    assert.deepEqual(outline(facts), [
      'utterance 2d484a2c-2ef3-497c-9144-255bf1f2624e/0 12:44:29.316',
      'utterance 2d484a2c-2ef3-497c-9144-255bf1f2624e/1 12:44:31.017',
      'utterance 2d484a2c-2ef3-497c-9144-255bf1f2624e/2 12:44:33.034',
      'utterance 2d484a2c-2ef3-497c-9144-255bf1f2624e/3 12:44:35.295',
      'sentiment 2d484a2c-2ef3-497c-9144-255bf1f2624e/external/1619441069316 12:44:29.316',
      'sentiment 2d484a2c-2ef3-497c-9144-255bf1f2624e/external/1619441071017 12:44:31.017',
      'sentiment 2d484a2c-2ef3-497c-9144-255bf1f2624e/external/1619441075295 12:44:35.295',
    ])
    const said = sectionOf(facts, 'utterance')
    assert.deepEqual(
      said.map(({ partyKey, text, offsetMs, durationMs }) => [partyKey, text, offsetMs, durationMs]),
      [
        ['c', 'you are treating me well', 0, 1284],
        ['c', 'thank you very very much', 1701, 1364],
        ['a', 'thank you', 3718, 528],
        ['c', 'have a nice day', 5979, 906],
      ],
    )
    assert.deepEqual(said[1]?.words?.[3], { text: 'very', offsetMs: 1028, durationMs: 138, confidence: 0.915 })
    // The file counts phrases 4, 5 and 7; they join by their start.
    assert.deepEqual(
      facts.filter(({ type }) => type === 'sentiment').map(({ sequence }) => sequence),
      [0, 1, 3],
    )
    assert.deepEqual(
      sectionOf(facts, 'sentiment').map(({ score, label }) => [score, label]),
      [
        [0.7257699966430664, 'positive'],
        [1, 'positive'],
        [0.9998900294303894, 'positive'],
      ],
    )
    // Without details the file's own participants are the parties.
    const alone = factsOf('transcripts', file)
    assert.deepEqual(
      sectionOf(alone, 'utterance').map(({ partyKey }) => partyKey),
      ['customer', 'customer', 'agent:e8b5dcdd-cb3c-48af-b2fe-b73089f3e83b', 'customer'],
    )
    assert.deepEqual(
      sectionOf(alone, 'party.joined').map(({ role, tel, externalId }) => [role, tel, externalId]),
      [
        ['customer', '+16198486188', undefined],
        ['system', undefined, undefined],
        ['agent', undefined, 'e8b5dcdd-cb3c-48af-b2fe-b73089f3e83b'],
      ],
    )
  })
})

describe('facts keep their identity', () => {
  const fixture = (name: string) =>
    JSON.parse(
      readFileSync(join(import.meta.dirname, '../../connectors/genesys-cloud/fixtures', name, 'raw.json'), 'utf8'),
    ) as { readonly payload: Readonly<Record<string, unknown>>; readonly context: object }
  const identities = (facts: readonly EventFact[], stream: string) =>
    facts.map(fact => `${fact.stream ?? stream} ${fact.key} ${fact.type}`)

  test('an evaluation in brief and in full is one fact, and the full one supersedes', () => {
    const eventTime = '2026-03-02T09:50:00.000Z'
    const brief = {
      conversationId: 'c-1',
      conversationStart: '2026-03-02T09:00:00Z',
      evaluations: [{ evaluationId: 'e-1', evaluationStatus: 'Finished', eventTime }],
    }
    const [short] = factsOf('conversation-details', JSON.stringify(brief)).filter(
      ({ type }) => type === 'evaluation.result',
    )
    const { payload } = fixture('evaluation-rescored')
    const [full] = factsOf('evaluations', JSON.stringify(payload), { eventTime: Date.parse(eventTime) })
    assert.ok(short !== undefined && full !== undefined)
    assert.deepEqual(identities([short], 'conversation-details'), identities([full], 'evaluations'))
    assert.ok((short.version ?? 0) < (full.version ?? 0))
  })

  test('metadata and recording are one fact', () => {
    const { payload, context } = fixture('messages-with-a-photo')
    const { messagingTranscript: _, ...metadata } = payload
    const [recording] = factsOf('messages', JSON.stringify(payload), context)
    assert.ok(recording !== undefined)
    assert.deepEqual(factsOf('recordings', JSON.stringify(metadata), context), [recording])
  })

  test('what grows keeps the ids of what was there', () => {
    const { payload, context } = fixture('transfer-then-abandon')
    const grown = identities(factsOf('conversation-details', JSON.stringify(payload), context), 'x')
    const participants = payload['participants'] as readonly unknown[]
    for (let count = 1; count <= participants.length; count++) {
      const { conversationEnd: _, ...open } = payload
      const early = { ...open, participants: participants.slice(0, count) }
      const ids = identities(factsOf('conversation-details', JSON.stringify(early), context), 'x')
      assert.deepEqual(
        ids.filter(id => !grown.includes(id)),
        [],
      )
    }
  })
})
