import { byName, type Named, type Org, type Person } from '../org.ts'
import { type Chance, chanceOf, idFrom } from '../seeded.ts'
import type { Domain, Phrases } from '../texts/domain.ts'
import { englishDomains, englishPhrases } from '../texts/english.ts'
import { otherDomains, otherPhrases } from '../texts/other-languages.ts'
import { customers } from '../texts/people.ts'
import type { Plot } from './plots.ts'

/** Who takes part in one conversation, what it is about, and the chance that shapes it. */
export interface Cast {
  readonly org: Org
  readonly chance: Chance
  readonly domain: Domain
  readonly phrases: Phrases
  readonly customer: string
  readonly phone: string
  readonly mail: string
  readonly agent: Person
  readonly otherAgent: Person
  readonly queue: Named
  readonly secondQueue: Named
  /** The text with its `{slots}` filled. */
  fill(text: string): string
  /** An id of something in this conversation. */
  id(...parts: readonly (string | number)[]): string
}

/** Casts conversation number `index`: the same seed and index give the same cast, and the same chance from its start. */
export function castOf(org: Org, seed: number, index: number, plot: Plot): Cast {
  const chance = chanceOf(seed, 'conversation', index)
  const domain = chance.pick(
    plot.language === undefined ? englishDomains : otherDomains.filter(other => other.language === plot.language),
  )
  const customer = chance.pick(customers)
  const staff = org.users.filter(user => user !== org.evaluator)
  const agent = chance.pick(staff)
  const otherAgent = chance.pick(staff.filter(user => user !== agent))
  const slots: Record<string, string> = {
    customer,
    agent: agent.name,
    otherAgent: otherAgent.name,
    queue: domain.queue,
    secondQueue: domain.secondQueue,
  }
  for (const [name, values] of Object.entries(domain.slots)) slots[name] = chance.pick(values)
  return {
    org,
    chance,
    domain,
    phrases: domain.language === 'en-US' ? englishPhrases : otherPhrases[domain.language],
    customer,
    phone: `tel:+1${chance.between(202, 989)}555${String(chance.between(100, 9999)).padStart(4, '0')}`,
    mail: `${customer.toLowerCase().replaceAll(' ', '.')}@example.net`,
    agent,
    otherAgent,
    queue: byName(org.queues, domain.queue),
    secondQueue: byName(org.queues, domain.secondQueue),
    fill: text => text.replaceAll(/\{(\w+)\}/g, (_, name: string) => slots[name] ?? `{${name}}`),
    id: (...parts) => idFrom(seed, 'conversation', index, ...parts),
  }
}
