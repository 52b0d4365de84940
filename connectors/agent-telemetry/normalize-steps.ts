import { type EventFact, event, type Json } from '../../src/sdk/index.ts'
import type { Place } from './normalize-address.ts'
import { countOf, jsonOf, textOf } from './normalize-attributes.ts'
import type { Content } from './normalize-content.ts'
import type { SpanKind } from './normalize-kinds.ts'
import type { Agent } from './normalize-parties.ts'
import { errorOf } from './normalize-tool-span.ts'
import { rankedVersion } from './normalize-versions.ts'
import type { Attributes, LogRecord, Span } from './otlp.ts'

export type StepKind = Exclude<SpanKind, 'tool' | 'mcp'>

/** The step of an agent that a span is. */
export function step(span: Span, kind: StepKind, content: Content, place: Place, agent: Agent | undefined): EventFact {
  const error = errorOf(span)
  return event({
    to: place.to,
    type: 'reasoning.step',
    stream: 'traces',
    key: stepKey(place.scopeKey, span.spanId),
    occurredAt: span.startedAt,
    version: span.endedAt,
    section: {
      partyKey: agent?.partyKey ?? null,
      kind,
      name: span.name === '' ? null : span.name,
      text: textOfStep(span.attributes, kind, content),
      ...modelUse(span.attributes, kind, content),
      isError: error.isError,
      errorType: error.type ?? null,
      errorMessage: error.message ?? null,
      durationMs: span.durationMs,
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
    },
  })
}

/**
 * The call of a model that `gen_ai.client.inference.operation.details` tells of. Its span, where there is one, is the same
 * fact and knows more; but only the event may hold what was reasoned, so that becomes a step inside the span's.
 */
export function stepOfEvent(
  record: LogRecord & { readonly spanId: string },
  content: Content,
  place: Place,
  agent: Agent | undefined,
): EventFact[] {
  const { attributes, at, traceId, spanId } = record
  const errorType = textOf(attributes, 'error.type')
  const common = { to: place.to, type: 'reasoning.step', stream: 'traces', occurredAt: at } as const
  const text = reasoningIn(content)
  return [
    event({
      ...common,
      key: stepKey(place.scopeKey, spanId),
      version: rankedVersion(at, 1),
      section: {
        partyKey: agent?.partyKey ?? null,
        kind: 'inference',
        name: textOf(attributes, 'gen_ai.operation.name') ?? null,
        ...modelUse(attributes, 'inference', content),
        isError: errorType !== undefined,
        errorType: errorType ?? null,
        traceId,
        spanId,
      },
    }),
    ...(text === null
      ? []
      : [
          event({
            ...common,
            key: `${stepKey(place.scopeKey, spanId)}:reasoning`,
            version: at,
            section: {
              partyKey: agent?.partyKey ?? null,
              kind: 'other',
              name: 'reasoning',
              text,
              traceId,
              parentSpanId: spanId,
            },
          }),
        ]),
  ]
}

const stepKey = (scopeKey: string, spanId: string) => `step:${scopeKey}:${spanId}`

function reasoningIn(content: Content): string | null {
  const reasoning = content.outputs.flatMap(message => message.reasoning)
  return reasoning.length === 0 ? null : reasoning.join('\n\n')
}

/** What was reasoned; for steps that are no reasoning of a model, what was planned, looked for or found. */
function textOfStep(attributes: Attributes, kind: StepKind, content: Content): string | null {
  const reasoning = reasoningIn(content)
  if (reasoning !== null) return reasoning
  return textReaders[kind]?.(attributes, content) ?? null
}

const textReaders: { readonly [K in StepKind]?: (attributes: Attributes, content: Content) => string | undefined } = {
  plan: (attributes, { outputs }) =>
    outputs.flatMap(({ text }) => text ?? []).join('\n') || textOf(attributes, 'output.value'),
  retrieval: attributes => textOf(attributes, 'gen_ai.retrieval.query.text', 'reranker.query', 'input.value'),
  memory: attributes => textOf(attributes, 'gen_ai.memory.query.text'),
  guardrail: attributes => textOf(attributes, 'output.value'),
}

/** Tokens are counted where a model was called: agents and workflows repeat the sums of the calls inside them. */
function modelUse(attributes: Attributes, kind: StepKind, content: Content) {
  const isCall = kind === 'inference' || kind === 'other'
  const count = (...names: readonly string[]) => (isCall ? (countOf(attributes, ...names) ?? null) : null)
  return {
    provider:
      textOf(attributes, 'gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system', 'ai.model.provider') ??
      null,
    requestModel:
      textOf(
        attributes,
        'gen_ai.request.model',
        'llm.request.model_name',
        'llm.model_name',
        'embedding.model_name',
        'ai.model.id',
      ) ?? null,
    responseModel: textOf(attributes, 'gen_ai.response.model', 'llm.response.model_name', 'ai.response.model') ?? null,
    finishReasons: finishReasons(attributes, kind, content),
    inputTokens: count(
      'gen_ai.usage.input_tokens',
      'gen_ai.usage.prompt_tokens',
      'llm.token_count.prompt',
      'ai.usage.inputTokens',
      'ai.usage.promptTokens',
    ),
    outputTokens: count(
      'gen_ai.usage.output_tokens',
      'gen_ai.usage.completion_tokens',
      'llm.token_count.completion',
      'ai.usage.outputTokens',
      'ai.usage.completionTokens',
    ),
    cachedInputTokens: count(
      'gen_ai.usage.cache_read.input_tokens',
      'llm.token_count.prompt_details.cache_read',
      'ai.usage.cachedInputTokens',
    ),
    reasoningTokens: count(
      'gen_ai.usage.reasoning.output_tokens',
      'llm.token_count.completion_details.reasoning',
      'ai.usage.reasoningTokens',
    ),
  }
}

function finishReasons(attributes: Attributes, kind: StepKind, content: Content): readonly string[] {
  const list = jsonOf(attributes, 'gen_ai.response.finish_reasons', 'llm.finish_reason', 'ai.response.finishReason')
  const reasons = (Array.isArray(list) ? (list as readonly Json[]) : [list]).filter(each => typeof each === 'string')
  return reasons.length > 0 || kind !== 'inference'
    ? reasons
    : content.outputs.flatMap(({ finishReason }) => finishReason ?? [])
}
