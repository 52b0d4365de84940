/** What the runtime does about an error; an error without a kind is treated as `fatal`. */
export const errorKinds = [
  /** Refuse to start, or stop: the message names the path, what was found and what was expected. */
  'config',
  /** This record cannot be processed: dead letter with the reason, and the rest flows. */
  'data',
  /** Wait in place with back-pressure and try again, for as long as it takes. */
  'retriable',
  /** Stop the process, keep the cursor, exit non-zero. */
  'fatal',
] as const

export type ErrorKind = (typeof errorKinds)[number]

export interface ErrorOptionsOf {
  /** Stable, kebab-case: for counters, dead letters and tests. */
  readonly code: string
  readonly cause?: unknown
  /** How long the other side asked us to wait, milliseconds. Only for `retriable`. */
  readonly retryAfterMs?: number
}

/**
 * The only error class of the project: `kind` steers the runtime, `code` is stable, `cause` is kept.
 * The message is a gerund and an object ("reading page 3 of conversation details: 429") and never holds a payload or a secret.
 */
export class VconduitError extends Error {
  override readonly name = 'VconduitError'
  readonly kind: ErrorKind
  readonly code: string
  readonly retryAfterMs: number | undefined

  constructor(kind: ErrorKind, message: string, options: ErrorOptionsOf) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.code = options.code
    this.retryAfterMs = options.retryAfterMs
  }
}

export const configError = (code: string, message: string, cause?: unknown) =>
  new VconduitError('config', message, { code, cause })

export const dataError = (code: string, message: string, cause?: unknown) =>
  new VconduitError('data', message, { code, cause })

export const retriableError = (code: string, message: string, cause?: unknown, retryAfterMs?: number) =>
  new VconduitError('retriable', message, { code, cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })

export const fatalError = (code: string, message: string, cause?: unknown) =>
  new VconduitError('fatal', message, { code, cause })

/** What the runtime should do about anything that was thrown: unknown means stop. */
export function kindOf(error: unknown): ErrorKind {
  return error instanceof VconduitError ? error.kind : 'fatal'
}

/** True if the error only says that `signal` was aborted. */
export function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'))
}
