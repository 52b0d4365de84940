import type { EventType, Survey } from '../../core/records.ts'
import type { ConversationHead } from '../../core/sink.ts'
import type { Story } from './story.ts'

/** The head as the facts give it; the assemble stage counts its revisions. */
export type FoldedHead = Omit<ConversationHead, 'revision'>

/** What one needs to know of the conversation without opening its vCon. */
export function headOf(story: Story, updatedAt: number): FoldedHead {
  const { conversationId, vendor, account, key, of, parties, started, ended, startedAt, endedAt } = story
  const count = (type: EventType) => of(type).length
  const disposition = of('disposition').at(-1)?.[1]
  const said = (role: string) => of('utterance').filter(([, { partyKey }]) => parties.roleOf(partyKey) === role).length
  return {
    conversationId,
    vendor,
    account,
    key,
    channel: started?.channel ?? 'other',
    direction: started?.direction ?? 'unknown',
    subject: started?.subject ?? null,
    language: started?.language ?? null,
    startedAt,
    endedAt: endedAt ?? null,
    durationMs: story.durationMs ?? null,
    state: endedAt === undefined ? 'open' : 'closed',
    abandoned: ended?.abandoned ?? false,
    updatedAt,
    parties: parties.heads,
    queues: of('queue.entered').map(([, { queueName, queueId }]) => queueName ?? queueId),
    dispositionCode: disposition?.code ?? null,
    dispositionName: disposition?.name ?? null,
    customerUtterances: said('customer'),
    agentUtterances: said('agent'),
    messages: count('message'),
    toolCalls: count('tool.call'),
    toolErrors: of('tool.call').filter(([, { isError }]) => isError).length,
    reasoningSteps: count('reasoning.step'),
    transfers: count('transfer'),
    holdMs: spent(holdsIn(story)),
    queueMs: spent(queuesIn(story)),
    sentimentScore: sentimentOf(story),
    surveyScore: surveyOf(story),
    evaluationScore: evaluationOf(story),
  }
}

/** Something began or ended that lasts. */
interface Mark {
  /** What: a party on hold, a queue. */
  readonly name: string
  readonly at: number
  /** Undefined if it began; how long it took, or null, if it ended. */
  readonly durationMs?: number | null
}

function* holdsIn({ events }: Story): Generator<Mark> {
  for (const { occurredAt: at, holdStarted, holdEnded } of events) {
    if (holdStarted !== null) yield { name: holdStarted.partyKey, at }
    if (holdEnded !== null) yield { name: holdEnded.partyKey, at, durationMs: holdEnded.durationMs }
  }
}

function* queuesIn({ events }: Story): Generator<Mark> {
  for (const { occurredAt: at, queueEntered, queueLeft } of events) {
    if (queueEntered !== null) yield { name: queueEntered.queueId, at }
    if (queueLeft !== null) yield { name: queueLeft.queueId, at, durationMs: queueLeft.durationMs }
  }
}

/** Milliseconds from beginnings to ends: as the end says, else since the last beginning of the same name. */
function spent(marks: Iterable<Mark>): number {
  const since = new Map<string, number>()
  let total = 0
  for (const { name, at, durationMs } of marks) {
    if (durationMs === undefined) since.set(name, at)
    else {
      total += Math.max(0, durationMs ?? at - (since.get(name) ?? at))
      since.delete(name)
    }
  }
  return total
}

/** Of the conversation as a whole, else of its customer. */
function sentimentOf({ of, parties }: Story): number | null {
  const measured = of('sentiment')
    .map(([, section]) => section)
    .filter(({ scope, score }) => scope === 'conversation' && score !== null)
  const whole = measured.findLast(({ partyKey }) => partyKey === null)
  return (whole ?? measured.findLast(({ partyKey }) => parties.roleOf(partyKey) === 'customer'))?.score ?? null
}

function surveyOf({ of }: Story): number | null {
  const finished = of('survey')
    .map(([, survey]) => survey)
    .filter(({ status }) => status === 'finished')
  const survey = finished.at(-1)
  return survey === undefined ? null : fractionOf(survey)
}

/** An evaluation without a status is one that was made at once, by code or a model. */
function evaluationOf({ of }: Story): number | null {
  const scores = of('evaluation.result')
    .map(([, evaluation]) => evaluation)
    .filter(({ status }) => status === null || status === 'finished')
    .map(fractionOf)
  return scores.findLast(score => score !== null) ?? null
}

type Scored = Pick<Survey, 'score' | 'scaleMin' | 'scaleMax'>

/** Where in its scale a score is, 0 to 1; null without a score or an end of the scale. The scale begins at 0 unless it says otherwise. */
function fractionOf({ score, scaleMin, scaleMax }: Scored): number | null {
  const lowest = scaleMin ?? 0
  if (score === null || scaleMax === null || !(scaleMax > lowest)) return null
  const fraction = (score - lowest) / (scaleMax - lowest)
  return Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : null
}
