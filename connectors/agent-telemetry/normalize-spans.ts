import type { Fact } from '../../src/sdk/index.ts'
import { linksOf, placeOf } from './normalize-address.ts'
import { type Content, contentOf } from './normalize-content.ts'
import { evaluationEvent, evaluationOfEvent, evaluationsOfSpan } from './normalize-evaluations.ts'
import { kindOfSpan } from './normalize-kinds.ts'
import { messages, type Telling } from './normalize-messages.ts'
import { agentOf, joins, speakerOf } from './normalize-parties.ts'
import { step } from './normalize-steps.ts'
import { mentionedCalls, toolCall } from './normalize-tools.ts'
import type { Origin } from './origin.ts'
import type { Span } from './otlp.ts'

const noContent: Content = { inputs: [], outputs: [] }

/**
 * Everything that one span tells, without regard to any other span: so it does not matter which spans arrive together.
 * A span that is no agent telemetry tells only where it belongs, as its children may be agents.
 */
export function factsOfSpan(span: Span, origin: Origin, account: string): readonly Fact[] {
  const place = placeOf(span, origin, account)
  const agent = agentOf(span.attributes)
  const speaker = agent ?? speakerOf(origin)
  const kind = kindOfSpan(span)
  const isCall = kind === 'tool' || kind === 'mcp'
  const speaks = kind === 'inference' || kind === 'agent' || kind === 'workflow'
  const content = speaks || kind === 'plan' ? contentOf(span, kind) : noContent
  const telling: Telling = {
    to: place.to,
    scopeKey: place.scopeKey,
    speaker,
    wholeRun: kind !== 'inference',
    startedAt: span.startedAt,
    endedAt: span.endedAt,
  }
  const told: Fact[] = [
    ...(isCall ? toolCall(span, kind, place, agent) : []),
    ...(kind === undefined || isCall ? [] : [step(span, kind, content, place, agent)]),
    ...(origin.messages && speaks ? messages(content, telling) : []),
    ...mentionedCalls(content, { ...telling, agent, place, traceId: span.traceId, spanId: span.spanId }),
    ...evaluationsOfSpan(span, place, origin, account),
    ...span.events.filter(({ name }) => name === evaluationEvent).flatMap(item => evaluationOfEvent(item, place, span)),
  ]
  const seen = { to: place.to, scopeKey: place.partyScopeKey, at: span.startedAt }
  return [...linksOf(span, origin, account), ...told, ...joins(partiesIn(told), speaker, span.attributes, seen)]
}

/** The parties that facts refer to. */
export function partiesIn(facts: readonly Fact[]): ReadonlySet<string> {
  const partyKeys = new Set<string>()
  for (const fact of facts) {
    if (fact.kind === 'link') continue
    const { partyKey, toPartyKeys = [] } = fact.section as { partyKey?: string | null; toPartyKeys?: readonly string[] }
    for (const key of [partyKey, ...toPartyKeys]) if (typeof key === 'string') partyKeys.add(key)
  }
  return partyKeys
}
