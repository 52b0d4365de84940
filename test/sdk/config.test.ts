import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { accountConfig, baseUrl, duration, durationMs, isSecret, secret } from '../../src/sdk/config.ts'

const config = accountConfig(
  'toy',
  {
    apiUrl: baseUrl('Where the API is.'),
    token: secret('Token.'),
    every: duration('How often.', { default: '10m', min: '1s', max: '1d' }),
    keep: duration('How long.').optional(),
  },
  { apiUrl: 'https://api.example.com', token: 'xxxx' },
)

const good = { vendor: 'toy', account: 'main', apiUrl: 'https://api.example.com/', token: 't' }

const messagesOf = (input: unknown) => {
  const parsed = config.safeParse(input)
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('account configuration', () => {
  it('parses, with defaults, durations in milliseconds and URLs without a slash at the end', () => {
    assert.deepEqual(config.parse({ ...good, keep: '2d' }), {
      vendor: 'toy',
      account: 'main',
      apiUrl: 'https://api.example.com',
      token: 't',
      every: 600_000,
      keep: 172_800_000,
    })
  })

  it('its example parses and every field has a description', () => {
    const [example] = (config.meta()?.['examples'] ?? []) as readonly unknown[]
    assert.equal(config.safeParse(example).success, true)
    for (const [name, field] of Object.entries(config.shape))
      if (name !== 'keep') assert.ok(field.description, `${name} has no description`)
  })

  it('says what is wrong and what is expected, without showing a secret', () => {
    assert.deepEqual(messagesOf({ ...good, every: '10' }), [
      'every: "10" is no duration; expected a whole number with ms, s, m, h or d, e.g. "10m"',
    ])
    assert.deepEqual(messagesOf({ ...good, every: 10 }), [
      'every: expected a duration with its unit, e.g. "30s", "10m", "6h" or "2d"',
    ])
    assert.deepEqual(messagesOf({ ...good, every: '2d' }), [
      'every: "2d" is out of range; expected at least "1s" and at most "1d"',
    ])
    assert.deepEqual(messagesOf({ ...good, token: 12345 }), ['token: expected a secret as text'])
    assert.deepEqual(messagesOf({ ...good, token: '' }), ['token: must not be empty'])
    assert.match(messagesOf({ ...good, account: 'my account' }).join(), /^account: expected 1 to 63 letters/)
    assert.match(messagesOf({ ...good, nope: 1 }).join(), /nope/)
    assert.match(messagesOf({ ...good, vendor: 'other' }).join(), /^vendor: /)
  })

  it('knows which fields are secrets', () => {
    const secrets = Object.entries(config.shape).filter(([, field]) => isSecret(field))
    assert.deepEqual(
      secrets.map(([name]) => name),
      ['token'],
    )
    assert.equal(isSecret(z.string()), false)
  })
})

describe('durations', () => {
  it('are whole numbers with a unit', () => {
    const cases = { '500ms': 500, '30s': 30_000, '10m': 600_000, '6 h': 21_600_000, ' 2d ': 172_800_000, '0s': 0 }
    for (const [text, ms] of Object.entries(cases)) assert.equal(durationMs(text), ms, text)
  })

  it('are nothing else', () => {
    for (const text of ['', '10', 'm', '1.5h', '-1s', '1h30m', '1w', '10M', '999999999999d', '1e3s'])
      assert.equal(durationMs(text), undefined, text)
  })
})

describe('base URLs', () => {
  const problemOf = (apiUrl: unknown) => messagesOf({ ...good, apiUrl }).join()

  it('are https, or http to this machine', () => {
    for (const url of ['https://api.example.com', 'http://localhost:8080/x', 'http://127.0.0.1:1', 'http://[::1]:80'])
      assert.equal(problemOf(url), '', url)
    for (const url of [
      'http://api.example.com',
      'http://localhost.example.com',
      'http://127.0.0.1.example.com',
      'ftp://localhost',
    ])
      assert.match(problemOf(url), /^apiUrl: expected https, not (http|ftp): only this machine/, url)
  })

  it('hold no credentials, query or fragment', () => {
    assert.match(problemOf('https://user:secret@api.example.com'), /^apiUrl: must not hold a user or password$/)
    assert.match(problemOf('https://api.example.com?x=1'), /must not hold a query/)
    assert.match(problemOf('https://api.example.com#x'), /must not hold a query or fragment/)
    assert.match(problemOf('api.example.com'), /is no URL/)
    assert.match(problemOf(7), /expected a URL/)
  })
})
