import type { Analysis, Content, JsonValue, Vcon } from './model.ts'

/** Something that was said or written. */
export interface Turn {
  /** Unix milliseconds. */
  readonly at: number
  /** Index of the party; undefined if it is not known. */
  readonly party: number | undefined
  readonly text: string
  /** Said, as transcribed, or written. */
  readonly kind: 'utterance' | 'message'
}

/** A JSON object of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

export const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
export const number = (value: unknown) => (typeof value === 'number' ? value : undefined)
/** Unix milliseconds of a date; undefined if it is none. */
export function time(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

/** The JSON content of an element as an object: core-03 has it as a value, earlier drafts as a string. */
export function jsonBody({ body, encoding }: Content): Fields {
  if (isFields(body)) return body
  if (typeof body !== 'string' || encoding !== 'json') return {}
  try {
    const parsed: unknown = JSON.parse(body)
    return isFields(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

/** The objects in a list of a body. */
export const entries = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter((entry): entry is Fields => isFields(entry)) : []

/** The analyses whose schema has this name, in whatever version, with their bodies. */
export const analysesOf = (vcon: Vcon, format: string): readonly (readonly [Analysis, Fields])[] =>
  (vcon.analysis ?? [])
    .filter(({ schema }) => schema?.startsWith(`vconduit/${format}/`))
    .map(analysis => [analysis, jsonBody(analysis)] as const)

/** The first party of a dialog: who wrote it. */
function authorOf(parties: NonNullable<Vcon['dialog']>[number]['parties']): number | undefined {
  const first: unknown = Array.isArray(parties) ? parties[0] : parties
  return number(Array.isArray(first) ? first[0] : first)
}

/**
 * Everything that was said and written, in order: the entries of the `transcript` analyses and the text dialogs. What has
 * the same time keeps the order in which the vCon has it, transcripts first.
 */
export function turnsOf(vcon: Vcon): readonly Turn[] {
  const said = analysesOf(vcon, 'transcript').flatMap(([, body]) =>
    entries(body['utterances']).map(
      (utterance): Turn => ({
        at: time(utterance['occurredAt']) ?? 0,
        party: number(utterance['party']),
        text: text(utterance['text']) ?? '',
        kind: 'utterance',
      }),
    ),
  )
  const written = (vcon.dialog ?? []).flatMap(
    ({ type, start, parties, originator, body, encoding }): readonly Turn[] =>
      type === 'text' && typeof body === 'string' && encoding !== 'base64url'
        ? [{ at: time(start) ?? 0, party: originator ?? authorOf(parties), text: body, kind: 'message' }]
        : [],
  )
  return [...said, ...written].sort((a, b) => a.at - b.at)
}

/** A use of a tool. */
export interface ToolUse {
  /** Unix milliseconds. */
  readonly at: number
  readonly party: number | undefined
  readonly name: string
  /** Undefined if there were none. */
  readonly arguments: JsonValue | undefined
  readonly result: JsonValue | undefined
  /** What went wrong; undefined if nothing did. */
  readonly error: string | undefined
  readonly durationMs: number | undefined
}

/** Every use of a tool, in order. */
export const toolUsesOf = (vcon: Vcon): readonly ToolUse[] =>
  analysesOf(vcon, 'tool.call')
    .map(
      ([, body]): ToolUse => ({
        at: time(body['occurredAt']) ?? 0,
        party: number(body['party']),
        name: text(body['name']) ?? '',
        arguments: body['arguments'] as JsonValue | undefined,
        result: body['result'] as JsonValue | undefined,
        error:
          body['isError'] === true ? (text(body['errorMessage']) ?? text(body['errorType']) ?? 'failed') : undefined,
        durationMs: number(body['durationMs']),
      }),
    )
    .sort((a, b) => a.at - b.at)
