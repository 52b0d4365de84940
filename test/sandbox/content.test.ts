import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import platformClient from 'purecloud-platform-client-v2'
import { z } from 'zod'
import type { SandboxConversation } from '../../connectors/genesys-cloud/sandbox/index.ts'
import { errorOf, hourMs, interval, type Rig, start, startRig } from './rig.ts'

const phrase = z.object({
  text: z.string(),
  decoratedText: z.string(),
  startTimeMs: z.int(),
  duration: z.object({ milliseconds: z.int() }),
  participantPurpose: z.enum(['external', 'internal']),
  words: z.array(z.object({ word: z.string(), confidence: z.number(), startTimeMs: z.int() })).min(1),
})

const transcriptFile = z.object({
  conversationId: z.string(),
  communicationId: z.string(),
  mediaType: z.literal('call'),
  transcripts: z.tuple([
    z.object({
      phrases: z.array(phrase),
      analytics: z.object({
        sentiment: z.array(
          z.object({ phrase: z.string(), startTimeMs: z.int(), sentiment: z.number().min(-1).max(1) }),
        ),
        acoustics: z.array(z.object({ offsetMs: z.int(), startTimeMs: z.int(), durationMs: z.int() })),
      }),
    }),
  ]),
  participants: z.array(
    z.object({
      participantPurpose: z.string(),
      userId: z.string().optional(),
      startTimeMs: z.int(),
      endTimeMs: z.int(),
    }),
  ),
})

async function transcriptOf(rig: Rig, conversation: SandboxConversation, communicationId: string) {
  const speech = new platformClient.SpeechTextAnalyticsApi(rig.client)
  const { url = '' } = await speech.getSpeechandtextanalyticsConversationCommunicationTranscripturl(
    conversation.conversationId,
    communicationId,
  )
  const response = await fetch(url)
  assert.equal(response.status, 200)
  return transcriptFile.parse(await response.json())
}

/** Conversations whose end lies before the start: all that there is of them is there. */
const settledOf = (rig: Rig) => rig.sandbox.facts().conversations.filter(one => one.endedAt < start - 10 * 60_000)

const said = (conversation: SandboxConversation, source: string) =>
  conversation.utterances.filter(utterance => utterance.source === source)

describe('transcripts', () => {
  it('say what was said, in order, by whom', async () => {
    await using rig = await startRig()
    for (const conversation of settledOf(rig))
      for (const communicationId of conversation.transcripts) {
        const file = await transcriptOf(rig, conversation, communicationId)
        const [{ phrases, analytics }] = file.transcripts
        assert.deepEqual(
          phrases.map(({ decoratedText, participantPurpose, startTimeMs }) => [
            decoratedText,
            participantPurpose,
            startTimeMs,
          ]),
          said(conversation, 'transcript').map(({ text, role, at }) => [
            text,
            role === 'customer' ? 'external' : 'internal',
            at,
          ]),
        )
        for (const { text, words } of phrases) assert.equal(text, words.map(({ word }) => word).join(' '))
        assert.ok(analytics.sentiment.length > 0)
        assert.equal(analytics.acoustics.length, phrases.length)
        // Which agent spoke follows from who was there at that time.
        for (const utterance of said(conversation, 'transcript').filter(({ role }) => role === 'agent')) {
          const there = file.participants.filter(
            one =>
              one.participantPurpose === 'agent' && one.startTimeMs <= utterance.at && utterance.at < one.endTimeMs,
          )
          assert.ok(there.length > 0 && there.every(one => conversation.userIds.includes(one.userId ?? '')))
        }
      }
  })

  it('are linked for ten minutes, as S3 would, and not found for other communications', async () => {
    await using rig = await startRig()
    const speech = new platformClient.SpeechTextAnalyticsApi(rig.client)
    const conversation = settledOf(rig).find(one => one.transcripts.length > 0)
    assert.ok(conversation)
    const [communicationId = ''] = conversation.transcripts
    const { urls } = await speech.getSpeechandtextanalyticsConversationCommunicationTranscripturls(
      conversation.conversationId,
      communicationId,
    )
    const url = urls?.[0]?.url ?? ''
    rig.pass(599_999)
    assert.equal((await fetch(url)).status, 200)
    const withToken = await fetch(url, { headers: { authorization: 'Bearer x' } })
    assert.equal(withToken.status, 400)
    rig.pass(1)
    const expired = await fetch(url)
    assert.equal(expired.status, 403)
    assert.match(await expired.text(), /<Code>AccessDenied<\/Code><Message>Request has expired/)
    const forged = await fetch(url.replace(/Expires=\d+/, 'Expires=99999999999999'))
    assert.match(await forged.text(), /SignatureDoesNotMatch/)
    const other = speech.getSpeechandtextanalyticsConversationCommunicationTranscripturl(
      conversation.conversationId,
      'nothing',
    )
    assert.equal((await errorOf(other))['status'], 404)
  })

  it('come with sentiment and summaries', async () => {
    await using rig = await startRig()
    const speech = new platformClient.SpeechTextAnalyticsApi(rig.client)
    const conversations = new platformClient.ConversationsApi(rig.client)
    const call = settledOf(rig).find(one => one.channel === 'voice' && one.transcripts.length > 0)
    assert.ok(call)
    const metrics = await speech.getSpeechandtextanalyticsConversation(call.conversationId)
    assert.ok(Math.abs(metrics.sentimentScore ?? 9) <= 1)
    assert.ok(metrics.empathyScores?.every(({ userId }) => call.userIds.includes(userId ?? '')))
    const { sessionSummaries } = await conversations.getConversationSummaries(call.conversationId)
    assert.equal(sessionSummaries?.length, 1)
    assert.ok(!sessionSummaries?.[0]?.text?.includes('{'), 'slots are filled')
  })
})

