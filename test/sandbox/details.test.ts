import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorOf, hourMs, interval, runJob, start, startRig } from './rig.ts'

const day = interval(start - 24 * hourMs, start)

describe('conversation details', () => {
  it('runs jobs through their states and pages by cursor without gap or repetition', async () => {
    await using rig = await startRig()
    const { states, pages, conversations } = await runJob(rig, { interval: day }, 7)
    assert.deepEqual(states, ['QUEUED', 'RUNNING', 'FULFILLED'])
    assert.equal(pages.length, Math.ceil(60 / 7))
    assert.ok(pages.slice(0, -1).every(page => page.conversations?.length === 7 && page.cursor !== undefined))
    assert.ok(pages.every(page => Date.parse(page.dataAvailabilityDate ?? '') < start + 1000))
    const ids = conversations.map(conversation => conversation.conversationId)
    const expected = rig.sandbox.facts().conversations.map(conversation => conversation.conversationId)
    assert.deepEqual([...ids].sort(), [...expected].sort())
  })

  it('tells what a conversation was', async () => {
    await using rig = await startRig()
    const { conversations } = await runJob(rig, { interval: day })
    for (const expected of rig.sandbox.facts().conversations) {
      const found = conversations.find(one => one.conversationId === expected.conversationId)
      assert.equal(Date.parse(found?.conversationStart ?? ''), expected.startedAt)
      assert.equal(found?.conversationEnd === undefined, expected.openAtStart)
      assert.equal(found?.originatingDirection, expected.direction)
      const customer = found?.participants?.find(participant => participant.purpose === 'customer')
      assert.equal(customer?.sessions?.[0]?.mediaType, expected.channel)
      assert.ok(customer?.attributes?.['customer.tier'])
      assert.ok(Object.values(customer.attributes).every(value => value.length <= 1024))
      if (expected.openAtStart) continue
      const segments = found?.participants?.flatMap(
        one => one.sessions?.flatMap(session => session.segments ?? []) ?? [],
      )
      assert.equal(segments?.filter(segment => segment.segmentType === 'hold').length, expected.holds)
      const agents = found?.participants?.flatMap(one => one.userId ?? [])
      assert.deepEqual(agents, expected.userIds)
    }
  })

  it('has wrap-ups that start before the conversation ends', async () => {
    await using rig = await startRig()
    const { conversations } = await runJob(rig, { interval: day })
    const hasty = conversations.filter(one =>
      one.participants?.some(participant =>
        participant.sessions?.some(session =>
          session.segments?.some(
            ({ segmentType, segmentStart = '' }) =>
              segmentType === 'wrapup' && segmentStart < (one.conversationEnd ?? ''),
          ),
        ),
      ),
    )
    assert.ok(hasty.length > 0)
  })

  it('gives the same conversation to every job whose interval its life overlaps', async () => {
    await using rig = await startRig()
    const mail = rig.sandbox.facts().conversations.find(one => one.channel === 'email')
    assert.ok(mail)
    const middle = Math.floor((mail.startedAt + mail.endedAt) / 2)
    const has = async (from: number, to: number, startOfDayIntervalMatching: boolean) => {
      const { conversations } = await runJob(rig, { interval: interval(from, to), startOfDayIntervalMatching })
      return conversations.some(one => one.conversationId === mail.conversationId)
    }
    assert.equal(await has(mail.startedAt - 60_000, middle, false), true)
    assert.equal(await has(middle, mail.endedAt + 60_000, false), true)
    assert.equal(await has(mail.endedAt + 1, mail.endedAt + 60_000, false), false)
    assert.equal(await has(mail.startedAt - 60_000, mail.startedAt, false), false)
    const dayMs = 24 * hourMs
    const nextDay = (Math.floor(mail.startedAt / dayMs) + 1) * dayMs
    assert.equal(await has(nextDay - 60_000, nextDay, true), true)
    assert.equal(await has(nextDay, nextDay + dayMs, true), false)
  })

  it('filters as the client sends filters', async () => {
    await using rig = await startRig()
    const all = rig.sandbox.facts().conversations
    const matching = async (segmentFilters: Parameters<typeof runJob>[1]['segmentFilters']) =>
      (await runJob(rig, { interval: day, ...(segmentFilters ? { segmentFilters } : {}) })).conversations.length
    const byMedia = (value: string) => [
      { type: 'or', predicates: [{ type: 'dimension', dimension: 'mediaType', operator: 'matches', value }] },
    ]
    assert.equal(await matching(byMedia('chat')), all.filter(one => one.channel === 'chat').length)
    assert.equal(
      await matching([{ type: 'and', predicates: [{ type: 'metric', metric: 'tHeld', operator: 'exists' }] }]),
      all.filter(one => one.holds > 0).length,
    )
    const abandonedLong = await matching([
      { type: 'and', predicates: [{ type: 'metric', metric: 'tAbandon', range: { gte: 1 } }] },
    ])
    assert.equal(abandonedLong, all.filter(one => one.abandoned).length)
    const evaluated = await runJob(rig, {
      interval: day,
      evaluationFilters: [
        { type: 'and', predicates: [{ type: 'dimension', dimension: 'evaluationId', operator: 'exists' }] },
      ],
    })
    assert.ok(evaluated.conversations.length > 0)
    assert.ok(evaluated.conversations.every(one => (one.evaluations?.length ?? 0) > 0))
  })

  it('refuses what it does not understand with the error body of Genesys', async () => {
    await using rig = await startRig()
    const submit = (body: { interval: string; segmentFilters?: { type: string; predicates: object[] }[] }) =>
      errorOf(rig.analytics.postAnalyticsConversationsDetailsJobs(body))
    const bad = await submit({ interval: 'yesterday' })
    assert.deepEqual(Object.keys(bad).sort(), ['code', 'contextId', 'details', 'errors', 'message', 'status'])
    assert.equal(bad['status'], 400)
    assert.equal(bad['code'], 'bad.request')
    assert.match(String(bad['message']), /interval \[yesterday\]/)
    assert.match(String((await submit({ interval: interval(start, start - 1) }))['message']), /after the start/)
    assert.match(String((await submit({ interval: interval(start - 32 * 24 * hourMs, start) }))['message']), /31 days/)
    const predicates = [{ type: 'dimension', dimension: 'shoeSize', value: '9' }]
    const filter = await submit({ interval: day, segmentFilters: [{ type: 'and', predicates }] })
    assert.match(String(filter['message']), /shoeSize/)
    const cursor = rig.analytics.getAnalyticsConversationsDetailsJobResults(
      (await rig.analytics.postAnalyticsConversationsDetailsJobs({ interval: day })).jobId ?? '',
    )
    assert.equal((await errorOf(cursor))['status'], 404)
  })

  it('forgets jobs after a day', async () => {
    await using rig = await startRig()
    const { jobId } = await runJob(rig, { interval: day })
    rig.pass(24 * hourMs)
    await rig.client.loginClientCredentialsGrant(rig.sandbox.clientId, rig.sandbox.clientSecret)
    assert.equal((await errorOf(rig.analytics.getAnalyticsConversationsDetailsJob(jobId)))['status'], 404)
  })
})

