import { configError } from '../../../src/core/errors.ts'
import { playDialogues } from './dialogues/play.ts'
import { readDialogues } from './dialogues/read.ts'
import { factsOf } from './facts.ts'
import { invent, inventOrg } from './invent/index.ts'
import type { Conversation, Schedule } from './model.ts'
import type { Org } from './org.ts'
import { buildApp } from './serve/app.ts'
import { Faults } from './serve/faults.ts'
import { Access } from './serve/oauth.ts'
import { lakeLagMs, worldOf } from './serve/world.ts'
import { postTelemetry } from './telemetry.ts'
import type { GenesysSandbox, GenesysSandboxOptions } from './types.ts'

export type * from './types.ts'

const defaults = {
  port: 0,
  lateAfterMs: 10_000,
  jobMs: 1_000,
  requestsPerMinute: 300,
  transcriptLinkMs: 600_000,
} as const

/**
 * Starts a local server on 127.0.0.1 that behaves like Genesys Cloud as documented. Everything in it follows from the
 * seed, times from `now()` at the start. Throws a `config` error if the dialogues file cannot be read or the port is taken.
 */
export async function startGenesysSandbox(options: GenesysSandboxOptions): Promise<GenesysSandbox> {
  const { seed, log } = options
  const now = () => options.now().getTime()
  const start = now()
  const schedule: Schedule = { start, lateAt: start + (options.lateAfterMs ?? defaults.lateAfterMs) }
  const { org, conversations } = await worldFrom(options, schedule)
  const facts = factsOf(org, conversations, schedule, options.otlp !== undefined)
  const world = worldOf(seed, org, conversations, schedule, now)
  const access = new Access(world, options.requestsPerMinute ?? defaults.requestsPerMinute)
  const faults = new Faults(access, seed, options.chaos === true)
  const stop = new AbortController()
  let baseUrl = ''
  const { server, requests } = buildApp({
    world,
    access,
    faults,
    log,
    jobMs: options.jobMs ?? defaults.jobMs,
    transcriptLinkMs: options.transcriptLinkMs ?? defaults.transcriptLinkMs,
    signal: stop.signal,
    baseUrl: () => baseUrl,
  })
  const port = options.port ?? defaults.port
  baseUrl = await server.listen({ host: '127.0.0.1', port }).catch((error: unknown) => {
    throw configError('sandbox-port', `listening on 127.0.0.1:${port}: expected a port that is free`, error)
  })
  const telemetry = options.otlp && postTelemetry(conversations, options.otlp, log)
  return {
    apiUrl: baseUrl,
    loginUrl: baseUrl,
    clientId: access.clientId,
    clientSecret: access.clientSecret,
    facts: () => facts,
    settled: () => now() - lakeLagMs >= schedule.lateAt && (telemetry === undefined || telemetry.accepted()),
    faults,
    requests: () => [...requests],
    async close() {
      stop.abort()
      await Promise.all([telemetry?.close(), server.close()])
    },
  }
}

async function worldFrom(
  { seed, conversations, dialogues }: GenesysSandboxOptions,
  schedule: Schedule,
): Promise<{ readonly org: Org; readonly conversations: readonly Conversation[] }> {
  if (dialogues !== undefined) return playDialogues(await readDialogues(dialogues), seed, schedule)
  const org = inventOrg(seed)
  return { org, conversations: invent(org, conversations, seed, schedule) }
}
