import { z } from 'zod'

/** The configuration of an account: these fields and the connector's own, nothing else. `example` is shown to operators. */
export const accountConfig = <Vendor extends string, Shape extends z.core.$ZodLooseShape>(
  vendor: Vendor,
  shape: Shape,
  example: Readonly<Record<string, unknown>>,
) =>
  z
    .strictObject({
      vendor: z.literal(vendor).describe('The vendor, which chooses the connector.'),
      account: accountName,
      ...shape,
    })
    .meta({ examples: [{ vendor, account: 'main', ...example }] })

const accountName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, {
    error: 'expected 1 to 63 letters, digits, ".", "_" or "-", beginning with a letter or digit',
  })
  .describe('Your own name for this account. Part of every id: choose it once and keep it.')

/** A value that is never shown: `vconduit` masks fields that are made by this. */
export const secret = (description: string) =>
  z
    .string({ error: 'expected a secret as text' })
    .min(1, { error: 'must not be empty' })
    .meta({ description, secret: true })

/** Whether a field was made by `secret`. */
export const isSecret = (schema: z.core.$ZodType): boolean => z.globalRegistry.get(schema)?.['secret'] === true

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

export interface DurationOptions {
  /** As an operator writes it: `10m`. Without it the field is required. */
  readonly default?: string
  /** Shortest and longest that are allowed, likewise. */
  readonly min?: string
  readonly max?: string
}

/** A duration as an operator writes it ("500ms", "30s", "10m", "6h", "2d"); the config holds milliseconds. */
export function duration(description: string, options: DurationOptions = {}) {
  const min = options.min === undefined ? 0 : requiredMs(options.min)
  const max = options.max === undefined ? Number.MAX_SAFE_INTEGER : requiredMs(options.max)
  const schema = z
    .string({ error: 'expected a duration with its unit, e.g. "30s", "10m", "6h" or "2d"' })
    .transform((text, context) => {
      const ms = durationMs(text)
      if (ms !== undefined && ms >= min && ms <= max) return ms
      const bounds = [options.min && `at least "${options.min}"`, options.max && `at most "${options.max}"`].filter(
        Boolean,
      )
      context.addIssue({
        code: 'custom',
        message:
          ms === undefined
            ? `"${text.slice(0, 40)}" is no duration; expected a whole number with ms, s, m, h or d, e.g. "10m"`
            : `"${text.slice(0, 40)}" is out of range; expected ${bounds.join(' and ')}`,
      })
      return z.NEVER
    })
  // The default is given as it would be written, so that it is documented and checked the same way.
  return (options.default === undefined ? schema : schema.prefault(options.default)).describe(description)
}

/** Milliseconds of "10m"; undefined if that is no duration. */
export function durationMs(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,12}) ?(ms|s|m|h|d)$/.exec(text.trim()) ?? []
  if (digits === '') return undefined
  const ms = Number(digits) * units[unit as keyof typeof units]
  return Number.isSafeInteger(ms) ? ms : undefined
}

function requiredMs(text: string): number {
  const ms = durationMs(text)
  if (ms === undefined) throw new RangeError(`"${text}" is no duration`)
  return ms
}

/** A base URL: https, or http to this machine; without credentials, query or fragment. The config holds it without a slash at its end. */
export const baseUrl = (description: string) =>
  z
    .string({ error: 'expected a URL' })
    .transform((text, context) => {
      const problem = urlProblem(text)
      if (problem === undefined) return text.replace(/\/+$/, '')
      context.addIssue({ code: 'custom', message: problem })
      return z.NEVER
    })
    .describe(description)

/** What is wrong with a base URL, for the operator; undefined if nothing is. */
export function urlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is no URL; expected e.g. "https://api.example.com"'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return 'must not hold a user or password'
  if (url.search !== '' || url.hash !== '') return 'must not hold a query or fragment'
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return undefined
  return `expected https, not ${url.protocol.replace(':', '')}: only this machine (localhost, 127.0.0.1) may be reached without encryption`
}

/** Whether a host name means this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || /^127(\.\d{1,3}){3}$/.test(hostname)
