import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { VconduitError } from '../../src/core/errors.ts'
import { createHttpClient, fixedHeaders, type HttpOptions, type Waiting } from '../../src/sdk/http.ts'
import { createRateBudget } from '../../src/sdk/rate-budget.ts'
import { systemTimer } from '../../src/sdk/timer.ts'
import { rawServer, testContext, vendorServer } from './vendor-server.ts'

const what = 'reading things'

const clientOf = (baseUrl: string, options: Partial<HttpOptions> = {}) =>
  createHttpClient({ baseUrl, account: 'main', ...options })

/** The error of a promise that must reject. */
const errorOf = async (promise: Promise<unknown>): Promise<VconduitError> => {
  const error = await promise.then(
    () => assert.fail('it did not reject'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof VconduitError, `not an error of ours: ${error}`)
  return error
}

describe('http: what is sent', () => {
  it('joins paths to the base, encodes the query and leaves out what is undefined', async () => {
    await using vendor = await vendorServer((_got, _before, response) => response.end('{}'))
    const http = clientOf(`${vendor.url}/base`)
    const query = { a: 'x y&z', n: 3, flag: true, none: undefined }
    await http.json({ what, url: '/v2/things', query }, testContext())
    await http.json({ what, url: 'v2/things?page=2', method: 'POST', json: { b: 1 } }, testContext())
    assert.deepEqual(
      vendor.got.map(({ method, url, body }) => ({ method, url, body })),
      [
        { method: 'GET', url: '/base/v2/things?a=x+y%26z&n=3&flag=true', body: '' },
        { method: 'POST', url: '/base/v2/things?page=2', body: '{"b":1}' },
      ],
    )
    assert.equal(vendor.got[1]?.headers['content-type'], 'application/json')
  })

  it('keeps the authorization to its own origin', async () => {
    await using storage = await vendorServer((_got, _before, response) => response.end('{}'))
    await using vendor = await vendorServer((_got, _before, response) => response.end('{}'))
    const http = clientOf(vendor.url, { authorizer: fixedHeaders({ authorization: 'Bearer token' }) })
    await http.bytes({ what, url: `${storage.url}/file?signature=s` }, testContext())
    await http.bytes({ what, url: `${vendor.url}/file` }, testContext())
    assert.equal(storage.got[0]?.headers.authorization, undefined)
    assert.equal(vendor.got[0]?.headers.authorization, 'Bearer token')
  })
})

describe('http: what comes back', () => {
  const payload = Buffer.from('{"b": 1.0,\n "a":"\\u00e4"}')

  it('keeps the bytes of a payload as the vendor sent them', async () => {
    await using vendor = await vendorServer((_got, _before, response) => response.end(payload))
    const reply = await clientOf(vendor.url).json({ what, url: 'x' }, testContext())
    assert.ok(reply.body.equals(payload))
    assert.deepEqual(reply.value, { b: 1, a: 'ä' })
  })

  for (const [encoding, compressed] of [
    ['gzip', gzipSync(payload)],
    ['deflate', deflateSync(payload)],
    ['br', brotliCompressSync(payload)],
  ] as const)
    it(`decompresses ${encoding}`, async () => {
      await using vendor = await vendorServer((_got, _before, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end(compressed),
      )
      const reply = await clientOf(vendor.url).bytes({ what, url: 'x' }, testContext())
      assert.ok(reply.body.equals(payload))
    })

  it('refuses a body that is too large, also when it grows by decompression', async () => {
    await using vendor = await vendorServer((got, _before, response) =>
      got.url === '/bomb'
        ? response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000)))
        : response.end(Buffer.alloc(2_001)),
    )
    const http = clientOf(vendor.url, { maxResponseBytes: 2_000 })
    for (const url of ['large', 'bomb']) {
      const error = await errorOf(http.bytes({ what, url }, testContext()))
      assert.deepEqual([error.kind, error.code], ['data', 'response-too-large'])
    }
    assert.equal(vendor.got.length, 2, 'it was asked again for what is too large')
    const reply = await http.bytes({ what, url: 'large', maxResponseBytes: 2_001 }, testContext())
    assert.equal(reply.body.length, 2_001)
  })

  it('hands out statuses that the caller accepts', async () => {
    await using vendor = await vendorServer((_got, _before, response) => response.writeHead(404).end('gone'))
    const reply = await clientOf(vendor.url).json({ what, url: 'x', accept: [404] }, testContext())
    assert.deepEqual([reply.status, reply.value, reply.body.toString()], [404, undefined, 'gone'])
  })
})

