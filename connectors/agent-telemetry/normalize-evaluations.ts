/**
 * Evaluations: OpenTelemetry's event `gen_ai.evaluation.result`, and OpenInference's annotations and evaluations
 * (https://github.com/Arize-ai/openinference/blob/main/spec/annotations.md), which are one thing under two names.
 * Neither says which scale a score is on.
 */
import { contentHashOf, type EventFact, event, numberAt, textAt } from '../../src/sdk/index.ts'
import { aliasOfSpan, conversationOf, type Place } from './normalize-address.ts'
import { listUnder, numberOf, textOf } from './normalize-attributes.ts'
import type { Origin } from './origin.ts'
import type { Attributes, Span, SpanId } from './otlp.ts'

/** One judgement, as it was written. */
interface Judgement {
  readonly name: string
  readonly score: number | undefined
  readonly label: string | undefined
  readonly explanation: string | undefined
  /** HUMAN, LLM, CODE, or a word of the sender's own. */
  readonly annotatorKind: string | undefined
  readonly evaluator: string | undefined
  /** Why there is no result. */
  readonly errorType: string | undefined
}

/** What was judged, and where that belongs. */
interface Target {
  readonly to: EventFact['to']
  /** Unique among targets. */
  readonly key: string
  /** Null if it is the conversation. */
  readonly targetId: string | null
  readonly traceId: string | null
  readonly spanId: string | null
}

export const evaluationEvent = 'gen_ai.evaluation.result'

/** The evaluation that an event tells of: a log record, or an event of the span that was judged. */
export function evaluationOfEvent(
  item: { readonly attributes: Attributes; readonly at: number },
  place: Pick<Place, 'to' | 'scopeKey'>,
  span: SpanId | null,
): EventFact[] {
  const { attributes } = item
  const name = textOf(attributes, 'gen_ai.evaluation.name')
  if (name === undefined) return []
  const responseId = textOf(attributes, 'gen_ai.response.id')
  const targetId = span?.spanId ?? responseId ?? null
  const judgement = {
    name,
    score: numberOf(attributes, 'gen_ai.evaluation.score.value'),
    label: textOf(attributes, 'gen_ai.evaluation.score.label'),
    explanation: textOf(attributes, 'gen_ai.evaluation.explanation'),
    annotatorKind: undefined,
    evaluator: undefined,
    errorType: textOf(attributes, 'error.type'),
  }
  const target = {
    to: place.to,
    key: `${place.scopeKey}:${targetId ?? ''}`,
    targetId,
    traceId: span?.traceId ?? null,
    spanId: span?.spanId ?? null,
  }
  return [evaluation(judgement, target, item.at)]
}

const kindsOfJudge: Readonly<Record<string, string>> = { HUMAN: 'human', LLM: 'llm', CODE: 'code' }

/** The evaluations in the attributes of a span: of the span itself or of the one it links to, of a trace, of a session. */
export function evaluationsOfSpan(span: Span, place: Place, origin: Origin, account: string): EventFact[] {
  return (['', 'trace.', 'session.'] as const).flatMap(scope => {
    const judgements = (['annotation', 'evaluation'] as const).flatMap(form => [
      ...(scope === '' ? judgementsIn([Object.fromEntries(fieldsUnder(span.attributes, form))]) : []),
      ...judgementsIn(
        listUnder(span.attributes, `${scope}${form}s`).map(item => (item as { [key: string]: unknown } | null)?.[form]),
      ),
    ])
    const target = targetOf(scope, span, place, origin, account)
    return judgements.map(judgement => evaluation(judgement, target, span.endedAt))
  })
}

/** Fields of `<form>.<field>`, where a span carries a single one. */
const fieldsUnder = (attributes: Attributes, form: string) =>
  ['name', 'score', 'label', 'explanation', 'annotator_kind', 'identifier'].flatMap(field => {
    const value = attributes.get(`${form}.${field}`)
    return value === undefined ? [] : [[field, value] as const]
  })

const judgementsIn = (items: readonly unknown[]): Judgement[] =>
  items.flatMap(item => {
    const name = textAt(item, 'name')
    const judgement = {
      score: numberAt(item, 'score'),
      label: textAt(item, 'label'),
      explanation: textAt(item, 'explanation'),
    }
    if (name === undefined || Object.values(judgement).every(value => value === undefined)) return []
    return [
      {
        name,
        ...judgement,
        annotatorKind: textAt(item, 'annotator_kind'),
        evaluator: textAt(item, 'identifier'),
        errorType: undefined,
      },
    ]
  })

/** Feedback that comes after the end of what it judges is on a span of its own, which links to that. */
function targetOf(
  scope: '' | 'trace.' | 'session.',
  span: Span,
  place: Place,
  origin: Origin,
  account: string,
): Target {
  const [linked] = span.links.length === 1 ? span.links : []
  const judged = scope === 'session.' ? undefined : linked
  const to = conversationOf(span, origin) ?? (judged === undefined ? place.to : aliasOfSpan(judged, account))
  const { traceId, spanId } = judged ?? span
  if (scope === '') return { to, key: `${traceId}:${spanId}`, targetId: spanId, traceId, spanId }
  if (scope === 'trace.') return { to, key: traceId, targetId: traceId, traceId, spanId: null }
  return { to, key: `${place.partyScopeKey}:session`, targetId: null, traceId: null, spanId: null }
}

function evaluation(judgement: Judgement, target: Target, at: number): EventFact {
  const { name, score, label, explanation, annotatorKind, evaluator, errorType } = judgement
  const evaluatorKind =
    annotatorKind !== undefined && Object.hasOwn(kindsOfJudge, annotatorKind) ? kindsOfJudge[annotatorKind] : undefined
  // An identifier tells results of one name apart; without one, what they say does.
  const result = evaluator ?? [score ?? null, label ?? null, explanation ?? null]
  return event({
    to: target.to,
    type: 'evaluation.result',
    stream: 'traces',
    key: `evaluation:${target.key}:${contentHashOf(JSON.stringify([name, annotatorKind ?? null, result, at]))}`,
    occurredAt: at,
    version: at,
    section: {
      name,
      score: score ?? null,
      label: label ?? null,
      explanation: explanation ?? null,
      evaluatorKind: evaluatorKind ?? 'unknown',
      evaluator: evaluator ?? null,
      status: errorType === undefined ? 'finished' : null,
      vendorStatus: errorType ?? null,
      targetId: target.targetId,
      traceId: target.traceId,
      spanId: target.spanId,
    },
  })
}
