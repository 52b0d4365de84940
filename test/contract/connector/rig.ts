/** A request that the vendor's sandbox has answered. */
export interface SeenRequest {
  readonly path: string
  readonly status: number
  /** When it arrived, Unix milliseconds of the real clock. */
  readonly at: number
}

/** What the vendor's sandbox does wrong on demand; counts are of the next requests to its API. */
export interface Faults {
  rateLimitNext(requests: number, retryAfterSeconds: number): void
  failNext(requests: number, status: number): void
  /** Cuts replies in mid-body. */
  cutNext(requests: number): void
  delayNext(requests: number, ms: number): void
  /** Refuses the credentials, and every token given out before, until they are restored. */
  revokeCredentials(): void
  restoreCredentials(): void
}

/** A vendor's sandbox that serves a handful of records, all of them visible to one read from the beginning. */
export interface RunningRig {
  /** The account's configuration as an operator would write it; the suite parses it. */
  readonly config: Readonly<Record<string, unknown>>
  /** `stream/key` of every raw record that the vendor serves. */
  expectedKeys(): ReadonlySet<string>
  readonly faults: Faults
  requests(): readonly SeenRequest[]
  close(): Promise<void>
}

/** What a connector that pulls brings to the suite. */
export interface ConnectorRig {
  /** The suite starts one for every check. `empty`: the vendor has no records at all. */
  start(options?: { readonly empty?: boolean }): Promise<RunningRig>
}
