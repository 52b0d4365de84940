import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Account, Slice } from '../../../src/core/connector.ts'
import { isAbort, VconduitError } from '../../../src/core/errors.ts'
import type { Json } from '../../../src/core/json.ts'
import { withRig } from './read-checks.ts'
import {
  assertComplete,
  keysOf,
  openAccount,
  parsedConfig,
  type ReadSlice,
  readSlice,
  readTogether,
  recordsOf,
  StoppedRead,
} from './read-like-runtime.ts'
import type { Faults, RunningRig, SeenRequest } from './rig.ts'
import { type Check, contextOf, type Subject } from './subject.ts'

/** Checks of a connector that pulls, while its vendor misbehaves or we stop. */
export const faultChecks: readonly Check[] = [
  { name: 'a 500 leaves no gap', run: withRig(surviving(faults => faults.failNext(2, 500), 500)) },
  { name: 'a 503 leaves no gap', run: withRig(surviving(faults => faults.failNext(1, 503), 503)) },
  { name: 'a cut body leaves no gap', run: withRig(surviving(faults => faults.cutNext(2))) },
  { name: 'a slow reply leaves no gap', run: withRig(surviving(faults => faults.delayNext(1, 100))) },
  { name: '429 is honoured: a slice waits until Retry-After has passed', run: withRig(checkRateLimitOfOne) },
  { name: '429 is honoured: other slices wait too', run: withRig(checkRateLimitOfAll) },
  { name: 'wrong credentials are a config error of check()', run: withRig(checkWrongCredentials) },
  { name: 'credentials that are revoked in mid-read are a config error, and leave no gap', run: withRig(checkRevoked) },
  { name: 'an abort settles within a second, at any moment', run: withRig(checkAbortAnytime) },
  {
    name: 'an abort settles within a second while a reply is slow',
    run: withRig(abortedWhile(faults => faults.delayNext(1000, 20_000))),
  },
  {
    name: 'an abort settles within a second while the vendor fails',
    run: withRig(abortedWhile(faults => faults.failNext(1_000_000, 500), 500)),
  },
  {
    name: 'an abort settles within a second while the vendor keeps us waiting',
    run: withRig(abortedWhile(faults => faults.rateLimitNext(1000, 60), 429)),
  },
]

const slicesOf = (account: Account<Json>) => account.slices(contextOf(AbortSignal.timeout(30_000)))

/** `status` is what the vendor must have answered, where the fault has one: a fault that nobody met proves nothing. */
function surviving(fault: (faults: Faults) => void, status?: number) {
  return async ({ connector }: Subject, rig: RunningRig): Promise<void> => {
    const account = openAccount(connector, parsedConfig(connector, rig))
    const reads: ReadSlice[] = []
    for (const slice of await slicesOf(account)) {
      fault(rig.faults)
      reads.push(await readSlice(connector, account, slice, { onBatch: () => fault(rig.faults) }))
    }
    assertComplete(keysOf(recordsOf(reads)), rig, 'after a read with faults')
    if (status !== undefined) assertAnswered(rig, status)
  }
}

function assertAnswered(rig: RunningRig, status: number): void {
  assert.ok(
    rig.requests().some(request => request.status === status),
    `the rig answered no request with ${status}`,
  )
}

const retryAfterSeconds = 1

async function checkRateLimitOfOne({ connector }: Subject, rig: RunningRig): Promise<void> {
  const account = openAccount(connector, parsedConfig(connector, rig))
  const reads: ReadSlice[] = []
  for (const slice of await slicesOf(account)) {
    rig.faults.rateLimitNext(1, retryAfterSeconds)
    reads.push(await readSlice(connector, account, slice))
  }
  assertComplete(keysOf(recordsOf(reads)), rig, 'after a 429')
  assertAnswered(rig, 429)
  const requests = rig.requests()
  for (const [index, refused] of requests.entries()) {
    if (refused.status !== 429) continue
    const again = requests.slice(index + 1).filter(({ path }) => path === refused.path)
    assertSilence(refused, again, 0)
  }
}

async function checkRateLimitOfAll({ connector }: Subject, rig: RunningRig): Promise<void> {
  const account = openAccount(connector, parsedConfig(connector, rig))
  const slices = await slicesOf(account)
  rig.faults.rateLimitNext(1, retryAfterSeconds)
  const reads = await readTogether(connector, account, slices)
  assertComplete(keysOf(recordsOf(reads)), rig, 'after a 429')
  const requests = rig.requests()
  const refused = requests.find(({ status }) => status === 429)
  assert.ok(refused !== undefined, 'the rig answered no request with 429')
  // What other slices had under way when the 429 came is no fault.
  assertSilence(refused, requests, 150)
}

function assertSilence(refused: SeenRequest, requests: readonly SeenRequest[], graceMs: number): void {
  // A vendor's and our clock of milliseconds may tick differently.
  const until = refused.at + retryAfterSeconds * 1000 - 10
  const tooEarly = requests.filter(
    request => request !== refused && request.at >= refused.at + graceMs && request.at < until,
  )
  assert.deepEqual(
    tooEarly.map(({ path, at }) => `${path} after ${at - refused.at} ms`),
    [],
    `requests although the vendor asked for ${retryAfterSeconds} s of silence`,
  )
}

