import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import pino from 'pino'
import type { PushRequest, RawInput, Route } from '../../src/core/connector.ts'
import { dataError, fatalError, retriableError } from '../../src/core/errors.ts'
import { type AccountRoute, type Receiver, type ReceiverOptions, startReceiver } from '../../src/server/receiver.ts'

const record = (payload: Buffer): RawInput => ({
  stream: 'posts',
  key: 'k',
  observedAt: 1,
  contentType: 'application/octet-stream',
  payload,
})

/** A route that takes in what has its token, and says so in its own words. */
const routeOf = (token: string, overrides: Partial<Route> = {}): Route => ({
  path: '/hook',
  maxBytes: 10_000,
  handle: ({ headers, body }) =>
    headers['authorization'] === `Bearer ${token}`
      ? { records: [record(body)], reply: { status: 202, headers: { 'x-by': token }, body: 'taken' } }
      : undefined,
  refuse: (status, message) => ({ status, headers: { 'x-refused': 'yes' }, body: JSON.stringify({ message }) }),
  ...overrides,
})

const accountOf = (account: string, overrides: Partial<Route> = {}): AccountRoute => ({
  vendor: 'toy',
  account,
  route: routeOf(account, overrides),
})

interface Running extends AsyncDisposable {
  readonly receiver: Receiver
  readonly url: string
  readonly appended: { readonly account: string; readonly payload: Buffer }[]
  readonly logged: () => string
}

async function running(options: Partial<ReceiverOptions> = {}): Promise<Running> {
  const appended: { account: string; payload: Buffer }[] = []
  const logged: string[] = []
  const receiver = await startReceiver({
    host: '127.0.0.1',
    port: 0,
    routes: [accountOf('one'), accountOf('two')],
    append: async (records, { account }) => {
      for (const { payload } of records) appended.push({ account, payload })
    },
    log: pino({ level: 'trace' }, { write: line => void logged.push(line) }),
    now: () => new Date('2026-01-01T00:00:00Z'),
    ...options,
  })
  return {
    receiver,
    url: `http://127.0.0.1:${receiver.port}`,
    appended,
    logged: () => logged.join(''),
    [Symbol.asyncDispose]: () => receiver.close(),
  }
}

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const post = (
  url: string,
  body: Buffer | string,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const asked = httpRequest(url, { method, headers: { authorization: 'Bearer one', ...headers } }, reply => {
      let text = ''
      reply.on('data', piece => {
        text += piece
      })
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: text }))
    })
    asked.on('error', reject)
    asked.end(body)
  })

