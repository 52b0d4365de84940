import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import platformClient from 'purecloud-platform-client-v2'
import { errorOf, hourMs, startRig } from './rig.ts'

const anything = (rig: Awaited<ReturnType<typeof startRig>>) =>
  new platformClient.OrganizationApi(rig.client).getOrganizationsMe()

describe('access', () => {
  it('is by client credentials, and ends when the token expires', async () => {
    await using rig = await startRig()
    assert.equal((await anything(rig)).state, 'active')
    rig.pass(24 * hourMs)
    const expired = await errorOf(anything(rig))
    assert.deepEqual([expired['status'], expired['code']], [401, 'bad.credentials'])
    await rig.client.loginClientCredentialsGrant(rig.sandbox.clientId, rig.sandbox.clientSecret)
    assert.equal((await anything(rig)).state, 'active')

    const wrong = await fetch(`${rig.sandbox.loginUrl}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('somebody:else').toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    assert.equal(wrong.status, 401)
    assert.equal(Object(await wrong.json()).error, 'invalid_client')
    const without = await fetch(`${rig.sandbox.apiUrl}/api/v2/users`)
    assert.equal(Object(await without.json()).code, 'authentication.required')
  })

  it('can be revoked and restored', async () => {
    await using rig = await startRig()
    const login = () => rig.client.loginClientCredentialsGrant(rig.sandbox.clientId, rig.sandbox.clientSecret)
    rig.sandbox.faults.revokeCredentials()
    assert.equal((await errorOf(anything(rig)))['status'], 401)
    await assert.rejects(login())
    rig.sandbox.faults.restoreCredentials()
    await login()
    assert.equal((await anything(rig)).state, 'active')
  })

  it('is limited per token and minute, with Retry-After', async () => {
    await using rig = await startRig({ requestsPerMinute: 3 })
    rig.client.setReturnExtendedResponses(true)
    for (let request = 0; request < 3; request++) await anything(rig)
    rig.pass(20_000)
    const { status, headers, body } = await errorOf(anything(rig))
    assert.equal(status, 429)
    assert.equal(Object(headers)['retry-after'], '40')
    assert.equal(Object(body).message, 'Rate limit exceeded the maximum. Retry the request in [40] seconds')
    rig.pass(40_000)
    assert.equal(Object(await anything(rig)).status, 200)
    // Another token has a budget of its own.
    await rig.client.loginClientCredentialsGrant(rig.sandbox.clientId, rig.sandbox.clientSecret)
    for (let request = 0; request < 3; request++) await anything(rig)
  })
})

describe('faults', () => {
  it('come as planned, one per request', async () => {
    await using rig = await startRig()
    const { faults } = rig.sandbox
    faults.rateLimitNext(1, 7)
    faults.failNext(2, 503)
    const codes = []
    for (let request = 0; request < 3; request++) codes.push((await errorOf(anything(rig)))['code'])
    assert.deepEqual(codes, ['too.many.requests', 'service.unavailable', 'service.unavailable'])
    assert.equal((await anything(rig)).state, 'active')
    assert.deepEqual(
      rig.sandbox.requests().map(({ method, path, status }) => [method, path, status]),
      [
        ['POST', '/oauth/token', 200],
        ...[429, 503, 503, 200].map(status => ['GET', '/api/v2/organizations/me', status]),
      ],
    )
  })

  it('break the connection in the middle of a body', async () => {
    await using rig = await startRig()
    rig.sandbox.faults.cutNext(1)
    const { sandbox, client } = rig
    const { accessToken } = await client.loginClientCredentialsGrant(sandbox.clientId, sandbox.clientSecret)
    const response = await fetch(`${rig.sandbox.apiUrl}/api/v2/users`, {
      headers: { authorization: `Bearer ${accessToken}` },
    })
    assert.equal(response.status, 200)
    const promised = Number(response.headers.get('content-length'))
    let received = 0
    await assert.rejects(async () => {
      for await (const chunk of response.body ?? []) received += chunk.length
    })
    assert.ok(received > 0 && received < promised)
    assert.equal(rig.sandbox.requests().at(-1)?.status, 0)
    assert.equal((await anything(rig)).state, 'active')
  })

  it('delay requests', async () => {
    await using rig = await startRig()
    rig.sandbox.faults.delayNext(1, 150)
    const from = performance.now()
    await anything(rig)
    assert.ok(performance.now() - from >= 140)
  })

  it('come now and then by chaos, the same for the same seed', async () => {
    const statuses = async (seed: number) => {
      await using rig = await startRig({ seed, chaos: true })
      for (let request = 0; request < 300; request++) await anything(rig).catch(() => undefined)
      return rig.sandbox.requests().map(({ status }) => status)
    }
    const first = await statuses(5)
    assert.ok(first.includes(500) && first.includes(429))
    assert.ok(first.filter(status => status !== 200).length < 30)
    assert.deepEqual(await statuses(5), first)
    assert.notDeepEqual(await statuses(6), first)
  })
})
