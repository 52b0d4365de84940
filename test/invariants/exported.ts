import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parquetRows } from '../../src/sinks/archive/parquet.ts'
import type { Vcon } from '../../src/vcon/model.ts'
import { runCli } from '../e2e/cli.ts'

/** Everything that a run left behind, in comparable form: without the times of observation and positions on the log. */
export interface Exported {
  readonly tables: Readonly<Record<string, readonly string[]>>
  readonly vcons: readonly string[]
  /** Facts and raw records in the files, each once: `<conversation> <id> <content>`, `<stream> <key> <hash>`. */
  readonly fileFacts: readonly string[]
  readonly fileRawRecords: readonly string[]
  /** Rows in the files beyond one for each fact or raw record: what was appended to the log twice. */
  readonly repeatedRows: number
}

/** Columns that tell when and where on the log something was seen, and not what. */
const notCompared: Readonly<Record<string, readonly string[]>> = {
  events: [
    'version',
    'revision',
    'observed_at',
    'observed_at_raw',
    'raw_topic',
    'raw_partition',
    'raw_offset',
    'raw_hash',
  ],
  conversations: ['revision', 'updated_at', 'vcon'],
}

/** Reads what a run exported in a folder; also asserts that no record of the log stands in two files. */
export async function readExported(folder: string): Promise<Exported> {
  const table = async (name: string) => {
    const columns = (notCompared[name] ?? []).join(', ')
    const { code, stdout, stderr } = await runCli(folder, [
      'sql',
      '--format',
      'JSONEachRow',
      `SELECT * EXCEPT (${columns}) FROM ${name}`,
    ])
    assert.equal(code, 0, stderr)
    return stdout.trimEnd().split('\n').sort()
  }
  const events = await archived(folder, 'events')
  const raw = await archived(folder, 'raw')
  const facts = events.map(row => `${row['conversation_id']} ${row['id']} ${row['content_hash']}`)
  const records = raw.map(row => `${row['stream']} ${row['key']} ${row['hash']}`)
  const fileFacts = [...new Set(facts)].sort()
  const fileRawRecords = [...new Set(records)].sort()
  return {
    tables: { events: await table('events'), conversations: await table('conversations') },
    vcons: globSync('archive/conversations/**/*.vcon.json', { cwd: folder })
      .map(path => vconText(join(folder, path)))
      .sort(),
    fileFacts,
    fileRawRecords,
    repeatedRows: facts.length - fileFacts.length + records.length - fileRawRecords.length,
  }
}

const vconText = (path: string) => {
  const { updated_at: _updated, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Vcon
  return JSON.stringify(rest)
}

async function archived(folder: string, input: string) {
  const rows = []
  const positions = new Set<string>()
  for (const path of globSync(`archive/${input}/**/*.parquet`, { cwd: folder })) {
    const [, topic, partition] = /topic=([^/]+)\/.*\/(\d+)-\d+-\d+\.parquet$/.exec(path) ?? []
    for (const row of await parquetRows(await readFile(join(folder, path)))) {
      const position = `${topic}/${partition}/${row['log_offset']}`
      assert.ok(!positions.has(position), `${position} stands in two files`)
      positions.add(position)
      rows.push(row)
    }
  }
  return rows
}
