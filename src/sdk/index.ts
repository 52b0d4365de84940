/**
 * What the author of a connector uses. A connector is one folder, `connectors/<vendor>/`, and one line in
 * `connectors/registry.ts`:
 *
 * 1. `config.ts`: `accountConfig(vendor, fields, example)`, every field with a description.
 * 2. `read.ts`: an `Account`. One `createHttpClient` (with `clientCredentials` and a `createRateBudget`) for all slices;
 *    `read` yields batches with the cursor that is true once they are durable. Streams by time plan with `nextWindow`,
 *    lists page with `cursorPages`, `linkPages` or `numberedPages`. Payloads are the vendor's bytes, untouched.
 *    Vendors that post to us have `routes` instead, with `hmacVerifier` or `bearerVerifier`.
 * 3. `normalize.ts`: `normalizing(() => …)` around `parsePayload`, the `…At` getters and `timeAt`; facts by `event`.
 * 4. `fixtures/<case>/{raw,expected}.json`: real payloads and what they must become.
 * 5. `index.ts`: `defineConnector({ … })`; the test is one call of `connectorContract`.
 *
 * The contracts themselves are the comments of `src/core/connector.ts`.
 */
export type {
  Account,
  AccountConfig,
  Connector,
  PushReply,
  PushRequest,
  PushResult,
  RawInput,
  Route,
  Slice,
  SourceBatch,
} from '../core/connector.ts'
export { defineConnector } from '../core/connector.ts'
export type { Context } from '../core/context.ts'
export { configError, dataError, fatalError, isAbort, kindOf, retriableError, VconduitError } from '../core/errors.ts'
export type { Address, AliasRef, EventFact, EventFactOf, Fact, LinkFact, SectionInput } from '../core/fact.ts'
export { event } from '../core/fact.ts'
export type { ConversationRef } from '../core/ids.ts'
export { contentHashOf, sha256, uuidFrom } from '../core/ids.ts'
export type { Json } from '../core/json.ts'
export { canonicalJson } from '../core/json.ts'
export type { Outcome } from '../core/outcome.ts'
export { deadLetter, drop, emit } from '../core/outcome.ts'
export type { EventSections, EventType, RawRecord } from '../core/records.ts'
export * from './config.ts'
export * from './http.ts'
export * from './oauth.ts'
export * from './paging.ts'
export * from './payload.ts'
export * from './rate-budget.ts'
export * from './signatures.ts'
export * from './time.ts'
export * from './timer.ts'
export * from './windows.ts'