describe('live queries', () => {
  it('pages by number, without attributes, by the UTC day of the start', async () => {
    await using rig = await startRig()
    const dayMs = 24 * hourMs
    const today = Math.floor(start / dayMs) * dayMs
    const ids = new Set<string>()
    let totalHits = 0
    for (let pageNumber = 1; ; pageNumber++) {
      const page = await rig.analytics.postAnalyticsConversationsDetailsQuery({
        // An hour of the day stands for all of it.
        interval: interval(today + 6 * hourMs, today + 7 * hourMs),
        paging: { pageSize: 10, pageNumber },
      })
      totalHits = page.totalHits ?? 0
      if (page.conversations === undefined) break
      for (const conversation of page.conversations) {
        ids.add(conversation.conversationId ?? '')
        for (const participant of conversation.participants ?? []) assert.ok(!('attributes' in participant))
      }
    }
    const expected = rig.sandbox.facts().conversations.filter(one => one.startedAt >= today)
    assert.ok(expected.length > 0 && expected.length < 60)
    assert.equal(totalHits, expected.length)
    assert.deepEqual([...ids].sort(), expected.map(one => one.conversationId).sort())
  })

  it('gives conversations by id', async () => {
    await using rig = await startRig()
    const [one, two] = rig.sandbox.facts().conversations.map(conversation => conversation.conversationId)
    assert.ok(one && two)
    const several = await rig.analytics.getAnalyticsConversationsDetails({ id: [one, two] })
    assert.deepEqual(several.conversations?.map(found => found.conversationId).sort(), [one, two].sort())
    assert.equal((await rig.analytics.getAnalyticsConversationDetails(one)).conversationId, one)
    assert.equal((await errorOf(rig.analytics.getAnalyticsConversationDetails('nothing')))['status'], 404)
  })

  it('tells how far the data lake is: a little behind', async () => {
    await using rig = await startRig()
    const { dataAvailabilityDate = '' } = await rig.analytics.getAnalyticsConversationsDetailsJobsAvailability()
    const lagMs = start - Date.parse(dataAvailabilityDate)
    assert.ok(lagMs > 0 && lagMs < 60_000)
  })
})
