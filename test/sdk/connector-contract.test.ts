import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Connector } from '../../src/core/connector.ts'
import { checksOf } from '../contract/connector.ts'
import { type Flaw, toyConnector } from './toy/connector.ts'
import { toyRig } from './toy/vendor.ts'

const subjectOf = (connector: Connector) => ({
  connector,
  fixtures: join(import.meta.dirname, 'toy/fixtures'),
  rig: toyRig,
})

describe('the contract suite accepts a sound connector', { concurrency: true }, () => {
  const subject = subjectOf(toyConnector())
  for (const { name, run } of checksOf(subject)) test(name, () => run(subject))
})

/** fast-check keeps what a property said as the cause of its own report. */
const saidBy = (error: unknown): string =>
  error instanceof Error ? `${error.message}\n${error.cause === undefined ? '' : saidBy(error.cause)}` : ''

/** Each flaw, and the check that has to find it. */
const found: Readonly<Record<Flaw, { readonly check: string; readonly says: RegExp }>> = {
  'accepts-unknown-keys': { check: 'unknown keys are refused', says: /z\.strictObject/ },
  'asks-again-at-once': { check: 'a slice waits until Retry-After', says: /asked for 1 s of silence/ },
  'blames-the-vendor': { check: 'wrong credentials', says: /refused credentials became/ },
  'budget-for-each-slice': { check: 'other slices wait too', says: /asked for 1 s of silence/ },
  'bare-field': { check: 'every field of the configuration has a description', says: /config\.since/ },
  'ends-when-refused': { check: 'revoked in mid-read', says: /as if all were well/ },
  'forgets-the-page': { check: 'resuming from every cursor', says: /are missing when calls resumes/ },
  'dates-in-cursor': { check: 'a read gives every record', says: /the cursor's own schema|another one after JSON/ },
  'deaf-to-abort': { check: 'while the vendor fails', says: /a second after it was aborted/ },
  'example-that-fails': { check: 'the example of the configuration parses', says: /its own example is refused/ },
  'new-ids-every-time': { check: 'two reads give the same ids', says: /other ids or other content/ },
  'quotes-the-payload': { check: 'fixtures with values exchanged', says: /quotes the payload/ },
  'remembers-records': { check: 'fixtures with values exchanged', says: /another outcome the second time/ },
  'section-with-a-hole': { check: 'fixture call-with-two-turns', says: /utterance with key "c1\/0" cannot be encoded/ },
  'skips-what-fails': { check: 'a 500 leaves no gap', says: /records are missing after a read with faults/ },
  'stands-still': { check: 'reading an empty vendor', says: /leaves the cursor where it was/ },
  'takes-anybody': { check: 'without token or signature', says: /takes in what nobody signed/ },
  'throws-on-lists': { check: 'any JSON', says: /normalize throws: TypeError/ },
}

describe('the contract suite finds each flaw', { concurrency: true }, () => {
  for (const [flaw, { check: name, says }] of Object.entries(found) as [Flaw, (typeof found)[Flaw]][])
    test(flaw, async () => {
      const subject = subjectOf(toyConnector(flaw))
      const checks = checksOf(subject).filter(check => check.name.includes(name))
      assert.equal(checks.length, 1, `"${name}" is not the name of one check`)
      await assert.rejects(
        async () => checks[0]?.run(subject),
        error => {
          assert.match(saidBy(error), says)
          return true
        },
      )
    })

  test('a fixture that expects something else', async () => {
    const connector = { ...toyConnector(), normalize: () => ({ kind: 'drop' as const, reason: 'all' }) }
    const subject = subjectOf(connector)
    const check = checksOf(subject).find(({ name }) => name === 'fixture call-with-two-turns')
    await assert.rejects(async () => check?.run(subject), /deepEqual|deep-equal/)
  })

  test('a connector without fixtures', async () => {
    const subject = { ...subjectOf(toyConnector()), fixtures: join(import.meta.dirname, 'toy/none') }
    const check = checksOf(subject).find(({ name }) => name === 'there are fixtures')
    await assert.rejects(async () => check?.run(subject), /no folders/)
  })

  test('a connector that pulls without a rig', async () => {
    const { rig: _rig, ...subject } = subjectOf(toyConnector())
    const check = checksOf(subject).find(({ name }) => name.startsWith('a read gives'))
    await assert.rejects(async () => check?.run(subject), /needs a rig/)
  })
})
