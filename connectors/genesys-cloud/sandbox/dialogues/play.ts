import type { Conversation, Evaluation, Schedule, Survey, Utterance } from '../model.ts'
import { byName, type Org, orgOf } from '../org.ts'
import { chanceOf, idFrom } from '../seeded.ts'
import { turnsOf } from './calls.ts'
import type { Dialogue } from './read.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** Dialogues end between this long… */
const earliestEnd = 22 * hour
/** …and this long before the start. */
const latestEnd = 30 * minute

/** How long somebody waits who is never answered, and how long one waits who is. */
const queueMs = 8 * second

export interface Play {
  readonly org: Org
  readonly conversations: readonly Conversation[]
}

/**
 * Plays dialogues as voice conversations that an AI agent answers. They keep their order and all times within a
 * dialogue; their ends are spread evenly from 22 hours to half an hour before the start, so that all of them lie in the
 * day before it. What was not said (instructions, suggestions, selections) is nowhere in the conversation; a dialogue in
 * which nobody says anything is a caller who hung up in the queue.
 */
export function playDialogues(dialogues: readonly Dialogue[], seed: number, schedule: Schedule): Play {
  const org = orgOf(seed, {
    queues: [...new Set(dialogues.map(queueOf))].sort(),
    users: [...new Set(dialogues.map(agentOf))].sort(),
    wrapUpCodes: [...new Set(dialogues.map(dialogue => dialogue.CompletionLevel))].sort(),
    botFlows: [],
    evaluationForm: 'Agent questionnaire',
    surveyForm: 'Customer questionnaire',
    questions: {},
    most: 1,
  })
  const step = (earliestEnd - latestEnd) / Math.max(1, dialogues.length)
  const conversations = dialogues.map((dialogue, index) => {
    const end = schedule.start - earliestEnd + (index + 1) * step
    return conversationOf(dialogue, Math.floor(end / second) * second, org, seed, schedule)
  })
  return { org, conversations }
}

const queueOf = (dialogue: Dialogue) => {
  const domains = dialogue.Scenario.Domains?.filter(domain => domain !== null) ?? []
  return domains.length === 1 ? `${domains[0]} desk` : 'general desk'
}

const agentOf = (dialogue: Dialogue) => `Assistant ${dialogue.AnonymizedWizardWorkerID.slice(0, 8)}`

function conversationOf(dialogue: Dialogue, end: number, org: Org, seed: number, schedule: Schedule): Conversation {
  const id = (...parts: readonly (string | number)[]) => idFrom(seed, 'dialogue', dialogue.DialogueID, ...parts)
  const chance = chanceOf(seed, 'dialogue', dialogue.DialogueID)
  const times = dialogue.Events.flatMap(event =>
    'UnixTime' in event && event.UnixTime !== undefined ? [event.UnixTime] : [],
  )
  const ownEnd = Math.max(...times, Number.NEGATIVE_INFINITY)
  const at = (unixTime: number) => end + (unixTime - ownEnd) * second
  const first = times.length === 0 ? end : at(Math.min(...times))
  const startedAt = first - queueMs

  const user = byName(org.users, agentOf(dialogue))
  const queueId = byName(org.queues, queueOf(dialogue)).id
  const participantIds = { User: id('participant', 'customer'), Wizard: id('participant', 'agent') }
  const spoken = dialogue.Events.flatMap(event =>
    event.Action === 'utter' || event.Action === 'pick_suggestion' ? [event] : [],
  )
  const utterances = spoken.map(
    (event): Utterance => ({
      role: event.Agent === 'User' ? 'customer' : 'agent',
      text: event.Text,
      at: at(event.UnixTime),
      durationMs: Math.max(second, event.Text.split(/\s+/).length * 320),
      mood: 0,
      participantId: participantIds[event.Agent],
    }),
  )
  const answered = utterances.length > 0
  const endedAt = end + (answered ? second : queueMs)
  const customerSession = id('session', 'customer')
  const agentSession = id('session', 'agent')
  const voice = {
    mediaType: 'voice',
    direction: 'inbound',
    provider: 'Edge',
    ani: callerOf(chance.between(0, 9999)),
    dnis: 'tel:+18005550100',
  } as const
  const ended = { disconnectType: dialogue.CompletionLevel === 'Complete' ? 'peer' : 'client' } as const
  const late = (every: number) => (dialogue.DialogueID % every === 0 ? schedule.lateAt : schedule.start)

  return {
    id: id('conversation'),
    channel: 'voice',
    direction: 'inbound',
    language: 'en-US',
    startedAt,
    endedAt,
    participants: [
      {
        id: participantIds.User,
        purpose: 'customer',
        name: `Caller ${dialogue.AnonymizedUserWorkerID.slice(0, 8)}`,
        attributes: {
          dialogueId: String(dialogue.DialogueID),
          completionLevel: dialogue.CompletionLevel,
          batchId: dialogue.BatchID,
          domains: (dialogue.Scenario.Domains ?? []).join(','),
          multiTask: String(dialogue.Scenario.MultiTask),
        },
        sessions: [
          {
            ...voice,
            id: customerSession,
            recording: answered,
            segments: [{ type: 'interact', from: startedAt, to: endedAt, disconnectType: 'client' }],
          },
        ],
      },
      {
        id: id('participant', 'acd'),
        purpose: 'acd',
        name: queueOf(dialogue),
        sessions: [
          {
            ...voice,
            id: id('session', 'acd'),
            segments: [
              {
                type: 'interact',
                from: startedAt + second,
                to: answered ? first - second : endedAt,
                queueId,
                disconnectType: answered ? 'transfer' : 'peer',
              },
            ],
          },
        ],
      },
      ...(answered
        ? [
            {
              id: participantIds.Wizard,
              purpose: 'agent' as const,
              name: user.name,
              userId: user.id,
              sessions: [
                {
                  ...voice,
                  id: agentSession,
                  peerId: customerSession,
                  segments: [
                    { type: 'alert', from: first - second, to: first, queueId } as const,
                    { type: 'interact', from: first, to: endedAt, queueId, ...ended } as const,
                    {
                      type: 'wrapup',
                      from: endedAt,
                      to: endedAt + chance.between(5, 40) * second,
                      queueId,
                      wrapUp: { code: byName(org.wrapUpCodes, dialogue.CompletionLevel).id, shownFrom: late(6) },
                    } as const,
                  ],
                },
              ],
            },
          ]
        : []),
    ],
    transcripts: answered
      ? [{ communicationId: customerSession, language: 'en-US', utterances, readyAt: endedAt + minute }]
      : [],
    recordings: answered
      ? [
          {
            id: id('recording'),
            communicationId: customerSession,
            media: 'audio',
            from: first,
            to: endedAt,
            readyAt: endedAt + minute,
            messages: [],
          },
        ]
      : [],
    evaluations: evaluationsOf(dialogue, {
      org,
      agentUserId: user.id,
      queueId,
      id,
      eventTime: late(5),
      doneAt: endedAt + 2 * minute,
      schedule,
    }),
    surveys: surveysOf(dialogue, {
      org,
      agentUserId: user.id,
      queueId,
      id,
      eventTime: late(4),
      doneAt: endedAt + minute,
      schedule,
    }),
    agentTurns: turnsOf(dialogue, at, { id: user.id, name: 'star-assistant' }),
    dialogueId: dialogue.DialogueID,
  }
}

