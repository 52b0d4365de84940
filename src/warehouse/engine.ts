import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Session } from 'chdb'
import { configError } from '../core/errors.ts'
import { ClickHouseFailure, failureOf } from './failure.ts'
import { createReaderGuard } from './guard.ts'
import { literal } from './sql-text.ts'

/** What came of a statement whose result was taken as a whole. */
export interface EngineResult {
  readonly bytes: Buffer
  readonly rowsRead: number
  readonly bytesRead: number
  readonly elapsedNs: number
}

/** A part of a result: a document of its own in the format asked for, with its own header where the format has one. */
export interface EngineChunk {
  readonly bytes: Buffer
  readonly rows: number
}

/** One connection to the engine, for one request: settings, parameters and database are its own. Throws ClickHouseFailure. */
export interface EngineConnection {
  /** Runs statements that give no rows, e.g. SET and USE, at once. */
  prepare(sql: string): void
  /** Runs a statement and keeps its whole result. It cannot be stopped but by the time limit that is set. */
  run(sql: string, format: string): Promise<EngineResult>
  /**
   * Runs a query and hands its result out as it comes; leaving the loop stops the query. Undefined: the engine streams
   * no statement of this kind, and nothing of it was run.
   */
  stream(sql: string, format: string): AsyncIterable<EngineChunk> | undefined
  close(): void
}

/** The ClickHouse engine on one data directory, inside this process. */
export interface Engine {
  readonly version: string
  readonly timezone: string
  /** Where bodies of inserts wait; emptied at every start. */
  readonly incoming: string
  connect(): EngineConnection
  /** A statement as the engine understood it: without comments, quoted in one way. Throws its syntax errors. */
  canonical(sql: string): Promise<string>
  /** Refuses what a reader may not run (`createReaderGuard`). */
  refuseForReaders(canonical: string, parameters: Iterable<string>): void
  /** Waits for what runs, then lets go of the directory. */
  close(): Promise<void>
}

const installation =
  'run `npm install chdb`, or set the warehouse to an external ClickHouse (its url, user and password)'

async function loadChdb(): Promise<typeof import('chdb')> {
  try {
    return await import('chdb')
  } catch (error) {
    throw configError('warehouse-engine-missing', `loading the embedded warehouse engine chdb: ${installation}`, error)
  }
}

/**
 * Opens the engine on a directory, which it makes if it is missing. Throws `config` if the package chdb is not installed
 * (it is an optional dependency) or the directory cannot be opened, e.g. because another process has it open.
 */
export async function openEngine(directory: string): Promise<Engine> {
  const chdb = await loadChdb()
  const data = join(directory, 'engine')
  const incoming = join(directory, 'incoming')
  let root: Session
  try {
    mkdirSync(data, { recursive: true })
    root = new chdb.Session(data)
  } catch (error) {
    const reason = 'is another process using it, is it writable, and was it made by this or an earlier version?'
    throw configError('warehouse-not-opened', `opening the warehouse in ${directory}: ${reason}`, error)
  }
  // Only now is the directory ours.
  rmSync(incoming, { recursive: true, force: true })
  mkdirSync(incoming)
  root.query(`SET max_query_size = ${maxQueryBytes}, max_parser_depth = 10000`)

  const rows = <T>(sql: string) => JSON.parse(root.query(sql, 'JSONCompactColumns')) as T
  const [functionNames, meanings, categories] = rows<[string[], string[], string[]]>(
    'SELECT name, alias_to, categories FROM system.functions',
  )
  const [tableFunctions] = rows<[string[]]>('SELECT name FROM system.table_functions')
  const [[version], [timezone]] = rows<[[string], [string]]>('SELECT version(), timezone()')

  return {
    version,
    timezone,
    incoming,
    connect: () => connectionOf(new chdb.Session(data)),
    async canonical(sql) {
      try {
        const result = await root.queryAsync(`SELECT formatQuerySingleLine(${literal(sql)})`, { format: 'RawBLOB' })
        return result.text().trim()
      } catch (error) {
        const { code, message } = failureOf(error)
        // Our own wrapping is none of the client's business.
        throw new ClickHouseFailure(code, message.replace(/: In scope SELECT formatQuerySingleLine\([\s\S]*\)\./, '.'))
      }
    },
    refuseForReaders: createReaderGuard(
      functionNames.map((name, index) => ({
        name,
        meaning: meanings[index] || name,
        category: categories[index] ?? '',
      })),
      tableFunctions,
    ),
    async close() {
      root.close()
      await chdb.drainPending()
    },
  }
}

/** Longest statement that is accepted, bytes. */
export const maxQueryBytes = 16 << 20

function connectionOf(session: Session): EngineConnection {
  const guarded = <T>(act: () => T): T => {
    try {
      return act()
    } catch (error) {
      throw failureOf(error)
    }
  }
  return {
    prepare: sql => {
      guarded(() => session.query(sql))
    },
    async run(sql, format) {
      try {
        const result = await session.queryAsync(sql, { format })
        const { buffer, byteOffset, byteLength } = result.bytes()
        return {
          bytes: Buffer.from(buffer, byteOffset, byteLength),
          rowsRead: result.rowsRead,
          bytesRead: result.bytesRead,
          elapsedNs: Math.round(result.elapsed * 1e9),
        }
      } catch (error) {
        throw failureOf(error)
      }
    },
    stream(sql, format) {
      try {
        const stream = session.queryStream(sql, { format })
        return (async function* () {
          try {
            for await (const chunk of stream) {
              const { buffer, byteOffset, byteLength } = chunk.raw()
              yield { bytes: Buffer.from(buffer, byteOffset, byteLength), rows: chunk.numRows }
            }
          } catch (error) {
            throw failureOf(error)
          }
        })()
      } catch (error) {
        const failed = failureOf(error)
        if (failed.message.includes('Streaming query is not supported')) return undefined
        throw failed
      }
    },
    close: () => session.close(),
  }
}
