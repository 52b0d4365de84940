import type { AgentTurn, Evaluation, EvaluationVersion, Schedule, Summary, Survey } from '../model.ts'
import type { Cast } from './cast.ts'
import type { Course } from './course.ts'
import type { Plot } from './plots.ts'

const minute = 60_000

type ServedBy = NonNullable<Course['servedBy']>

/** What the quality desk makes of it: perhaps pending until late, perhaps scored anew. */
export function evaluate(cast: Cast, plot: Plot, by: ServedBy, endedAt: number, schedule: Schedule): Evaluation[] {
  const late = plot.late?.includes('evaluation') === true
  if (!plot.evaluated && !late) return []
  const { chance, org } = cast
  const questions = org.evaluationForm.groups.flatMap(group => group.questions)
  const points = questions.map(({ most }) => (chance.happens(0.75) ? most : chance.between(0, most - 1)))
  const finished = (at: number, scores: readonly number[], rescored: boolean): EvaluationVersion => ({
    shownFrom: at,
    status: 'FINISHED',
    eventTime: at,
    rescored,
    points: scores,
    comment: chance.happens(0.5) ? 'Calm and clear; could have summed up at the end.' : undefined,
  })
  const first = endedAt + 2 * minute
  const versions: EvaluationVersion[] = late
    ? [
        { shownFrom: first, status: 'PENDING', eventTime: first, rescored: false },
        finished(schedule.lateAt, points, false),
      ]
    : [finished(first, points, false)]
  if (plot.late?.includes('rescore'))
    versions.push(
      finished(
        schedule.lateAt,
        points.map((score, index) => (index === 0 ? Math.abs(score - 3) : score)),
        true,
      ),
    )
  return [
    {
      id: cast.id('evaluation'),
      form: org.evaluationForm,
      evaluatorId: org.evaluator.id,
      agentUserId: by.userId,
      queueId: by.queueId,
      versions,
    },
  ]
}

/** What the customer answers afterwards. */
export function survey(cast: Cast, plot: Plot, by: ServedBy, endedAt: number, schedule: Schedule): Survey[] {
  const late = plot.late?.includes('survey') === true
  if (!plot.surveyed && !late) return []
  const { chance } = cast
  const sentAt = endedAt + minute
  const answeredAt = late ? schedule.lateAt : endedAt + 3 * minute
  const helped = chance.happens(0.8)
  const effort = chance.between(helped ? 3 : 1, 5)
  const promoterScore = helped ? chance.between(7, 10) : chance.between(0, 6)
  return [
    {
      id: cast.id('survey'),
      form: cast.org.surveyForm,
      agentUserId: by.userId,
      queueId: by.queueId,
      versions: [
        { shownFrom: sentAt, status: 'Sent', eventTime: sentAt, answers: [] },
        {
          shownFrom: answeredAt,
          status: 'Finished',
          eventTime: answeredAt,
          score: Math.round((((helped ? 5 : 0) + effort) / 10) * 100),
          promoterScore,
          answers: [
            { question: 'Did we solve your request?', text: helped ? 'Yes' : 'No', score: helped ? 5 : 0 },
            { question: 'How easy was it?', text: String(effort), score: effort },
          ],
        },
      ],
    },
  ]
}

/** What Genesys's copilot writes down at the end. */
export const summarize = (cast: Cast, by: ServedBy, createdAt: number): Summary => ({
  id: cast.id('summary'),
  text: cast.fill(cast.domain.summary.text),
  reason: cast.fill(cast.domain.summary.reason),
  resolution: cast.fill(cast.domain.summary.resolution),
  communicationId: by.communicationId,
  createdAt,
})

/** An AI agent outside Genesys looks something up while the customer waits. */
export function assist(cast: Cast, plot: Plot, course: Course): AgentTurn[] {
  const { chance, domain } = cast
  const asked = course.utterances[domain.tool.afterLine]
  const answered = course.utterances[domain.tool.afterLine + 1]
  if (plot.assist === undefined || asked === undefined || answered === undefined) return []
  const filled = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, cast.fill(text)]))
  const durationMs = chance.between(90, 1_400)
  const at = asked.at + asked.durationMs
  return [
    {
      agent: { id: cast.id('assistant', domain.queue), name: 'desk-assistant' },
      from: asked.at,
      to: Math.max(answered.at, at + durationMs),
      calls: [
        {
          id: `call_${cast.id('tool', 1).slice(0, 8)}`,
          name: domain.tool.name,
          arguments: filled(domain.tool.arguments),
          result:
            plot.assist === 'error' ? undefined : { item: plot.assist === 'found' ? filled(domain.tool.found) : null },
          error: plot.assist === 'error' ? 'timeout' : undefined,
          at,
          durationMs,
          via: 'otlp',
        },
      ],
    },
  ]
}
