import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Account, AccountConfig, Connector, RawInput, Slice } from '../../../src/core/connector.ts'
import { VconduitError } from '../../../src/core/errors.ts'
import type { Json } from '../../../src/core/json.ts'
import type { RunningRig } from './rig.ts'
import { contextOf } from './subject.ts'

/** A slice read to its end. */
export interface ReadSlice {
  readonly slice: Slice
  readonly batches: readonly { readonly records: readonly RawInput[]; readonly cursor: Json }[]
}

export interface ReadOptions {
  /** Where to begin; undefined: at the configured beginning. */
  readonly from?: Json | undefined
  /** Called after every batch. */
  readonly onBatch?: (batches: number) => void
  /** Stops the read, as nobody wants it any more. */
  readonly unwanted?: AbortSignal
}

export const parsedConfig = (connector: Connector, rig: RunningRig): AccountConfig =>
  connector.config.parse(structuredClone(rig.config))

export function openAccount(connector: Connector, config: AccountConfig): Account<Json> {
  assert.ok(connector.open !== undefined, 'a connector with a rig pulls: it needs open()')
  return connector.open(config)
}

/** A read that goes on for longer than this has lost its way. */
const hangsAfterMs = 60_000
const mostBatches = 10_000
const mostRetries = 100

/**
 * Reads a slice until it has caught up, as the ingest stage does: cursors pass through JSON, and after a `retriable` error
 * it waits as asked and reads on from the last cursor. Other errors are thrown, with what was read so far as `partial`.
 */
export async function readSlice(
  connector: Connector,
  account: Account<Json>,
  slice: Slice,
  { from, onBatch, unwanted }: ReadOptions = {},
): Promise<ReadSlice> {
  const stop = AbortSignal.any([AbortSignal.timeout(hangsAfterMs), ...(unwanted === undefined ? [] : [unwanted])])
  const ctx = contextOf(stop)
  const batches: { records: readonly RawInput[]; cursor: Json }[] = []
  let cursor = from
  for (let retries = 0; ; retries++) {
    try {
      for await (const batch of account.read(slice, cursor, ctx)) {
        assert.ok(
          batch.records.length > 0 || !isDeepStrictEqual(batch.cursor, cursor),
          `slice ${slice.id}: an empty batch that leaves the cursor where it was: it would go on for ever`,
        )
        cursor = throughJson(connector, batch.cursor)
        batches.push({ records: batch.records, cursor })
        assert.ok(batches.length <= mostBatches, `slice ${slice.id}: the read does not end`)
        onBatch?.(batches.length)
      }
      assert.ok(!stop.aborted, `slice ${slice.id}: the read did not end within ${hangsAfterMs} ms`)
      return { slice, batches }
    } catch (error) {
      assert.ok(!stop.aborted, `slice ${slice.id}: the read did not end within ${hangsAfterMs} ms`)
      if (error instanceof VconduitError && error.kind === 'retriable' && retries < mostRetries) {
        await delay((error.retryAfterMs ?? 0) + 5)
        continue
      }
      throw new StoppedRead(error, { slice, batches })
    }
  }
}

/** A read that ended with an error, and what it gave before. */
export class StoppedRead extends Error {
  override readonly name = 'StoppedRead'
  readonly partial: ReadSlice

  constructor(cause: unknown, partial: ReadSlice) {
    super(`slice ${partial.slice.id} stopped: ${cause instanceof Error ? cause.message : 'failed'}`, { cause })
    this.partial = partial
  }
}

/** Cursors are kept as JSON and come back through the connector's own schema. */
export function throughJson(connector: Connector, cursor: Json): Json {
  const text = JSON.stringify(cursor)
  assert.notEqual(text, undefined, 'a cursor is undefined: it must be JSON')
  const parsed = connector.cursor.safeParse(JSON.parse(text))
  assert.ok(parsed.success, `the cursor's own schema refuses ${text.slice(0, 200)}`)
  assert.deepEqual(parsed.data, cursor, 'the cursor is another one after JSON and its schema')
  return parsed.data
}

export async function readAll(connector: Connector, config: AccountConfig): Promise<readonly ReadSlice[]> {
  const account = openAccount(connector, config)
  return readTogether(connector, account, await account.slices(contextOf(AbortSignal.timeout(hangsAfterMs))))
}

/** Reads all slices at once, each to its end. If one fails the others are stopped before that is thrown. */
export async function readTogether(
  connector: Connector,
  account: Account<Json>,
  slices: readonly Slice[],
): Promise<readonly ReadSlice[]> {
  const failed = new AbortController()
  const reads = slices.map(slice => readSlice(connector, account, slice, { unwanted: failed.signal }))
  try {
    return await Promise.all(reads)
  } catch (error) {
    failed.abort()
    await Promise.allSettled(reads)
    throw error
  }
}

export const recordsOf = (reads: readonly ReadSlice[]): readonly RawInput[] =>
  reads.flatMap(({ batches }) => batches.flatMap(({ records }) => records))

export const keysOf = (records: readonly RawInput[]): ReadonlySet<string> =>
  new Set(records.map(({ stream, key }) => `${stream}/${key}`))

/** Fails naming what is missing. */
export function assertComplete(keys: ReadonlySet<string>, rig: RunningRig, when: string): void {
  const expected = rig.expectedKeys()
  const missing = [...expected].filter(key => !keys.has(key))
  assert.deepEqual(missing.slice(0, 10), [], `${missing.length} of ${expected.size} records are missing ${when}`)
}
