import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import { type ClickHouseFailure, httpStatusOf } from './failure.ts'

/** Ends of a result that the header X-ClickHouse-Summary tells. */
export interface Summary {
  readonly readRows: number
  readonly readBytes: number
  readonly writtenRows: number
  readonly writtenBytes: number
  readonly resultRows: number
  readonly resultBytes: number
  readonly elapsedNs: number
}

export const noSummary: Summary = {
  readRows: 0,
  readBytes: 0,
  writtenRows: 0,
  writtenBytes: 0,
  resultRows: 0,
  resultBytes: 0,
  elapsedNs: 0,
}

/** X-ClickHouse-Summary as ClickHouse writes it: numbers as strings. */
export const summaryHeader = (summary: Summary) =>
  JSON.stringify({
    read_rows: String(summary.readRows),
    read_bytes: String(summary.readBytes),
    written_rows: String(summary.writtenRows),
    written_bytes: String(summary.writtenBytes),
    total_rows_to_read: '0',
    result_rows: String(summary.resultRows),
    result_bytes: String(summary.resultBytes),
    elapsed_ns: String(summary.elapsedNs),
  })

/** The best of the encodings that the client accepts; undefined: none. */
export function encodingFor(acceptEncoding: string): keyof typeof encoders | undefined {
  const accepted = new Set(
    acceptEncoding
      .split(',')
      .map(part => part.trim().split(';'))
      .filter(([, q]) => q === undefined || !/q=0(\.0*)?$/.test(q.trim()))
      .map(([name]) => name?.toLowerCase()),
  )
  return (['zstd', 'gzip', 'br'] as const).find(name => accepted.has(name))
}

const encoders = {
  zstd: () => createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  gzip: () => createGzip({ level: 1 }),
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
}

/** The way a result takes to the client: encoded if it asked for it, no faster than it reads. */
export interface ReplyBody {
  /** Resolves when more may be written; rejects when the client has gone. */
  write(bytes: Buffer): Promise<void>
  end(): Promise<void>
  /** Ends a result that failed half-way as ClickHouse ≥ 25.11 does: with a block that bears the tag of the headers. */
  fail(failure: ClickHouseFailure): Promise<void>
}

/** Sends status and headers and opens the body. */
export function openReply(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  encoding: keyof typeof encoders | undefined,
): ReplyBody {
  // Clients find a failure in the middle of a result by this tag.
  const tag = randomBytes(8).toString('hex')
  response.writeHead(200, {
    ...headers,
    'X-ClickHouse-Exception-Tag': tag,
    ...(encoding === undefined ? {} : { 'Content-Encoding': encoding }),
  })
  const encoder = encoding === undefined ? undefined : encoders[encoding]()
  encoder?.pipe(response)
  const target: Writable = encoder ?? response
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  // The error that follows a cut connection is told by `gone`.
  target.on('error', () => gone.abort())
  const end = async () => {
    if (response.closed) return
    const ended = once(response, 'close')
    target.end()
    await ended
  }
  return {
    async write(bytes) {
      gone.signal.throwIfAborted()
      if (!target.write(bytes)) await once(target, 'drain', { signal: gone.signal })
    },
    end,
    async fail(failure) {
      const text = `${failure.message}\n`
      const mark = '__exception__'
      const block = `\r\n${mark}\r\n${tag}\r\n${text}${Buffer.byteLength(text)} ${tag}\r\n${mark}\r\n`
      if (!gone.signal.aborted) {
        target.write(block)
        await end()
      }
    },
  }
}

/** Answers with a failure, before anything of a result was sent. */
export function replyFailure(
  response: ServerResponse,
  failure: ClickHouseFailure,
  headers: Readonly<Record<string, string>>,
): void {
  const text = Buffer.from(`${failure.message}\n`)
  response.writeHead(httpStatusOf(failure.code), {
    ...headers,
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': text.length,
    'X-ClickHouse-Exception-Code': String(failure.code),
    ...(failure.code === 194 ? { 'WWW-Authenticate': 'Basic realm="vconduit warehouse"' } : {}),
  })
  response.end(response.req.method === 'HEAD' ? undefined : text)
}
