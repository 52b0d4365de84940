import assert from 'node:assert/strict'
import type { RawInput } from '../../../src/core/connector.ts'
import { canonicalJson } from '../../../src/core/json.ts'
import { factIdentity } from './normalize-checks.ts'
import {
  assertComplete,
  keysOf,
  openAccount,
  parsedConfig,
  type ReadSlice,
  readAll,
  readSlice,
  recordsOf,
} from './read-like-runtime.ts'
import type { RunningRig } from './rig.ts'
import { type Check, codecs, contextOf, rawRecordOf, readFixtures, type Subject } from './subject.ts'

/** Checks of a connector that pulls, while its vendor behaves. */
export const readChecks: readonly Check[] = [
  { name: 'slices are stable and distinct', run: withRig(checkSlices) },
  { name: 'check() accepts what works', run: withRig(checkCheck) },
  { name: 'a read gives every record that the vendor serves, and no other', run: withRig(checkComplete) },
  { name: 'raw records are complete and every stream has a fixture', run: withRig(checkRecords) },
  { name: 'reading an empty vendor ends and moves the cursor', run: withRig(checkEmpty, { empty: true }) },
  { name: 'resuming from every cursor leaves no gap', run: withRig(checkResume) },
  { name: 'reading again from the last cursor ends', run: withRig(checkCaughtUp) },
  { name: 'two reads give the same ids and content', run: withRig(checkStableIds) },
]

/** Runs a check on a sandbox of its own, which it always closes. */
export function withRig(
  run: (subject: Subject, rig: RunningRig) => Promise<void>,
  options?: { readonly empty: boolean },
): Check['run'] {
  return async subject => {
    assert.ok(subject.rig !== undefined, 'a connector that pulls needs a rig')
    const rig = await subject.rig.start(options)
    try {
      await run(subject, rig)
    } finally {
      await rig.close()
    }
  }
}

async function checkSlices({ connector }: Subject, rig: RunningRig): Promise<void> {
  const config = parsedConfig(connector, rig)
  const ctx = contextOf(AbortSignal.timeout(30_000))
  const names = async () =>
    (await openAccount(connector, config).slices(ctx)).map(({ stream, id }) => `${stream}/${id}`)
  const first = await names()
  assert.ok(first.length > 0, 'an account without slices reads nothing')
  assert.equal(new Set(first).size, first.length, 'two slices have the same stream and id')
  assert.deepEqual(await names(), first, 'slices have other ids the second time: their cursors would be lost')
}

async function checkCheck({ connector }: Subject, rig: RunningRig): Promise<void> {
  await openAccount(connector, parsedConfig(connector, rig)).check(contextOf(AbortSignal.timeout(30_000)))
}

async function checkComplete({ connector }: Subject, rig: RunningRig): Promise<void> {
  const keys = keysOf(recordsOf(await readAll(connector, parsedConfig(connector, rig))))
  assertComplete(keys, rig, 'after an undisturbed read')
  const expected = rig.expectedKeys()
  assert.deepEqual(
    [...keys].filter(key => !expected.has(key)),
    [],
    'records that the vendor does not serve',
  )
  assert.ok(expected.size > 0, 'the rig serves nothing: the suite proves nothing')
}

async function checkRecords(subject: Subject, rig: RunningRig): Promise<void> {
  const config = parsedConfig(subject.connector, rig)
  const records = recordsOf(await readAll(subject.connector, config))
  for (const record of records) {
    const where = `${record.stream}/${record.key}`
    assert.ok(record.stream !== '' && record.key !== '' && record.contentType !== '', `${where}: an empty field`)
    assert.ok(Buffer.isBuffer(record.payload), `${where}: the payload must be the vendor's bytes`)
    assert.ok(
      Math.abs(record.observedAt - Date.now()) < 50 * 365 * 86_400_000,
      `${where}: observedAt is not in Unix milliseconds`,
    )
    codecs.rawRecord.encode(rawRecordOf(record, config))
  }
  const covered = new Set(readFixtures(subject).map(({ raw }) => raw.stream))
  const bare = new Set(records.map(({ stream }) => stream).filter(stream => !covered.has(stream)))
  assert.deepEqual([...bare], [], 'these streams have no fixture')
}

async function checkEmpty({ connector }: Subject, rig: RunningRig): Promise<void> {
  const reads = await readAll(connector, parsedConfig(connector, rig))
  assert.deepEqual([...keysOf(recordsOf(reads))], [...rig.expectedKeys()])
  const cursors = reads.flatMap(({ batches }) => batches.map(({ cursor }) => cursor))
  assert.ok(cursors.length > 0, 'no slice moved its cursor: the next read would ask for the same time again, and again')
}

async function checkResume({ connector }: Subject, rig: RunningRig): Promise<void> {
  const config = parsedConfig(connector, rig)
  const reads = await readAll(connector, config)
  const keysOfOthers = (slice: ReadSlice) => keysOf(recordsOf(reads.filter(other => other !== slice)))
  for (const read of reads) {
    const before: RawInput[] = []
    const tried = new Set<string>()
    for (const [index, { records, cursor }] of read.batches.entries()) {
      before.push(...records)
      // Of batches that share a cursor the first has the least before it: what holds for it holds for the others.
      if (tried.has(canonicalJson(cursor))) continue
      tried.add(canonicalJson(cursor))
      const resumed = await readSlice(connector, openAccount(connector, config), read.slice, { from: cursor })
      const keys = new Set([...keysOfOthers(read), ...keysOf(before), ...keysOf(recordsOf([resumed]))])
      assertComplete(keys, rig, `when ${read.slice.stream} resumes after batch ${index + 1} of ${read.batches.length}`)
    }
  }
}

async function checkCaughtUp({ connector }: Subject, rig: RunningRig): Promise<void> {
  const config = parsedConfig(connector, rig)
  const account = openAccount(connector, config)
  for (const slice of await account.slices(contextOf(AbortSignal.timeout(30_000)))) {
    const from = (await readSlice(connector, account, slice)).batches.at(-1)?.cursor
    await readSlice(connector, account, slice, { from })
  }
}

async function checkStableIds({ connector }: Subject, rig: RunningRig): Promise<void> {
  const config = parsedConfig(connector, rig)
  const factsOf = async () => {
    const facts = new Map<string, string>()
    for (const record of recordsOf(await readAll(connector, config))) {
      const outcome = connector.normalize(rawRecordOf(record, config), config)
      assert.notEqual(outcome.kind, 'deadLetter', `${record.stream}/${record.key} of the vendor becomes a dead letter`)
      if (outcome.kind === 'emit')
        for (const fact of outcome.records) facts.set(factIdentity(record.stream, fact), contentOf(fact))
    }
    return facts
  }
  const first = await factsOf()
  const second = await factsOf()
  assert.ok(first.size > 0, 'the records of the rig give no facts at all')
  assert.deepEqual(second, first, 'a second read gives other ids or other content')
}

/** What a fact says; when it was observed is no part of it. */
const contentOf = (fact: object) => canonicalJson({ ...fact, version: undefined })
