import { type Context, contentHashOf, objectAt, type RawInput, VconduitError } from '../../src/sdk/index.ts'
import type { Client } from './client.ts'
import type { GenesysConfig } from './config.ts'
import { writeContext } from './context.ts'
import { type Conversation, readConversation } from './conversation.ts'
import type { Pass } from './cursor.ts'
import type { Fields } from './fields.ts'
import { mapInOrder } from './in-order.ts'
import { idsIn, type NameCache } from './names.ts'
import { type PageEntry, readPage, runJob } from './read-job.ts'
import type { RelatedReader } from './read-related.ts'

export interface PassDeps {
  readonly client: Client
  readonly config: GenesysConfig
  readonly names: NameCache
  readonly related: RelatedReader
}

/** A conversation of a pass, when it is in a batch. */
export interface Reading {
  readonly id: string
  /** Hash of its details, with `+` if all that belongs to it was found. */
  readonly mark: string
}

/** What a pass has done when a batch is durable. `next` is null when it has done everything. */
export interface PassStep {
  readonly records: readonly RawInput[]
  readonly read: readonly Reading[]
  readonly next: Pass | null
}

/**
 * Reads every conversation whose lifetime overlaps a span, with all that belongs to it: a job, its pages, and page by page
 * a few conversations at a time. Resumes an earlier pass where it stood if Genesys still has its job, else begins anew.
 * `isKnown` tells of conversations that need not be read, by the hash of their details.
 */
export async function* readPass(
  deps: PassDeps,
  span: { readonly from: number; readonly to: number },
  resumed: Pass | null,
  isKnown: (id: string, hash: string) => Reading | undefined,
  ctx: Context,
): AsyncGenerator<PassStep, void, undefined> {
  const { client, config } = deps
  let pass = resumed
  if (pass === null) {
    pass = await runJob(client, span.from, span.to, ctx)
    yield { records: [], read: [], next: pass }
  }
  for (;;) {
    const page = await readPage(client, pass, config.pageSize, ctx)
    if (page === undefined) {
      pass = await runJob(client, pass.from, pass.to, ctx)
      yield { records: [], read: [], next: pass }
      continue
    }
    const { entries, next } = page
    const following: Pass | null = next === null ? null : { ...pass, page: next, done: 0 }
    // Steps are small, so that a crash repeats little, and large enough to keep requests under way.
    const chunk = 4 * config.parallelRequests
    let done = pass.done
    do {
      const { records, read } = await readEntries(
        deps,
        entries.slice(done, done + chunk),
        pass.observedAt,
        isKnown,
        ctx,
      )
      done += chunk
      yield { records, read, next: done < entries.length ? { ...pass, done } : following }
    } while (done < entries.length)
    if (following === null) return
    pass = following
  }
}

interface Entry {
  readonly bytes: Buffer
  /** Undefined if the details cannot be used: they go to the log as they are, and normalizing says what is wrong. */
  readonly conversation: Conversation | undefined
  readonly hash: string
}

async function readEntries(
  deps: PassDeps,
  entries: readonly PageEntry[],
  observedAt: number,
  isKnown: (id: string, hash: string) => Reading | undefined,
  ctx: Context,
): Promise<{ readonly records: readonly RawInput[]; readonly read: readonly Reading[] }> {
  const all = entries.map(entryOf)
  const skipped = all.map(({ conversation, hash }) => conversation && isKnown(conversation.id, hash))
  const fresh = all.filter((_entry, index) => skipped[index] === undefined)
  await deps.names.resolve(idsIn(fresh.flatMap<Fields>(({ conversation }) => conversation?.fields ?? [])), ctx)
  const results = await mapInOrder(fresh, deps.config.parallelRequests, entry =>
    readEntry(deps, entry, observedAt, ctx),
  )
  return {
    records: results.flatMap(({ records }) => records),
    read: [...skipped.flatMap(reading => reading ?? []), ...results.flatMap(({ reading }) => reading ?? [])],
  }
}

function entryOf({ bytes, fields }: PageEntry): Entry {
  const hash = contentHashOf(bytes).slice(0, 16)
  try {
    return { bytes, hash, conversation: readConversation(objectAt(fields) ?? {}) }
  } catch (error) {
    if (error instanceof VconduitError && error.kind === 'data') return { bytes, hash, conversation: undefined }
    throw error
  }
}

async function readEntry(
  { related, names }: PassDeps,
  { bytes, conversation, hash }: Entry,
  observedAt: number,
  ctx: Context,
): Promise<{ readonly records: readonly RawInput[]; readonly reading?: Reading }> {
  const base = { stream: 'conversation-details', observedAt, contentType: 'application/json', payload: bytes }
  if (conversation === undefined) return { records: [{ ...base, key: `unusable/${hash}` }] }
  const { id } = conversation
  const belonging = await related.read(conversation, ctx)
  const context = writeContext({ ...names.known(idsIn([conversation.fields])), readInFull: belonging.readInFull })
  return {
    records: [{ ...base, key: id, conversationKey: id, context }, ...belonging.records],
    reading: { id, mark: belonging.complete ? `${hash}+` : hash },
  }
}
