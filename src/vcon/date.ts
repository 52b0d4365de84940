import type { VconDate } from './model.ts'

const first = Date.parse('0000-01-01T00:00:00Z')
const last = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * A time in Unix milliseconds as a vCon writes it: UTC, and no fraction of a second that is zero (RFC 8620 §1.4). RFC 3339
 * has four digits for the year: what is before 0000 or after 9999 becomes the first or last millisecond that it can say.
 */
export function vconDate(ms: number): VconDate {
  const text = new Date(Math.min(Math.max(ms, first), last)).toISOString()
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : text
}
