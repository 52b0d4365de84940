/** The first backoff waits up to this long, milliseconds; each further one up to twice as long as the one before. */
const baseMs = 250
/** No backoff is longer, milliseconds. */
const capMs = 60_000
/** A longer Retry-After is cut to a day: a typo at the vendor must not silence a connector for a year. */
const longestRetryAfterMs = 24 * 3_600_000

/** Full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): evenly between 0 and the capped exponential. */
export const backoffMs = (failures: number, random: () => number): number =>
  random() * Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 16))

/**
 * How long the other side asked us to wait, milliseconds; undefined if it did not say so legibly. Seconds or an HTTP date
 * (RFC 9110 §10.2.3); a date counts from the reply's own Date where there is one, so that skewed clocks do no harm.
 */
export function retryAfterMs(
  headers: Readonly<Record<string, string | undefined>>,
  now: () => Date,
): number | undefined {
  const value = headers['retry-after']?.trim()
  if (value === undefined || value === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Math.min(Number(value) * 1000, longestRetryAfterMs)
  const until = httpDate(value)
  if (until === undefined) return undefined
  const from = httpDate(headers['date'] ?? '') ?? now().getTime()
  return Math.min(Math.max(0, until - from), longestRetryAfterMs)
}

function httpDate(value: string): number | undefined {
  // All three forms of RFC 9110 §5.6.7 begin with the day's name; anything else is not a date but noise that Date.parse guesses at.
  if (!/^[A-Za-z]{3,9},? /.test(value)) return undefined
  const parsed = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`)
  return Number.isNaN(parsed) ? undefined : parsed
}
