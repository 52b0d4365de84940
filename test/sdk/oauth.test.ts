import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { VconduitError } from '../../src/core/errors.ts'
import { createHttpClient } from '../../src/sdk/http.ts'
import { type ClientCredentialsOptions, clientCredentials } from '../../src/sdk/oauth.ts'
import { testContext, vendorServer } from './vendor-server.ts'

const what = 'reading things'

const authorizerOf = (baseUrl: string, options: Partial<ClientCredentialsOptions> = {}) =>
  clientCredentials({
    http: createHttpClient({ baseUrl, account: 'main' }),
    tokenUrl: 'oauth/token',
    clientId: 'the client',
    clientSecret: 's:e+c/r€t',
    account: 'main',
    ...options,
  })

/** A vendor whose n-th login gives `token-n`. */
const loginServer = (expiresIn: number | undefined, delayMs = 0) => {
  let logins = 0
  return vendorServer((got, _before, response) => {
    if (got.url !== '/oauth/token') return response.end('{}')
    logins += 1
    setTimeout(() => response.end(JSON.stringify({ access_token: `token-${logins}`, expires_in: expiresIn })), delayMs)
  })
}

const configErrorOf = async (promise: Promise<unknown>): Promise<VconduitError> => {
  const error = await promise.then(
    () => assert.fail('it did not reject'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof VconduitError && error.kind === 'config', `not a config error: ${error}`)
  assert.doesNotMatch(error.message, /e\+c|e%2Bc|token-/)
  return error
}

describe('oauth', () => {
  it('sends id and secret in the header, form-encoded, or in the form', async () => {
    await using vendor = await loginServer(3600)
    await authorizerOf(vendor.url, { scope: 'a b' }).headers(testContext())
    await authorizerOf(vendor.url, { clientAuth: 'body' }).headers(testContext())
    const [inHeader, inForm] = vendor.got
    const basic = Buffer.from(inHeader?.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString()
    assert.equal(basic, 'the+client:s%3Ae%2Bc%2Fr%E2%82%ACt')
    assert.equal(inHeader?.body, 'grant_type=client_credentials&scope=a+b')
    assert.equal(inForm?.headers.authorization, undefined)
    assert.deepEqual(Object.fromEntries(new URLSearchParams(inForm?.body)), {
      grant_type: 'client_credentials',
      client_id: 'the client',
      client_secret: 's:e+c/r€t',
    })
  })

  it('asks once for all who wait, and keeps the token until shortly before it expires', async () => {
    await using vendor = await loginServer(600, 30)
    let now = Date.UTC(2026, 0)
    const ctx = testContext({ now: () => new Date(now) })
    const authorizer = authorizerOf(vendor.url)
    const all = await Promise.all(Array.from({ length: 10 }, () => authorizer.headers(ctx)))
    assert.deepEqual(new Set(all.map(({ authorization }) => authorization)), new Set(['Bearer token-1']))
    now += 539_000
    assert.deepEqual(await authorizer.headers(ctx), { authorization: 'Bearer token-1' })
    now += 1_000
    assert.deepEqual(await authorizer.headers(ctx), { authorization: 'Bearer token-2' })
    assert.equal(vendor.got.length, 2)
  })

  it('a token without an end is kept', async () => {
    await using vendor = await loginServer(undefined)
    let now = Date.UTC(2026, 0)
    const ctx = testContext({ now: () => new Date(now) })
    const authorizer = authorizerOf(vendor.url)
    await authorizer.headers(ctx)
    now += 365 * 86_400_000
    await authorizer.headers(ctx)
    assert.equal(vendor.got.length, 1)
  })

  it('the stop of who asks for all stops nobody else', async () => {
    await using vendor = await loginServer(600, 100)
    const authorizer = authorizerOf(vendor.url)
    const stop = new AbortController()
    const first = authorizer.headers(testContext({ signal: stop.signal }))
    const second = authorizer.headers(testContext())
    const refused = assert.rejects(first, error => error === stop.signal.reason)
    await delay(20)
    stop.abort()
    await refused
    assert.deepEqual(await second, { authorization: 'Bearer token-2' })
  })

  it('who stops waiting for another settles at once', async () => {
    await using vendor = await loginServer(600, 500)
    const authorizer = authorizerOf(vendor.url)
    const first = authorizer.headers(testContext())
    const stop = new AbortController()
    const second = authorizer.headers(testContext({ signal: stop.signal }))
    stop.abort()
    await assert.rejects(second, error => error === stop.signal.reason)
    assert.deepEqual(await first, { authorization: 'Bearer token-1' })
  })

  it('after a 401 it logs in once more; a second one is a config error', async () => {
    let valid = 'Bearer token-2'
    let logins = 0
    await using vendor = await vendorServer((got, _before, response) => {
      if (got.url === '/oauth/token') response.end(JSON.stringify({ access_token: `token-${++logins}` }))
      else response.writeHead(got.headers.authorization === valid ? 200 : 401).end('{}')
    })
    const http = createHttpClient({ baseUrl: vendor.url, account: 'main', authorizer: authorizerOf(vendor.url) })
    const ask = () => http.json({ what, url: 'x' }, testContext())
    await Promise.all([ask(), ask(), ask()])
    assert.equal(logins, 2)
    valid = 'none'
    const error = await configErrorOf(ask())
    assert.equal(error.code, 'http-401')
    assert.equal(logins, 3)
  })

  it('refused credentials name the account and what to do', async () => {
    for (const [status, body] of [
      [401, { error: 'invalid_client' }],
      [400, { error: 'invalid_client', error_description: 's:e+c/r€t is wrong' }],
      [403, {}],
      [404, {}],
    ] as const) {
      await using vendor = await vendorServer((_got, _before, response) =>
        response.writeHead(status).end(JSON.stringify(body)),
      )
      const error = await configErrorOf(authorizerOf(vendor.url, { fix: 'create a client' }).headers(testContext()))
      assert.match(error.message, new RegExp(`^logging in.*${status}`))
      if (status !== 404) assert.match(error.message, /account "main".*create a client/)
      assert.equal(vendor.got.length, 1)
    }
  })

  it('a 400 that is not OAuth is a config error too', async () => {
    await using vendor = await vendorServer((_got, _before, response) => response.writeHead(400).end('<html>'))
    assert.equal((await configErrorOf(authorizerOf(vendor.url).headers(testContext()))).code, 'login-refused')
  })

  it('a login without a usable token is a config error', async () => {
    for (const body of ['{}', '[]', '{"access_token":7}', '{"access_token":"a\\r\\nb"}']) {
      await using vendor = await vendorServer((_got, _before, response) => response.end(body))
      const error = await configErrorOf(authorizerOf(vendor.url).headers(testContext()))
      assert.equal(error.code, 'login-without-token')
    }
  })

  it('waits while the login is down, unless the caller limits the tries', async () => {
    await using vendor = await vendorServer((_got, before, response) =>
      response.writeHead(before < 3 ? 503 : 200).end('{"access_token":"t"}'),
    )
    const authorizer = authorizerOf(vendor.url)
    await assert.rejects(authorizer.headers(testContext(), 2), { kind: 'retriable' })
    assert.deepEqual(await authorizer.headers(testContext()), { authorization: 'Bearer t' })
  })
})
