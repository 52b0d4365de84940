import type { IncomingMessage } from 'node:http'
import type { PushRequest } from '../core/connector.ts'
import { contentEncodingOf, decompress } from '../sdk/compression.ts'
import type { Lease } from './byte-budget.ts'

/** A request that is answered without asking a route. The message is for the sender. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Reads a body of at most `maxBytes`, as sent and decompressed alike, and accounts for both. Throws `Refused` with 413, 415,
 * 429 or 400 as soon as it is clear; what then still comes is thrown away by the server.
 */
export async function readBody(
  message: IncomingMessage,
  maxBytes: number,
  lease: Lease,
): Promise<Pick<PushRequest, 'rawBody' | 'body'>> {
  const encoding = contentEncodingOf(message.headers['content-encoding'])
  if (encoding === undefined) throw new Refused(415, 'content-encoding must be gzip, deflate, br or identity')

  const holdUpTo = (limitedBytes: number, allBytes: number) => {
    if (limitedBytes > maxBytes) throw new Refused(413, `at most ${maxBytes} bytes are accepted`)
    if (!lease.growTo(allBytes)) throw new Refused(429, 'too much is in flight; send it again later')
  }
  const announced = Number(message.headers['content-length'] ?? 0)
  holdUpTo(announced, announced)

  const rawBody = await collect(message, size => holdUpTo(size, size))
  if (encoding === 'identity') return { rawBody, body: rawBody }
  try {
    const body = await decompress(rawBody, encoding, size => holdUpTo(size, rawBody.length + size))
    return { rawBody, body }
  } catch (error) {
    throw isSystemError(error) ? new Refused(400, `the body is not ${encoding}, or it is cut`) : error
  }
}

async function collect(message: IncomingMessage, growing: (sizeBytes: number) => void): Promise<Buffer> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  try {
    // Kept open when reading stops early, as the refusal goes out over the same connection.
    for await (const piece of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += piece.length
      growing(sizeBytes)
      pieces.push(piece)
    }
  } catch (error) {
    throw isSystemError(error) ? new Refused(400, 'the request broke off') : error
  }
  return Buffer.concat(pieces, sizeBytes)
}

/** Errors of zlib and of sockets have a code; ours and bugs have none. */
const isSystemError = (error: unknown): boolean => error instanceof Error && 'code' in error
