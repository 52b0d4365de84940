import { dataError } from '../core/errors.ts'
import type { EventFact } from '../core/fact.ts'
import type { EventSections, EventType } from '../core/records.ts'

/** The largest whole number that the Avro library gives back as it was given, positive or negative. */
const maxLong = 2 ** 52

const isTooLarge = (value: unknown) => typeof value === 'number' && Math.abs(value) > maxLong

/** The optional fields of type long in `schemas/avro/event.avsc`, but for those of attachments. */
const optionalLongs: { readonly [T in EventType]?: readonly (keyof EventSections[T] & string)[] } = {
  'conversation.ended': ['durationMs'],
  'party.left': ['durationMs'],
  'queue.left': ['durationMs'],
  'hold.ended': ['durationMs'],
  utterance: ['offsetMs', 'durationMs'],
  recording: ['durationMs', 'sizeBytes'],
  disposition: ['durationMs'],
  sentiment: ['durationMs'],
  survey: ['promoterScore'],
  'reasoning.step': ['inputTokens', 'outputTokens', 'cachedInputTokens', 'reasoningTokens'],
  'consent.signal': ['expiresAt'],
}

/** A required number of a fact. Throws `number-too-large`, of kind `data`, if it would not come back from the log as it is. */
export function carried(field: string, value: number): number {
  if (isTooLarge(value)) throw dataError('number-too-large', `completing a fact: ${field} is beyond ±2^52`)
  return value
}

/**
 * The section of a fact as the log carries it: an optional number that would not come back as it is is left out. Throws
 * `number-too-large` if it is a required one.
 */
export function carriedSection(fact: EventFact): EventFact['section'] {
  let section = fact.section
  // Sound: only looked into.
  const fields = section as Readonly<Record<string, unknown>>
  for (const field of optionalLongs[fact.type] ?? [])
    if (isTooLarge(fields[field])) section = { ...section, [field]: null }
  if (fact.type === 'utterance')
    for (const { offsetMs, durationMs } of fact.section.words ?? []) {
      carried('words.offsetMs', offsetMs)
      carried('words.durationMs', durationMs)
    }
  if (fact.type === 'message' && fact.section.attachments?.some(({ sizeBytes }) => isTooLarge(sizeBytes))) {
    const attachments = fact.section.attachments.map(attachment =>
      isTooLarge(attachment.sizeBytes) ? { ...attachment, sizeBytes: null } : attachment,
    )
    return { ...fact.section, attachments }
  }
  return section
}
