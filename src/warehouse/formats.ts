import type { EngineChunk } from './engine.ts'

/** Reads where the header of a chunk ends, in bytes. */
type HeaderEnd = (chunk: Buffer) => number

const noHeader: HeaderEnd = () => 0

const lines =
  (count: number, quoted: boolean): HeaderEnd =>
  chunk => {
    let at = 0
    for (let line = 0; line < count; line++) {
      let inside = false
      while (at < chunk.length && (inside || chunk[at] !== 0x0a)) {
        if (quoted && chunk[at] === 0x22) inside = !inside
        at++
      }
      at++
    }
    return Math.min(at, chunk.length)
  }

/** RowBinary's header: the number of columns, their names and, if asked for, their types; lengths are LEB128. */
const binaryNames =
  (withTypes: boolean): HeaderEnd =>
  chunk => {
    let at = 0
    const varint = () => {
      let value = 0
      for (let shift = 0; ; shift += 7) {
        const byte = chunk[at++] ?? 0
        value += (byte & 0x7f) * 2 ** shift
        if (byte < 0x80) return value
      }
    }
    const columns = varint()
    for (let index = 0; index < columns * (withTypes ? 2 : 1); index++) {
      const length = varint()
      at += length
    }
    return at
  }

/**
 * The formats whose rows can be handed out as they come. The engine gives each part of a result as a document of its
 * own; these are the formats in which such documents, but for repeated headers, make up one.
 */
const streamed: ReadonlyMap<string, HeaderEnd> = new Map([
  ...['JSONEachRow', 'JSONStringsEachRow', 'JSONLines', 'NDJSON', 'LineAsString', 'TSKV', 'Native'].map(plain),
  ...[
    'TabSeparated',
    'TSV',
    'TabSeparatedRaw',
    'TSVRaw',
    'Raw',
    'JSONCompactEachRow',
    'JSONCompactStringsEachRow',
  ].flatMap(name => family(name, lines(1, false), lines(2, false))),
  ...family('CSV', lines(1, true), lines(2, true)),
  ...family('RowBinary', binaryNames(false), binaryNames(true)),
])

function plain(name: string): readonly [string, HeaderEnd] {
  return [name, noHeader]
}

function family(name: string, names: HeaderEnd, namesAndTypes: HeaderEnd): (readonly [string, HeaderEnd])[] {
  return [
    [name, noHeader],
    [`${name}WithNames`, names],
    [`${name}WithNamesAndTypes`, namesAndTypes],
  ]
}

/** True if a result in this format can be joined from parts (`joined`). */
export const isStreamed = (format: string) => streamed.has(format)

/** The parts of a result as one document: the header comes once. */
export async function* joined(format: string, chunks: AsyncIterable<EngineChunk>): AsyncGenerator<EngineChunk> {
  const endOfHeader = streamed.get(format) ?? noHeader
  let header: Buffer | undefined
  for await (const chunk of chunks) {
    if (header === undefined) {
      header = Buffer.from(chunk.bytes.subarray(0, endOfHeader(chunk.bytes)))
      yield chunk
      continue
    }
    const repeats = chunk.bytes.subarray(0, header.length).equals(header)
    yield { rows: chunk.rows, bytes: repeats ? chunk.bytes.subarray(header.length) : chunk.bytes }
  }
}

/** The media type that ClickHouse names for a format. */
export function contentTypeOf(format: string): string {
  if (/^(TabSeparated|TSV|Raw|TSKV)/.test(format)) return 'text/tab-separated-values; charset=UTF-8'
  if (/^CSV/.test(format)) return `text/csv; charset=UTF-8; header=${format === 'CSV' ? 'absent' : 'present'}`
  if (/EachRow|NDJSON|JSONLines/.test(format)) return 'application/x-ndjson; charset=UTF-8'
  if (/^JSON/.test(format)) return 'application/json; charset=UTF-8'
  if (/^(RowBinary|Native|Parquet|Arrow|ORC|Avro|RawBLOB)/.test(format)) return 'application/octet-stream'
  if (format === 'XML') return 'application/xml; charset=UTF-8'
  return 'text/plain; charset=UTF-8'
}
