import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { configError, dataError } from '../../src/core/errors.ts'
import { emit } from '../../src/core/outcome.ts'
import {
  arrayAt,
  at,
  booleanAt,
  integerAt,
  normalizing,
  numberAt,
  objectAt,
  parsePayload,
  stringAt,
  textAt,
} from '../../src/sdk/payload.ts'
import { parseTime, plausibleTimes, type TimeUnit, timeAt } from '../../src/sdk/time.ts'

const parse = (text: string | Buffer, limits = {}) => parsePayload(Buffer.from(text), limits)

describe('payloads', () => {
  it('any JSON is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), text => {
        assert.deepEqual(parse(text), JSON.parse(text))
        assert.deepEqual(parse(`\uFEFF${text}`), JSON.parse(text))
      }),
    )
  })

  it('what is no JSON is refused without being quoted', () => {
    const broken = [
      '',
      ' ',
      '{',
      '{"secret":1',
      '"secret',
      'secret',
      '[1,]',
      '\uFEFF\uFEFF{}',
      '"secret\\"',
      '{"a":"\\',
    ]
    for (const text of [...broken, Buffer.from([0x22, 0xff, 0x22])])
      assert.throws(
        () => parse(text),
        (error: Error) => {
          assert.deepEqual(
            Object.entries({ ...error }).find(([name]) => name === 'code'),
            ['code', 'payload-not-json'],
          )
          assert.doesNotMatch(error.message, /secret/)
          return true
        },
      )
  })

  it('nesting up to the limit is read, beyond it refused, without overflowing the stack', () => {
    const nested = (depth: number, text = '') => `${'[{"a":'.repeat(depth / 2)}"${text}"${'}]'.repeat(depth / 2)}`
    parse(nested(128))
    // What stands in a text is not nesting, and no quote in it ends the text.
    parse(nested(128, '[[[[{{{{\\"[[[[\\\\'))
    assert.throws(() => parse(nested(130)), { code: 'payload-too-deep' })
    assert.throws(() => parse(nested(4), { maxDepth: 3 }), { code: 'payload-too-deep' })
    assert.throws(() => parse('['.repeat(5_000_000)), { code: 'payload-too-deep' })
  })

  it('the depth that is measured is the depth that is there', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? 1 + Math.max(0, ...Object.values(value as Record<string, unknown>).map(depthOf))
        : 0
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, stringUnit: fc.constantFrom('"', '\\', '[', '{', 'ä', '\u0001') }), text => {
        const depth = depthOf(JSON.parse(text))
        parse(text, { maxDepth: depth })
        if (depth > 0) assert.throws(() => parse(text, { maxDepth: depth - 1 }), { code: 'payload-too-deep' })
      }),
    )
  })

  it('larger ones than allowed are refused', () => {
    assert.throws(() => parse('"aaaa"', { maxBytes: 5 }), { code: 'payload-too-large' })
    assert.equal(parse('"aaa"', { maxBytes: 5 }), 'aaa')
  })

  it('data errors become dead letters, others are bugs', () => {
    const outcome = normalizing(() => emit(parse('{')))
    assert.deepEqual([outcome.kind, outcome.kind === 'deadLetter' && outcome.code], ['deadLetter', 'payload-not-json'])
    assert.throws(() => normalizing(() => assert.fail('a bug')), /a bug/)
    assert.throws(
      () =>
        normalizing(() => {
          throw configError('x', 'y')
        }),
      { kind: 'config' },
    )
    assert.equal(normalizing(() => emit(1)).kind, 'emit')
    assert.equal(
      normalizing(() => {
        throw dataError('own-code', 'y')
      }).kind,
      'deadLetter',
    )
  })
})

describe('getters over unknown JSON', () => {
  it('never throw, whatever the value and the path', () => {
    const path = fc.array(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'length'), fc.integer()), {
      maxLength: 4,
    })
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.anything()), path, (value, steps) => {
        for (const get of [at, stringAt, textAt, numberAt, integerAt, booleanAt, arrayAt, objectAt])
          get(value, ...steps)
      }),
    )
  })

  it('find own values of the right type only', () => {
    const value: unknown = JSON.parse(
      '{"s":"x","blank":" ","n":1.5,"big":1e999,"huge":9007199254740993,"b":false,"list":[{"k":"v"}],"o":{},"z":null,"bad":"\\ud800"}',
    )
    assert.equal(stringAt(value, 's'), 'x')
    assert.equal(stringAt(value, 'n'), undefined)
    assert.equal(stringAt(value, 'blank'), ' ')
    assert.equal(stringAt(value, 'bad'), '\ufffd')
    assert.equal(textAt(value, 'blank'), undefined)
    assert.equal(textAt(value, 's'), 'x')
    assert.equal(numberAt(value, 'n'), 1.5)
    assert.equal(numberAt(value, 'big'), undefined)
    assert.equal(numberAt(value, 's'), undefined)
    assert.equal(integerAt(value, 'n'), 2)
    assert.equal(integerAt(value, 'huge'), undefined)
    assert.equal(booleanAt(value, 'b'), false)
    assert.equal(booleanAt(value, 'z'), undefined)
    assert.equal(stringAt(value, 'list', 0, 'k'), 'v')
    assert.equal(stringAt(value, 'list', -1, 'k'), undefined)
    assert.deepEqual(arrayAt(value, 'o'), [])
    assert.deepEqual(objectAt(value, 'o'), {})
    assert.equal(objectAt(value, 'list'), undefined)
    assert.equal(objectAt(value, 'z'), undefined)
    for (const name of ['constructor', '__proto__', 'toString']) assert.equal(at(value, name), undefined)
    assert.equal(stringAt('itself'), 'itself')
  })
})