describe('recordings', () => {
  it('hold what was written, in order', async () => {
    await using rig = await startRig()
    const api = new platformClient.RecordingApi(rig.client)
    const seen = new Set<string>()
    for (const conversation of settledOf(rig)) {
      const recordings = await api.getConversationRecordings(conversation.conversationId)
      const metadata = await api.getConversationRecordingmetadata(conversation.conversationId)
      assert.deepEqual(
        recordings.map(({ id }) => id),
        conversation.recordings,
      )
      assert.deepEqual(
        metadata.map(({ id }) => id),
        conversation.recordings,
      )
      for (const { media = '', messagingTranscript, transcript, emailTranscript } of recordings) {
        seen.add(media)
        const texts = [
          ...(messagingTranscript ?? []).map(({ messageText, participantId }) => [messageText, participantId]),
          ...(transcript ?? []).map(({ body, from }) => [body, from]),
        ]
        if (media === 'messaging' || media === 'chat')
          assert.deepEqual(
            texts,
            said(conversation, 'recording').map(({ text, participantId }) => [text, participantId]),
          )
        if (media === 'email')
          assert.deepEqual(
            emailTranscript?.map(({ textBody }) => textBody),
            said(conversation, 'recording').map(({ text }) => text),
          )
      }
    }
    assert.deepEqual([...seen].sort(), ['audio', 'chat', 'email', 'messaging'])
  })

  it('and the messages of a conversation can be had in bulk by id', async () => {
    await using rig = await startRig()
    const recordings = new platformClient.RecordingApi(rig.client)
    const api = new platformClient.ConversationsApi(rig.client)
    const conversation = settledOf(rig).find(one => one.channel === 'message' && one.recordings.length > 0)
    assert.ok(conversation)
    const [recording] = await recordings.getConversationRecordings(conversation.conversationId)
    const ids = recording?.messagingTranscript?.map(({ id }) => id ?? '') ?? []
    const { entities } = await api.postConversationsMessageMessagesBulk(conversation.conversationId, { body: ids })
    assert.deepEqual(
      entities?.map(({ normalizedMessage }) => normalizedMessage?.text),
      said(conversation, 'recording').map(({ text }) => text),
    )
  })
})

describe('quality', () => {
  it('gives evaluations with answers, and lists them only for somebody or something', async () => {
    await using rig = await startRig()
    const api = new platformClient.QualityApi(rig.client)
    for (const { conversationId, evaluations } of settledOf(rig)) {
      for (const expected of evaluations.filter(one => !one.late)) {
        const found = await api.getQualityConversationEvaluation(conversationId, expected.evaluationId)
        assert.equal(found.status, 'FINISHED')
        assert.equal(found.answers?.totalScore, expected.score)
        const scores = found.answers?.questionGroupScores?.flatMap(group => group.questionScores ?? [])
        const questions = found.evaluationForm?.questionGroups?.flatMap(group => group.questions ?? [])
        assert.deepEqual(
          scores?.map(one => one.questionId),
          questions?.map(one => one.id),
        )
      }
      const { entities } = await api.getQualityEvaluationsQuery({ conversationId })
      assert.equal(entities?.length, evaluations.length)
      assert.ok(
        entities?.every(({ answers }) => answers === undefined),
        'answers only when asked for',
      )
    }
    const unrestricted = await errorOf(api.getQualityEvaluationsQuery({}))
    assert.equal(unrestricted['status'], 400)
    assert.match(String(unrestricted['message']), /one of conversationId, agentUserId/)
  })

  it('gives surveys by conversation and by id', async () => {
    await using rig = await startRig()
    const api = new platformClient.QualityApi(rig.client)
    const conversation = settledOf(rig).find(one => one.surveys.some(survey => !survey.late))
    const expected = conversation?.surveys[0]
    assert.ok(conversation && expected)
    const [found] = await api.getQualityConversationSurveys(conversation.conversationId)
    assert.equal(found?.answers?.totalScore, expected.score)
    assert.equal(found?.answers?.npsScore, expected.promoterScore)
    assert.equal((await api.getQualitySurvey(expected.surveyId)).status, 'Finished')
  })
})

