/** An error as ClickHouse reports it: `code` is ClickHouse's number, the message begins with `Code: <code>. DB::…`. */
export class ClickHouseFailure extends Error {
  override readonly name = 'ClickHouseFailure'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** The failures that the endpoint raises itself, by their number in ClickHouse `src/Common/ErrorCodes.cpp`. */
const names = {
  36: 'BAD_ARGUMENTS',
  48: 'NOT_IMPLEMENTED',
  89: 'UNKNOWN_COMPRESSION_METHOD',
  164: 'READONLY',
  194: 'REQUIRED_PASSWORD',
  202: 'TOO_MANY_SIMULTANEOUS_QUERIES',
  229: 'QUERY_IS_TOO_LARGE',
  243: 'NOT_ENOUGH_SPACE',
  396: 'TOO_MANY_ROWS_OR_BYTES',
  497: 'ACCESS_DENIED',
  511: 'UNKNOWN_ROLE',
  516: 'AUTHENTICATION_FAILED',
  1002: 'UNKNOWN_EXCEPTION',
} as const

/** A failure of the endpoint in ClickHouse's own words. */
export const failure = (code: keyof typeof names, message: string) =>
  new ClickHouseFailure(code, `Code: ${code}. DB::Exception: ${message}. (${names[code]})`)

/** What the engine or the file system threw, as a ClickHouse failure. */
export function failureOf(error: unknown): ClickHouseFailure {
  if (error instanceof ClickHouseFailure) return error
  const message = error instanceof Error ? error.message : String(error)
  const found = /Code: (\d+)\. \w/.exec(message)
  if (found?.[1] !== undefined) return new ClickHouseFailure(Number(found[1]), message.slice(found.index).trim())
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC')
    return failure(243, 'No space left on device')
  return failure(1002, message)
}

const badRequest = new Set([
  6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676,
])
const notFound = new Set([46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511])
const others: Readonly<Record<number, number>> = {
  48: 501,
  76: 503,
  159: 408,
  192: 403,
  193: 403,
  194: 401,
  209: 503,
  229: 413,
  439: 503,
  497: 403,
  512: 403,
  516: 403,
}

/** The HTTP status of a failure (ClickHouse `src/Server/HTTP/exceptionCodeToHTTPStatus.cpp`). */
export const httpStatusOf = (code: number): number =>
  badRequest.has(code) ? 400 : notFound.has(code) ? 404 : (others[code] ?? 500)