describe('http: errors', () => {
  const cases = [
    { status: 400, kind: 'data' },
    { status: 404, kind: 'data' },
    { status: 403, kind: 'config' },
    { status: 401, kind: 'config' },
    { status: 302, kind: 'config' },
  ] as const
  for (const { status, kind } of cases)
    it(`${status} is a ${kind} error, told without body, query or headers`, async () => {
      await using vendor = await vendorServer((_got, _before, response) =>
        response.writeHead(status, { location: '/else' }).end('the body'),
      )
      const authorizer = fixedHeaders({ authorization: 'Bearer secret-token' })
      const request = {
        what,
        url: 'v2/things',
        query: { key: 'secret-query' },
        fix: 'grant the permission things:view',
      }
      const ctx = testContext()
      const error = await errorOf(clientOf(vendor.url, { authorizer }).json(request, ctx))
      assert.deepEqual([error.kind, error.code], [kind, `http-${status}`])
      assert.ok(error.message.startsWith(`reading things: GET /v2/things: ${status}`), error.message)
      assert.doesNotMatch(error.message + error.stack + ctx.text(), /secret|the body/)
      if (status === 401 || status === 403)
        assert.match(error.message, /account "main" was refused; to fix it, grant the permission things:view/)
      assert.equal(vendor.got.length, 1)
    })

  it('other 4xx are what the caller says', async () => {
    await using vendor = await vendorServer((_got, _before, response) => response.writeHead(422).end())
    const error = await errorOf(clientOf(vendor.url).json({ what, url: 'x', clientErrors: 'fatal' }, testContext()))
    assert.equal(error.kind, 'fatal')
  })

  it('a mistake of ours is not tried again', async () => {
    await using vendor = await vendorServer((_got, _before, response) => response.end())
    const request = { what, url: 'x', headers: { 'bad header': 'x' } }
    await assert.rejects(clientOf(vendor.url).bytes(request, testContext()), error => !(error instanceof VconduitError))
  })

  it('no error carries what the vendor sent, not even as its cause', async () => {
    const replies = [
      'the-payload',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nthe-payload\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"the-payload"',
      'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nthe-payload',
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 11\r\n\r\nthe-payload',
    ]
    for (const reply of replies) {
      await using vendor = await rawServer([reply])
      const error = await errorOf(clientOf(vendor.url).json({ what, url: 'x', maxTries: 1 }, testContext()))
      assert.equal(error.kind, 'retriable')
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /the-payload/)
    }
  })

  it('gives up after the tries that the caller allows', async () => {
    await using vendor = await vendorServer((_got, _before, response) =>
      response.writeHead(503, { 'retry-after': '7' }).end(),
    )
    const error = await errorOf(clientOf(vendor.url).json({ what, url: 'x', maxTries: 1 }, testContext()))
    assert.deepEqual([error.kind, error.code, error.retryAfterMs], ['retriable', 'http-503', 7_000])
    assert.equal(vendor.got.length, 1)
  })
})

