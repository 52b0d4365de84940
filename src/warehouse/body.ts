import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { type Engine, maxQueryBytes } from './engine.ts'
import { failure } from './failure.ts'
import { literal, rowsBeginAt } from './sql-text.ts'

/** A statement as it arrived. `rows` is the file that holds the rows of an insert; whoever has it deletes it. */
export interface Statement {
  readonly sql: string
  readonly rows?: string
}

/** How much of a body is looked at to find where the rows of an insert begin, bytes. */
const headBytes = 256 << 10

const decoders = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/** The body of a request as it is sent. */
export interface Sent {
  readonly body: Readable
  /** Content-Encoding; empty for none. */
  readonly encoding: string
  /** False: nothing is taken in but the text of a statement. */
  readonly mayInsert: boolean
}

/**
 * Reads the statement of a request: the text of its `query` parameter and then its body. Rows of an insert go to a file,
 * as they come: they may be binary, which the engine takes from files only, and of any size.
 */
export async function receiveStatement(query: string, sent: Sent, engine: Engine): Promise<Statement> {
  const files: string[] = []
  const newFile = () => {
    const path = join(engine.incoming, randomUUID())
    files.push(path)
    return path
  }
  try {
    const decoded = await decode(sent, engine, newFile)
    const chunks = joinedWith(query, decoded)[Symbol.asyncIterator]()
    const head = await readUpTo(headBytes, chunks)
    const rowsAt = rowsBeginAt(head.toString('latin1'))
    if (rowsAt === undefined) {
      const rest = await readUpTo(maxQueryBytes - head.length + 1, chunks)
      const sql = Buffer.concat([head, rest])
      if (sql.length > maxQueryBytes) throw failure(229, `The statement is longer than ${maxQueryBytes} bytes`)
      return { sql: sql.toString() }
    }
    if (!sent.mayInsert) throw failure(164, 'Readers may not run INSERT')
    const rows = newFile()
    await pipeline(Readable.from(after(head.subarray(rowsAt), chunks)), createWriteStream(rows))
    files.splice(files.indexOf(rows), 1)
    return { sql: head.toString('utf8', 0, rowsAt), rows }
  } finally {
    await Promise.all(files.map(file => rm(file, { force: true })))
  }
}

async function decode({ body, encoding, mayInsert }: Sent, engine: Engine, newFile: () => string): Promise<Readable> {
  if (encoding === '' || encoding === 'identity') return body
  // No client compresses a query in this way.
  if (encoding === 'lz4' && !mayInsert) throw failure(164, 'Readers may not run INSERT')
  if (encoding === 'lz4') return unpackedLz4(body, engine, newFile)
  const decoder = decoders[encoding as keyof typeof decoders]
  if (decoder === undefined) throw failure(89, `Unknown compression method ${encoding}`)
  const stream = decoder()
  body.on('error', error => stream.destroy(error))
  return body.pipe(stream)
}

/** Node has no LZ4; the engine has. */
async function unpackedLz4(body: Readable, engine: Engine, newFile: () => string): Promise<Readable> {
  const packed = newFile()
  const unpacked = newFile()
  await pipeline(body, createWriteStream(packed))
  const connection = engine.connect()
  try {
    const source = `file(${literal(packed)}, 'RawBLOB', 'body String', 'lz4')`
    const target = `file(${literal(unpacked)}, 'RawBLOB', 'body String', 'none')`
    await connection.run(`INSERT INTO FUNCTION ${target} SELECT body FROM ${source}`, 'Null')
  } finally {
    connection.close()
  }
  return createReadStream(unpacked)
}

async function* joinedWith(query: string, body: Readable): AsyncGenerator<Buffer> {
  if (query !== '') yield Buffer.from(`${query}\n`)
  for await (const chunk of body) yield chunk as Buffer
}

/** Reads at least `bytes` bytes, or to the end. */
export async function readUpTo(bytes: number, chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  const read: Buffer[] = []
  for (let length = 0; length < bytes; ) {
    const next = await chunks.next()
    if (next.done) break
    read.push(next.value)
    length += next.value.length
  }
  return Buffer.concat(read)
}

async function* after(head: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
}
