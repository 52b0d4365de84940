import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ConversationRef } from '../../src/core/ids.ts'
import {
  type Delivery,
  type KnownLink,
  learnLink,
  learnObservation,
  type Observation,
  place,
  type Scope,
} from '../../src/stages/correlation.ts'

const conversation = (key: string): ConversationRef => ({ vendor: 'v', account: 'a', key })
const emptyScope = (): Scope => ({ links: new Map(), events: new Map(), released: false })
const observed = (id: string, alias: string, version = 1, fallback = 'fallback'): Observation => ({
  id,
  version,
  contentHash: `hash-${id}`,
  alias,
  fallback: conversation(fallback),
  sizeBytes: 10,
})
const shown = (deliveries: readonly Delivery[]) =>
  deliveries.map(d => `${d.retracted ? '-' : '+'}${d.observation}@${d.to.key}#${d.revision}`)

test('an event goes to the conversation of its nearest ancestor that has one', () => {
  const scope = emptyScope()
  learnLink(scope, { alias: 'child', version: 1, to: { parentAlias: 'middle' } })
  learnLink(scope, { alias: 'middle', version: 1, to: { parentAlias: 'root' } })
  learnLink(scope, { alias: 'root', version: 1, to: conversation('far') })
  learnObservation(scope, 'e', observed('o', 'child'))
  assert.deepEqual(shown(place(scope).deliveries), ['+o@far#0'])

  learnLink(scope, { alias: 'middle', version: 2, to: conversation('near') })
  assert.deepEqual(shown(place(scope).deliveries), ['-o@far#1', '+o@near#1'])
})

test('the only conversation of a scope is that of every alias without one', () => {
  const scope = emptyScope()
  learnObservation(scope, 'e', observed('o', 'orphan'))
  assert.deepEqual(place(scope), { deliveries: [], changed: [], waiting: 1 })
  learnLink(scope, { alias: 'other', version: 1, to: conversation('only') })
  assert.deepEqual(shown(place(scope).deliveries), ['+o@only#0'])
})

test('with two conversations in the scope an alias that leads to neither waits', () => {
  const scope = emptyScope()
  learnLink(scope, { alias: 'one', version: 1, to: conversation('one') })
  learnLink(scope, { alias: 'two', version: 1, to: conversation('two') })
  learnObservation(scope, 'e', observed('o', 'orphan'))
  assert.deepEqual(place(scope), { deliveries: [], changed: [], waiting: 1 })
})

test('a link that comes after the wait retracts from the fallback and adds to the conversation', () => {
  const scope = emptyScope()
  learnObservation(scope, 'e', observed('o', 'span'))
  scope.released = true
  assert.deepEqual(shown(place(scope).deliveries), ['+o@fallback#0'])
  learnLink(scope, { alias: 'span', version: 1, to: conversation('real') })
  assert.deepEqual(shown(place(scope).deliveries), ['-o@fallback#1', '+o@real#1'])
  assert.deepEqual(place(scope), { deliveries: [], changed: [], waiting: 0 })
})

test('parents that run in a circle lead nowhere, and end', () => {
  const scope = emptyScope()
  learnLink(scope, { alias: 'a', version: 1, to: { parentAlias: 'b' } })
  learnLink(scope, { alias: 'b', version: 1, to: { parentAlias: 'a' } })
  learnLink(scope, { alias: 'self', version: 1, to: { parentAlias: 'self' } })
  learnObservation(scope, 'e', observed('o', 'a'))
  learnObservation(scope, 'f', observed('p', 'self'))
  assert.deepEqual(place(scope), { deliveries: [], changed: [], waiting: 2 })
})

test('what is linked to nowhere is in no conversation, until a later link says otherwise', () => {
  const scope = emptyScope()
  learnObservation(scope, 'e', observed('o', 'span'))
  learnLink(scope, { alias: 'span', version: 1, to: conversation('real') })
  assert.deepEqual(shown(place(scope).deliveries), ['+o@real#0'])
  learnLink(scope, { alias: 'span', version: 2, to: { nowhere: true } })
  assert.deepEqual(shown(place(scope).deliveries), ['-o@real#1'])
  learnObservation(scope, 'e', observed('later', 'span', 2))
  assert.deepEqual(place(scope).deliveries, [])
  learnLink(scope, { alias: 'span', version: 3, to: conversation('real') })
  assert.deepEqual(shown(place(scope).deliveries), ['+o@real#2', '+later@real#2'])
})

test('of conflicting links the highest version counts, then nowhere, then a conversation, then the text', () => {
  const links: KnownLink[] = [
    { alias: 'x', version: 1, to: conversation('z') },
    { alias: 'x', version: 2, to: { parentAlias: 'zz' } },
    { alias: 'x', version: 2, to: conversation('a') },
    { alias: 'x', version: 2, to: conversation('b') },
    { alias: 'y', version: 2, to: conversation('b') },
    { alias: 'y', version: 2, to: { nowhere: true } },
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(links, { minLength: links.length }), order => {
      const scope = emptyScope()
      for (const link of order) learnLink(scope, link)
      assert.deepEqual(scope.links.get('x'), { alias: 'x', version: 2, to: conversation('b') })
      assert.deepEqual(scope.links.get('y')?.to, { nowhere: true })
    }),
  )
})