describe('http: trying again', () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504, 599])
    it(`goes on after ${status}`, async () => {
      await using vendor = await vendorServer((_got, before, response) =>
        response.writeHead(before < 3 ? status : 200).end('{}'),
      )
      assert.equal((await clientOf(vendor.url).json({ what, url: 'x' }, testContext())).status, 200)
      assert.equal(vendor.got.length, 4)
    })

  const whole = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'
  const broken = {
    'a body shorter than its content-length': 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}',
    'a chunked body without its end': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n',
    'a chunk cut in the middle': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{}',
    'a chunk without a length': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
    'half of the headers': 'HTTP/1.1 200 OK\r\ncontent-le',
    'nothing at all': '',
    'no HTTP': 'SSH-2.0-OpenSSH_9.6\r\n',
    'JSON that breaks off where the connection ends': 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"a":',
    'an apology in HTML': 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>',
  }
  for (const [name, reply] of Object.entries(broken))
    it(`goes on after ${name}`, async () => {
      await using vendor = await rawServer([reply, reply, whole])
      const waits: Waiting[] = []
      const http = clientOf(vendor.url, { waiting: waiting => waits.push(waiting) })
      assert.deepEqual((await http.json({ what, url: 'x' }, testContext())).value, {})
      assert.deepEqual(
        waits.map(({ failures }) => failures),
        [1, 2],
      )
    })

  it('goes on after compressed bytes that are cut', async () => {
    const bytes = gzipSync('{"a":"something long enough"}')
    await using vendor = await vendorServer((_got, before, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(before === 0 ? bytes.subarray(0, -9) : bytes),
    )
    await clientOf(vendor.url).bytes({ what, url: 'x' }, testContext())
    assert.equal(vendor.got.length, 2)
  })

  it('goes on when the vendor comes up later', async () => {
    const gone = await vendorServer(() => {})
    await gone[Symbol.asyncDispose]()
    let waits = 0
    const http = clientOf(gone.url, { waiting: () => void waits++ })
    const asked = http.bytes({ what, url: 'x' }, testContext())
    while (waits < 3) await delay(5)
    await using _back = await vendorServer(
      (_got, _before, response) => response.end('back'),
      Number(new URL(gone.url).port),
    )
    assert.equal((await asked).body.toString(), 'back')
  })

  it('gives up on a reply, or on the rest of one, that does not come in time', async () => {
    await using vendor = await vendorServer((_got, before, response) => {
      if (before === 0) return
      if (before === 1) response.writeHead(200, { 'content-length': 2 }).write('{')
      else response.end('{}')
    })
    const reasons: string[] = []
    const http = clientOf(vendor.url, {
      headersTimeoutMs: 300,
      bodyTimeoutMs: 300,
      waiting: ({ reason }) => reasons.push(reason),
    })
    await http.json({ what, url: 'x' }, testContext())
    assert.deepEqual(reasons, ['GET /x: no reply in time', 'GET /x: the body stopped coming'])
  })

  it('waits with full jitter', async () => {
    await using vendor = await vendorServer((_got, before, response) =>
      response.writeHead(before < 12 ? 500 : 200).end(),
    )
    const waits: number[] = []
    const timer = { ...systemTimer, sleep: async () => {} }
    const http = clientOf(vendor.url, { timer, waiting: ({ waitMs }) => waits.push(waitMs) })
    await http.bytes({ what, url: 'x' }, testContext({ random: () => 0.5 }))
    assert.deepEqual(waits, [125, 250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000])
  })

  it('never comes back before Retry-After has passed', async () => {
    await using vendor = await vendorServer((_got, before, response) =>
      before === 0 ? response.writeHead(429, { 'retry-after': '1' }).end() : response.end(),
    )
    await clientOf(vendor.url).bytes({ what, url: 'x' }, testContext({ random: () => 0 }))
    const [first, second] = vendor.got
    assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 999, 'too early')
  })

  it('a 429 silences everybody who shares the budget', async () => {
    await using vendor = await vendorServer((_got, before, response) =>
      before === 0 ? response.writeHead(429, { 'retry-after': '1' }).end() : response.end(),
    )
    const budget = createRateBudget({ requestsPerMinute: 60_000 })
    const ctx = testContext()
    const first = clientOf(vendor.url, { budget }).bytes({ what, url: 'first' }, ctx)
    while (vendor.got.length === 0) await delay(1)
    await delay(30)
    await Promise.all([first, clientOf(vendor.url, { budget }).bytes({ what, url: 'second' }, ctx)])
    const [refused, ...others] = vendor.got.map(({ at }) => at)
    assert.equal(others.length, 2)
    assert.ok(Math.min(...others) - (refused ?? 0) >= 999, 'somebody did not wait')
  })
})

