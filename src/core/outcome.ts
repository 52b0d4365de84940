/** What became of one input record. Exceptions are for "stop" and "try again"; a bad record is a value. */
export type Outcome<T> =
  | { readonly kind: 'emit'; readonly records: readonly T[] }
  /** Nothing to emit, by intent. Counted by reason, never silent; `reason` is kebab-case with few values. */
  | { readonly kind: 'drop'; readonly reason: string }
  /** `code` is kebab-case; `reason` is for a person and never contains the payload. */
  | { readonly kind: 'deadLetter'; readonly code: string; readonly reason: string; readonly error?: unknown }

export const emit = <T>(...records: readonly T[]): Outcome<T> => ({ kind: 'emit', records })
export const drop = (reason: string): Outcome<never> => ({ kind: 'drop', reason })
export const deadLetter = (code: string, reason: string, error?: unknown): Outcome<never> =>
  error === undefined ? { kind: 'deadLetter', code, reason } : { kind: 'deadLetter', code, reason, error }