// The property of the stage: whatever the order, the repetition, the batches and the moment of release.

type Input = { readonly link: KnownLink } | { readonly eventId: string; readonly observation: Observation }

const aliases = ['a', 'b', 'c', 'd', 'e']
const anyLink = fc.record({
  alias: fc.constantFrom(...aliases),
  version: fc.integer({ min: 1, max: 3 }),
  to: fc.oneof(
    fc.constantFrom('one', 'two').map(conversation),
    fc.constantFrom(...aliases).map(parentAlias => ({ parentAlias })),
    fc.constant({ nowhere: true as const }),
  ),
})
const anyObservation = fc
  .record({
    eventId: fc.constantFrom('e1', 'e2', 'e3'),
    alias: fc.constantFrom(...aliases),
    version: fc.integer({ min: 1, max: 3 }),
    content: fc.constantFrom('x', 'y'),
    fallback: fc.constantFrom('f1', 'f2', 'one'),
  })
  .map(({ eventId, alias, version, content, fallback }) => ({
    eventId,
    observation: {
      ...observed(`${eventId}/${alias}/${version}/${content}/${fallback}`, alias, version, fallback),
      contentHash: content,
    },
  }))
const anyInputs = fc.array(
  fc.oneof<[fc.Arbitrary<Input>, fc.Arbitrary<Input>]>(
    anyLink.map(link => ({ link })),
    anyObservation,
  ),
  { minLength: 1, maxLength: 12 },
)

const learn = (scope: Scope, input: Input) =>
  'link' in input ? learnLink(scope, input.link) : learnObservation(scope, input.eventId, input.observation)

/** What is live, by conversation and event: the winner of everything delivered, if it is not retracted. */
function liveOf(deliveries: readonly Delivery[], inputs: readonly Input[]): Readonly<Record<string, string>> {
  const observations = new Map(
    inputs.flatMap(input => ('link' in input ? [] : [[input.observation.id, input.observation] as const])),
  )
  const winners = new Map<string, Delivery>()
  const rank = (delivery: Delivery) => {
    const observation = observations.get(delivery.observation)
    assert.ok(observation)
    return [observation.version, delivery.revision, observation.contentHash, observation.id] as const
  }
  for (const delivery of deliveries) {
    const name = `${delivery.to.key} ${delivery.eventId}`
    const winner = winners.get(name)
    if (winner === undefined || isGreater(rank(delivery), rank(winner))) winners.set(name, delivery)
  }
  return Object.fromEntries(
    [...winners]
      .filter(([, { retracted }]) => !retracted)
      .map(([name, { observation }]) => [name, observation] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function isGreater(a: readonly (string | number)[], b: readonly (string | number)[]): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index]
    assert.ok(other !== undefined)
    if (value !== other) return value > other
  }
  return false
}

function run(steps: readonly (Input | 'place' | 'release')[]): readonly Delivery[] {
  const scope = emptyScope()
  const deliveries: Delivery[] = []
  for (const step of [...steps, 'release' as const]) {
    if (step === 'release') scope.released = true
    if (typeof step === 'string') deliveries.push(...place(scope).deliveries)
    else learn(scope, step)
  }
  assert.deepEqual(place(scope).deliveries, [], 'placing again delivers nothing')
  return deliveries
}

test('any order, repetition, batching and release leaves the same events live in the same conversations', () => {
  fc.assert(
    fc.property(
      anyInputs.chain(inputs =>
        fc.record({
          inputs: fc.constant(inputs),
          repeats: fc.subarray(inputs),
          marks: fc.array(fc.constantFrom('place' as const, 'release' as const), { maxLength: 8 }),
          seed: fc.infiniteStream(fc.nat()),
        }),
      ),
      ({ inputs, repeats, marks, seed }) => {
        const steps = [...inputs, ...repeats, ...marks]
        const shuffled = steps
          .map(step => ({ step, at: seed.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ step }) => step)
        const live = liveOf(run(shuffled), inputs)
        assert.deepEqual(live, liveOf(run(inputs), inputs))

        // Nothing lost, nothing twice: every event is live exactly once, or, if a link may say so, nowhere.
        const events = new Set(inputs.flatMap(input => ('link' in input ? [] : [input.eventId])))
        const found = Object.keys(live).map(name => name.split(' ')[1])
        assert.equal(new Set(found).size, found.length)
        if (!inputs.some(input => 'link' in input && 'nowhere' in input.link.to))
          assert.equal(found.length, events.size)
      },
    ),
    { numRuns: 2000 },
  )
})