describe('times', () => {
  const expected = Date.UTC(2026, 4, 6, 7, 8, 9, 123)
  const cases: readonly [unknown, TimeUnit, number][] = [
    ['2026-05-06T07:08:09.123Z', 'iso', expected],
    ['2026-05-06T07:08:09.123999999Z', 'iso', expected],
    ['2026-05-06T09:08:09.123+02:00', 'iso', expected],
    ['2026-05-06T09:08:09.123+0200', 'iso', expected],
    ['2026-05-06T05:08:09,123-02', 'iso', expected],
    ['2026-05-06 07:08:09.123', 'iso', expected],
    ['2026-05-06T07:08:09.1Z', 'iso', expected - 23],
    ['2026-05-06T07:08:09Z', 'iso', expected - 123],
    ['2026-05-06T07:08Z', 'iso', expected - 9_123],
    ['2026-05-06', 'iso', Date.UTC(2026, 4, 6)],
    [expected, 'ms', expected],
    [`${expected}`, 'ms', expected],
    [expected + 0.9, 'ms', expected],
    [expected / 1000, 's', expected],
    ['1778051289.123', 's', expected],
    [Math.floor(expected / 1000), 's', expected - 123],
    [expected * 1000, 'us', expected],
    [`${expected}999999`, 'ns', expected],
    [BigInt(expected) * 1_000_000n, 'ns', expected],
    [BigInt(expected), 'ms', expected],
  ]
  for (const [value, unit, ms] of cases)
    it(`${typeof value} ${value} in ${unit}`, () => assert.equal(parseTime(value, unit, 'x'), ms))

  it('does not depend on the time zone of the machine', () => {
    const before = process.env['TZ']
    process.env['TZ'] = 'Asia/Kathmandu'
    try {
      assert.equal(parseTime('2026-05-06T07:08:09.123', 'iso', 'x'), expected)
    } finally {
      if (before === undefined) delete process.env['TZ']
      else process.env['TZ'] = before
    }
  })

  it('nothing there is no time', () => {
    for (const value of [undefined, null, '', ' ']) assert.equal(parseTime(value, 'iso', 'x'), undefined)
    assert.equal(timeAt({ a: null }, 'iso', 'a'), undefined)
    assert.equal(timeAt({ a: [{ b: expected }] }, 'ms', 'a', 0, 'b'), expected)
  })

  it('absurd times and what is no time are refused by name, without being quoted', () => {
    const absurd: readonly [unknown, TimeUnit][] = [
      ['0001-01-01T00:00:00Z', 'iso'],
      ['9999-12-31T23:59:59Z', 'iso'],
      ['2026-13-01T00:00:00Z', 'iso'],
      ['2026-05-06T25:00:00Z', 'iso'],
      ['Wed, 06 May 2026', 'iso'],
      ['2026', 'iso'],
      [2026, 'iso'],
      [0, 'ms'],
      [-1, 's'],
      [expected, 's'],
      [expected / 1000, 'ms'],
      [Number.NaN, 'ms'],
      [Number.POSITIVE_INFINITY, 'ms'],
      ['1e12', 'ms'],
      ['0x18', 's'],
      ['-5', 'ns'],
      [true, 'ms'],
      [{}, 'iso'],
      [[], 'ns'],
    ]
    for (const [value, unit] of absurd) {
      assert.throws(
        () => parseTime(value, unit, 'startTime'),
        (error: Error & { code?: string }) =>
          error.code === 'implausible-time' && error.message.startsWith('reading startTime: '),
        `${value} in ${unit}`,
      )
    }
  })

  it('gives a plausible time or refuses, for anything', () => {
    const units = fc.constantFrom<TimeUnit>('iso', 's', 'ms', 'us', 'ns')
    fc.assert(
      fc.property(fc.oneof(fc.anything({ withBigInt: true }), fc.double(), fc.string()), units, (value, unit) => {
        try {
          const ms = parseTime(value, unit, 'x')
          if (ms === undefined) return
          assert.ok(Number.isInteger(ms) && ms >= plausibleTimes.from && ms < plausibleTimes.to)
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'implausible-time', `${error}`)
        }
      }),
    )
  })

  it('ISO round trip', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(plausibleTimes.from), max: new Date(plausibleTimes.to - 1), noInvalidDate: true }),
        date => {
          assert.equal(parseTime(date.toISOString(), 'iso', 'x'), date.getTime())
          assert.equal(parseTime(`${BigInt(date.getTime()) * 1_000_000n + 999_999n}`, 'ns', 'x'), date.getTime())
        },
      ),
    )
  })
})
