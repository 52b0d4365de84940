import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import platformClient from 'purecloud-platform-client-v2'
import { errorOf, hourMs, interval, type Rig, runJob, start, startRig } from './rig.ts'

const lateAfterMs = 60_000

const everything = { interval: interval(start - 24 * hourMs, start + hourMs) }

type Details = Awaited<ReturnType<typeof runJob>>['conversations'][number]

const wrapUpCodesOf = (conversation: Details | undefined) =>
  conversation?.participants?.flatMap(
    participant =>
      participant.sessions?.flatMap(session => session.segments?.flatMap(segment => segment.wrapUpCode ?? []) ?? []) ??
      [],
  ) ?? []

async function before(rig: Rig) {
  const { conversations } = await runJob(rig, everything)
  rig.pass(lateAfterMs + 10_000)
  assert.ok(rig.sandbox.settled())
  const later = await runJob(rig, everything)
  const byId = (list: readonly Details[], id: string) => list.find(one => one.conversationId === id)
  return { early: (id: string) => byId(conversations, id), late: (id: string) => byId(later.conversations, id) }
}

describe('late facts', () => {
  it('appear in conversations that were already served', async () => {
    await using rig = await startRig({ lateAfterMs })
    assert.equal(rig.sandbox.settled(), false)
    const { early, late } = await before(rig)
    const seen = { wrapUps: 0, evaluations: 0, rescored: 0, surveys: 0 }
    for (const { conversationId: id, deleted, wrapUps, evaluations, surveys } of rig.sandbox.facts().conversations) {
      if (deleted) continue
      assert.deepEqual(
        wrapUpCodesOf(late(id)),
        wrapUps.map(({ code }) => code),
      )
      if (wrapUps.some(wrapUp => wrapUp.late)) {
        assert.ok(wrapUpCodesOf(early(id)).length < wrapUps.length)
        seen.wrapUps += 1
      }
      assert.deepEqual(
        late(id)?.evaluations?.map(one => [one.evaluationId, one.evaluationStatus, one.oTotalScore, one.rescored]) ??
          [],
        evaluations.map(one => [one.evaluationId, one.status, one.score, one.rescored]),
      )
      for (const evaluation of evaluations.filter(one => one.late)) {
        assert.notEqual(early(id)?.evaluations?.[0]?.oTotalScore, evaluation.score)
        seen[evaluation.rescored ? 'rescored' : 'evaluations'] += 1
      }
      assert.deepEqual(
        late(id)?.surveys?.map(one => [one.surveyId, one.surveyStatus, one.oSurveyTotalScore]) ?? [],
        surveys.map(one => [one.surveyId, one.status, one.score]),
      )
      if (surveys.some(survey => survey.late)) {
        assert.equal(early(id)?.surveys?.[0]?.surveyStatus, 'Sent')
        seen.surveys += 1
      }
    }
    assert.ok(
      Object.values(seen).every(count => count > 0),
      JSON.stringify(seen),
    )
  })

  it('include rescored evaluations with a higher version', async () => {
    await using rig = await startRig({ lateAfterMs })
    const api = new platformClient.QualityApi(rig.client)
    const found = rig.sandbox.facts().conversations.find(one => one.evaluations.some(evaluation => evaluation.rescored))
    const expected = found?.evaluations[0]
    assert.ok(found && expected)
    const get = () => api.getQualityConversationEvaluation(found.conversationId, expected.evaluationId)
    const first = await get()
    rig.pass(lateAfterMs)
    const second = await get()
    assert.deepEqual([first.version, first.rescore, second.version, second.rescore], [1, false, 2, true])
    assert.equal(second.answers?.totalScore, expected.score)
    assert.ok((second.changedDate ?? '') > (first.changedDate ?? ''))
    assert.equal(second.submittedDate, first.submittedDate)
  })

  it('include transcripts that were not ready', async () => {
    await using rig = await startRig({ lateAfterMs })
    const speech = new platformClient.SpeechTextAnalyticsApi(rig.client)
    const links = rig.sandbox
      .facts()
      .conversations.flatMap(one =>
        one.deleted ? [] : one.transcripts.map(communicationId => [one.conversationId, communicationId] as const),
      )
    const ready = async () => {
      const answers = await Promise.all(
        links.map(([conversationId, communicationId]) =>
          speech
            .getSpeechandtextanalyticsConversationCommunicationTranscripturl(conversationId, communicationId)
            .catch(() => undefined),
        ),
      )
      return answers.filter(answer => answer !== undefined).length
    }
    const early = await ready()
    assert.ok(early > 0 && early < links.length)
    rig.pass(lateAfterMs)
    assert.equal(await ready(), links.length)
  })
})

describe('conversations', () => {
  it('that are open at the start end later', async () => {
    await using rig = await startRig({ lateAfterMs })
    const { early, late } = await before(rig)
    const open = rig.sandbox.facts().conversations.filter(one => one.openAtStart)
    assert.ok(open.length >= 2)
    for (const { conversationId, endedAt } of open) {
      assert.ok(early(conversationId) !== undefined && early(conversationId)?.conversationEnd === undefined)
      assert.equal(Date.parse(late(conversationId)?.conversationEnd ?? ''), endedAt)
    }
  })

  it('that are deleted are gone everywhere', async () => {
    await using rig = await startRig({ lateAfterMs })
    const conversations = new platformClient.ConversationsApi(rig.client)
    const recordings = new platformClient.RecordingApi(rig.client)
    const { deleted } = rig.sandbox.facts()
    assert.ok(deleted.length > 0)
    for (const id of deleted) assert.equal((await conversations.getConversation(id)).id, id)
    const { early, late } = await before(rig)
    for (const id of deleted) {
      assert.ok(early(id))
      assert.equal(late(id), undefined)
      assert.equal((await errorOf(conversations.getConversation(id)))['status'], 404)
      assert.equal((await errorOf(recordings.getConversationRecordings(id)))['status'], 404)
      assert.equal((await errorOf(rig.analytics.getAnalyticsConversationDetails(id)))['status'], 404)
      assert.deepEqual((await rig.analytics.getAnalyticsConversationsDetails({ id: [id] })).conversations, [])
    }
  })

  it('that are deleted do not break the paging of bot turns', async () => {
    await using rig = await startRig({ lateAfterMs })
    const { conversations } = rig.sandbox.facts()
    const doomed = conversations.find(one => one.deleted && one.botTurns.length > 0)
    assert.ok(doomed)
    const lists = await Promise.all(
      Object.keys(rig.sandbox.facts().botFlows).map(async flowId => ({
        flowId,
        page: await rig.analytics.getAnalyticsBotflowDivisionsReportingturns(flowId, { pageSize: '250' }),
      })),
    )
    const list = lists.find(({ page }) => page.entities?.some(turn => turn.conversation?.id === doomed.conversationId))
    assert.ok(list)
    rig.pass(lateAfterMs)
    const turns = list.page.entities ?? []
    const index = turns.findIndex(turn => turn.conversation?.id === doomed.conversationId)
    const after = `${turns[index]?.sessionId}/${turns[index]?.dateCreated}`
    const rest = await rig.analytics.getAnalyticsBotflowDivisionsReportingturns(list.flowId, { pageSize: '250', after })
    const kept = turns.slice(index).filter(turn => turn.conversation?.id !== doomed.conversationId)
    const keysOf = (some: typeof turns) => some.map(turn => `${turn.sessionId}/${turn.dateCreated}`)
    // What was still open at the start may have gone on meanwhile, in front of the cursor.
    assert.deepEqual(keysOf(rest.entities ?? []), keysOf(kept))
  })
})
