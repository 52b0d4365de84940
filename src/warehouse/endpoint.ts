import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { readUpTo, receiveStatement } from './body.ts'
import { type Engine, type EngineChunk, type EngineConnection, maxQueryBytes } from './engine.ts'
import { failure, failureOf } from './failure.ts'
import { contentTypeOf, isStreamed, joined } from './formats.ts'
import { encodingFor, noSummary, openReply, replyFailure, summaryHeader } from './reply.ts'
import { optionsOf, type RequestOptions, type Role, roleOf, settingsSql, type WarehouseUsers } from './request.ts'
import { createSlots } from './slots.ts'
import { formatClauseOf, identifier, readingFrom } from './sql-text.ts'

/** What one statement of a reader may use. */
export interface ReaderLimits {
  readonly memoryBytes: number
  readonly seconds: number
  readonly resultRows: number
}

export const defaultReaderLimits: ReaderLimits = { memoryBytes: 2 ** 31, seconds: 300, resultRows: 10_000_000 }

/** Largest result in a format that cannot be handed out in parts (`isStreamed`), bytes: it is held in memory. */
const wholeResultBytes = 256 << 20

/**
 * ClickHouse's HTTP interface (https://clickhouse.com/docs/interfaces/http) over the engine. Sessions keep no state from
 * request to request: no temporary tables, no SET.
 */