const callerOf = (number: number) => `tel:+1202555${String(number).padStart(4, '0')}`

interface Judging {
  readonly org: Org
  readonly agentUserId: string
  readonly queueId: string
  readonly id: (...parts: readonly string[]) => string
  /** When it appears: at the start of the sandbox stands for long ago. */
  readonly eventTime: number
  readonly doneAt: number
  readonly schedule: Schedule
}

const since = ({ eventTime, doneAt, schedule }: Judging) => (eventTime === schedule.lateAt ? eventTime : doneAt)

/** What the agent was asked about the customer; an untroubled conversation has all points. */
function evaluationsOf(dialogue: Dialogue, judging: Judging): readonly Evaluation[] {
  const asked = dialogue.WizardQuestionnaire ?? []
  if (asked.length === 0) return []
  const { org, id } = judging
  const doneAt = since(judging)
  const questions = asked.map(({ Question }, index) => ({ id: id('question', String(index)), text: Question, most: 1 }))
  const form = { ...org.evaluationForm, id: idFrom('form', ...asked.map(({ Question }) => Question)) }
  return [
    {
      id: id('evaluation'),
      form: { ...form, groups: [{ id: id('question-group'), name: 'Customer', questions }] },
      evaluatorId: org.evaluator.id,
      agentUserId: judging.agentUserId,
      queueId: judging.queueId,
      versions: [
        {
          shownFrom: doneAt,
          status: 'FINISHED',
          eventTime: doneAt,
          rescored: false,
          points: asked.map(({ Answer }) => (Answer ? 0 : 1)),
        },
      ],
    },
  ]
}

/** What the customer was asked about the agent. */
function surveysOf(dialogue: Dialogue, judging: Judging): readonly Survey[] {
  const asked = dialogue.UserQuestionnaire ?? []
  if (asked.length === 0) return []
  const doneAt = since(judging)
  const answers = asked.map(({ Question, Answer }) => ({
    question: Question,
    text: Answer ? 'Yes' : 'No',
    score: Answer ? 1 : 0,
  }))
  const score = Math.round((100 * answers.filter(answer => answer.score === 1).length) / answers.length)
  return [
    {
      id: judging.id('survey'),
      form: judging.org.surveyForm,
      agentUserId: judging.agentUserId,
      queueId: judging.queueId,
      versions: [{ shownFrom: doneAt, status: 'Finished', eventTime: doneAt, score, answers }],
    },
  ]
}
