import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hourMs, interval, runJob, start, startRig } from './rig.ts'

const everything = { interval: interval(start - 24 * hourMs, start) }

describe('the same seed', () => {
  it('gives the same conversations, ids and texts', async () => {
    await using one = await startRig()
    await using two = await startRig()
    assert.deepEqual(one.sandbox.facts(), two.sandbox.facts())
    assert.deepEqual((await runJob(one, everything)).conversations, (await runJob(two, everything)).conversations)
  })

  it('gives the same ids and texts at another time, all times moved by as much', async () => {
    const laterMs = 40 * 24 * hourMs + 12_345
    await using one = await startRig()
    await using two = await startRig({ now: () => new Date(start + laterMs) })
    const texts = (rig: typeof one) =>
      rig.sandbox.facts().conversations.map(({ conversationId, utterances, evaluations }) => ({
        conversationId,
        texts: utterances.map(({ text }) => text),
        evaluations,
      }))
    assert.deepEqual(texts(one), texts(two))
    const times = (rig: typeof one, by: number) =>
      rig.sandbox.facts().conversations.map(({ startedAt, endedAt }) => [startedAt + by, endedAt + by])
    assert.deepEqual(times(one, laterMs), times(two, 0))
  })

  it('gives a beginning of the same conversations when there are fewer', async () => {
    await using few = await startRig({ conversations: 10 })
    await using many = await startRig({ conversations: 30 })
    assert.deepEqual(few.sandbox.facts().conversations, many.sandbox.facts().conversations.slice(0, 10))
  })
})

describe('another seed', () => {
  it('gives other conversations', async () => {
    await using one = await startRig({ seed: 1 })
    await using two = await startRig({ seed: 2 })
    const ids = new Set(one.sandbox.facts().conversations.map(conversation => conversation.conversationId))
    assert.ok(two.sandbox.facts().conversations.every(conversation => !ids.has(conversation.conversationId)))
  })
})

describe('invented conversations', () => {
  it('lie in the day before the start, are credible, and show every situation', async () => {
    await using rig = await startRig({ conversations: 200 })
    const { conversations, totals } = rig.sandbox.facts()
    for (const one of conversations) {
      assert.ok(one.startedAt > start - 24 * hourMs && one.startedAt < start)
      assert.ok(one.endedAt > one.startedAt)
      for (const { text, at } of one.utterances) {
        assert.ok(!/[{}]|undefined/.test(text), text)
        assert.ok(at >= one.startedAt && at <= one.endedAt)
      }
      const times = one.utterances.map(({ at }) => at)
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
    }
    assert.deepEqual([...new Set(conversations.map(one => one.channel))].sort(), [
      'callback',
      'chat',
      'email',
      'message',
      'voice',
    ])
    assert.ok(conversations.some(one => one.transfers > 0 && one.userIds.length === 2))
    assert.ok(conversations.some(one => one.holds > 1))
    assert.ok(conversations.some(one => one.direction === 'outbound'))
    assert.ok(totals.abandoned > 0 && totals.deleted > 0 && totals.botUtterances > 0)
    // An order of magnitude less than everything would be a repetition.
    assert.ok(new Set(conversations.map(one => one.utterances.map(({ text }) => text).join())).size > 150)
  })
})