export function createEndpoint(engine: Engine, users: WarehouseUsers, limits: ReaderLimits): Server {
  const slots = { ingest: createSlots(8, 256), reader: createSlots(4, 64) }

  const server = createServer((request, response) => {
    void answer(request, response)
  })
  // A statement may take as long as its time limit allows.
  server.requestTimeout = 0
  server.keepAliveTimeout = 10_000

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers: Record<string, string> = {
      'X-ClickHouse-Server-Display-Name': 'vconduit',
      'X-ClickHouse-Timezone': engine.timezone,
    }
    try {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1')
      if (url.pathname === '/ping' || (url.pathname === '/' && request.method === 'GET' && url.search === '')) {
        response.writeHead(200, { ...headers, 'Content-Type': 'text/html; charset=UTF-8' }).end('Ok.\n')
        return
      }
      if (url.pathname !== '/' && url.pathname !== '/query') {
        response.writeHead(404, headers).end(`There is no handle ${url.pathname}\n`)
        return
      }
      if (!['GET', 'HEAD', 'POST'].includes(request.method ?? '')) {
        response.writeHead(405, { ...headers, Allow: 'GET, HEAD, POST' }).end()
        return
      }
      const role = roleOf(request, url, users)
      const { options, body } = await read(request, url)
      headers['X-ClickHouse-Query-Id'] = options.queryId ?? randomUUID()
      const release = await slots[role].take()
      try {
        await serve(request, response, role, options, body, headers)
      } finally {
        release()
      }
    } catch (error) {
      if (response.headersSent) response.destroy()
      else replyFailure(response, failureOf(error), headers)
    } finally {
      // A client that still sends would wait for us forever.
      if (!request.readableEnded) request.resume()
    }
  }

  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    role: Role,
    options: RequestOptions,
    body: Readable,
    headers: Record<string, string>,
  ): Promise<void> {
    const encoding = request.headers['content-encoding'] ?? ''
    const statement = await receiveStatement(options.query, { body, encoding, mayInsert: role === 'ingest' }, engine)
    try {
      if (statement.sql.trim() === '') throw failure(36, 'Empty query')
      const canonical = await engine.canonical(statement.sql)
      if (role === 'reader') engine.refuseForReaders(canonical, options.parameters.values())
      const connection = engine.connect()
      try {
        const format = formatClauseOf(canonical) ?? options.defaultFormat
        prepare(connection, role, options, { isGet: request.method !== 'POST', inParts: isStreamed(format) })
        if (statement.rows === undefined)
          await answerQuery(connection, canonical, format, { request, response, options, headers })
        else {
          const { rowsRead, bytesRead, elapsedNs } = await connection.run(
            readingFrom(statement.rows, canonical),
            'Null',
          )
          const summary = { ...noSummary, writtenRows: rowsRead, writtenBytes: bytesRead, elapsedNs }
          response.writeHead(200, { ...headers, 'X-ClickHouse-Summary': summaryHeader(summary) }).end()
        }
      } finally {
        connection.close()
      }
    } finally {
      if (statement.rows !== undefined) await rm(statement.rows, { force: true })
    }
  }

  function prepare(
    connection: EngineConnection,
    role: Role,
    options: RequestOptions,
    { isGet, inParts }: { readonly isGet: boolean; readonly inParts: boolean },
  ): void {
    const settings = settingsSql(options, role)
    if (settings !== '') connection.prepare(settings)
    if (options.database !== 'default') connection.prepare(`USE ${identifier(options.database)}`)
    if (role === 'reader') {
      const { memoryBytes, seconds, resultRows } = limits
      connection.prepare(
        `SET max_memory_usage = ${memoryBytes}, max_execution_time = ${seconds}, timeout_overflow_mode = 'throw', ` +
          `max_result_rows = ${resultRows}, max_result_bytes = ${inParts ? 0 : wholeResultBytes}, ` +
          "result_overflow_mode = 'throw', allow_ddl = 0, allow_introspection_functions = 0",
      )
    }
    // From here on nothing can be set any more. GET never writes, as in ClickHouse.
    if (role === 'reader') connection.prepare('SET readonly = 1')
    else if (isGet) connection.prepare('SET readonly = 2')
  }

  async function answerQuery(
    connection: EngineConnection,
    canonical: string,
    format: string,
    { request, response, options, headers }: Exchange,
  ): Promise<void> {
    headers['X-ClickHouse-Format'] = format
    headers['Content-Type'] = contentTypeOf(format)
    const encoding = options.compressed ? encodingFor(String(request.headers['accept-encoding'] ?? '')) : undefined
    const chunks = isStreamed(format) && !options.waitEndOfQuery ? connection.stream(canonical, format) : undefined
    if (chunks === undefined) {
      const result = await connection.run(canonical, format)
      const read = { readRows: result.rowsRead, readBytes: result.bytesRead, resultBytes: result.bytes.length }
      headers['X-ClickHouse-Summary'] = summaryHeader({ ...noSummary, ...read, elapsedNs: result.elapsedNs })
      if (request.method === 'HEAD') response.writeHead(200, headers).end()
      else {
        const reply = openReply(response, headers, encoding)
        await reply.write(result.bytes)
        await reply.end()
      }
      return
    }
    const parts = joined(format, chunks)[Symbol.asyncIterator]()
    // The first part decides: a query that fails before it gets an error status.
    let part = await parts.next()
    headers['X-ClickHouse-Summary'] = summaryHeader(noSummary)
    if (request.method === 'HEAD') {
      await parts.return(undefined)
      response.writeHead(200, headers).end()
      return
    }
    const reply = openReply(response, headers, encoding)
    try {
      while (!part.done) {
        await reply.write((part.value as EngineChunk).bytes)
        part = await parts.next()
      }
    } catch (error) {
      await parts.return(undefined)
      await reply.fail(failureOf(error))
      return
    }
    await reply.end()
  }

  return server
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly options: RequestOptions
  readonly headers: Record<string, string>
}

/** Multipart bodies carry the statement and its parameters as fields, for when they are too long for a URL. */
async function read(
  request: IncomingMessage,
  url: URL,
): Promise<{ readonly options: RequestOptions; readonly body: Readable }> {
  const type = request.headers['content-type'] ?? ''
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(type))
    return { options: optionsOf(request, url.searchParams), body: request }
  const bytes = await readUpTo(maxQueryBytes + 1, request[Symbol.asyncIterator]())
  if (bytes.length > maxQueryBytes) throw failure(229, `The form is longer than ${maxQueryBytes} bytes`)
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData()
  const fields = [...url.searchParams]
  for (const [name, value] of form) {
    if (typeof value !== 'string') throw failure(48, 'External tables are not supported here')
    fields.push([name, value])
  }
  return { options: optionsOf(request, fields), body: Readable.from([]) }
}