describe('http: people hear of waits', () => {
  it('warns once per outage, and says when it is over', async () => {
    await using vendor = await vendorServer((got, before, response) =>
      response.writeHead(before < 8 || got.url === '/again?secret=s' ? (before < 16 ? 503 : 200) : 200).end(),
    )
    let elapsed = 0
    const timer = {
      elapsedMs: () => elapsed,
      sleep: async (ms: number) => {
        elapsed += ms
      },
    }
    const http = clientOf(vendor.url, { timer })
    const ctx = testContext({ random: () => 0.9 })
    await Promise.all([http.bytes({ what, url: 'x' }, ctx), http.bytes({ what, url: 'y' }, ctx)])
    const spoken = () => ctx.lines.map(({ level, msg }) => `${level} ${msg}`)
    assert.deepEqual(spoken(), ['40 waiting for the vendor', '30 the vendor answers again'])
    await http.bytes({ what, url: 'again?secret=s' }, ctx)
    assert.deepEqual(spoken().slice(2), ['40 waiting for the vendor', '30 the vendor answers again'])
    assert.equal(ctx.lines[2]?.['reason'], 'GET /again: 503')
    assert.doesNotMatch(ctx.text(), /secret/)
  })

  it('says nothing of a hiccup', async () => {
    await using vendor = await vendorServer((_got, before, response) =>
      response.writeHead(before < 2 ? 500 : 200).end(),
    )
    const ctx = testContext()
    await clientOf(vendor.url).bytes({ what, url: 'x' }, ctx)
    assert.deepEqual(ctx.lines, [])
  })
})

describe('http: an abort', () => {
  /** Rejects within a second of the abort: the limit is the contract's. */
  const settles = async (promise: Promise<unknown>, stop: AbortController) => {
    promise.catch(() => {})
    await delay(100)
    stop.abort()
    await assert.rejects(Promise.race([promise, delay(1_000, 'late')]), error => error === stop.signal.reason)
  }

  it('before the request', async () => {
    await using vendor = await vendorServer((_got, _before, response) => response.end())
    const signal = AbortSignal.abort()
    await assert.rejects(clientOf(vendor.url).bytes({ what, url: 'x' }, testContext({ signal })), {
      name: 'AbortError',
    })
    assert.equal(vendor.got.length, 0)
  })

  it('while the reply does not come', async () => {
    await using vendor = await vendorServer(() => {})
    const stop = new AbortController()
    await settles(clientOf(vendor.url).bytes({ what, url: 'x' }, testContext({ signal: stop.signal })), stop)
  })

  it('in the middle of a body', async () => {
    await using vendor = await vendorServer((_got, _before, response) => response.write('{'))
    const stop = new AbortController()
    await settles(clientOf(vendor.url).bytes({ what, url: 'x' }, testContext({ signal: stop.signal })), stop)
  })

  it('during a wait', async () => {
    await using vendor = await vendorServer((_got, _before, response) =>
      response.writeHead(429, { 'retry-after': '3600' }).end(),
    )
    const stop = new AbortController()
    await settles(clientOf(vendor.url).bytes({ what, url: 'x' }, testContext({ signal: stop.signal })), stop)
  })

  it('while connecting to a host that does not answer', async () => {
    // A listener that accepts nobody: its queue fills up, and further connections hang.
    const source = `
      const { parentPort } = require('node:worker_threads')
      const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
        parentPort.postMessage(server.address().port)
        setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000), 5)
      })`
    const worker = new Worker(source, { eval: true })
    try {
      const port = await new Promise<number>(resolve => worker.once('message', resolve))
      await delay(50)
      const stop = new AbortController()
      const http = clientOf(`http://127.0.0.1:${port}`)
      const many = Array.from({ length: 8 }, () => http.bytes({ what, url: 'x' }, testContext({ signal: stop.signal })))
      const all = Promise.allSettled(many).then(results => {
        for (const { status } of results) assert.equal(status, 'rejected')
        throw stop.signal.reason
      })
      await settles(all, stop)
    } finally {
      await worker.terminate()
    }
  })
})
