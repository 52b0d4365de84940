import type { Context } from '../core/context.ts'
import { configError, kindOf } from '../core/errors.ts'
import type { Authorizer, HttpClient } from './http.ts'
import { integerAt, textAt } from './payload.ts'
import { abortable } from './timer.ts'

export interface ClientCredentialsOptions {
  /** A client of its own, without authorizer: its base is the login host. */
  readonly http: HttpClient
  /** Path or URL of the token endpoint. */
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope?: string
  /** Where id and secret go: the Authorization header (default) or the form. */
  readonly clientAuth?: 'basic' | 'body'
  /** Named in errors. */
  readonly account: string
  /** What the operator should do if id or secret are refused. */
  readonly fix?: string
}

interface Token {
  readonly value: string
  /** Unix milliseconds. */
  readonly renewAt: number
}

/** A token is renewed this long before it expires, milliseconds, or a tenth of its life if that is less. */
const marginMs = 60_000

/**
 * OAuth 2.0 client credentials (RFC 6749 §4.4). One token for all callers, fetched by one of them while the others wait,
 * renewed before it expires and once when the vendor answers 401. Refused credentials are a `config` error.
 */
export function clientCredentials(options: ClientCredentialsOptions): Authorizer {
  let token: Token | undefined
  let fetching: Promise<Token> | undefined

  async function current(ctx: Context, maxTries: number | undefined): Promise<Token> {
    for (;;) {
      ctx.signal.throwIfAborted()
      if (token !== undefined && ctx.now().getTime() < token.renewAt) return token
      if (fetching === undefined) {
        fetching = fetchToken(options, ctx, maxTries)
        try {
          token = await fetching
          return token
        } finally {
          fetching = undefined
        }
      }
      try {
        return await abortable(fetching, ctx.signal)
      } catch (error) {
        // Who fetched it for all of us was stopped or gave up: that is not our stop, and the next of us fetches it.
        if (kindOf(error) === 'config') throw error
      }
    }
  }

  return {
    async headers(ctx, maxTries) {
      const { value } = await current(ctx, maxTries)
      return { authorization: `Bearer ${value}` }
    },
    refused(headers) {
      // Another request may have renewed it meanwhile.
      if (token !== undefined && headers['authorization'] === `Bearer ${token.value}`) token = undefined
      return true
    },
  }
}

async function fetchToken(options: ClientCredentialsOptions, ctx: Context, maxTries?: number): Promise<Token> {
  const { http, clientId, clientSecret, account } = options
  const inHeader = options.clientAuth !== 'body'
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    ...(inHeader ? {} : { client_id: clientId, client_secret: clientSecret }),
  })
  const what = 'logging in'
  const { status, value } = await http.json(
    {
      what,
      method: 'POST',
      url: options.tokenUrl,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(inHeader ? { authorization: basic(clientId, clientSecret) } : {}),
      },
      body: form.toString(),
      accept: [400],
      clientErrors: 'config',
      fix: fixOf(options),
      ...(maxTries === undefined ? {} : { maxTries }),
    },
    ctx,
  )
  if (status === 400) {
    // Of the reply only a code of RFC 6749 §5.2 is repeated: the rest is free text.
    const code = oauthErrors.find(known => known === textAt(value, 'error')) ?? 'refused'
    throw configError('login-refused', `${what} to account "${account}": 400 ${code}; to fix it, ${fixOf(options)}`)
  }
  const accessToken = textAt(value, 'access_token')
  if (accessToken === undefined || /[^\x21-\x7e]/.test(accessToken))
    throw configError(
      'login-without-token',
      `${what} to account "${account}": the reply holds no access_token; check the URL`,
    )
  const lifeMs = (integerAt(value, 'expires_in') ?? Number.POSITIVE_INFINITY) * 1000
  return { value: accessToken, renewAt: ctx.now().getTime() + lifeMs - Math.min(marginMs, lifeMs / 10) }
}

const fixOf = ({ fix, account }: ClientCredentialsOptions) =>
  fix ?? `check clientId and clientSecret of account "${account}"`

const oauthErrors = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'invalid_scope',
  'unsupported_grant_type',
]

/** RFC 6749 §2.3.1: both are form-encoded before they are joined. */
function basic(clientId: string, clientSecret: string): string {
  const encoded = (text: string) => new URLSearchParams({ v: text }).toString().slice(2)
  return `Basic ${Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString('base64')}`
}
