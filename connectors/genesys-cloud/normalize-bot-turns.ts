import type { RawRecord } from '../../src/core/records.ts'
import {
  type ConversationRef,
  contentHashOf,
  dataError,
  drop,
  type EventFact,
  emit,
  event,
  type Fact,
  type Outcome,
  objectAt,
  textAt,
} from '../../src/sdk/index.ts'
import { conversationOf } from './about.ts'
import type { KnownParty, RecordContext } from './context.ts'
import { durationOf, type Fields, listOf, numberOf, strictTimeOf, textsOf, timeOf } from './fields.ts'

/** What bot turns become: everything, or everything but what was said, where recordings hold that as well. */
export type BotTurnMode = 'dialogue' | 'steps' | 'off'

interface Turn {
  readonly to: ConversationRef
  readonly key: string
  readonly fields: Fields
  readonly from: number
  readonly until: number
  readonly bot: string | undefined
  readonly customer: string | undefined
  readonly isSpoken: boolean
}

/** A turn of a bot flow (ReportingTurn): what it said, what the customer answered, what it made of it, which tools it used. */
export function normalizeBotTurn(
  record: RawRecord,
  fields: Fields,
  context: RecordContext,
  mode: BotTurnMode,
): Outcome<Fact> {
  const to = conversationOf(record, context, textAt(fields, 'conversation', 'id'), 'a bot turn')
  const from = strictTimeOf(fields, 'dateCreated') ?? strictTimeOf(fields, 'dateCompleted')
  if (from === undefined) throw dataError('missing-start', 'reading a bot turn: no dateCreated and no dateCompleted')
  const sessionId = textAt(fields, 'sessionId')
  const bots = context.parties.filter(party => party.role === 'bot')
  // A bot that a call flow asks for help is no participant of its own.
  const flows = context.parties.filter(({ purpose }) => ['ivr', 'workflow'].includes(purpose.toLowerCase()))
  const isIn = (party: KnownParty) => (party.from ?? from) <= from && from <= (party.to ?? from)
  const bot =
    bots.find(party => sessionId !== undefined && party.sessionIds.includes(sessionId)) ??
    bots.find(isIn) ??
    bots[0] ??
    flows.find(isIn)
  const turn: Turn = {
    to,
    key: record.key,
    fields,
    from,
    until: timeOf(fields, 'dateCompleted') ?? from,
    bot: bot?.partyKey,
    customer: context.parties.find(party => party.role === 'customer')?.partyKey,
    isSpoken: (context.mediaType ?? (context.botFlow?.type === 'DIGITALBOT' ? 'message' : 'voice')) === 'voice',
  }
  const facts = [...(mode === 'dialogue' ? dialogue(turn) : []), ...steps(turn), ...toolCalls(turn)]
  return facts.length === 0 ? drop('empty-bot-turn') : emit(...facts)
}

function dialogue(turn: Turn): readonly EventFact[] {
  const prompts = textsOf(turn.fields, 'botPrompts')
  const input = textAt(turn.fields, 'userInput')
  return [
    ...prompts.map((text, index) => said(turn, turn.bot, text, `prompt/${index}`, turn.from, index)),
    ...(input === undefined ? [] : [said(turn, turn.customer, input, 'input', turn.until, prompts.length)]),
  ]
}

function said(
  turn: Turn,
  partyKey: string | undefined,
  text: string,
  what: string,
  occurredAt: number,
  sequence: number,
): EventFact {
  const common = { to: turn.to, key: `${turn.key}/${what}`, occurredAt, sequence }
  return turn.isSpoken
    ? event({ ...common, type: 'utterance', section: { partyKey, text, sessionKey: textAt(turn.fields, 'sessionId') } })
    : event({ ...common, type: 'message', section: { partyKey, text, mediaType: 'text/plain' } })
}

