import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Connector } from '../../src/core/connector.ts'
import { configChecks } from './connector/config-checks.ts'
import { faultChecks } from './connector/fault-checks.ts'
import { fixtureChecks, normalizeChecks } from './connector/normalize-checks.ts'
import { pushChecks } from './connector/push-checks.ts'
import { readChecks } from './connector/read-checks.ts'
import type { ConnectorRig } from './connector/rig.ts'
import type { Check, Subject } from './connector/subject.ts'

export type { ConnectorRig, Faults, RunningRig, SeenRequest } from './connector/rig.ts'

const connectors = join(import.meta.dirname, '../../connectors')

/** Every check that applies to a subject: what a connector has to keep to is the sum of their names. */
export const checksOf = (subject: Subject): readonly Check[] => [
  ...configChecks,
  ...normalizeChecks,
  ...fixtureChecks(subject.fixtures),
  ...(subject.connector.routes === undefined ? [] : pushChecks),
  ...(subject.connector.open === undefined ? [] : [...readChecks, ...faultChecks]),
]

/**
 * The tests that every connector passes. `rig` is its vendor's sandbox, needed by connectors that pull; fixtures are read
 * from `connectors/<vendor>/fixtures/<case>/{raw,expected}.json`:
 * - raw.json: `{ stream, key, observedAt (Unix ms or ISO), contentType?, conversationKey?, version?, context?, config? }`
 *   and one of `payload` (JSON), `payloadText`, `payloadBase64`. With `config` it is normalized with that configuration.
 * - expected.json: the outcome: `{ kind: 'emit', records }`, `{ kind: 'drop', reason }` or `{ kind: 'deadLetter', code, reason }`.
 */
export function connectorContract(name: string, connector: Connector, rig?: ConnectorRig): void {
  const subject = { connector, fixtures: join(connectors, connector.vendor, 'fixtures'), rig }
  describe(`connector contract: ${name}`, () => {
    for (const { name: what, run } of checksOf(subject)) test(what, { timeout: 180_000 }, () => run(subject))
  })
}
