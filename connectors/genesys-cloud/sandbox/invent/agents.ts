import type { Schedule, Segment, Utterance, WrapUp } from '../model.ts'
import { byName, type Named, type Person } from '../org.ts'
import type { Plot } from './plots.ts'
import type { Leg, Recorder } from './recorder.ts'

/** Lets the customer wait in a queue. */
export function recordQueue(record: Recorder, leg: Leg, queue: Named, ends: 'transfer' | 'peer'): void {
  const from = record.at
  record.pass(4, ends === 'peer' ? 180 : 70)
  leg.segments.push({ type: 'interact', from, to: record.at, queueId: queue.id, disconnectType: ends })
}

/** How the leg of an agent ends. */
export interface Ending {
  readonly disconnectType: NonNullable<Segment['disconnectType']>
  readonly transfer?: Segment['transfer']
  readonly destinationSessionId?: string | undefined
}

/** How agents of a conversation wrap up. */
export interface WrappingUp {
  /** Begins a moment before the conversation ends. */
  readonly hasty: boolean
  /** When Genesys shows it; undefined: when it ends. */
  readonly shownFrom: number | undefined
  /** The latest moment at which it ends. */
  readonly endsBy: number
}

export const wrappingUp = (plot: Plot, schedule: Schedule): WrappingUp => ({
  hasty: plot.hastyWrapUp === true,
  shownFrom: plot.late?.includes('wrap-up') ? schedule.lateAt : undefined,
  endsBy: schedule.lateAt,
})

/** Closes the leg of an agent who talked from `from` until now, on hold in between, and has it wrapped up. */
export function recordAgentEnd(
  record: Recorder,
  leg: Leg,
  queue: Named,
  from: number,
  holds: readonly { readonly from: number; readonly to: number }[],
  ending: Ending,
  wrapUp: WrappingUp,
): void {
  const { cast } = record
  let talkFrom = from
  for (const hold of holds) {
    leg.segments.push({ type: 'interact', from: talkFrom, to: hold.from, queueId: queue.id })
    leg.segments.push({ type: 'hold', from: hold.from, to: hold.to, queueId: queue.id })
    talkFrom = hold.to
  }
  leg.segments.push({ type: 'interact', from: talkFrom, to: record.at, queueId: queue.id, ...ending })
  const wrapUpFrom = record.at - (wrapUp.hasty ? 115 : 0)
  const to = Math.min(wrapUpFrom + cast.chance.between(8_000, 75_000), wrapUp.endsBy)
  const code = ending.transfer === undefined ? cast.chance.pick(cast.domain.wrapUps) : 'Transferred'
  const assigned: WrapUp = {
    code: byName(cast.org.wrapUpCodes, code).id,
    note: cast.chance.happens(0.6) ? cast.fill(cast.domain.note) : undefined,
    shownFrom: wrapUp.shownFrom ?? to,
  }
  leg.segments.push({ type: 'wrapup', from: wrapUpFrom, to, queueId: queue.id, wrapUp: assigned })
}

/** Rings at an agent until it is taken. */
export function recordAlert(record: Recorder, leg: Leg, queue: Named): void {
  const from = record.at
  record.pass(2, 9)
  leg.segments.push({ type: 'alert', from, to: record.at, queueId: queue.id })
}

/** What customer and agent say about the matter, with a hold in the middle where the plot has one. */
export function* converse(
  record: Recorder,
  plot: Plot,
  customer: Leg,
  agent: Leg,
  holds: { from: number; to: number }[],
): Generator<Utterance> {
  const { phrases, domain } = record.cast
  const legOf = { customer, agent }
  for (const [index, line] of domain.lines.entries()) {
    yield record.speak(legOf[line[0]], line)
    if (plot.hold && index === domain.tool.afterLine - 1) {
      for (const asked of phrases.hold) yield record.speak(legOf[asked[0]], asked)
      const from = record.at
      record.pass(20, 150)
      holds.push({ from, to: record.at })
      for (const back of phrases.backFromHold) yield record.speak(legOf[back[0]], back)
    }
  }
}

export const agentWho = (person: Person) => ({ name: person.name, userId: person.id })
