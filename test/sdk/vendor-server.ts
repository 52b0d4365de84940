import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import pino from 'pino'
import type { Context } from '../../src/core/context.ts'

/** What a vendor got. */
export interface Got {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Milliseconds of a clock that only goes forward. */
  readonly at: number
}

export interface VendorServer extends AsyncDisposable {
  readonly url: string
  readonly got: readonly Got[]
}

/** A vendor on this machine; `answer` hears the request and how many came before. */
export async function vendorServer(
  answer: (got: Got, before: number, response: ServerResponse) => void,
  port = 0,
): Promise<VendorServer> {
  const got: Got[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const seen = { method, url, headers, body: Buffer.concat(pieces).toString(), at: performance.now() }
      got.push(seen)
      answer(seen, got.length - 1, response)
    })
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    [Symbol.asyncDispose]: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A vendor that writes whatever bytes it likes, then ends the connection. */
export async function rawServer(replies: readonly string[]): Promise<VendorServer> {
  const got: Got[] = []
  const sockets = new Set<Socket>()
  const server = createTcpServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', data => {
      got.push({ method: '', url: '', headers: {}, body: data.toString(), at: performance.now() })
      socket.end(replies[Math.min(got.length, replies.length) - 1] ?? '')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    [Symbol.asyncDispose]: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

export interface TestContext extends Context {
  /** Every line logged, parsed. */
  readonly lines: readonly { readonly level: number; readonly msg: string; readonly [key: string]: unknown }[]
  readonly text: () => string
}

/** A context with real time and short backoffs, which keeps what is logged. */
export function testContext(overrides: Partial<Context> = {}): TestContext {
  const written: string[] = []
  return {
    signal: new AbortController().signal,
    log: pino({ level: 'trace' }, { write: line => void written.push(line) }),
    now: () => new Date(),
    random: () => 0.01,
    ...overrides,
    get lines() {
      return written.map(line => JSON.parse(line) as TestContext['lines'][number])
    },
    text: () => written.join(''),
  }
}
