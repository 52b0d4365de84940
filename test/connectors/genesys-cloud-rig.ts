import pino from 'pino'
import {
  type GenesysSandbox,
  type SandboxFacts,
  startGenesysSandbox,
} from '../../connectors/genesys-cloud/sandbox/index.ts'
import type { ConnectorRig, RunningRig } from '../contract/connector.ts'

const log = pino({ level: 'silent' })
const dayMs = 86_400_000

/** A configuration that reads a sandbox: one window a day, everything since two days ago. */
export const sandboxConfig = (sandbox: GenesysSandbox, overrides: Readonly<Record<string, unknown>> = {}) => ({
  vendor: 'genesys-cloud',
  account: 'sandbox',
  apiUrl: sandbox.apiUrl,
  loginUrl: sandbox.loginUrl,
  clientId: sandbox.clientId,
  clientSecret: sandbox.clientSecret,
  since: new Date(Date.now() - 2 * dayMs).toISOString(),
  requestsPerMinute: 100_000,
  windowMinutes: 1440,
  rereadDays: 1,
  parallelRequests: 2,
  ...overrides,
})

const written = new Set(['chat', 'message', 'email'])

/** `stream/key` of every raw record that a read of a settled sandbox gives. */
export function keysOfFacts(facts: SandboxFacts): ReadonlySet<string> {
  const there = facts.conversations.filter(({ deleted }) => !deleted)
  return new Set(
    there.flatMap(
      ({ conversationId: id, channel, transcripts, recordings, evaluations, surveys, botTurns, userIds }) => [
        `conversation-details/${id}`,
        ...transcripts.map(communication => `transcripts/${id}/${communication}`),
        ...(transcripts.length > 0 ? [`speech-analytics/${id}`] : []),
        ...recordings.map(recording => `${written.has(channel) ? 'messages' : 'recordings'}/${recording}`),
        ...evaluations.map(({ evaluationId }) => `evaluations/${evaluationId}`),
        ...surveys.map(({ surveyId }) => `surveys/${surveyId}`),
        ...(userIds.length > 0 ? [`summaries/${id}`] : []),
        ...botTurns.map(turn => `bot-turns/${turn}`),
      ],
    ),
  )
}

export interface SettledOptions {
  readonly conversations: number
  readonly seed?: number
  /** How much earlier the conversations were, milliseconds. Default an hour. */
  readonly earlierMs?: number
  readonly now?: () => Date
}

/** Starts a sandbox whose clock stood earlier when it invented its conversations: nothing is late any more. */
export async function startSettled(options: SettledOptions): Promise<GenesysSandbox> {
  const { now = () => new Date() } = options
  let earlierMs = options.earlierMs ?? 3_600_000
  const sandbox = await startGenesysSandbox({
    seed: options.seed ?? 7,
    conversations: options.conversations,
    now: () => new Date(now().getTime() - earlierMs),
    log,
    jobMs: 0,
    requestsPerMinute: 1_000_000,
  })
  earlierMs = 0
  return sandbox
}

/** The rig of the contract suite. */
export const genesysRig: ConnectorRig = {
  async start({ empty = false } = {}): Promise<RunningRig> {
    const sandbox = await startSettled({ conversations: empty ? 0 : 12 })
    return {
      config: sandboxConfig(sandbox, { pageSize: 5 }),
      expectedKeys: () => keysOfFacts(sandbox.facts()),
      faults: {
        rateLimitNext: (requests, seconds) => sandbox.faults.rateLimitNext(requests, seconds),
        // More than any check gets to see.
        failNext: (requests, status) => sandbox.faults.failNext(Math.min(requests, 10_000), status),
        cutNext: requests => sandbox.faults.cutNext(requests),
        delayNext: (requests, ms) => sandbox.faults.delayNext(requests, ms),
        revokeCredentials: () => sandbox.faults.revokeCredentials(),
        restoreCredentials: () => sandbox.faults.restoreCredentials(),
      },
      requests: () => sandbox.requests().map(({ path, status, at }) => ({ path, status, at: at.getTime() })),
      close: () => sandbox.close(),
    }
  },
}