/** What the bot understood, and what it looked up. */
function steps(turn: Turn): readonly EventFact[] {
  const { fields } = turn
  const intent = objectAt(fields, 'intent')
  const name = textAt(intent, 'name')
  // One search may be told in both places.
  const searches = new Set(
    [objectAt(fields, 'knowledge', 'search'), ...listOf(objectAt(fields, 'knowledgeBaseEvents'), 'search')].flatMap(
      search => textAt(search, 'query') ?? textAt(search, 'searchQuery') ?? [],
    ),
  )
  const result = textAt(fields, 'askActionResult')
  const isError = /^(expression)?error$/i.test(result ?? '')
  const isSilent = result === undefined || /^success/i.test(result)
  return [
    ...(name === undefined && isSilent
      ? []
      : [
          event({
            to: turn.to,
            type: 'reasoning.step',
            key: `${turn.key}/intent`,
            occurredAt: turn.until,
            section: {
              partyKey: turn.bot,
              kind: name === undefined ? 'workflow' : 'inference',
              name: name ?? textAt(fields, 'askAction', 'actionName'),
              text: understood(intent),
              finishReasons: result === undefined ? [] : [result],
              isError,
              errorType: isError ? result : null,
            },
          }),
        ]),
    ...[...searches].map((query, index) =>
      event({
        to: turn.to,
        type: 'reasoning.step',
        key: `${turn.key}/search/${index}`,
        occurredAt: turn.until,
        sequence: index,
        section: { partyKey: turn.bot, kind: 'retrieval', name: 'knowledge search', text: query },
      }),
    ),
  ]
}

/** Confidence and slots as JSON; undefined if there are none. */
function understood(intent: Fields | undefined): string | undefined {
  const confidence = numberOf(intent, 'confidence')
  const slots = listOf(intent, 'slots').flatMap(slot => {
    const name = textAt(slot, 'name')
    return name === undefined ? [] : [{ name, value: textAt(slot, 'value') ?? null }]
  })
  return confidence === undefined && slots.length === 0 ? undefined : JSON.stringify({ confidence, slots })
}

/**
 * Tool calls (ReportingTurnToolCall). The vendor's types declare them but do not say under which key a turn holds them: any
 * array of objects with a toolName or toolId is taken for them.
 */
function toolCalls(turn: Turn): readonly EventFact[] {
  const calls = Object.keys(turn.fields).flatMap(name =>
    listOf(turn.fields, name).filter(call => (textAt(call, 'toolName') ?? textAt(call, 'toolId')) !== undefined),
  )
  return calls.map((call, index) => {
    const status = textAt(call, 'status')
    const error = textAt(call, 'errorText')
    const isError = error !== undefined || /fail|error|timeout|timed/i.test(status ?? '')
    return event({
      to: turn.to,
      type: 'tool.call',
      key: `${turn.key}/tool/${index}`,
      occurredAt: timeOf(call, 'dateInvoked') ?? turn.from,
      sequence: index,
      section: {
        partyKey: turn.bot,
        name: textAt(call, 'toolName') ?? textAt(call, 'toolId') ?? 'tool',
        kind: toolKindOf(textAt(call, 'toolType')),
        server: textAt(call, 'targetId'),
        isError,
        errorType: isError ? status : null,
        errorMessage: error,
        durationMs: durationOf(call, 'latencyMs'),
      },
    })
  })
}

function toolKindOf(type: string | undefined): string {
  const kind = type?.toLowerCase().replaceAll(/[^a-z]/g, '') ?? ''
  if (kind.includes('dataaction')) return 'data-action'
  if (kind.includes('mcp')) return 'mcp'
  if (kind.includes('knowledge')) return 'datastore'
  return kind.includes('function') ? 'function' : 'other'
}

/** The key of a turn, which has no id of its own: its bot session and when it began. */
export const botTurnKey = (turn: Fields): string =>
  textAt(turn, 'id') ??
  `${textAt(turn, 'sessionId') ?? ''}/${textAt(turn, 'dateCreated') ?? contentHashOf(JSON.stringify(turn))}`
