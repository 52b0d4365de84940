import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import fc from 'fast-check'
import type { ConversationEvent } from '../../src/core/records.ts'
import { foldConversation } from '../../src/stages/assemble/fold.ts'
import { vconJson } from '../../src/vcon/serialize.ts'
import { validateVcon } from '../../src/vcon/validate.ts'
import { conversationEvents } from './arbitraries.ts'

const schemaPath = join(import.meta.dirname, '../../../shared/schemas/vcon-core-03.schema.json')
const ajv = new Ajv({ allErrors: true, strict: false })
formats.default(ajv)
const isValid = ajv.compile(JSON.parse(readFileSync(schemaPath, 'utf8')))

function bytesOf(events: readonly ConversationEvent[]): string {
  const folded = foldConversation(events)
  return folded === null ? 'nothing' : `${vconJson(folded.vcon)}\n${JSON.stringify(folded.head)}`
}

test('any order and duplication of the events gives the same vCon and head', () => {
  const shuffled = conversationEvents().chain(events =>
    fc.tuple(
      fc.constant(events),
      fc.shuffledSubarray([...events], { minLength: events.length }),
      fc.subarray([...events]),
      fc.nat(),
    ),
  )
  fc.assert(
    fc.property(shuffled, ([events, order, again, at]) => {
      const position = at % (order.length + 1)
      assert.equal(bytesOf([...order.slice(0, position), ...again, ...order.slice(position)]), bytesOf(events))
    }),
    { numRuns: 500 },
  )
})

test('every vCon is valid by the schema and by the text', () => {
  fc.assert(
    fc.property(conversationEvents(), events => {
      const folded = foldConversation(events)
      fc.pre(folded !== null)
      const vcon: unknown = JSON.parse(vconJson(folded.vcon))
      assert.ok(isValid(vcon), JSON.stringify(isValid.errors))
      assert.deepEqual(validateVcon(vcon), [])
    }),
    { numRuns: 500 },
  )
})
