import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A column as its table's definition has it. */
export interface ColumnDefinition {
  readonly name: string
  /** In ClickHouse's own spelling. */
  readonly type: string
  /** True if it is computed by the warehouse and never inserted. */
  readonly isAlias: boolean
}

/** A table of the warehouse: the truth is its file in `schemas/clickhouse`. */
export interface TableDefinition {
  readonly name: string
  readonly sql: string
  readonly columns: readonly ColumnDefinition[]
  readonly sortingKey: string
  /** The column that says which row of a key counts. */
  readonly versionColumn: string
}

/** A view of the warehouse. */
export interface ViewDefinition {
  readonly name: string
  /** Creates or replaces the view, with its digest in the comment. */
  readonly sql: string
  /** Tells whether a view that is there is this one. */
  readonly digest: string
}

const folder = join(import.meta.dirname, '../../../schemas/clickhouse')

/** The tables; each has a view of its name without `_all`. */
export const tableNames = ['events_all', 'conversations_all', 'erasures_all'] as const

export type TableName = (typeof tableNames)[number]

/** Reads the definition of a table. One column a line: `name Type [ALIAS …] COMMENT '…'`. */
export function readTable(name: TableName): TableDefinition {
  const sql = readFileSync(join(folder, `${name}.sql`), 'utf8')
  const columns = [...sql.matchAll(/^ {2}(\w+) (.+?)(?: (ALIAS) .+?)? COMMENT '/gm)].map(
    ([, column = '', type = '', alias]) => ({ name: column, type, isAlias: alias !== undefined }),
  )
  const [, versionColumn = ''] = /ReplacingMergeTree\((\w+)\)/.exec(sql) ?? []
  const [, sortingKey = ''] = /^ORDER BY \(?([^)\n]+)\)?$/m.exec(sql) ?? []
  return { name, sql, columns, versionColumn, sortingKey }
}

/** The views, each after those that it reads. */
const viewNames = [
  ...[
    'events',
    'conversations',
    'erasures',
    'deletions',
    'parties',
    'utterances',
    'messages',
    'tool_calls',
    'reasoning_steps',
  ],
  ...['evaluations', 'surveys', 'dispositions', 'transfers', 'recordings', 'queue_times', 'sentiments', 'consents'],
  'attributes',
] as const

export const readViews = (): readonly ViewDefinition[] =>
  viewNames.map(name => {
    const sql = readFileSync(join(folder, 'views', `${name}.sql`), 'utf8').trim()
    const digest = `definition ${createHash('sha256').update(sql).digest('hex').slice(0, 16)}`
    return { name, digest, sql: sql.replace(/COMMENT '([^']*)'$/, `COMMENT '$1 (${digest})'`) }
  })