async function checkWrongCredentials({ connector }: Subject, rig: RunningRig): Promise<void> {
  const config = parsedConfig(connector, rig)
  rig.faults.revokeCredentials()
  const ctx = contextOf(AbortSignal.timeout(30_000))
  const error = await openAccount(connector, config)
    .check(ctx)
    .then(
      () => assert.fail('check() accepts credentials that the vendor refuses'),
      (thrown: unknown) => thrown,
    )
  assertConfigError(error, 'check()')
  assert.ok(error.message.includes(config.account), `the message does not name the account: ${error.message}`)
  const { vendor: _vendor, account: _account, ...others } = rig.config
  for (const value of textsOf(others).filter(text => text.length >= 12 && !URL.canParse(text)))
    assert.ok(!error.message.includes(value), 'the message holds a value of the configuration that may be a secret')
}

async function checkRevoked({ connector }: Subject, rig: RunningRig): Promise<void> {
  const config = parsedConfig(connector, rig)
  const reads: ReadSlice[] = []
  for (const slice of await slicesOf(openAccount(connector, config))) {
    const account = openAccount(connector, config)
    await account.check(contextOf(AbortSignal.timeout(30_000)))
    const revoke = () => rig.faults.revokeCredentials()
    // Once before the first page, when the token is there already, and once after it.
    revoke()
    const refused = await stopped(readSlice(connector, account, slice))
    assert.ok(refused !== undefined, `slice ${slice.id}: a read with revoked credentials ends as if all were well`)
    assertConfigError(refused.cause, `slice ${slice.id}`)
    rig.faults.restoreCredentials()

    const again = openAccount(connector, config)
    let first: ReadSlice | undefined
    const interrupted = await stopped(
      readSlice(connector, again, slice, { from: refused.partial.batches.at(-1)?.cursor, onBatch: revoke }).then(
        read => {
          first = read
        },
      ),
    )
    if (interrupted !== undefined) assertConfigError(interrupted.cause, `slice ${slice.id}`)
    rig.faults.restoreCredentials()
    const partial = interrupted?.partial ?? first
    const from = partial?.batches.at(-1)?.cursor
    const rest = await readSlice(connector, openAccount(connector, config), slice, { from })
    reads.push(refused.partial, ...(partial === undefined ? [] : [partial]), rest)
  }
  assertComplete(keysOf(recordsOf(reads)), rig, 'after credentials came back')
}

async function checkAbortAnytime({ connector }: Subject, rig: RunningRig): Promise<void> {
  const config = parsedConfig(connector, rig)
  for (const ms of [0, 1, 3, 10, 30, 100, 300]) {
    const account = openAccount(connector, config)
    await assertAbortSettles(account, await slicesOf(account), ms)
  }
}

function abortedWhile(fault: (faults: Faults) => void, status?: number) {
  return async ({ connector }: Subject, rig: RunningRig): Promise<void> => {
    const account = openAccount(connector, parsedConfig(connector, rig))
    const slices = await slicesOf(account)
    fault(rig.faults)
    await assertAbortSettles(account, slices, 200)
    if (status !== undefined) assertAnswered(rig, status)
  }
}

/** Aborts a read of all slices after a while; the limit is the contract's own. */
async function assertAbortSettles(account: Account<Json>, slices: readonly Slice[], afterMs: number): Promise<void> {
  const stop = new AbortController()
  const ctx = contextOf(stop.signal)
  const reading = Promise.all(
    slices.map(async slice => {
      try {
        for await (const _batch of account.read(slice, undefined, ctx));
      } catch (error) {
        assert.ok(isAbort(error, stop.signal), `slice ${slice.id}: an abort became another error: ${error}`)
      }
    }),
  )
  await delay(afterMs)
  stop.abort()
  const limit = new AbortController()
  const late = delay(1000, 'late' as const, { signal: limit.signal }).catch(() => 'settled' as const)
  const settled = await Promise.race([reading.then(() => 'settled' as const), late])
  limit.abort()
  assert.equal(settled, 'settled', `a read goes on a second after it was aborted (at ${afterMs} ms)`)
}

/** The error that stopped a read, or undefined if it ended. */
async function stopped(read: Promise<unknown>): Promise<StoppedRead | undefined> {
  try {
    await read
    return undefined
  } catch (error) {
    if (error instanceof StoppedRead) return error
    throw error
  }
}

function assertConfigError(error: unknown, where: string): asserts error is VconduitError {
  assert.ok(error instanceof VconduitError, `${where}: refused credentials became ${error}`)
  assert.equal(error.kind, 'config', `${where}: refused credentials became a ${error.kind} error: ${error.message}`)
}

const textsOf = (value: unknown): readonly string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsOf)
      : []
