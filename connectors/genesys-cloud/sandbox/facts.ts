import type { Conversation, Evaluation, Schedule, Survey } from './model.ts'
import type { Named, Org } from './org.ts'
import type {
  SandboxConversation,
  SandboxEvaluation,
  SandboxFacts,
  SandboxSurvey,
  SandboxToolCall,
  SandboxUtterance,
  SandboxWrapUp,
} from './types.ts'
import { turnKeyOf } from './wire/bots.ts'
import { scoreOf } from './wire/quality.ts'

/** What must have been exported once everything is settled. `traced`: AI agents post their spans. */
export function factsOf(
  org: Org,
  conversations: readonly Conversation[],
  schedule: Schedule,
  traced: boolean,
): SandboxFacts {
  const all = conversations.map(conversation => conversationFacts(conversation, org, schedule, traced))
  const utterances = all.flatMap(one => one.utterances)
  const toolCalls = all.flatMap(one => one.toolCalls)
  const count = (list: (one: SandboxConversation) => readonly unknown[]) =>
    all.reduce((total, one) => total + list(one).length, 0)
  const said = (role: SandboxUtterance['role']) => utterances.filter(utterance => utterance.role === role).length
  return {
    conversations: all,
    deleted: all.filter(one => one.deleted).map(one => one.conversationId),
    totals: {
      conversations: all.length,
      deleted: all.filter(one => one.deleted).length,
      abandoned: all.filter(one => one.abandoned).length,
      customerUtterances: said('customer'),
      agentUtterances: said('agent'),
      botUtterances: said('bot'),
      toolCalls: toolCalls.length,
      toolCallsWithoutItem: toolCalls.filter(foundNothing).length,
      evaluations: count(one => one.evaluations),
      surveys: count(one => one.surveys),
      wrapUps: count(one => one.wrapUps),
      transcripts: count(one => one.transcripts),
      recordings: count(one => one.recordings),
      botTurns: count(one => one.botTurns),
    },
    queues: namesOf(org.queues),
    users: namesOf(org.users),
    wrapUpCodes: namesOf(org.wrapUpCodes),
    botFlows: namesOf(org.botFlows),
  }
}

const namesOf = (list: readonly Named[]) => Object.fromEntries(list.map(({ id, name }) => [id, name]))

const foundNothing = ({ result }: SandboxToolCall) =>
  typeof result === 'object' && result !== null && 'item' in result && result.item === null

function conversationFacts(
  conversation: Conversation,
  org: Org,
  schedule: Schedule,
  traced: boolean,
): SandboxConversation {
  const { participants, endedAt, bot } = conversation
  const segments = participants.flatMap(({ sessions }) => sessions.flatMap(session => session.segments))
  const nameOf = (list: readonly Named[], id: string) => list.find(one => one.id === id)?.name ?? id
  const wrapUps = participants.flatMap(participant =>
    participant.sessions.flatMap(session =>
      session.segments.flatMap(({ wrapUp }): SandboxWrapUp[] =>
        wrapUp === undefined
          ? []
          : [
              {
                participantId: participant.id,
                code: wrapUp.code,
                name: nameOf(org.wrapUpCodes, wrapUp.code),
                note: wrapUp.note,
                late: wrapUp.shownFrom === schedule.lateAt,
              },
            ],
      ),
    ),
  )
  return {
    conversationId: conversation.id,
    channel: conversation.channel,
    direction: conversation.direction,
    startedAt: conversation.startedAt,
    endedAt,
    openAtStart: endedAt > schedule.start,
    abandoned: !conversation.selfServed && !participants.some(({ purpose }) => purpose === 'agent'),
    deleted: conversation.deletedAt !== undefined,
    utterances: utterancesOf(conversation),
    evaluations: conversation.evaluations.map(evaluation => evaluationFacts(evaluation, schedule)),
    surveys: conversation.surveys.map(survey => surveyFacts(survey, schedule)),
    wrapUps,
    toolCalls: toolCallsOf(conversation, traced),
    transfers: segments.filter(segment => segment.transfer !== undefined).length,
    holds: segments.filter(segment => segment.type === 'hold').length,
    queues: participants
      .filter(({ purpose }) => purpose === 'acd')
      .flatMap(({ sessions }) => sessions.flatMap(session => session.segments))
      .flatMap(({ queueId }) => (queueId === undefined ? [] : [nameOf(org.queues, queueId)])),
    userIds: participants.flatMap(({ userId }) => (userId === undefined ? [] : [userId])),
    transcripts: conversation.transcripts.map(transcript => transcript.communicationId),
    recordings: conversation.recordings.map(recording => recording.id),
    botTurns: bot === undefined ? [] : bot.turns.map(turn => turnKeyOf(bot, turn)),
    dialogueId: conversation.dialogueId,
  }
}

/** A bot speaks before any person does, so this is in the order of time. */
function utterancesOf({ bot, transcripts, recordings }: Conversation): readonly SandboxUtterance[] {
  const written =
    (source: SandboxUtterance['source'], communicationId: string) =>
    ({ role, text, at, participantId }: Omit<SandboxUtterance, 'source' | 'communicationId'>): SandboxUtterance => ({
      role,
      text,
      at,
      participantId,
      source,
      communicationId,
    })
  const spokenWithBot = (bot?.turns ?? []).flatMap((turn): SandboxUtterance[] => {
    const tell = written('bot-turns', bot?.id ?? '')
    return [
      ...turn.prompts.map(text => tell({ role: 'bot', text, at: turn.at, participantId: bot?.participantId ?? '' })),
      ...(turn.input === undefined
        ? []
        : [tell({ role: 'customer', text: turn.input, at: turn.completedAt, participantId: bot?.customerId ?? '' })]),
    ]
  })
  return [
    ...spokenWithBot,
    ...transcripts.flatMap(one => one.utterances.map(written('transcript', one.communicationId))),
    ...recordings.flatMap(one => one.messages.map(written('recording', one.communicationId))),
  ]
}

function evaluationFacts({ id, form, versions }: Evaluation, schedule: Schedule): SandboxEvaluation {
  const last = versions.at(-1)
  return {
    evaluationId: id,
    formName: form.name,
    status: last?.status ?? '',
    score: scoreOf(form, last?.points),
    rescored: last?.rescored === true,
    late: last?.shownFrom === schedule.lateAt,
  }
}

function surveyFacts({ id, versions }: Survey, schedule: Schedule): SandboxSurvey {
  const last = versions.at(-1)
  return {
    surveyId: id,
    status: last?.status ?? '',
    score: last?.score,
    promoterScore: last?.promoterScore,
    late: last?.shownFrom === schedule.lateAt,
  }
}

function toolCallsOf(conversation: Conversation, traced: boolean): readonly SandboxToolCall[] {
  const byAgents = conversation.agentTurns.flatMap(turn => turn.calls.map(({ durationMs: _, ...call }) => call))
  const byBots = (conversation.bot?.turns ?? []).flatMap(turn =>
    turn.toolCalls.map(
      (call): SandboxToolCall => ({
        id: call.id,
        name: call.name,
        arguments: undefined,
        result: undefined,
        error: call.error,
        at: call.at,
        via: 'bot-turns',
      }),
    ),
  )
  return [...byBots, ...(traced ? byAgents : [])]
}
