import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { VconduitError } from '../../src/core/errors.ts'
import { readTable, readViews, tableNames } from '../../src/sinks/warehouse/tables.ts'
import { eventRange, sampleEvent } from '../contract/sink-samples.ts'
import { context, openRig, type WarehouseRig } from './rig.ts'

describe('warehouse schema', () => {
  let rig: WarehouseRig
  before(async () => {
    rig = await openRig()
    await rig.sink().check(context)
  })
  after(() => rig.close())

  const alter = (query: string) => rig.ingest.command({ query })
  const refused = async (...expected: readonly RegExp[]) =>
    assert.rejects(rig.sink().check(context), (error: unknown) => {
      assert.ok(error instanceof VconduitError)
      assert.equal(error.kind, 'config')
      for (const pattern of expected) assert.match(error.message, pattern)
      return true
    })

  it('has a comment for every table, view and column', async () => {
    const [columns] = await rig.ask<{ n: string }>(
      `SELECT count() AS n FROM system.columns WHERE database = currentDatabase() AND comment = ''`,
    )
    const [tables] = await rig.ask<{ without: string; all: string }>(
      `SELECT countIf(comment = '') AS without, count() AS all FROM system.tables WHERE database = currentDatabase()`,
    )
    assert.equal(Number(columns?.n), 0)
    assert.equal(Number(tables?.without), 0)
    assert.equal(Number(tables?.all), tableNames.length + readViews().length)
  })

  it('is read from its files as the warehouse reads them', async () => {
    for (const name of tableNames) {
      const columns = await rig.ask<{ name: string; type: string; kind: string }>(
        `SELECT name, type, default_kind AS kind FROM system.columns WHERE database = currentDatabase() AND table = '${name}'`,
      )
      assert.deepEqual(
        readTable(name).columns,
        columns.map(({ name: column, type, kind }) => ({ name: column, type, isAlias: kind === 'ALIAS' })),
      )
    }
  })

  it('gives a row of every view to a reader', async () => {
    for (const { name } of readViews()) assert.ok(Array.isArray(await rig.ask(`SELECT * FROM ${name} LIMIT 1`)), name)
  })

  it('puts a view right that was changed, and keeps the rows', async () => {
    const event = sampleEvent({ type: 'message', of: 'a' })
    await rig.sink().write(eventRange(0, [event]), context)
    await alter(`CREATE OR REPLACE VIEW messages AS SELECT 1 AS nothing`)
    await rig.sink().check(context)
    assert.deepEqual(await rig.ask('SELECT text FROM messages'), [{ text: event.message?.text }])
  })

  it('refuses a column of another type', async () => {
    await alter('ALTER TABLE events_all MODIFY COLUMN raw_partition Int64')
    await refused(/vconduit\.events_all/, /raw_partition/, /found Int64/, /expected Int32/)
    await alter('ALTER TABLE events_all MODIFY COLUMN raw_partition Int32')
    await rig.sink().check(context)
  })

  it('refuses a column that is missing, and one too many', async () => {
    await alter('ALTER TABLE conversations_all RENAME COLUMN subject TO topic')
    await refused(/conversations_all/, /column subject/, /found none/, /expected Nullable\(String\)/)
    await alter('ALTER TABLE conversations_all RENAME COLUMN topic TO subject')
    await alter('ALTER TABLE conversations_all ADD COLUMN extra UInt8')
    await refused(/conversations_all/, /column extra/)
    await alter('ALTER TABLE conversations_all DROP COLUMN extra')
    await rig.sink().check(context)
  })

  it('refuses a table that forgets its inserts', async () => {
    await alter('ALTER TABLE events_all MODIFY SETTING non_replicated_deduplication_window = 100')
    await refused(/events_all/, /non_replicated_deduplication_window/, /found 100/, /at least 10000/)
    await alter('ALTER TABLE events_all MODIFY SETTING non_replicated_deduplication_window = 20000')
    await rig.sink().check(context)
  })

  it('refuses a table of another engine or key, and a table in the place of a view', async () => {
    const { sql } = readTable('events_all')
    for (const [changed, ...expected] of [
      [sql.replace('ReplacingMergeTree(precedence)', 'MergeTree'), /engine/, /found MergeTree/],
      [
        sql.replace('ORDER BY (type, conversation_id, id)', 'ORDER BY (occurred_at, id)'),
        /sorting key/,
        /occurred_at, id/,
      ],
    ] as const) {
      await alter('DROP TABLE events_all SYNC')
      await alter(changed)
      await refused(...expected)
    }
    await alter('DROP TABLE events_all SYNC')
    await alter(sql)
    await alter('DROP VIEW surveys')
    await alter('CREATE TABLE surveys (a UInt8) ENGINE = MergeTree ORDER BY a')
    await refused(/vconduit\.surveys/, /found a table \(MergeTree\)/)
    await alter('DROP TABLE surveys SYNC')
    await rig.sink().check(context)
  })

  it('names table and column when an insert meets a table that changed while it ran', async () => {
    const sink = rig.sink()
    await alter('ALTER TABLE events_all DROP COLUMN raw_hash')
    await assert.rejects(
      sink.write(eventRange(1, [sampleEvent({ type: 'message', of: 'b' })]), context),
      (error: unknown) => {
        assert.ok(error instanceof VconduitError)
        assert.equal(error.kind, 'fatal')
        assert.match(error.message, /events:0:1-1.*raw_hash/)
        return true
      },
    )
    await alter('DROP TABLE events_all SYNC')
    await sink.check(context)
  })
})
