import type { ClickHouseClient } from '@clickhouse/client'
import { configError } from '../../core/errors.ts'
import { readTable, readViews, type TableDefinition, tableNames } from './tables.ts'

/** Fewest recent inserts that a table must remember: a replay of an older one would be written twice. */
const leastDeduplicationWindow = 10_000

/** The oldest ClickHouse that the sink is made for. */
const leastVersion = [25, 8] as const

interface FoundTable {
  readonly engine: string
  readonly engine_full: string
  readonly sorting_key: string
  readonly comment: string
}

interface FoundColumn {
  readonly name: string
  readonly type: string
  readonly default_kind: string
}

/**
 * Makes the database, the tables and the views that are missing, brings the views up to date, and refuses (`config`)
 * tables that are not as defined in `schemas/clickhouse`: the sink could lose or double rows in them.
 */
export async function ensureSchema(client: ClickHouseClient, database: string): Promise<void> {
  await requireVersion(client)
  const found = new Map(
    (
      await select<FoundTable & { name: string }>(
        client,
        `SELECT name, engine, engine_full, sorting_key, comment FROM system.tables WHERE database = {database: String}`,
        { database },
      )
    ).map(table => [table.name, table]),
  )
  for (const name of tableNames) {
    const table = readTable(name)
    const existing = found.get(name)
    if (existing === undefined) await client.command({ query: table.sql })
    else await verify(client, database, table, existing)
  }
  for (const view of readViews()) {
    const existing = found.get(view.name)
    if (existing !== undefined && existing.engine !== 'View')
      throw configError(
        'warehouse-schema',
        `checking ${database}.${view.name}: found a table (${existing.engine}), expected our view; rename the table or choose another database`,
      )
    if (existing?.comment.includes(view.digest) !== true) await client.command({ query: view.sql })
  }
}

/** Makes the database if it is missing. `client` must not be one of this database: that could not be used before. */
export async function ensureDatabase(client: ClickHouseClient, database: string): Promise<void> {
  const found = await select(client, 'SELECT name FROM system.databases WHERE name = {database: String}', { database })
  // Asked first: a user who may not create databases can be given one.
  if (found.length === 0) await client.command({ query: `CREATE DATABASE IF NOT EXISTS \`${database}\`` })
}

async function requireVersion(client: ClickHouseClient): Promise<void> {
  const [row] = await select<{ version: string }>(client, 'SELECT version() AS version', {})
  const [major = 0, minor = 0] = (row?.version ?? '').split('.').map(Number)
  if (major < leastVersion[0] || (major === leastVersion[0] && minor < leastVersion[1]))
    throw configError(
      'warehouse-version',
      `checking the warehouse: found ClickHouse ${row?.version}, expected ${leastVersion.join('.')} or later`,
    )
}

async function verify(
  client: ClickHouseClient,
  database: string,
  table: TableDefinition,
  found: FoundTable,
): Promise<void> {
  const refuse = (what: string, is: string, expected: string) =>
    configError(
      'warehouse-schema',
      `checking the table ${database}.${table.name}: ${what}: found ${is}, expected ${expected}; it was altered by hand or by another version`,
    )
  // Replicated and shared engines bear the same name with a prefix, and more arguments.
  if (!new RegExp(`^\\w*ReplacingMergeTree\\((?:.*, )?${table.versionColumn}\\)`).test(found.engine_full))
    throw refuse('engine', found.engine_full.replace(/ .*$/s, ''), `ReplacingMergeTree(${table.versionColumn})`)
  if (found.sorting_key !== table.sortingKey) throw refuse('sorting key', found.sorting_key, table.sortingKey)

  const columns = new Map(
    (
      await select<FoundColumn>(
        client,
        'SELECT name, type, default_kind FROM system.columns WHERE database = {database: String} AND table = {table: String}',
        { database, table: table.name },
      )
    ).map(column => [column.name, column]),
  )
  for (const expected of table.columns) {
    const column = columns.get(expected.name)
    if (column === undefined) throw refuse(`column ${expected.name}`, 'none', expected.type)
    if (column.type !== expected.type) throw refuse(`column ${expected.name}`, column.type, expected.type)
    const kind = expected.isAlias ? 'ALIAS' : ''
    if (column.default_kind !== kind)
      throw refuse(`column ${expected.name}`, column.default_kind || 'a plain column', kind || 'a plain column')
    columns.delete(expected.name)
  }
  for (const name of columns.keys()) throw refuse(`column ${name}`, 'it', 'no such column')

  if (/^(Replicated|Shared)/.test(found.engine)) return
  const window = Number(/non_replicated_deduplication_window = (\d+)/.exec(found.engine_full)?.[1] ?? 0)
  if (window < leastDeduplicationWindow)
    throw refuse('setting non_replicated_deduplication_window', String(window), `at least ${leastDeduplicationWindow}`)
}

async function select<Row>(
  client: ClickHouseClient,
  query: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Row[]> {
  const result = await client.query({ query, query_params: parameters, format: 'JSONEachRow' })
  return result.json<Row>()
}
