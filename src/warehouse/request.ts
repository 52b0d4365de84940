import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { failure } from './failure.ts'
import { literal } from './sql-text.ts'

/** Name and password of a user of the embedded warehouse. */
export interface WarehouseUser {
  readonly name: string
  readonly password: string
}

/** The two users of the embedded warehouse: the sink, who may write, and analysts, who may not. */
export interface WarehouseUsers {
  readonly ingest: WarehouseUser
  readonly reader: WarehouseUser
}

export type Role = keyof WarehouseUsers

/** What a request asks for beside its statement. */
export interface RequestOptions {
  readonly query: string
  readonly queryId: string | undefined
  readonly database: string
  readonly defaultFormat: string
  readonly compressed: boolean
  readonly waitEndOfQuery: boolean
  readonly settings: ReadonlyMap<string, string>
  readonly parameters: ReadonlyMap<string, string>
}

/** Parameters of ClickHouse's HTTP interface that have no meaning, or no effect, in an embedded engine. */
const withoutEffect = new Set([
  ...['user', 'password', 'quota_key', 'session_id', 'session_timeout', 'session_check', 'close_session'],
  ...['client_protocol_version', 'buffer_size', 'http_response_buffer_size', 'http_zlib_compression_level'],
  ...['send_progress_in_http_headers', 'http_headers_progress_interval_ms', 'http_write_exception_in_output_format'],
  ...['cancel_http_readonly_queries_on_client_close', 'stacktrace'],
])

/** Reads the options of a request: of its URL, its headers and, for multipart bodies, its fields. */
export function optionsOf(request: IncomingMessage, fields: Iterable<readonly [string, string]>): RequestOptions {
  const settings = new Map<string, string>()
  const parameters = new Map<string, string>()
  const reserved = new Map<string, string>()
  for (const [name, value] of fields) {
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value)
    else if (own.has(name)) reserved.set(name, value)
    else if (!withoutEffect.has(name)) settings.set(name, value)
  }
  if (isOn(reserved.get('compress')) || isOn(reserved.get('decompress')))
    throw failure(48, 'ClickHouse block compression is not supported here; use Accept-Encoding and Content-Encoding')
  const role = reserved.get('role')
  if (role !== undefined) throw failure(511, `Role ${role} does not exist`)
  return {
    query: reserved.get('query') ?? '',
    queryId: reserved.get('query_id') || undefined,
    database: reserved.get('database') || headerOf(request, 'x-clickhouse-database') || 'default',
    defaultFormat: reserved.get('default_format') || headerOf(request, 'x-clickhouse-format') || 'TabSeparated',
    compressed: isOn(reserved.get('enable_http_compression')),
    waitEndOfQuery: isOn(reserved.get('wait_end_of_query')),
    settings,
    parameters,
  }
}

const own = new Set([
  ...['query', 'query_id', 'database', 'default_format', 'compress', 'decompress', 'role'],
  ...['enable_http_compression', 'wait_end_of_query'],
])

const isOn = (value: string | undefined) => value === '1' || value === 'true'

const headerOf = (request: IncomingMessage, name: string) => {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/**
 * Who asks: by the headers X-ClickHouse-User and -Key, by basic authentication or by URL parameters, in this order.
 * Throws ClickHouse's failure 516 for everybody else; it does not say whether name or password is wrong.
 */
export function roleOf(request: IncomingMessage, url: URL, users: WarehouseUsers): Role {
  const given = credentialsOf(request, url)
  if (given === undefined) throw failure(194, 'Authentication is required: give a user name and a password')
  const found = (['ingest', 'reader'] as const).filter(role => isSame(users[role], given))[0]
  if (found === undefined)
    throw failure(
      516,
      `${given.name}: Authentication failed: password is incorrect, or there is no user with such name`,
    )
  return found
}

function credentialsOf(request: IncomingMessage, url: URL): WarehouseUser | undefined {
  const name = headerOf(request, 'x-clickhouse-user')
  if (name !== undefined) return { name, password: headerOf(request, 'x-clickhouse-key') ?? '' }
  const basic = /^Basic +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (basic !== undefined) {
    const decoded = Buffer.from(basic, 'base64').toString()
    const colon = decoded.indexOf(':')
    return colon < 0
      ? { name: decoded, password: '' }
      : { name: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
  }
  const user = url.searchParams.get('user')
  return user === null ? undefined : { name: user, password: url.searchParams.get('password') ?? '' }
}

/** Compares in constant time, whatever the lengths. */
function isSame(user: WarehouseUser, given: WarehouseUser): boolean {
  const digest = ({ name, password }: WarehouseUser) => createHash('sha256').update(`${name}\0${password}`).digest()
  return timingSafeEqual(digest(user), digest(given))
}

/** What a reader may set: how results look and how many threads a query takes; nothing that reaches further. */
const readerSettings =
  /^(output_format_(json|native|binary|pretty|arrow|parquet|csv|tsv|decimal|markdown|xml|orc|values)_\w+|date_time_output_format|session_timezone|join_use_nulls|extremes|max_threads|max_block_size|log_comment)$/

/** The SET statement of a request, empty if it sets nothing. Throws failure 164 for what a reader may not set. */
export function settingsSql(options: RequestOptions, role: Role): string {
  const assignments = [...options.settings].map(([name, value]) => {
    if (!/^\w+$/.test(name)) throw failure(36, 'A setting has a malformed name')
    if (role === 'reader' && !readerSettings.test(name))
      throw failure(164, `Cannot modify '${name}' setting in readonly mode`)
    return `${name} = ${literal(value)}`
  })
  const parameters = [...options.parameters].map(([name, value]) => {
    if (!/^\w+$/.test(name)) throw failure(36, 'A query parameter has a malformed name')
    return `param_${name} = ${literal(value)}`
  })
  const all = [...assignments, ...parameters]
  return all.length === 0 ? '' : `SET ${all.join(', ')}`
}
