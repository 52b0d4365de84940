import { z } from 'zod'
import { accountConfig, baseUrl, secret } from '../../src/sdk/index.ts'

/** Default of `environment`: the Americas (US East). */
const defaultEnvironment = 'mypurecloud.com'

const flag = (description: string) => z.boolean().default(true).describe(description)

/** What an operator configures for one Genesys Cloud organization. */
export const genesysConfig = accountConfig(
  'genesys-cloud',
  {
    environment: z
      .string()
      .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, { error: 'expected a domain like "mypurecloud.com" or "euw2.pure.cloud"' })
      .default(defaultEnvironment)
      .describe('Domain of your Genesys Cloud region, as in your login address. See the README for the list.'),
    apiUrl: baseUrl('Base URL of the API, if not https://api.<environment>: a proxy or a sandbox.').optional(),
    loginUrl: baseUrl('Base URL of the login, if not https://login.<environment>: a proxy or a sandbox.').optional(),
    clientId: z.string().min(1).describe('Id of an OAuth client with the grant "Client Credentials".'),
    clientSecret: secret('Secret of that OAuth client.'),
    since: z.iso
      .datetime({ offset: true, error: 'expected a time in ISO 8601, e.g. "2026-01-01T00:00:00Z"' })
      .optional()
      .describe('Conversations that ended before this time are not read. Default: rereadDays before the first start.'),
    requestsPerMinute: z
      .int()
      .min(10)
      .max(100_000)
      .default(300)
      .describe(
        'Requests per minute that all streams together may make. Genesys allows a client 300 unless it raised that.',
      ),
    windowMinutes: z
      .int()
      .min(1)
      .max(1440)
      .default(60)
      .describe('Conversations are asked for in windows of this length, which must divide a day.')
      .refine(minutes => 1440 % minutes === 0, {
        error: 'must divide a day: 5, 10, 15, 30, 60, 120, 180, 240, 360, 720 or 1440',
      }),
    rereadAfterSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(900)
      .describe(
        'A window is read again this long after it was first read, then after four times as long each, for late wrap-ups, evaluations, surveys, transcripts and deletions.',
      ),
    rereadDays: z
      .int()
      .min(1)
      .max(90)
      .default(14)
      .describe('Windows are read again until they are this old, and a last time then.'),
    pollSeconds: z.int().min(1).max(3600).default(60).describe('Pause between two looks for new conversations.'),
    pageSize: z
      .int()
      .min(1)
      .max(1000)
      .default(100)
      .describe('Conversations per page; larger pages need more memory and fewer requests.'),
    parallelRequests: z
      .int()
      .min(1)
      .max(64)
      .default(8)
      .describe('Requests that one window has in flight at once, within requestsPerMinute.'),
    transcripts: flag('Whether speech transcripts are read.'),
    messages: flag('Whether the messages of chats, messaging and e-mails are read.'),
    recordings: flag('Whether metadata of recordings is read.'),
    evaluations: flag('Whether quality evaluations are read in full, with their answers.'),
    surveys: flag('Whether surveys are read in full, with their answers.'),
    speechAnalytics: flag('Whether sentiment of conversations is read.'),
    summaries: flag('Whether summaries of conversations are read.'),
    botTurns: z
      .enum(['dialogue', 'steps', 'off'])
      .default('dialogue')
      .describe(
        'Turns of bot flows: "dialogue" tells what was said and done, "steps" only what was done (if recordings or transcripts hold the bot\'s part as well), "off" reads none.',
      ),
  },
  { clientId: '9a2c1f3e-0000-4000-8000-000000000000', clientSecret: 'the secret of that client' },
)

export type GenesysConfig = z.infer<typeof genesysConfig>
