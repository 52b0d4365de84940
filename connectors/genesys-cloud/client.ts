import {
  type Context,
  clientCredentials,
  createHttpClient,
  createRateBudget,
  type HttpClient,
  parseTime,
  textAt,
} from '../../src/sdk/index.ts'
import type { GenesysConfig } from './config.ts'

/** What an OAuth client needs for a stream; named where Genesys refuses a call. */
export type Permission = keyof typeof permissions

/** Permissions of Genesys Cloud by what they are needed for. */
export const permissions = {
  details: 'analytics:conversationDetail:view',
  transcripts: 'speechAndTextAnalytics:data:view and recording:recording:view',
  recordings: 'recording:recording:view',
  evaluations: 'quality:evaluation:view',
  surveys: 'quality:survey:view',
  summaries: 'conversation:summary:view',
  botTurns: 'analytics:botFlowReportingTurn:view',
  flows: 'architect:flow:view',
  queues: 'routing:queue:view',
  users: 'directory:user:view',
  wrapUpCodes: 'routing:wrapupCode:view',
} as const

export const fixFor = (permission: Permission, toggle?: string) =>
  `give the role of the OAuth client ${permissions[permission]}${toggle === undefined ? '' : `, or set ${toggle} in the configuration`}`

/** The calls that all slices of an account share. */
export interface Client {
  readonly http: HttpClient
  /** For signed links, which carry their own authorization, are refused beside ours, and cost nothing of the budget. */
  readonly links: HttpClient
  /** Up to when Genesys's data lake is complete, Unix milliseconds: not past now. What was asked a moment ago is kept. */
  availability(ctx: Context): Promise<number>
}

export function createClient(config: GenesysConfig): Client {
  const { account, environment } = config
  const login = createHttpClient({ baseUrl: config.loginUrl ?? `https://login.${environment}`, account })
  const baseUrl = config.apiUrl ?? `https://api.${environment}`
  const http = createHttpClient({
    baseUrl,
    account,
    authorizer: clientCredentials({
      http: login,
      tokenUrl: '/oauth/token',
      clientId: config.clientId,
      clientSecret: config.clientSecret,
      account,
      fix: 'check clientId, clientSecret and environment; the client needs the grant "Client Credentials"',
    }),
    budget: createRateBudget({ requestsPerMinute: config.requestsPerMinute }),
  })
  const maxAgeMs = config.pollSeconds * 500
  let known: { readonly at: number; readonly watermark: number } | undefined

  return {
    http,
    links: createHttpClient({ baseUrl, account }),
    async availability(ctx) {
      const now = ctx.now().getTime()
      if (known !== undefined && now - known.at <= maxAgeMs) return known.watermark
      const what = 'asking how far conversation details are available'
      const reply = await http.json(
        { what, url: '/api/v2/analytics/conversations/details/jobs/availability', fix: fixFor('details') },
        ctx,
      )
      const watermark = parseTime(textAt(reply.value, 'dataAvailabilityDate'), 'iso', 'dataAvailabilityDate')
      // A date in the future would promise what cannot be known yet.
      known = { at: now, watermark: Math.min(watermark ?? 0, now) }
      return known.watermark
    },
  }
}
