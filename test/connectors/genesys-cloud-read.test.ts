import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import pino from 'pino'
import {
  type GenesysSandbox,
  type SandboxConversation,
  startGenesysSandbox,
} from '../../connectors/genesys-cloud/sandbox/index.ts'
import { kindOf, VconduitError } from '../../src/core/errors.ts'
import { configFor, contextAt, createClock, createReader, Facts, open, rawOf } from './genesys-cloud-reading.ts'
import { keysOfFacts, startSettled } from './genesys-cloud-rig.ts'

const log = pino({ level: 'silent' })
const hourMs = 3_600_000

async function withSandbox(sandbox: GenesysSandbox, use: (sandbox: GenesysSandbox) => Promise<void>): Promise<void> {
  try {
    await use(sandbox)
  } finally {
    await sandbox.close()
  }
}

/** Compares what the facts tell of a conversation with what the sandbox knows of it. */
function assertTold(facts: Facts, expected: SandboxConversation, names: Readonly<Record<string, string>>): void {
  const id = expected.conversationId
  const [started, ...more] = facts.of(id, 'conversation.started')
  assert.deepEqual(more, [])
  assert.equal(started?.occurredAt, expected.startedAt)
  assert.equal(started.section.channel, expected.channel)
  assert.equal(started.section.direction, expected.direction)
  const [ended] = facts.of(id, 'conversation.ended')
  assert.equal(ended?.occurredAt, expected.endedAt)
  assert.equal(ended.section.abandoned, expected.abandoned)
  assert.equal(ended.section.durationMs, expected.endedAt - expected.startedAt)

  const roles = new Map(facts.of(id, 'party.joined').map(({ section }) => [section.partyKey, section.role]))
  const said = [...facts.of(id, 'utterance'), ...facts.of(id, 'message')]
    .sort((a, b) => a.occurredAt - b.occurredAt || (a.sequence ?? 0) - (b.sequence ?? 0))
    .map(({ occurredAt, section }) => ({
      at: occurredAt,
      text: section.text,
      partyKey: section.partyKey,
      role: roles.get(section.partyKey ?? ''),
    }))
  assert.deepEqual(
    said,
    expected.utterances.map(({ at, text, participantId, role }) => ({ at, text, partyKey: participantId, role })),
  )

  const users = facts.of(id, 'party.joined').flatMap(({ section }) => (section.role === 'agent' ? [section] : []))
  assert.deepEqual(users.map(({ externalId }) => externalId).sort(), [...expected.userIds].sort())
  for (const { externalId, name } of users) assert.equal(name, names[externalId ?? ''])

  assert.deepEqual(
    facts.of(id, 'queue.entered').map(({ section }) => section.queueName),
    expected.queues,
  )
  assert.equal(facts.of(id, 'queue.left').length, expected.queues.length)
  assert.equal(facts.of(id, 'hold.started').length, expected.holds)
  assert.equal(facts.of(id, 'hold.ended').length, expected.holds)
  const transfers = facts.of(id, 'transfer').filter(({ section }) => section.kind !== 'handover')
  assert.equal(transfers.length, expected.transfers)
  for (const { section } of transfers) {
    assert.notEqual(section.kind, 'unknown')
    assert.equal(roles.get(section.toPartyKey ?? ''), 'agent')
    assert.notEqual(section.toPartyKey, section.fromPartyKey)
  }
  assert.deepEqual(
    facts.of(id, 'disposition').map(({ section: { partyKey, code, name, note } }) => ({ partyKey, code, name, note })),
    expected.wrapUps.map(({ participantId, code, name, note }) => ({ partyKey: participantId, code, name, note })),
  )
  assert.deepEqual(
    facts
      .of(id, 'evaluation.result')
      .map(({ section }) => [section.evaluationId, section.vendorStatus, section.score, section.name]),
    expected.evaluations.map(({ evaluationId, status, score, formName }) => [evaluationId, status, score, formName]),
  )
  assert.deepEqual(
    facts
      .of(id, 'survey')
      .map(({ section }) => [section.surveyId, section.vendorStatus, section.score, section.promoterScore]),
    expected.surveys.map(({ surveyId, status, score, promoterScore }) => [surveyId, status, score, promoterScore]),
  )
  assert.deepEqual(
    facts.of(id, 'recording').map(({ section }) => section.recordingId),
    expected.recordings,
  )
  assert.deepEqual(
    facts.of(id, 'tool.call').map(({ section }) => [section.name, section.isError, section.errorMessage]),
    expected.toolCalls
      .filter(({ via }) => via === 'bot-turns')
      .map(({ name, error }) => [name, error !== undefined, error]),
  )
}

