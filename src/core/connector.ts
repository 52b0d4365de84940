import type { z } from 'zod'
import type { Context } from './context.ts'
import type { Fact } from './fact.ts'
import type { Json } from './json.ts'
import type { Outcome } from './outcome.ts'
import type { RawRecord } from './records.ts'

/** What every connector's configuration has. */
export interface AccountConfig {
  readonly vendor: string
  readonly account: string
}

/** A raw record as a connector hands it over; vendor, account and hash are filled in by the ingest stage. */
export interface RawInput
  extends Omit<RawRecord, 'vendor' | 'account' | 'hash' | 'conversationKey' | 'version' | 'context'> {
  readonly conversationKey?: string
  readonly version?: number
  readonly context?: string
}

/** An independent unit of pulling with a cursor of its own. `id` is stable across restarts. */
export interface Slice {
  readonly stream: string
  readonly id: string
}

/** `cursor` is where to resume once, and only once, `records` are durable. An empty batch may still move the cursor. */
export interface SourceBatch<C> {
  readonly records: readonly RawInput[]
  readonly cursor: C
}

/** One account at a vendor, with what its slices share: token, rate budget, name caches. Making it does no I/O. */
export interface Account<Cursor extends Json> {
  /** Proves credentials and permissions with the cheapest call; throws a `config` error that names the fix. */
  check(ctx: Context): Promise<void>
  /** The slices as of now; asked again now and then, as new ones may appear. */
  slices(ctx: Context): Promise<readonly Slice[]>
  /**
   * Reads on from `from` (undefined: from the configured beginning). Ends when it has caught up with the vendor; the
   * runtime calls it again after a pause. May be called again from the same cursor: at least once. Waits out `retriable`
   * errors itself or throws them: the runtime then waits and calls it again from the last durable cursor.
   * Settles within a second of `ctx.signal` aborting.
   */
  read(slice: Slice, from: Cursor | undefined, ctx: Context): AsyncIterable<SourceBatch<Cursor>>
  /** How long the runtime pauses after `read` ended, milliseconds. */
  readonly pollIntervalMs: number
}

export interface PushRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** As sent, for signatures. */
  readonly rawBody: Buffer
  /** After content-encoding. */
  readonly body: Buffer
  /** When it arrived. */
  readonly receivedAt: Date
}

export interface PushReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

/** What to do with a pushed request: `reply` is sent only once `records` are durable. */
export interface PushResult {
  readonly records: readonly RawInput[]
  readonly reply: PushReply
}

/** A path that a vendor or an agent posts to. */
export interface Route {
  /** Absolute path, e.g. `/v1/traces`. Several accounts may share it: the first whose `handle` does not return undefined has it. */
  readonly path: string
  /** Largest body after content-encoding, bytes; larger ones get 413. */
  readonly maxBytes: number
  /** Pure but for the clock. Undefined: the caller is not ours (its token or signature is not this account's). */
  handle(request: PushRequest): PushResult | undefined
  /** The body of an error reply in the protocol's own form, for 401, 413, 429 and 503. */
  refuse(status: number, message: string, request: Pick<PushRequest, 'headers'>): PushReply
}

/**
 * The code for one vendor. Every connector of `connectors/registry.ts` passes `test/contract/connector.ts`.
 * `Config` and `Cursor` are the types that its schemas parse.
 */
export interface Connector<Config extends AccountConfig = AccountConfig, Cursor extends Json = Json> {
  /** Lower-case with dashes: names the folder, the topic `raw.<vendor>` and the configuration. */
  readonly vendor: string
  /** The vendor's name for people. */
  readonly title: string
  /** Every field has a description (`.describe`) and, where it can, a default; unknown keys are refused. */
  readonly config: z.ZodType<Config>
  readonly cursor: z.ZodType<Cursor>
  /** For vendors that are asked. */
  open?(config: Config): Account<Cursor>
  /** For vendors and agents that post to us. */
  routes?(config: Config): readonly Route[]
  /** Pure and total: the same raw record gives the same outcome, and no bytes make it throw. */
  normalize(record: RawRecord, config: Config | undefined): Outcome<Fact>
}

/** Checks a connector against its own config and cursor types, then forgets them: the registry holds all kinds. */
export const defineConnector = <Config extends AccountConfig, Cursor extends Json>(
  connector: Connector<Config, Cursor>,
): Connector =>
  // Sound: the runtime hands a connector only what its own schemas parsed.
  connector as unknown as Connector
