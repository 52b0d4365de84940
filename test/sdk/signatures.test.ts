import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { bearerVerifier, type HmacOptions, hmacVerifier, sameSecret } from '../../src/sdk/signatures.ts'

const receivedAt = new Date('2026-01-01T00:00:00Z')
const rawBody = Buffer.from('{"a":1}')
const request = (headers: Readonly<Record<string, string>>, body = rawBody) => ({ headers, rawBody: body, receivedAt })

describe('bearer tokens', () => {
  const verify = bearerVerifier('the-token')

  it('accepts the token, whatever the case of the scheme', () => {
    assert.ok(verify(request({ authorization: 'Bearer the-token' })))
    assert.ok(verify(request({ authorization: 'bearer  the-token ' })))
  })

  it('refuses anything else', () => {
    for (const authorization of [
      '',
      'the-token',
      'Bearer',
      'Bearer ',
      'Bearer the-token2',
      'Bearer the-toke',
      'Basic the-token',
    ])
      assert.equal(verify(request({ authorization })), false, authorization)
    assert.equal(verify(request({})), false)
  })

  it('needs a token', () => {
    assert.throws(() => bearerVerifier(''), RangeError)
  })
})

describe('signatures', () => {
  it('known answer: HMAC-SHA256 of RFC 4231, test case 2', () => {
    const verify = hmacVerifier({ algorithm: 'sha256', encoding: 'hex', secrets: ['Jefe'], header: 'x-signature' })
    const signature = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
    const body = Buffer.from('what do ya want for nothing?')
    assert.ok(verify(request({ 'x-signature': signature }, body)))
    assert.ok(verify(request({ 'x-signature': signature.toUpperCase() }, body)))
    assert.equal(verify(request({ 'x-signature': signature.replace('5', '6') }, body)), false)
    assert.equal(verify(request({ 'x-signature': signature.slice(2) }, body)), false)
    assert.equal(verify(request({}, body)), false)
  })

  for (const algorithm of ['sha256', 'sha1'] as const)
    for (const encoding of ['hex', 'base64'] as const)
      it(`${algorithm} in ${encoding}, with a prefix, for two secrets while one is changed`, () => {
        const options = { algorithm, encoding, header: 'x-signature', prefix: `${algorithm}=` } as const
        const verify = hmacVerifier({ ...options, secrets: ['old', 'new'] })
        for (const secret of ['old', 'new', 'other']) {
          const signature = createHmac(algorithm, secret).update(rawBody).digest(encoding)
          assert.equal(verify(request({ 'x-signature': `${algorithm}=${signature}` })), secret !== 'other')
          assert.equal(verify(request({ 'x-signature': signature })), false, 'without its prefix')
        }
      })

  const timed: HmacOptions = {
    algorithm: 'sha256',
    encoding: 'hex',
    secrets: ['s'],
    header: 'x-signature',
    timestamp: { header: 'x-time', unit: 's', toleranceMs: 300_000 },
  }
  const signedAt = (time: string) =>
    request({
      'x-time': time,
      'x-signature': createHmac('sha256', 's').update(`${time}.`).update(rawBody).digest('hex'),
    })
  const nowSeconds = receivedAt.getTime() / 1000

  it('the timestamp is signed and must be recent', () => {
    const verify = hmacVerifier(timed)
    assert.ok(verify(signedAt(`${nowSeconds}`)))
    assert.ok(verify(signedAt(`${nowSeconds - 300}`)))
    assert.ok(verify(signedAt(`${nowSeconds + 300}`)))
    assert.equal(verify(signedAt(`${nowSeconds - 301}`)), false, 'a replay')
    assert.equal(verify(signedAt(`${nowSeconds + 301}`)), false, 'from the future')
    for (const time of ['', 'now', '-1', '1e9', '9'.repeat(20)]) assert.equal(verify(signedAt(time)), false, time)
    const shifted = { ...signedAt(`${nowSeconds}`).headers, 'x-time': `${nowSeconds - 1}` }
    assert.equal(verify(request(shifted)), false, 'another time than was signed')
  })

  it('a vendor may sign something else', () => {
    const verify = hmacVerifier({ ...timed, signed: (body, time) => Buffer.from(`v0:${time}:${body}`) })
    const time = `${nowSeconds}`
    const signature = createHmac('sha256', 's').update(`v0:${time}:${rawBody}`).digest('hex')
    assert.ok(verify(request({ 'x-time': time, 'x-signature': signature })))
  })

  it('needs a secret', () => {
    for (const secrets of [[], ['']]) assert.throws(() => hmacVerifier({ ...timed, secrets }), RangeError)
  })
})

describe('comparing secrets', () => {
  it('tells equal from different, whatever the lengths', () => {
    assert.ok(sameSecret('ä', Buffer.from('ä')))
    for (const [given, expected] of [
      ['a', 'b'],
      ['a', 'aa'],
      ['', 'a'],
    ] as const)
      assert.equal(sameSecret(given, expected), false)
  })
})
