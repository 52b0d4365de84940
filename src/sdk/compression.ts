import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

export type ContentEncoding = 'identity' | 'gzip' | 'deflate' | 'br'

/** What a Content-Encoding header names (RFC 9110 §8.4.1); undefined if it is none that we read, or several. */
export function contentEncodingOf(header: string | undefined): ContentEncoding | undefined {
  const name = header?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity') return 'identity'
  if (name === 'x-gzip') return 'gzip'
  return name === 'gzip' || name === 'deflate' || name === 'br' ? name : undefined
}

/**
 * The bytes before they were encoded. `growing` hears the size reached so far, again and again, and stops the work by
 * throwing: a few bytes may stand for gigabytes. Rejects if the bytes are cut or are not of that encoding.
 */
export async function decompress(
  bytes: Buffer,
  encoding: ContentEncoding,
  growing: (sizeBytes: number) => void,
): Promise<Buffer> {
  if (encoding === 'identity') {
    growing(bytes.length)
    return bytes
  }
  const stream = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress }[encoding]()
  stream.end(bytes)
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of stream as AsyncIterable<Buffer>) {
    sizeBytes += piece.length
    growing(sizeBytes)
    pieces.push(piece)
  }
  return Buffer.concat(pieces, sizeBytes)
}
