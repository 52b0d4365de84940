import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { foldConversation } from '../../src/stages/assemble/fold.ts'
import type { Vcon } from '../../src/vcon/model.ts'
import { turnsOf } from '../../src/vcon/reading.ts'
import { vconJson } from '../../src/vcon/serialize.ts'
import { renderTranscript } from '../../src/vcon/transcript.ts'
import { conversationEvents } from './arbitraries.ts'
import { handedOverCall } from './call.ts'

const golden = (name: string) => readFileSync(join(import.meta.dirname, 'golden', name), 'utf8')
const readVcon = (text: string) => JSON.parse(text) as Vcon

test('a call that a bot hands over reads like a play', () => {
  const vcon = readVcon(golden('handed-over-call.vcon.json'))
  assert.equal(`${renderTranscript(vcon, { columns: 80 }).join('\n')}\n`, golden('handed-over-call.txt'))
})

test('the vCon of that call is as reviewed', () => {
  const folded = foldConversation(handedOverCall)
  assert.ok(folded !== null)
  assert.deepEqual(JSON.parse(vconJson(folded.vcon)), readVcon(golden('handed-over-call.vcon.json')))
})

test('no line is wider than the terminal, and nothing in it can steer the terminal', () => {
  fc.assert(
    fc.property(conversationEvents(), fc.integer({ min: 60, max: 200 }), (events, columns) => {
      const folded = foldConversation(events)
      fc.pre(folded !== null)
      const start = folded.vcon.parties?.length ?? 0
      for (const [row, line] of renderTranscript(readVcon(vconJson(folded.vcon)), { columns }).entries()) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
        // The table of parties is not wrapped.
        if (row > start + 4) assert.ok([...line].length <= columns, line)
      }
    }),
  )
})

test('every utterance and message is told once, in order, with who said it', () => {
  fc.assert(
    fc.property(
      conversationEvents({ types: ['utterance', 'message', 'party.joined', 'recording', 'conversation.started'] }),
      events => {
        const folded = foldConversation(events)
        fc.pre(folded !== null)
        const turns = turnsOf(readVcon(vconJson(folded.vcon)))
        const { customerUtterances, agentUtterances } = folded.head
        const said = (role: string) =>
          turns.filter(
            ({ kind, party }) =>
              kind === 'utterance' && party !== undefined && folded.vcon.parties?.[party]?.role === role,
          )
        assert.equal(said('customer').length, customerUtterances)
        assert.equal(said('agent').length, agentUtterances)
        const times = turns.map(({ at }) => at)
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        )
      },
    ),
  )
})

test('it reads text dialogs and string bodies of other makers', () => {
  const vcon: Vcon = {
    uuid: '01900000-0000-8000-8000-000000000000',
    created_at: '2026-01-01T00:00:00Z',
    parties: [{ tel: '+15550100' }, {}],
    dialog: [
      {
        type: 'text',
        start: '2026-01-01T00:00:02Z',
        parties: 1,
        originator: 0,
        body: 'Hi',
        mediatype: 'text/plain',
        encoding: 'none',
      },
      {
        type: 'text',
        start: '2026-01-01T00:00:01Z',
        parties: [[1], 0],
        body: 'First',
        mediatype: 'text/plain',
        encoding: 'none',
      },
    ],
    analysis: [
      {
        type: 'tool_call',
        vendor: 'other',
        schema: 'vconduit/tool.call/1',
        encoding: 'json',
        body: '{"occurredAt":"2026-01-01T00:00:03Z","name":"look","result":null}',
      },
      { type: 'transcript', vendor: 'other', schema: 'vconduit/transcript/1', encoding: 'json', body: 'no JSON' },
    ],
  }
  assert.deepEqual(renderTranscript(vcon), [
    'Conversation 01900000-0000-8000-8000-000000000000',
    '2026-01-01 00:00:00 UTC',
    '',
    '  party       —, +15550100',
    '  party       —',
    '',
    '   00:01  party 1           First',
    '   00:02  +15550100         Hi',
    '   00:03  tool              look()',
    '                            → null',
  ])
})