describe('bot flows', () => {
  it('page reporting turns by nextUri, the newest session first', async () => {
    await using rig = await startRig()
    const keys: string[] = []
    const sessions: string[] = []
    let toolCalls = 0
    for (const flowId of Object.keys(rig.sandbox.facts().botFlows)) {
      for (let after: string | null = ''; after !== null; ) {
        const page = await rig.analytics.getAnalyticsBotflowDivisionsReportingturns(flowId, {
          pageSize: '5',
          ...(after === '' ? {} : { after }),
        })
        for (const turn of page.entities ?? []) {
          keys.push(`${turn.sessionId}/${turn.dateCreated}`)
          if ('toolCalls' in turn) toolCalls += 1
        }
        after = page.nextUri === undefined ? null : new URL(page.nextUri, rig.sandbox.apiUrl).searchParams.get('after')
      }
      const { entities = [] } = await rig.analytics.getAnalyticsBotflowSessions(flowId, { pageSize: '250' })
      const created = entities.map(({ dateCreated = '' }) => dateCreated)
      assert.deepEqual(created, created.toSorted().reverse())
      sessions.push(...entities.map(({ id = '' }) => id))
    }
    const expected = rig.sandbox.facts().conversations.flatMap(one => one.botTurns)
    assert.equal(new Set(keys).size, keys.length)
    assert.deepEqual(keys.toSorted(), expected.toSorted())
    assert.equal(toolCalls, rig.sandbox.facts().conversations.filter(one => one.botTurns.length > 0).length)
    assert.equal(sessions.length, toolCalls)
  })

  it('know intervals and limits, and forget after ten days', async () => {
    await using rig = await startRig()
    const [flowId = ''] = Object.keys(rig.sandbox.facts().botFlows)
    const turns = (opts: Parameters<typeof rig.analytics.getAnalyticsBotflowDivisionsReportingturns>[1]) =>
      rig.analytics.getAnalyticsBotflowDivisionsReportingturns(flowId, opts)
    const none = await turns({ interval: interval(start - 48 * hourMs, start - 30 * hourMs) })
    assert.deepEqual(none.entities, [])
    assert.ok(((await turns({ interval: interval(start - 24 * hourMs, start) })).entities?.length ?? 0) > 0)
    assert.equal((await errorOf(turns({ pageSize: '251' })))['status'], 400)
    assert.equal((await errorOf(turns({ sessionId: 'a', language: 'en-us' })))['status'], 400)
    rig.pass(10 * 24 * hourMs)
    await rig.client.loginClientCredentialsGrant(rig.sandbox.clientId, rig.sandbox.clientSecret)
    assert.deepEqual((await turns({})).entities, [])
  })
})

describe('directories', () => {
  it('name queues, users, wrap-up codes and flows, in pages and one by one', async () => {
    await using rig = await startRig()
    const { queues, users, wrapUpCodes, botFlows } = rig.sandbox.facts()
    const routing = new platformClient.RoutingApi(rig.client)
    const people = new platformClient.UsersApi(rig.client)
    const architect = new platformClient.ArchitectApi(rig.client)

    const found: Record<string, string> = {}
    for (let pageNumber = 1; ; pageNumber++) {
      const page = await routing.getRoutingQueues({ pageNumber, pageSize: 4 })
      for (const { id = '', name = '' } of page.entities ?? []) found[id] = name
      assert.equal(page.pageCount, Math.ceil(Object.keys(queues).length / 4))
      if (page.nextUri === undefined) break
    }
    assert.deepEqual(found, queues)
    const names = (entities: readonly { id?: string; name?: string }[] = []) =>
      Object.fromEntries(entities.map(({ id = '', name = '' }) => [id, name]))
    assert.deepEqual(names((await people.getUsers({ pageSize: 100 })).entities), users)
    assert.deepEqual(names((await routing.getRoutingWrapupcodes({ pageSize: 100 })).entities), wrapUpCodes)
    assert.deepEqual(names((await architect.getFlowsDivisionviews({ pageSize: 100 })).entities), botFlows)

    const [queueId = ''] = Object.keys(queues)
    const [userId = ''] = Object.keys(users)
    const [codeId = ''] = Object.keys(wrapUpCodes)
    assert.equal((await routing.getRoutingQueue(queueId)).name, queues[queueId])
    assert.equal((await people.getUser(userId)).name, users[userId])
    assert.equal((await routing.getRoutingWrapupcode(codeId)).name, wrapUpCodes[codeId])
    assert.equal((await errorOf(routing.getRoutingQueue('nothing')))['code'], 'not.found')
  })
})
