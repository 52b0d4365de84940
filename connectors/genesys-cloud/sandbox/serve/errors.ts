import type { Models } from 'purecloud-platform-client-v2'

/** An answer that Genesys gives instead of what was asked for. */
export class GenesysError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** The body of every error of the API; codes and messages are those that Genesys documents for each status. */
export const errorBody = (error: GenesysError, contextId: string): Models.ErrorBody => ({
  message: error.message,
  code: error.code,
  status: error.status,
  contextId,
  details: [],
  errors: [],
})

export const badRequest = (message: string) => new GenesysError(400, 'bad.request', message)

export const notFound = (message = 'The requested resource was not found.') =>
  new GenesysError(404, 'not.found', message)

export const badCredentials = () => new GenesysError(401, 'bad.credentials', 'Invalid login credentials.')

export const authenticationRequired = () =>
  new GenesysError(401, 'authentication.required', 'No authentication bearer token specified in authorization header.')

export const tooManyRequests = (retryAfterSeconds: number) =>
  new GenesysError(
    429,
    'too.many.requests',
    `Rate limit exceeded the maximum. Retry the request in [${retryAfterSeconds}] seconds`,
    { 'retry-after': String(retryAfterSeconds) },
  )

const byStatus: Readonly<Record<number, readonly [code: string, message: string]>> = {
  401: ['bad.credentials', 'Invalid login credentials.'],
  403: ['not.authorized', 'You are not authorized to perform the requested action.'],
  404: ['not.found', 'The requested resource was not found.'],
  503: [
    'service.unavailable',
    'Service Unavailable - The server is currently unavailable (because it is overloaded or down for maintenance).',
  ],
  504: ['request.timeout', 'The request timed out.'],
}

/** The error that Genesys would give with this status. */
export function errorOf(status: number): GenesysError {
  if (status === 429) return tooManyRequests(1)
  const [code, message] = byStatus[status] ?? [
    'internal.server.error',
    'The server encountered an unexpected condition which prevented it from fulfilling the request.',
  ]
  return new GenesysError(status, code, message)
}
