/** A payload in which what is undefined is left out, as JSON does. */
type Loose<T> = { readonly [K in keyof T]: T[K] | undefined }

/** Checks a payload against Genesys's own type of it. */
export const wire = <T extends object>(payload: Loose<T>): T =>
  // Sound once serialized: undefined properties are not sent.
  payload as T

/** As Genesys writes times: UTC with milliseconds. */
export const iso = (ms: number) => new Date(ms).toISOString()
