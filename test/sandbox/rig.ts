import { pino } from 'pino'
import platformClient from 'purecloud-platform-client-v2'
import {
  type GenesysSandbox,
  type GenesysSandboxOptions,
  startGenesysSandbox,
} from '../../connectors/genesys-cloud/sandbox/index.ts'

/** When sandboxes of these tests start: midday, so that their conversations lie on two UTC days. */
export const start = Date.UTC(2026, 4, 20, 12)

export const hourMs = 3_600_000

export interface Rig extends AsyncDisposable {
  readonly sandbox: GenesysSandbox
  /** Genesys's own client, pointed at the sandbox and logged in. */
  readonly client: typeof platformClient.ApiClient
  readonly analytics: InstanceType<typeof platformClient.AnalyticsApi>
  /** Moves the sandbox's clock. */
  pass(ms: number): void
}

/** Starts a sandbox with a clock that only the test moves, and logs Genesys's own client in. */
export async function startRig(options: Partial<GenesysSandboxOptions> = {}): Promise<Rig> {
  let ms = start
  const sandbox = await startGenesysSandbox({
    seed: 7,
    conversations: 60,
    now: () => new Date(ms),
    log: pino({ level: 'silent' }),
    requestsPerMinute: 100_000,
    ...options,
  })
  // The client's types know only its one shared instance; its class can be had from that.
  const client: Rig['client'] = Reflect.construct(platformClient.ApiClient.constructor, [])
  client.config.live_reload_config = false
  const { hostname, port } = new URL(sandbox.apiUrl)
  client.setGateway({ protocol: 'http', host: hostname, port: Number(port) })
  await client.loginClientCredentialsGrant(sandbox.clientId, sandbox.clientSecret)
  return {
    sandbox,
    client,
    analytics: new platformClient.AnalyticsApi(client),
    pass: by => {
      ms += by
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
}

export const interval = (from: number, to: number) => `${new Date(from).toISOString()}/${new Date(to).toISOString()}`

type Job = Parameters<Rig['analytics']['postAnalyticsConversationsDetailsJobs']>[0]

/** Runs a details job to its end and reads every page of it. */
export async function runJob({ analytics, pass }: Rig, body: Job, pageSize = 1000) {
  const { jobId = '' } = await analytics.postAnalyticsConversationsDetailsJobs(body)
  const states = [(await analytics.getAnalyticsConversationsDetailsJob(jobId)).state]
  pass(500)
  states.push((await analytics.getAnalyticsConversationsDetailsJob(jobId)).state)
  pass(500)
  states.push((await analytics.getAnalyticsConversationsDetailsJob(jobId)).state)
  const pages = []
  for (let cursor: string | undefined; ; ) {
    const page = await analytics.getAnalyticsConversationsDetailsJobResults(jobId, {
      pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    })
    pages.push(page)
    cursor = page.cursor
    if (cursor === undefined) break
  }
  return { jobId, states, pages, conversations: pages.flatMap(page => page.conversations ?? []) }
}

/** What the client rejects with, as the error body that Genesys documents. */
export async function errorOf(call: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await call
  } catch (error) {
    return Object(error)
  }
  throw new Error('expected an error')
}
