import { dataError } from '../core/errors.ts'
import { at, type Path } from './payload.ts'

/** How a vendor writes times: ISO 8601 text, or a count since 1970. */
export type TimeUnit = 'iso' | 's' | 'ms' | 'us' | 'ns'

/** Times outside are mistakes of somebody's clock or unit, Unix milliseconds: 1990 up to 2100. */
export const plausibleTimes = { from: Date.UTC(1990, 0), to: Date.UTC(2100, 0) } as const

/**
 * A time in Unix milliseconds, finer digits cut off; undefined for null, undefined and blank text. Counts may be numbers,
 * bigints or digits as text. Throws a `data` error `implausible-time` for anything else and for times before 1990 or from
 * 2100 on; `what` names the field in it. Use it inside `normalizing`.
 */
export function parseTime(value: unknown, unit: TimeUnit, what: string): number | undefined {
  if (value === null || value === undefined || (typeof value === 'string' && value.trim() === '')) return undefined
  const ms = unit === 'iso' ? isoMs(value) : countMs(value, unit)
  if (ms === undefined) throw dataError('implausible-time', `reading ${what}: no time (expected ${formOf(unit)})`)
  if (ms < plausibleTimes.from || ms >= plausibleTimes.to)
    throw dataError('implausible-time', `reading ${what}: a time outside 1990 to 2100 (expected ${formOf(unit)})`)
  return ms
}

/** The time at a path of unknown JSON, as `parseTime` reads it. */
export const timeAt = (value: unknown, unit: TimeUnit, ...path: Path): number | undefined =>
  parseTime(at(value, ...path), unit, path.join('.'))

const formOf = (unit: TimeUnit) => (unit === 'iso' ? 'ISO 8601' : `${unit} since 1970`)

const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?([.,]\d{1,12})?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i

/** How most vendors write it; Date.parse reads this as it is. */
const usualIso = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

function isoMs(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  const ms = Date.parse(usualIso.test(value) ? value : usualForm(value))
  return Number.isNaN(ms) ? undefined : ms
}

/** Empty if it is no ISO time. */
function usualForm(text: string): string {
  const [, date, minutes = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = iso.exec(text.trim()) ?? []
  if (date === undefined) return ''
  const millis = `.${fraction.slice(1, 4).padEnd(3, '0')}`
  // Date.parse takes a zoneless time as local: a record must not mean something else on another machine.
  return `${date}T${minutes}${seconds}${millis}${zoneOf(zone)}`
}

function zoneOf(zone: string): string {
  if (zone.toUpperCase() === 'Z') return 'Z'
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  return `${zone.charAt(0)}${digits.slice(0, 2)}:${digits.slice(2)}`
}

const perMs = { us: 1000n, ns: 1_000_000n } as const

function countMs(value: unknown, unit: Exclude<TimeUnit, 'iso'>): number | undefined {
  if (typeof value === 'number' || (typeof value === 'string' && (unit === 's' || unit === 'ms'))) {
    const count =
      typeof value === 'number' ? value : /^\s*\d{1,16}(\.\d+)?\s*$/.test(value) ? Number(value) : Number.NaN
    const ms = unit === 's' ? count * 1000 : unit === 'ms' ? count : count / Number(perMs[unit])
    return Number.isFinite(ms) ? Math.floor(ms + 1e-6) : undefined
  }
  // Nanoseconds do not fit into a number exactly: as text they are divided as whole numbers.
  const count =
    typeof value === 'bigint'
      ? value
      : typeof value === 'string' && /^\d{1,24}$/.test(value)
        ? BigInt(value)
        : undefined
  if (count === undefined) return undefined
  if (unit === 's') return Number(count) * 1000
  return unit === 'ms' ? Number(count) : Number(count / perMs[unit])
}
