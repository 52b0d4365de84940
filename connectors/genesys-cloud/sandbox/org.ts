import type { EvaluationForm, SurveyForm } from './model.ts'
import { idFrom } from './seeded.ts'

export interface Named {
  readonly id: string
  readonly name: string
}

export interface Person extends Named {
  readonly email: string
}

/** The customer's organization at Genesys: what the ids in conversations mean. */
export interface Org {
  readonly id: string
  readonly name: string
  readonly division: Named
  readonly queues: readonly Named[]
  readonly users: readonly Person[]
  /** One of `users`: who fills in evaluations. */
  readonly evaluator: Person
  readonly wrapUpCodes: readonly Named[]
  readonly botFlows: readonly Named[]
  readonly evaluationForm: EvaluationForm
  readonly surveyForm: SurveyForm
}

export interface OrgNames {
  readonly queues: readonly string[]
  readonly users: readonly string[]
  readonly wrapUpCodes: readonly string[]
  readonly botFlows: readonly string[]
  readonly evaluationForm: string
  readonly surveyForm: string
  /** Questions by group; each is worth `most` points. */
  readonly questions: Readonly<Record<string, readonly string[]>>
  readonly most: number
}

/** Gives everything in the organization its id, from the seed and its name. */
export function orgOf(seed: number, names: OrgNames): Org {
  const named = (kind: string) => (name: string) => ({ id: idFrom(seed, kind, name), name })
  const person = (name: string) => ({
    ...named('user')(name),
    email: `${name.toLowerCase().replaceAll(/[^a-z]+/g, '.')}@example.com`,
  })
  const evaluator = person('Quality Desk')
  return {
    id: idFrom(seed, 'organization'),
    name: 'Meridian Services (sandbox)',
    division: named('division')('Home'),
    queues: names.queues.map(named('queue')),
    users: [...names.users.map(person), evaluator],
    evaluator,
    wrapUpCodes: names.wrapUpCodes.map(named('wrapup-code')),
    botFlows: names.botFlows.map(named('flow')),
    evaluationForm: {
      ...named('evaluation-form')(names.evaluationForm),
      contextId: idFrom(seed, 'evaluation-form-context', names.evaluationForm),
      groups: Object.entries(names.questions).map(([group, questions]) => ({
        ...named('question-group')(group),
        questions: questions.map(text => ({ id: idFrom(seed, 'question', group, text), text, most: names.most })),
      })),
    },
    surveyForm: {
      ...named('survey-form')(names.surveyForm),
      contextId: idFrom(seed, 'survey-form-context', names.surveyForm),
    },
  }
}

/** The entry of that name. Throws if there is none: names come from our own data. */
export function byName<T extends Named>(list: readonly T[], name: string): T {
  const found = list.find(entry => entry.name === name)
  if (found === undefined) throw new RangeError(`looking up ${name}: not in the organization`)
  return found
}
