import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allEvents, sections, settle } from './agent-telemetry/outcome.ts'
import {
  chat,
  epoch,
  logsRequest,
  otlpLog,
  otlpSpan,
  rawRecord,
  type SpanInput,
  text,
  tracesRequest,
} from './agent-telemetry/trace.ts'

const settleSpans = (...spans: readonly SpanInput[]) =>
  settle([rawRecord('traces', tracesRequest(spans.map(otlpSpan)))])

const said = (...spans: readonly SpanInput[]) =>
  allEvents(settleSpans(...spans)).flatMap(({ message, occurredAt }) =>
    message === null ? [] : [`${occurredAt - epoch} ${message.partyKey}: ${message.text}`],
  )

describe('agent telemetry: messages', () => {
  test('the history that every call carries is told once, and who says the same again is heard again', () => {
    const history = [text('system', 'Be brief.'), text('user', 'yes'), text('assistant', 'sure?'), text('user', 'yes')]
    assert.deepEqual(
      said(
        chat('one', 0, history.slice(0, 2), [text('assistant', 'sure?')]),
        chat('two', 100, history, [text('assistant', 'done')]),
      ),
      ['0 user: yes', '50 agent:support-bot: sure?', '100 user: yes', '150 agent:support-bot: done'],
    )
  })

  test('the call of an agent and the call of the model inside it tell the same messages', () => {
    const agent: SpanInput = {
      id: 'agent',
      start: 0,
      end: 90,
      attributes: {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': 'support',
        'gen_ai.conversation.id': 'c-1',
        'gen_ai.input.messages': JSON.stringify([text('user', 'hi')]),
        'gen_ai.output.messages': JSON.stringify([text('assistant', 'hello')]),
      },
    }
    const model = chat(
      'chat',
      10,
      [text('system', 'Be brief.'), text('user', 'hi')],
      [text('assistant', 'hello')],
      'agent',
    )
    const { 'gen_ai.conversation.id': _id, ...withoutId } = model.attributes ?? {}
    assert.deepEqual(said(agent, { ...model, attributes: withoutId }), ['0 user: hi', '90 agent:support: hello'])
  })

  test('a greeting that no model wrote is told with the first question', () => {
    assert.deepEqual(
      said(chat('one', 0, [text('assistant', 'Welcome!'), text('user', 'hi')], [text('assistant', 'hello')])),
      ['0 agent:support-bot: Welcome!', '0 user: hi', '50 agent:support-bot: hello'],
    )
  })

  test('of several choices the first was said', () => {
    const [span] = [chat('one', 0, [text('user', 'hi')], [text('assistant', 'hello'), text('assistant', 'hey')])]
    assert.ok(span)
    const attributes = { ...span.attributes, 'gen_ai.request.choice.count': 2 }
    assert.deepEqual(said({ ...span, attributes }), ['0 user: hi', '50 agent:support-bot: hello'])
  })

  test('messages of log records, convention up to 1.36, and the span that they belong to', () => {
    const span = otlpSpan({
      id: 'chat',
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.conversation.id': 'c-1' },
    })
    const logs = [
      { span: 'chat', eventName: 'gen_ai.system.message', body: { content: 'Be brief.' } },
      { span: 'chat', eventName: 'gen_ai.user.message', at: 1, body: { content: 'hi' } },
      { span: 'chat', eventName: 'gen_ai.choice', at: 40, body: { index: 0, message: { content: 'hello' } } },
    ]
    const records = [
      rawRecord('logs', logsRequest(logs.map(otlpLog))),
      rawRecord('traces', tracesRequest([span]), { key: '2' }),
    ]
    for (const order of [records, records.toReversed()]) {
      const messages = sections(settle(order)['genesys-cloud/main/c-1'] ?? [], 'message')
      assert.deepEqual(
        messages.map(({ partyKey, text: words }) => [partyKey, words]),
        [
          ['user', 'hi'],
          ['agent:support-bot', 'hello'],
        ],
      )
    }
  })

  test('who took part, from the first that was seen of them', () => {
    const joined = allEvents(
      settleSpans(
        chat('two', 500, [text('user', 'b')], [text('assistant', 'd')]),
        chat('one', 0, [text('user', 'a')], [text('assistant', 'c')]),
      ),
    ).filter(({ type }) => type === 'party.joined')
    assert.deepEqual(
      joined
        .map(({ occurredAt, partyJoined }) => [occurredAt - epoch, partyJoined?.partyKey, partyJoined?.role])
        .sort(),
      [
        [0, 'agent:support-bot', 'bot'],
        [0, 'user', 'customer'],
      ],
    )
  })

  test('what is encrypted or signed is not stored, and a link that may expire is not either', () => {
    const output = [
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', encrypted_content: 'ENCRYPTED', signature: 'SIGNATURE' },
          { type: 'reasoning', content: 'readable', signature: 'SIGNATURE' },
          { type: 'uri', modality: 'image', uri: 'https://files.example.com/a.png?sig=SIGNATURE' },
          { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'QkxPQg==' },
        ],
      },
    ]
    const events = allEvents(settleSpans(chat('one', 0, [text('user', 'hi')], output)))
    assert.deepEqual(
      sections(events, 'reasoning.step').map(step => step.text),
      ['readable'],
    )
    assert.deepEqual(
      sections(events, 'message')[1]?.attachments.map(({ mediaType, url }) => [mediaType, url]),
      [
        ['image', null],
        ['image/png', null],
      ],
    )
    assert.doesNotMatch(JSON.stringify(events), /ENCRYPTED|SIGNATURE|QkxPQg/)
  })
})
