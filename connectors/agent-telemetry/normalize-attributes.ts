import { type Json, parsePayload } from '../../src/sdk/index.ts'
import type { Attributes } from './otlp.ts'

/** The first of these attributes that holds a text that is not blank, or a number. */
export function textOf(attributes: Attributes, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = attributes.get(name)
    if (typeof value === 'string' && value.trim() !== '') return value
    if (typeof value === 'number') return String(value)
  }
  return undefined
}

/** The first of these attributes that holds a number, or its decimal digits. */
export function numberOf(attributes: Attributes, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = attributes.get(name)
    const number = typeof value === 'string' && /^-?\d{1,15}(\.\d+)?$/.test(value) ? Number(value) : value
    if (typeof number === 'number') return number
  }
  return undefined
}

/** The first of these attributes that holds a count: a whole number that is not negative, or its digits. */
export function countOf(attributes: Attributes, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = attributes.get(name)
    const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
    if (Number.isSafeInteger(count) && (count as number) >= 0) return count as number
  }
  return undefined
}

/** The first of these attributes that is there, JSON in a text decoded: spans may carry structures only as text. */
export function jsonOf(attributes: Attributes, ...names: readonly string[]): Json | undefined {
  for (const name of names) {
    const value = attributes.get(name)
    if (value !== undefined && value !== null && value !== '') return decoded(value)
  }
  return undefined
}

/** What a text means if it is a JSON object or array; any other text, and anything else, is itself. */
export const decoded = (value: Json): Json => parsedIf(/^\s*[[{]/, value)

/**
 * A value as the log keeps it: JSON text. What is JSON already, be it a text in quotes, stays what it is; any other text
 * becomes a JSON string.
 */
export const jsonText = (value: Json): string => JSON.stringify(parsedIf(/^\s*[[{"]/, value))

function parsedIf(begin: RegExp, value: Json): Json {
  if (typeof value !== 'string' || !begin.test(value)) return value
  try {
    return parsePayload(Buffer.from(value)) as Json
  } catch {
    // No JSON after all, or nested too deep to be walked: the text itself.
    return value
  }
}

interface Branch {
  readonly children: Map<string, Branch>
  value?: Json
}

/**
 * The list that flattened attributes stand for: `llm.input_messages.0.message.role` and the like. Numbers in the names
 * are places in lists, in their order; places that are missing are not filled.
 */
export function listUnder(attributes: Attributes, prefix: string): readonly Json[] {
  const root: Branch = { children: new Map() }
  for (const [name, value] of attributes) {
    if (!name.startsWith(`${prefix}.`)) continue
    const steps = name.slice(prefix.length + 1).split('.')
    if (steps.length > maxSteps || !isPlace(steps[0] ?? '')) continue
    let branch = root
    for (const step of steps) {
      const next: Branch = branch.children.get(step) ?? { children: new Map() }
      branch.children.set(step, next)
      branch = next
    }
    branch.value = value
  }
  const list = grown(root)
  return Array.isArray(list) ? (list as readonly Json[]) : []
}

const maxSteps = 32
const isPlace = (step: string) => /^\d{1,9}$/.test(step)

function grown({ children, value }: Branch): Json {
  if (children.size === 0) return value ?? null
  const entries = [...children]
  if (entries.every(([step]) => isPlace(step)))
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => grown(child))
  return Object.fromEntries(entries.map(([step, child]) => [step, grown(child)]))
}
