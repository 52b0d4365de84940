import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ConnectorRig, Faults, RunningRig, SeenRequest } from '../../contract/connector.ts'

export const toySecret = 'a-secret-that-nobody-may-see'

const pageSize = 2
const hourMs = 3_600_000

interface Call {
  readonly id: string
  readonly startedAt: string
  readonly turns: readonly { readonly by: string; readonly text: string }[]
}

interface Fault {
  readonly kind: 'limit' | 'fail' | 'cut' | 'delay'
  readonly value: number
  left: number
}

/** A made-up vendor of a few calls (by time, in pages) and notes (a list, in pages), behind OAuth. */
export const toyRig: ConnectorRig = {
  async start({ empty = false } = {}): Promise<RunningRig> {
    const since = Date.now() - 24 * hourMs
    const calls = empty ? [] : Array.from({ length: 11 }, (_, index) => callOf(index, since))
    const notes = empty ? [] : Array.from({ length: 5 }, (_, index) => ({ id: `n${index}`, text: `note ${index}` }))
    const requests: SeenRequest[] = []
    const faults: Fault[] = []
    let tokens = 0
    let valid = new Set<string>()
    let revoked = false

    const server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy())
    })

    async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const url = new URL(request.url ?? '/', 'http://vendor.invalid')
      const at = Date.now()
      const reply = (status: number, value: unknown, headers: Record<string, string> = {}) => {
        requests.push({ path: url.pathname, status, at })
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
      }
      if (url.pathname === '/oauth/token') {
        const known = request.headers.authorization === `Basic ${Buffer.from(`toy:${toySecret}`).toString('base64')}`
        if (revoked || !known) return reply(401, { error: 'invalid_client' })
        tokens += 1
        valid.add(`token-${tokens}`)
        return reply(200, { access_token: `token-${tokens}`, expires_in: 3600 })
      }
      const fault = faults.find(({ left }) => left > 0)
      if (fault !== undefined) fault.left -= 1
      if (fault?.kind === 'limit') return reply(429, {}, { 'retry-after': `${fault.value}` })
      if (fault?.kind === 'fail') return reply(fault.value, { message: 'something broke' })
      if (fault?.kind === 'delay') await new Promise(resolve => setTimeout(resolve, fault.value).unref())
      if (!valid.has(request.headers.authorization?.replace('Bearer ', '') ?? '')) return reply(401, {})
      const body = Buffer.from(JSON.stringify(pageOf(url, calls, notes)))
      if (fault?.kind !== 'cut') return reply(200, JSON.parse(body.toString()))
      requests.push({ path: url.pathname, status: 200, at })
      response.writeHead(200, { 'content-length': body.length })
      response.write(body.subarray(0, body.length / 2), () => response.destroy())
    }

    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return {
      config: { vendor: 'toy', account: 'shop', apiUrl, clientSecret: toySecret, since: new Date(since).toISOString() },
      expectedKeys: () => new Set([...calls.map(({ id }) => `calls/${id}`), ...notes.map(({ id }) => `notes/${id}`)]),
      faults: faultsOf(faults, {
        revoke() {
          revoked = true
          valid = new Set()
        },
        restore() {
          revoked = false
        },
      }),
      requests: () => requests,
      close: () => closeNow(server),
    }
  },
}

function faultsOf(faults: Fault[], credentials: { revoke(): void; restore(): void }): Faults {
  const add = (kind: Fault['kind'], left: number, value: number) => void faults.push({ kind, left, value })
  return {
    rateLimitNext: (requests, retryAfterSeconds) => add('limit', requests, retryAfterSeconds),
    failNext: (requests, status) => add('fail', requests, status),
    cutNext: requests => add('cut', requests, 0),
    delayNext: (requests, ms) => add('delay', requests, ms),
    revokeCredentials: () => credentials.revoke(),
    restoreCredentials: () => credentials.restore(),
  }
}

const callOf = (index: number, since: number): Call => ({
  id: `c${index}`,
  startedAt: new Date(since + index * 2 * hourMs + 1000).toISOString(),
  turns: [
    { by: 'customer', text: `question ${index}` },
    { by: 'agent', text: `answer ${index}` },
  ],
})

function pageOf(url: URL, calls: readonly Call[], notes: readonly { readonly id: string }[]): unknown {
  const start = Number(url.searchParams.get('page') ?? 0)
  const [from, to] = ['from', 'to'].map(name => Number(url.searchParams.get(name)))
  const items =
    url.pathname === '/notes'
      ? notes
      : calls.filter(({ startedAt }) => Date.parse(startedAt) >= (from ?? 0) && Date.parse(startedAt) < (to ?? 0))
  const end = start + pageSize
  return { items: items.slice(start, end), next: end < items.length ? `${end}` : null }
}

function closeNow(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
