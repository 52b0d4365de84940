import type { Conversation, Schedule } from '../model.ts'
import { type Org, orgOf } from '../org.ts'
import { chanceOf } from '../seeded.ts'
import { englishDomains } from '../texts/english.ts'
import { otherDomains } from '../texts/other-languages.ts'
import { agents, evaluationQuestions } from '../texts/people.ts'
import { assist, evaluate, summarize, survey } from './aftermath.ts'
import { recordCallback } from './callback.ts'
import { castOf } from './cast.ts'
import type { Course } from './course.ts'
import { recordMail } from './mail.ts'
import { type Plot, plots } from './plots.ts'
import { recordCall } from './voice.ts'
import { recordWriting } from './writing.ts'

const minute = 60_000
const hour = 60 * minute

const recorders = {
  voice: recordCall,
  callback: recordCallback,
  chat: recordWriting,
  message: recordWriting,
  email: recordMail,
} as const

/** Attribute values longer than this are cut by Genesys's data lake. */
const longestAttribute = 1024

/** The organization that invented conversations belong to. */
export function inventOrg(seed: number): Org {
  const domains = [...englishDomains, ...otherDomains]
  return orgOf(seed, {
    queues: [...new Set(domains.flatMap(domain => [domain.queue, domain.secondQueue]))].sort(),
    users: agents,
    wrapUpCodes: [...new Set([...domains.flatMap(domain => domain.wrapUps), 'Transferred'])].sort(),
    botFlows: ['Meridian assistant', 'Meridian front desk'],
    evaluationForm: 'Service quality',
    surveyForm: 'After the conversation',
    questions: evaluationQuestions,
    most: 5,
  })
}

/**
 * Invents conversations that lie in the 22 hours before the start, except for those that are still open then and end
 * before late facts appear. The same seed gives the same ids and texts; times are relative to the start.
 */
export function invent(org: Org, count: number, seed: number, schedule: Schedule): readonly Conversation[] {
  return Array.from({ length: count }, (_, index) => {
    const plot = plots[index % plots.length] ?? { channel: 'voice' }
    // The length is only known once it was played: play it twice, the second time from where it belongs.
    const rehearsal = inventOne(org, seed, index, plot, 0, schedule)
    const lengthMs = rehearsal.endedAt - rehearsal.startedAt
    return inventOne(org, seed, index, plot, endOf(seed, index, plot, lengthMs, schedule) - lengthMs, schedule)
  })
}

function endOf(seed: number, index: number, plot: Plot, lengthMs: number, schedule: Schedule): number {
  if (plot.openAtStart)
    return schedule.start + Math.floor(Math.min((schedule.lateAt - schedule.start) / 2, lengthMs / 3))
  if (plot.late?.includes('transcript')) return schedule.start - 30_000
  return schedule.start - chanceOf(seed, 'end', index).between(20 * minute, 20 * hour)
}

function inventOne(
  org: Org,
  seed: number,
  index: number,
  plot: Plot,
  startedAt: number,
  schedule: Schedule,
): Conversation {
  const cast = castOf(org, seed, index, plot)
  const course = recorders[plot.channel](cast, plot, startedAt, schedule)
  const { endedAt, servedBy } = course
  addAttributes(course)
  const readyBy = <T extends { readonly readyAt: number }>(things: readonly T[]): readonly T[] =>
    plot.openAtStart ? things.map(thing => ({ ...thing, readyAt: schedule.lateAt })) : things
  return {
    id: cast.id('conversation'),
    channel: plot.channel,
    direction: plot.outbound ? 'outbound' : 'inbound',
    language: cast.domain.language,
    startedAt,
    endedAt,
    deletedAt: plot.deleted ? schedule.lateAt : undefined,
    selfServed: course.selfServed,
    participants: course.record.participants(),
    transcripts: readyBy(course.transcripts),
    recordings: readyBy(course.recordings),
    bot: course.bot,
    evaluations: servedBy === undefined ? [] : evaluate(cast, plot, servedBy, endedAt, schedule),
    surveys: servedBy === undefined ? [] : survey(cast, plot, servedBy, endedAt, schedule),
    summary:
      servedBy === undefined ? undefined : summarize(cast, servedBy, Math.min(endedAt + 10_000, schedule.lateAt)),
    agentTurns: assist(cast, plot, course),
  }
}

/** What a flow knew about the customer; now and then more than the data lake keeps. */
function addAttributes({ record }: Course): void {
  const { cast } = record
  const [customer] = record.participants()
  if (customer === undefined) return
  const attributes: Record<string, string> = {
    'customer.tier': cast.chance.pick(['standard', 'plus', 'gold']),
    'customer.language': cast.domain.language,
    reason: cast.domain.bot.intent,
  }
  if (cast.chance.happens(0.1))
    attributes['case.history'] = cast.fill(cast.domain.summary.text).repeat(20).slice(0, longestAttribute)
  record.setAttributes(customer.id, attributes)
}
