import type { BotSession, BotTurn } from '../model.ts'
import { idFrom } from '../seeded.ts'
import type { Leg, Recorder } from './recorder.ts'

/** A bot asks what it needs, looks it up, and solves the matter or hands over to people. */
export function recordBot(
  record: Recorder,
  bot: Leg,
  customer: Leg,
  channel: BotSession['channel'],
  solves: boolean,
): BotSession {
  const { cast } = record
  const { chance, domain, org } = cast
  const flow = chance.pick(org.botFlows)
  const from = record.at
  const turns: BotTurn[] = []
  const action = (name: string, type: string) => ({
    id: idFrom(flow.id, domain.key, name),
    name,
    number: turns.length + 1,
    type,
  })
  const turn = (prompts: readonly string[], input: string | undefined, extra: Partial<BotTurn>) => {
    const at = record.at
    record.pass(4, 15)
    turns.push({
      prompts: prompts.map(cast.fill),
      input: input === undefined ? undefined : cast.fill(input),
      at,
      completedAt: record.at,
      action: action('Wait for input', 'AskForIntentAction'),
      result: 'SuccessCollectionAction',
      slots: [],
      toolCalls: [],
      ...extra,
    })
    record.pass(1, 3)
  }

  const [opening] = domain.lines
  turn([domain.bot.opening], opening?.[2], {
    intent: { name: domain.bot.intent, confidence: chance.between(71, 98) / 100 },
    query: opening?.[2] === undefined ? undefined : cast.fill(opening[2]),
  })
  for (const question of domain.bot.questions)
    turn([question.ask], question.answer, {
      action: action(`Ask for ${question.slot}`, 'AskForSlotAction'),
      intent: { name: domain.bot.intent, confidence: 1 },
      slots: [{ name: question.slot, value: cast.fill(question.answer) }],
    })
  const at = record.at
  const latencyMs = chance.between(180, 2400)
  turn([solves ? domain.bot.solved : domain.bot.handover], undefined, {
    action: action(solves ? 'Tell the result' : 'Hand over', solves ? 'CommunicateAction' : 'ExitBotFlowAction'),
    result: 'NoSuccessCollectionAction',
    toolCalls: [
      {
        id: cast.id('bot-tool', 1),
        name: domain.tool.name,
        at,
        latencyMs,
        error: solves || chance.happens(0.5) ? undefined : 'The action timed out',
      },
    ],
    end: solves ? { type: 'Exit', reason: 'UserExit' } : { type: 'Exit', reason: 'FlowExit' },
  })

  record.setFlow(bot, {
    id: flow.id,
    name: flow.name,
    type: channel === 'Call' ? 'BOT' : 'DIGITALBOT',
    exitReason: solves ? 'DISCONNECT' : 'TRANSFER',
    transferType: solves ? undefined : 'ACD',
    transferTargetName: solves ? undefined : domain.queue,
    language: domain.language.toLowerCase(),
  })
  bot.segments.push({
    type: channel === 'Call' ? 'ivr' : 'interact',
    from,
    to: record.at,
    disconnectType: solves ? 'peer' : 'transfer',
  })
  return {
    id: bot.sessionId,
    flowId: flow.id,
    participantId: bot.participantId,
    customerId: customer.participantId,
    language: domain.language.toLowerCase(),
    channel,
    result: solves ? 'BotExit' : 'TransferToACD',
    resultCategory: 'Exit',
    turns,
  }
}
