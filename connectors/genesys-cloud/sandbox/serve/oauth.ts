import type { FastifyInstance } from 'fastify'
import { idFrom } from '../seeded.ts'
import { authenticationRequired, badCredentials, tooManyRequests } from './errors.ts'
import type { World } from './world.ts'

const tokenSeconds = 86_400

const windowMs = 60_000

interface Token {
  readonly expiresAt: number
  windowFrom: number
  requests: number
}

/** Who may use the API, and how often. */
export class Access {
  readonly clientId: string
  readonly clientSecret: string
  readonly #world: World
  readonly #requestsPerMinute: number
  readonly #tokens = new Map<string, Token>()
  #revoked = false
  #count = 0

  constructor(world: World, requestsPerMinute: number) {
    this.#world = world
    this.#requestsPerMinute = requestsPerMinute
    this.clientId = idFrom(world.seed, 'client')
    this.clientSecret = idFrom(world.seed, 'client-secret').replaceAll('-', '')
  }

  revoke(): void {
    this.#revoked = true
    this.#tokens.clear()
  }

  restore(): void {
    this.#revoked = false
  }

  /** The token endpoint, with the client's id and secret as Basic authentication. */
  serve(app: FastifyInstance): void {
    app.post('/oauth/token', (request, reply) => {
      const refuse = (status: number, error: string, description: string) =>
        reply.code(status).send({ error, description, error_description: description })
      const basic = Buffer.from(`${this.clientId}:${this.clientSecret}`).toString('base64')
      if (this.#revoked || request.headers.authorization !== `Basic ${basic}`)
        return refuse(401, 'invalid_client', 'authentication failed')
      if (!(request.body instanceof URLSearchParams) || request.body.get('grant_type') !== 'client_credentials')
        return refuse(400, 'unsupported_grant_type', 'grant_type must be client_credentials')
      this.#count += 1
      const token = idFrom(this.#world.seed, 'token', this.#count)
      const now = this.#world.now()
      this.#tokens.set(token, { expiresAt: now + tokenSeconds * 1000, windowFrom: now, requests: 0 })
      return reply.send({ access_token: token, token_type: 'bearer', expires_in: tokenSeconds })
    })
    app.get('/api/v2/tokens/me', () => ({
      organization: { id: this.#world.org.id, name: this.#world.org.name },
      homeOrganization: { id: this.#world.org.id, name: this.#world.org.name },
      authorizedScope: [],
      OAuthClient: { id: this.clientId, name: 'vconduit sandbox' },
    }))
  }

  /** Admits one request of the API, or throws 401 or 429. Returns the headers that tell how much is left. */
  admit(authorization: string | undefined): Record<string, string> {
    if (authorization === undefined) throw authenticationRequired()
    const key = authorization.replace(/^bearer /i, '')
    const token = this.#tokens.get(key)
    const now = this.#world.now()
    if (token === undefined || token.expiresAt <= now) {
      this.#tokens.delete(key)
      throw badCredentials()
    }
    if (now - token.windowFrom >= windowMs) {
      token.windowFrom = now
      token.requests = 0
    }
    const resetSeconds = Math.max(1, Math.ceil((token.windowFrom + windowMs - now) / 1000))
    if (token.requests >= this.#requestsPerMinute) throw tooManyRequests(resetSeconds)
    token.requests += 1
    return {
      'inin-ratelimit-count': String(token.requests),
      'inin-ratelimit-allowed': String(this.#requestsPerMinute),
      'inin-ratelimit-reset': String(resetSeconds),
    }
  }
}