describe('reading Genesys Cloud', () => {
  test('tells of every conversation what there is to know', async () => {
    await withSandbox(await startSettled({ conversations: 50, seed: 11 }), async sandbox => {
      const config = configFor(sandbox, { windowMinutes: 360, parallelRequests: 4 })
      const reader = createReader(config, createClock())
      await reader.read()
      const facts = new Facts(reader.records, config)
      const { conversations, users } = sandbox.facts()
      const there = conversations.filter(({ deleted }) => !deleted)
      assert.ok(there.length > 40)
      for (const expected of there) assertTold(facts, expected, users)
    })
  })

  test('keeps the bytes of each conversation as the page held them', async () => {
    await withSandbox(await startSettled({ conversations: 8 }), async sandbox => {
      const reader = createReader(configFor(sandbox), createClock())
      await reader.read()
      const details = reader.records.filter(({ stream }) => stream === 'conversation-details')
      assert.equal(details.length, 8)
      // The sandbox writes pages with JSON.stringify: a payload that was parsed and written anew would look the same, but one
      // that was sliced wrongly would not parse.
      for (const { payload, key } of details) {
        const parsed: unknown = JSON.parse(payload.toString())
        assert.equal(Reflect.get(Object(parsed), 'conversationId'), key)
        assert.equal(JSON.stringify(parsed), payload.toString())
      }
    })
  })

  test('finds what comes late and what is deleted, and stores nothing that did not change', async () => {
    const clock = createClock()
    const sandbox = await startGenesysSandbox({
      seed: 5,
      conversations: 50,
      now: clock.now,
      log,
      lateAfterMs: 20 * 60_000,
      jobMs: 0,
      requestsPerMinute: 1_000_000,
    })
    await withSandbox(sandbox, async () => {
      const config = configFor(sandbox, { windowMinutes: 360, rereadDays: 2, rereadAfterSeconds: 1800 })
      const reader = createReader(config, clock)
      // The data lake is two seconds behind.
      clock.skip(5_000)
      await reader.read()
      const { conversations, deleted, users } = sandbox.facts()
      const late = conversations.filter(one => one.evaluations.some(evaluation => evaluation.late))
      assert.ok(late.length > 0 && deleted.length > 0)
      const before = new Facts(reader.records, config)
      for (const id of deleted) {
        assert.equal(before.of(id, 'conversation.started').length, 1)
        assert.equal(before.of(id, 'deletion').length, 0)
      }

      clock.skip(40 * 60_000)
      assert.ok(sandbox.settled())
      const stored = reader.records.length
      await reader.read()
      const facts = new Facts(reader.records, config)
      for (const expected of conversations) if (!expected.deleted) assertTold(facts, expected, users)
      for (const id of deleted) {
        const [deletion] = facts.of(id, 'deletion')
        assert.equal(deletion?.section.scope, 'conversation')
      }
      assert.equal(
        new Set(reader.records.flatMap(({ stream, key }) => (stream === 'deletions' ? [key] : []))).size,
        deleted.length,
      )

      // What had not changed was not read again beyond its details.
      const changed = reader.records
        .slice(stored)
        .flatMap(({ stream, key }) => (stream === 'conversation-details' ? [key] : []))
      const unchanged = conversations.filter(({ conversationId }) => !changed.includes(conversationId))
      assert.ok(unchanged.length > 10)
    })
  })

  test('notices deletions in a window that is still open, once', async () => {
    const clock = createClock()
    const dayMs = 24 * hourMs
    // Late in the day: conversations of the last 22 hours are all in the window of today.
    clock.skip(22.5 * hourMs - (Date.now() % dayMs))
    const sandbox = await startGenesysSandbox({
      seed: 5,
      conversations: 50,
      now: clock.now,
      log,
      lateAfterMs: 10 * 60_000,
      jobMs: 0,
      requestsPerMinute: 1_000_000,
    })
    await withSandbox(sandbox, async () => {
      const config = configFor(sandbox, { rereadAfterSeconds: 1200, botTurns: 'off' })
      const reader = createReader(config, clock)
      const told = () => reader.records.flatMap(({ stream, key }) => (stream === 'deletions' ? [key] : []))
      const { deleted } = sandbox.facts()
      assert.ok(deleted.length > 0)
      clock.skip(5_000)
      await reader.read()
      clock.skip(12 * 60_000)
      // What is new in the window does not show what has gone from it.
      await reader.read()
      assert.deepEqual(told(), [])
      for (const minutes of [12, 22]) {
        clock.skip(minutes * 60_000)
        await reader.read()
        assert.deepEqual(told().sort(), [...deleted].sort())
      }
      const open = [...reader.cursors.values()].filter(
        cursor => cursor.kind === 'window' && cursor.known.length > 0 && cursor.readTo < cursor.window + dayMs,
      )
      assert.equal(open.length, 1)
    })
  })

  test('reads the same bytes when it reads again', async () => {
    await withSandbox(await startSettled({ conversations: 25 }), async sandbox => {
      const clock = createClock()
      const config = configFor(sandbox, { rereadAfterSeconds: 60, rereadDays: 3 })
      const reader = createReader(config, clock)
      const hashes = () => new Map(reader.records.map(input => [`${input.stream}/${input.key}`, rawOf(input).hash]))
      await reader.read()
      const first = hashes()
      // Two re-reads: the second asks for everything anew.
      for (const skip of [2 * 60_000, 10 * 60_000]) {
        clock.skip(skip)
        await reader.read()
      }
      assert.deepEqual(hashes(), first)
      assert.ok(reader.records.length > first.size, 'the second re-read asked for everything')
    })
  })

  test('goes on with the job that a cursor names, and makes another if Genesys has forgotten it', async () => {
    for (const pauseMs of [0, 30 * hourMs]) {
      const clock = createClock()
      clock.skip(-hourMs)
      const sandbox = await startGenesysSandbox({
        seed: 3,
        conversations: 20,
        now: clock.now,
        log,
        jobMs: 0,
        requestsPerMinute: 1_000_000,
      })
      await withSandbox(sandbox, async () => {
        clock.skip(hourMs)
        const config = configFor(sandbox, { pageSize: 4, parallelRequests: 1, rereadDays: 5 })
        const expected = new Set([...keysOfFacts(sandbox.facts())].filter(key => !key.startsWith('bot-turns/')))
        const ctx = contextAt(clock)
        const keys = new Set<string>()
        const pagesOf = (jobId: string) => sandbox.requests().filter(({ path }) => path.endsWith(`/${jobId}/results`))
        let resumed = 0
        const slices = (await open(config).slices(ctx)).filter(({ stream }) => stream === 'conversation-details')
        for (const slice of slices) {
          let cursor = undefined as Parameters<ReturnType<typeof open>['read']>[1]
          let seen = 0
          for await (const batch of open(config).read(slice, undefined, ctx)) {
            for (const { stream, key } of batch.records) keys.add(`${stream}/${key}`)
            cursor = batch.cursor
            seen += batch.records.length
            if (seen > 6) break
          }
          const jobId = cursor !== undefined && cursor.kind === 'window' ? cursor.pass?.jobId : undefined
          const before = jobId === undefined ? 0 : pagesOf(jobId).length
          clock.skip(pauseMs)
          for await (const batch of open(config).read(slice, cursor, ctx))
            for (const { stream, key } of batch.records) keys.add(`${stream}/${key}`)
          if (jobId === undefined) continue
          resumed += 1
          const [first, ...more] = pagesOf(jobId).slice(before)
          assert.equal(first?.status, pauseMs === 0 ? 200 : 404)
          if (pauseMs > 0) assert.deepEqual(more, [])
        }
        assert.ok(resumed > 0, 'no read was under way')
        assert.deepEqual(
          [...expected].filter(key => !keys.has(key)),
          [],
        )
      })
    }
  })

  test('the history reads what is too old to be followed, and what nobody came to follow', async () => {
    await withSandbox(await startSettled({ conversations: 12, earlierMs: 3 * 24 * hourMs }), async sandbox => {
      const clock = createClock()
      const since = new Date(Date.now() - 6 * 24 * hourMs).toISOString()
      const reader = createReader(configFor(sandbox, { since, rereadDays: 1, windowMinutes: 720 }), clock)
      await reader.read()
      const read = () => new Set(reader.records.map(({ stream, key }) => `${stream}/${key}`))
      assert.deepEqual(read(), keysOfFacts(sandbox.facts()))
    })
    const clock = createClock()
    await withSandbox(await startSettled({ conversations: 12, now: clock.now }), async sandbox => {
      const config = configFor(sandbox, { rereadDays: 2, windowMinutes: 720, botTurns: 'off' })
      const reader = createReader(config, clock)
      const ctx = contextAt(clock)
      // Only the history starts, and a week later everything goes on.
      for await (const _batch of open(config).read({ stream: 'conversation-details', id: 'history' }, undefined, ctx));
      clock.skip(7 * 24 * hourMs)
      await reader.read()
      const expected = [...keysOfFacts(sandbox.facts())].filter(key => !key.startsWith('bot-turns/'))
      const read = new Set(reader.records.map(({ stream, key }) => `${stream}/${key}`))
      assert.deepEqual(
        expected.filter(key => !read.has(key)),
        [],
      )
    })
  })

  test('turns of bots that were lost are told, and reading goes on', async () => {
    await withSandbox(await startSettled({ conversations: 25 }), async sandbox => {
      const clock = createClock()
      const config = configFor(sandbox)
      const lines: unknown[] = []
      const loud = pino({ level: 'error' }, { write: line => lines.push(JSON.parse(line)) })
      const account = open(config)
      const ctx = { ...contextAt(clock), log: loud }
      const slice = (await account.slices(ctx)).find(({ stream }) => stream === 'bot-turns')
      assert.ok(slice !== undefined)
      const readTo = clock.now().getTime() - 12 * 24 * hourMs
      const keys: string[] = []
      for await (const { records } of account.read(slice, { kind: 'bot-turns', readTo, pass: null }, ctx))
        keys.push(...records.map(({ key }) => key))
      assert.ok(keys.length > 0)
      assert.equal(lines.length, 1)
    })
  })

  test('a transcript link that has always run out is tried again later, not skipped', async () => {
    const clock = createClock()
    const sandbox = await startGenesysSandbox({
      seed: 7,
      conversations: 3,
      now: () => new Date(clock.now().getTime() - hourMs),
      log,
      jobMs: 0,
      requestsPerMinute: 1_000_000,
      transcriptLinkMs: 0,
    })
    await withSandbox(sandbox, async () => {
      const reader = createReader(configFor(sandbox), clock)
      await assert.rejects(reader.read(), (error: unknown) => {
        assert.ok(error instanceof VconduitError)
        assert.equal(kindOf(error), 'retriable')
        assert.equal(error.code, 'transcript-link-refused')
        assert.doesNotMatch(error.message, /Signature|http/)
        return true
      })
    })
  })

  test('a missing permission is named', async () => {
    await withSandbox(await startSettled({ conversations: 2 }), async sandbox => {
      sandbox.faults.failNext(1, 403)
      await assert.rejects(open(configFor(sandbox)).check(contextAt(createClock())), {
        kind: 'config',
        message: /account "sandbox".*analytics:conversationDetail:view/,
      })
    })
  })

  test('follows a window only to where the data lake is complete', async () => {
    const clock = createClock()
    const sandbox = await startGenesysSandbox({
      seed: 2,
      conversations: 25,
      now: clock.now,
      log,
      lateAfterMs: 4 * 60_000,
      jobMs: 0,
      requestsPerMinute: 1_000_000,
    })
    await withSandbox(sandbox, async () => {
      const config = configFor(sandbox)
      const reader = createReader(config, clock)
      await reader.read()
      for (const cursor of reader.cursors.values())
        if (cursor.kind === 'window') assert.ok(cursor.readTo <= clock.now().getTime() - 2_000)
      const open = sandbox.facts().conversations.filter(({ openAtStart }) => openAtStart)
      assert.ok(open.length > 0)
      clock.skip(10 * 60_000)
      await reader.read()
      const facts = new Facts(reader.records, config)
      for (const { conversationId, deleted, endedAt } of open)
        if (!deleted) assert.equal(facts.of(conversationId, 'conversation.ended')[0]?.occurredAt, endedAt)
    })
  })
})
