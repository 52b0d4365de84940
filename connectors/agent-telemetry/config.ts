import { z } from 'zod'
import { accountConfig, secret } from '../../src/sdk/index.ts'

const name = (description: string) =>
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, {
      error: 'expected 1 to 63 letters, digits, ".", "_" or "-", beginning with a letter or digit',
    })
    .describe(description)

const conversation = z
  .strictObject({
    vendor: name('The vendor that hosts the conversations, e.g. genesys-cloud.'),
    account: name('Your name of the account at that vendor, as in the configuration of its connector.'),
  })
  .optional()
  .describe(
    'Whose conversation id the agent reports as gen_ai.conversation.id: its trace then becomes part of that conversation. ' +
      'Left out: the conversations are the agent’s own.',
  )

const source = z
  .strictObject({
    name: name('Your own name of the agent or service that sends. Names the agent where a span does not.'),
    token: secret(
      'What the agent sends as "Authorization: Bearer <token>". At least 8 characters, one for each source.',
    ).min(8, {
      error: 'expected at least 8 characters',
    }),
    conversation,
    messages: z
      .boolean()
      .default(true)
      .describe(
        'Whether the messages that the agent reports become messages of the conversation. Set it to false where the ' +
          'transcript of the vendor already has them.',
      ),
  })
  .describe('An agent or service that sends its telemetry.')

/** The configuration of the agent telemetry connector. */
export const config = accountConfig(
  'agent-telemetry',
  {
    sources: z
      .array(source)
      .min(1)
      .superRefine((sources, context) => {
        for (const field of ['name', 'token'] as const)
          for (const [index, { [field]: value }] of sources.entries())
            if (sources.findIndex(other => other[field] === value) < index)
              context.addIssue({
                code: 'custom',
                path: [index, field],
                message: `must differ from every other ${field}`,
              })
      })
      .describe('Who may send telemetry.'),
    maxRequestBytes: z
      .int()
      .min(1024)
      .max(32 * 1024 * 1024)
      .default(4 * 1024 * 1024)
      .describe('Largest request after decompression, bytes; larger ones are refused with 413.'),
  },
  {
    sources: [
      { name: 'support-bot', token: 'a-long-random-token', conversation: { vendor: 'genesys-cloud', account: 'main' } },
    ],
  },
)

export type AgentTelemetryConfig = z.output<typeof config>

/** A source as configured. */
export type Source = AgentTelemetryConfig['sources'][number]
