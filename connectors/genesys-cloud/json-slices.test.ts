import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arrayElements } from './json-slices.ts'

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 3 })
const value = fc.oneof(
  fc.json(),
  fc.constantFrom('{"a":"]}\\"","b":[{}]}', '"\\\\"', '-1.5e-7', 'null', '{ "x" : [ 1 , 2 ] }', '"\\u005d,"'),
)

test('elements are the very bytes of the array, whatever stands around and inside them', () => {
  fc.assert(
    fc.property(
      fc.array(value),
      fc.array(fc.tuple(fc.string(), value)),
      space,
      fc.boolean(),
      (items, others, gap, escaped) => {
        const array = `[${gap}${items.map(item => `${item}${gap}`).join(`,${gap}`)}]`
        const name = escaped ? '"\\u0063onversations"' : '"conversations"'
        const fields = others
          .filter(([key]) => key !== 'conversations')
          .map(([key, json]) => `${JSON.stringify(key)}${gap}:${gap}${json}`)
        const half = Math.floor(fields.length / 2)
        const json = `${gap}{${gap}${[...fields.slice(0, half), `${name}:${gap}${array}`, ...fields.slice(half)].join(`${gap},${gap}`)}${gap}}${gap}`
        JSON.parse(json)
        const found = arrayElements(Buffer.from(json), 'conversations')
        assert.deepEqual(found.map(String), items)
      },
    ),
  )
})

test('the document itself may be the array', () => {
  assert.deepEqual(arrayElements(Buffer.from(' [ {"id":1} ,"ü", [2] ]\n')).map(String), ['{"id":1}', '"ü"', '[2]'])
  assert.deepEqual(arrayElements(Buffer.from('[]')), [])
})

test('of fields with one name the last counts, as in JSON.parse; a field that is no array has no elements', () => {
  assert.deepEqual(arrayElements(Buffer.from('{"a":[1],"a":[2,3]}'), 'a').map(String), ['2', '3'])
  assert.deepEqual(arrayElements(Buffer.from('{"a":{"b":[1]},"b":7}'), 'b'), [])
  assert.deepEqual(arrayElements(Buffer.from('{"a":1}'), 'b'), [])
  assert.deepEqual(arrayElements(Buffer.from('"a"'), 'b'), [])
})
