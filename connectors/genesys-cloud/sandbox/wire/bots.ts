import type { Models } from 'purecloud-platform-client-v2'
import type { BotSession, BotTurn, Conversation } from '../model.ts'
import { iso, wire } from './wire.ts'

/** A turn with what the types of Genesys's client do not mention yet: the calls of tools. */
type TurnWithTools = Models.ReportingTurn & { readonly toolCalls?: readonly Models.ReportingTurnToolCall[] }

/** Turns have no id of their own at Genesys: this names one. */
export const turnKeyOf = (session: BotSession, turn: BotTurn) => `${session.id}/${iso(turn.at)}`

export const reportingTurnOf = (conversation: Conversation, session: BotSession, turn: BotTurn): TurnWithTools =>
  wire<TurnWithTools>({
    sessionId: session.id,
    conversation: { id: conversation.id, selfUri: `/api/v2/conversations/${conversation.id}` },
    userInput: turn.input,
    botPrompts: [...turn.prompts],
    askAction: {
      actionId: turn.action.id,
      actionName: turn.action.name,
      actionNumber: turn.action.number,
      actionType: turn.action.type,
    },
    askActionResult: turn.result,
    intent: turn.intent && {
      name: turn.intent.name,
      confidence: turn.intent.confidence,
      slots: turn.slots.map(({ name, value }) => ({ name, value, type: 'String', confidence: 0.97 })),
    },
    knowledge: turn.query === undefined ? undefined : { search: { query: turn.query, documents: [] } },
    dateCreated: iso(turn.at),
    dateCompleted: iso(turn.completedAt),
    sessionEndDetails: turn.end,
    toolCalls:
      turn.toolCalls.length === 0
        ? undefined
        : turn.toolCalls.map(call =>
            wire<Models.ReportingTurnToolCall>({
              toolId: call.id,
              toolName: call.name,
              toolType: 'DataAction',
              status: call.error === undefined ? 'Success' : 'Error',
              errorText: call.error,
              dateInvoked: iso(call.at),
              latencyMs: call.latencyMs,
              origin: 'Flow',
            }),
          ),
  })

export const botSessionOf = (conversation: Conversation, session: BotSession): Models.BotFlowSession =>
  wire<Models.BotFlowSession>({
    id: session.id,
    flow: { id: session.flowId },
    conversation: { id: conversation.id, selfUri: `/api/v2/conversations/${conversation.id}` },
    channel: {
      name: session.channel,
      inputModes: [session.channel === 'Call' ? 'Voice' : 'Text'],
      outputModes: [session.channel === 'Call' ? 'Voice' : 'Text'],
      userAgent: { name: 'GenesysWebWidget' },
    },
    language: session.language,
    endLanguage: session.language,
    botResult: session.result,
    botResultCategory: session.resultCategory,
    dateCreated: iso(session.turns[0]?.at ?? conversation.startedAt),
    dateCompleted: iso(session.turns.at(-1)?.completedAt ?? conversation.startedAt),
  })