/** What a connection hears until it is closed by the other side. */
const heard = (socket: Socket): Promise<string> =>
  new Promise(resolve => {
    let text = ''
    socket.on('data', piece => {
      text += piece
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })

describe('receiver: taking in', () => {
  it('hands records to append with their account, then replies as the route says', async () => {
    await using run = await running()
    const reply = await post(`${run.url}/hook?x=1`, 'body', {
      authorization: 'Bearer two',
      'content-type': 'any/thing',
    })
    assert.deepEqual([reply.status, reply.headers['x-by'], reply.body], [202, 'two', 'taken'])
    assert.deepEqual(run.appended, [{ account: 'two', payload: Buffer.from('body') }])
  })

  it('replies only after append has resolved', async () => {
    const appending = Promise.withResolvers<void>()
    await using run = await running({ append: () => appending.promise })
    let replied = false
    const reply = post(`${run.url}/hook`, 'x').then(({ status }) => {
      replied = true
      return status
    })
    await delay(100)
    assert.equal(replied, false)
    appending.resolve()
    assert.equal(await reply, 202)
  })

  it('a route gets the bytes as sent and decompressed, lower-case headers and the time', async () => {
    const seen: PushRequest[] = []
    const handle = (request: PushRequest) => {
      seen.push(request)
      return { records: [], reply: { status: 200 } }
    }
    const append = () => assert.fail('there was nothing to append')
    await using run = await running({ routes: [accountOf('one', { handle })], append })
    const text = Buffer.from('{"a":"ä"}')
    const bodies = { gzip: gzipSync(text), deflate: deflateSync(text), br: brotliCompressSync(text), identity: text }
    for (const [encoding, sent] of Object.entries(bodies)) {
      const reply = await post(`${run.url}/hook`, sent, { 'content-encoding': encoding, 'X-Thing': 'T' })
      assert.equal(reply.status, 200)
      const request = seen.pop()
      assert.ok(request !== undefined)
      assert.ok(request.rawBody.equals(sent) && request.body.equals(text), encoding)
      assert.equal(request.headers['x-thing'], 'T')
      assert.equal(request.receivedAt.toISOString(), '2026-01-01T00:00:00.000Z')
    }
  })

  it('takes in an empty body, one in chunks and one without content-type', async () => {
    await using run = await running()
    assert.equal((await post(`${run.url}/hook`, '')).status, 202)
    assert.equal((await post(`${run.url}/hook`, 'chunks', { 'transfer-encoding': 'chunked' })).status, 202)
    assert.deepEqual(
      run.appended.map(({ payload }) => payload.toString()),
      ['', 'chunks'],
    )
  })
})

describe('receiver: refusing', () => {
  const refusedWith = (reply: Reply, status: number) => {
    assert.equal(reply.status, status, reply.body)
    assert.equal(reply.headers['x-refused'], 'yes', 'not in the words of the route')
  }

  it('401 when no account claims it', async () => {
    await using run = await running()
    refusedWith(await post(`${run.url}/hook`, 'x', { authorization: 'Bearer three' }), 401)
    assert.deepEqual(run.appended, [])
  })

  it('404 elsewhere, 405 with other methods', async () => {
    await using run = await running()
    for (const path of ['/', '/hook/', '/hook/x', '/HOOK'])
      assert.equal((await post(`${run.url}${path}`, 'x')).status, 404)
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const reply = await post(`${run.url}/hook`, '', {}, method)
      refusedWith(reply, 405)
      assert.equal(reply.headers.allow, 'POST')
    }
  })

  it('415 for an encoding that it does not know, 400 for bytes that are not of the encoding named', async () => {
    await using run = await running()
    for (const encoding of ['compress', 'gzip, gzip', 'nonsense'])
      refusedWith(await post(`${run.url}/hook`, 'x', { 'content-encoding': encoding }), 415)
    for (const body of ['x', gzipSync('something to be cut').subarray(0, -5), ''])
      refusedWith(await post(`${run.url}/hook`, body, { 'content-encoding': 'gzip' }), 400)
    assert.deepEqual(run.appended, [])
  })

  it('413 for a large body, at its content-length already', async () => {
    await using run = await running()
    refusedWith(await post(`${run.url}/hook`, Buffer.alloc(10_001)), 413)
    refusedWith(await post(`${run.url}/hook`, Buffer.alloc(10_001), { 'transfer-encoding': 'chunked' }), 413)
    assert.equal((await post(`${run.url}/hook`, Buffer.alloc(10_000))).status, 202)
    const socket = connect(run.receiver.port, '127.0.0.1')
    const reply = heard(socket)
    socket.write('POST /hook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1000000000000\r\n\r\n')
    assert.match(await reply, /^HTTP\/1\.1 413 /, 'it waits for a body that it will not take')
  })

  it('413 for a bomb, before it has gone off', async () => {
    await using run = await running()
    const bomb = gzipSync(Buffer.alloc(200_000_000))
    const small = gzipSync(Buffer.alloc(5_000_000))
    refusedWith(await post(`${run.url}/hook`, small, { 'content-encoding': 'gzip' }), 413)
    const wide = await running({ routes: [accountOf('one', { maxBytes: 1_000_000 })] })
    try {
      const before = process.memoryUsage.rss()
      refusedWith(await post(`${wide.url}/hook`, bomb, { 'content-encoding': 'gzip' }), 413)
      assert.ok(process.memoryUsage.rss() - before < 100_000_000, 'it went off')
    } finally {
      await wide.receiver.close()
    }
  })

  it('accounts of one path may have different limits', async () => {
    await using run = await running({
      routes: [accountOf('one', { maxBytes: 10 }), accountOf('two', { maxBytes: 100 })],
    })
    refusedWith(await post(`${run.url}/hook`, Buffer.alloc(50)), 413)
    assert.equal((await post(`${run.url}/hook`, Buffer.alloc(50), { authorization: 'Bearer two' })).status, 202)
    assert.equal((await post(`${run.url}/hook`, Buffer.alloc(5))).status, 202)
  })

  it('400 for what a route calls bad data, 500 for a bug, which is logged without the body', async () => {
    const handle = ({ body }: PushRequest) => {
      if (body.toString() === 'bad') throw dataError('bad', 'reading it: bad')
      return JSON.parse(body.toString()) as never
    }
    await using run = await running({ routes: [accountOf('one', { handle })] })
    refusedWith(await post(`${run.url}/hook`, 'bad'), 400)
    refusedWith(await post(`${run.url}/hook`, 'secret-body'), 500)
    assert.match(run.logged(), /"level":50/)
    assert.match(run.logged(), /SyntaxError/)
    assert.doesNotMatch(run.logged(), /secret-body|Bearer/)
  })

  it('415 for a content-type that is none', async () => {
    await using run = await running()
    refusedWith(await post(`${run.url}/hook`, 'x', { 'content-type': 'no type' }), 415)
  })
})

describe('receiver: when the log is slow or fails', () => {
  it('503 with Retry-After when append fails retriably', async () => {
    const errors = [retriableError('x', 'y'), retriableError('x', 'y', undefined, 17_500)]
    await using run = await running({ append: () => Promise.reject(errors.shift()) })
    const replies = [await post(`${run.url}/hook`, 'x'), await post(`${run.url}/hook`, 'x')]
    assert.deepEqual(
      replies.map(({ status, headers }) => [status, headers['retry-after']]),
      [
        [503, '5'],
        [503, '18'],
      ],
    )
  })

  it('503 when append takes too long, though it may still succeed', async () => {
    const appending = Promise.withResolvers<void>()
    await using run = await running({ append: () => appending.promise, appendTimeoutMs: 50 })
    const reply = await post(`${run.url}/hook`, 'x')
    assert.deepEqual([reply.status, reply.headers['retry-after']], [503, '5'])
    appending.resolve()
  })

  it('429 with Retry-After while too many bytes are in flight, and again afterwards none', async () => {
    const waiting: (() => void)[] = []
    const append = () => new Promise<void>(resolve => waiting.push(resolve))
    await using run = await running({ append, maxInFlightBytes: 20_000 })
    const first = [post(`${run.url}/hook`, Buffer.alloc(9_000)), post(`${run.url}/hook`, Buffer.alloc(9_000))]
    while (waiting.length < 2) await delay(5)
    const refused = await post(`${run.url}/hook`, Buffer.alloc(9_000))
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1'])
    const grown = await post(`${run.url}/hook`, gzipSync(Buffer.alloc(9_000)), { 'content-encoding': 'gzip' })
    assert.equal(grown.status, 429, 'what it is decompressed does not count')
    for (const done of waiting.splice(0)) done()
    assert.deepEqual(
      (await Promise.all(first)).map(({ status }) => status),
      [202, 202],
    )
    for (let round = 0; round < 5; round++) {
      const next = post(`${run.url}/hook`, Buffer.alloc(9_000))
      while (waiting.length < 1) await delay(5)
      for (const done of waiting.splice(0)) done()
      assert.equal((await next).status, 202)
    }
  })

  it('bytes count as in flight until append has settled, also after the sender was sent away', async () => {
    const waiting: (() => void)[] = []
    const append = () => new Promise<void>(resolve => waiting.push(resolve))
    await using run = await running({ append, maxInFlightBytes: 20_000, appendTimeoutMs: 30 })
    for (let round = 0; round < 2; round++)
      assert.equal((await post(`${run.url}/hook`, Buffer.alloc(9_000))).status, 503)
    assert.equal((await post(`${run.url}/hook`, Buffer.alloc(9_000))).status, 429)
    for (const done of waiting.splice(0)) done()
    await delay(10)
    assert.equal((await post(`${run.url}/hook`, Buffer.alloc(9_000))).status, 503)
    for (const done of waiting.splice(0)) done()
  })

  it('an abandoned request gives its bytes back', async () => {
    await using run = await running({ maxInFlightBytes: 20_000 })
    for (let round = 0; round < 5; round++) {
      const socket = connect(run.receiver.port, '127.0.0.1')
      socket.on('error', () => {})
      await new Promise<void>(resolve =>
        socket.write('POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 10000\r\n\r\nabc', () => resolve()),
      )
      await delay(20)
      socket.destroy()
    }
    await delay(50)
    assert.equal((await post(`${run.url}/hook`, Buffer.alloc(10_000))).status, 202)
    assert.doesNotMatch(run.logged(), /"level":50/)
  })

  it('an unknown error is answered 503 and stops the receiver', async () => {
    const broken = fatalError('disk-full', 'appending: the disk is full')
    const run = await running({ append: () => Promise.reject(broken) })
    assert.equal((await post(`${run.url}/hook`, 'x')).status, 503)
    await assert.rejects(run.receiver.closed, error => error === broken)
    await assert.rejects(post(`${run.url}/hook`, 'x'))
  })
})

describe('receiver: connections', () => {
  it('closes those that send their headers or body too slowly', async () => {
    await using run = await running({ requestTimeoutMs: 300 })
    for (const start of [
      'POST /hook HTTP/1.1\r\nx-slow: ',
      'POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nab',
    ]) {
      const socket = connect(run.receiver.port, '127.0.0.1')
      const reply = heard(socket)
      socket.write(start)
      const drip = setInterval(() => socket.write('c'), 200)
      try {
        assert.match(await reply, /^HTTP\/1\.1 408 /)
      } finally {
        clearInterval(drip)
      }
    }
    assert.deepEqual(run.appended, [])
  })

  it('close finishes what is in flight, takes nothing more, and may be called again', { timeout: 20_000 }, async () => {
    const appending = Promise.withResolvers<void>()
    const run = await running({ append: () => appending.promise, closeTimeoutMs: 60_000 })
    const reply = post(`${run.url}/hook`, 'x')
    await delay(50)
    const closing = run.receiver.close()
    await delay(50)
    await assert.rejects(post(`${run.url}/hook`, 'y'))
    appending.resolve()
    assert.equal((await reply).status, 202)
    await Promise.all([closing, run.receiver.close(), run.receiver.closed])
  })

  it('close does not wait for a sender that sends no more', async () => {
    const run = await running({ closeTimeoutMs: 100 })
    const socket = connect(run.receiver.port, '127.0.0.1')
    const reply = heard(socket)
    socket.write('POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nab')
    await delay(50)
    await run.receiver.close()
    await reply
  })

  it('close does not wait for an append that never ends', async () => {
    const run = await running({ append: () => new Promise(() => {}), appendTimeoutMs: 20, closeTimeoutMs: 100 })
    assert.equal((await post(`${run.url}/hook`, 'x')).status, 503)
    await run.receiver.close()
  })
})

describe('receiver: starting', () => {
  const refused = (options: Partial<ReceiverOptions>, code: string) =>
    assert.rejects(running(options), { kind: 'config', code })

  it('refuses an address that is taken or is not ours', async () => {
    await using run = await running()
    await refused({ port: run.receiver.port }, 'receiver-address')
    await refused({ host: '192.0.2.1' }, 'receiver-address')
  })

  it('refuses paths that are patterns', async () => {
    for (const path of ['/:id', '/*', 'hook', '/a?b', '/a b'])
      await refused({ routes: [accountOf('one', { path })] }, 'receiver-path')
  })

  it('refuses limits that no request could keep to', async () => {
    await refused({ maxInFlightBytes: 19_999 }, 'receiver-limits')
  })
})
