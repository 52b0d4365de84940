import { contentHashOf } from '../core/ids.ts'
import type { Codec, LogRecord } from '../core/log.ts'
import type { ConversationEvent, Uncorrelated } from '../core/records.ts'
import type { State } from '../core/state.ts'
import { conversationFields, targetOf } from './complete-event.ts'
import { type KnownEvent, type KnownLink, learnLink, learnObservation, place, type Scope } from './correlation.ts'
import {
  createScopeStore,
  type Outbox,
  type ScopeDelivery,
  type ScopeHead,
  scopeHashOf,
  sizeOf,
} from './scope-store.ts'

/** How long and how much the correlate stage remembers. */
export interface CorrelateSettings {
  /** How long an event waits for a link before it goes to its fallback conversation, milliseconds. */
  readonly waitMs: number
  /**
   * How long after its last news a scope is forgotten, milliseconds; longer than `waitMs`. A link that comes later finds
   * nothing to move; an event that comes later waits for links of its own.
   */
  readonly keepMs: number
  /** A scope that grows beyond this is released, and its events are forgotten: later links no longer move them. Bytes. */
  readonly maxScopeBytes: number
  /** Beyond this the scopes of a partition without news for the longest time are released and forgotten. Bytes. */
  readonly maxPartitionBytes: number
  /** How often the clock is looked at, milliseconds. */
  readonly tickMs: number
}

/** An uncorrelated record, and its event in a form that can be looked into. */
export interface CorrelateInput {
  readonly record: Uncorrelated
  readonly event: ConversationEvent | undefined
}

/** How far a partition is delivered: everything before this decision, and of its deliveries the first ones. */
export interface Delivered {
  readonly decision: number
  readonly count: number
}

/** One partition of `uncorrelated`: what is known of its scopes, durably. One loop calls it, one call at a time. */
export interface CorrelatePartition {
  /**
   * Learns what the records say and decides what follows; resolves when that is durable. Learning the same again decides
   * nothing. The caller then delivers.
   */
  learn(inputs: readonly CorrelateInput[]): Promise<void>
  /** Decides what time alone decides. False: there is nothing to do now. True: deliver, and call again. */
  age(): Promise<boolean>
  /**
   * Hands what is decided and not delivered yet to `append`, in portions of a few megabytes, each with how far the partition
   * is delivered then: whoever makes both durable in one step delivers nothing twice. Returns how many.
   */
  deliver(append: (records: readonly LogRecord[], delivered: Delivered) => Promise<void>): Promise<number>
  /** How many events wait for a link or for their delivery. */
  waiting(): number
}

export interface CorrelatePartitionDeps {
  readonly state: State
  readonly event: Codec<ConversationEvent>
  readonly settings: CorrelateSettings
  readonly now: () => Date
  /** How far the last run delivered; undefined if nobody knows. */
  readonly delivered: Delivered | undefined
}

/** How much is released or delivered in one go, bytes. */
const portionBytes = 8 * 1024 * 1024

interface Touched {
  readonly scope: Scope
  readonly links: Set<KnownLink>
  readonly events: Set<KnownEvent>
  readonly bodies: { readonly eventId: string; readonly observation: string; readonly body: Buffer }[]
}

/**
 * Decisions are made durable before they are delivered, and delivered before anything else is decided. So a crash never
 * leaves a delivery that no later decision knows of and would retract; the next run delivers the rest of the last decision.
 */
export function openCorrelatePartition(deps: CorrelatePartitionDeps): CorrelatePartition {
  const { settings, now } = deps
  const store = createScopeStore(deps.state)
  const heads = store.heads()
  const last = store.outbox()
  let delivered = deps.delivered?.decision === last.decision ? deps.delivered.count : 0
  // A state that is younger than the log, as it was lost, must not count again what the log has counted.
  let outbox: Outbox = { ...last, decision: Math.max(last.decision, deps.delivered?.decision ?? 0) }
  let totalBytes = [...heads.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

  const setHead = (hash: string, head: ScopeHead | undefined) => {
    totalBytes += (head?.sizeBytes ?? 0) - (heads.get(hash)?.sizeBytes ?? 0)
    if (head === undefined) heads.delete(hash)
    else heads.set(hash, head)
  }

  const touch = (hash: string): Touched => ({
    scope: store.load(hash, heads.get(hash)?.released ?? false),
    links: new Set(),
    events: new Set(),
    bodies: [],
  })

  /** Places the events of the scopes, and keeps what was learnt and decided. */
  async function decide(scopes: ReadonlyMap<string, Touched>): Promise<void> {
    const at = now().getTime()
    const deliveries: ScopeDelivery[] = []
    const decided: Outbox = { decision: outbox.decision + 1, deliveries }
    const changedHeads = new Map<string, ScopeHead>()
    for (const [hash, { scope, links, events, bodies }] of scopes) {
      const placement = place(scope)
      for (const event of placement.changed) events.add(event)
      for (const delivery of placement.deliveries) deliveries.push({ scope: hash, ...delivery })
      changedHeads.set(hash, {
        waiting: placement.waiting,
        waitingSince: placement.waiting === 0 ? null : (heads.get(hash)?.waitingSince ?? at),
        released: scope.released,
        changedAt: links.size + bodies.length > 0 ? at : (heads.get(hash)?.changedAt ?? at),
        sizeBytes: sizeOf(scope),
      })
    }
    await store.transaction(writer => {
      for (const [hash, touched] of scopes) {
        for (const link of touched.links) writer.link(hash, link)
        for (const event of touched.events) writer.event(hash, event)
        for (const { eventId, observation, body } of touched.bodies) writer.body(hash, eventId, observation, body)
      }
      for (const [hash, head] of changedHeads) writer.head(hash, head)
      writer.outbox(decided)
    })
    for (const [hash, head] of changedHeads) setHead(hash, head)
    outbox = decided
    delivered = 0
  }

  /** Ends the wait of scopes, a portion of them at a time. */
  async function release(hashes: readonly string[]): Promise<void> {
    const scopes = new Map<string, Touched>()
    let bytes = 0
    for (const hash of hashes) {
      if (bytes > portionBytes) break
      const touched = touch(hash)
      touched.scope.released = true
      scopes.set(hash, touched)
      bytes += heads.get(hash)?.sizeBytes ?? 0
    }
    await decide(scopes)
  }

  async function forget(hashes: readonly string[]): Promise<void> {
    await store.transaction(writer => {
      for (const hash of hashes) writer.forget(hash)
    })
    for (const hash of hashes) setHead(hash, undefined)
  }

  /** A scope that is too large keeps its links, so that what comes still finds its conversation, if those alone fit. */
  async function forgetEvents(hash: string, head: ScopeHead): Promise<void> {
    const { links } = store.load(hash, true)
    const sizeBytes = sizeOf({ links, events: new Map(), released: true })
    if (sizeBytes > settings.maxScopeBytes / 2) return forget([hash])
    await store.transaction(writer => {
      writer.forgetEvents(hash)
      writer.head(hash, { ...head, sizeBytes })
    })
    setHead(hash, { ...head, sizeBytes })
  }

  return {
    async learn(inputs) {
      const scopes = new Map<string, Touched>()
      const changed = new Map<string, Touched>()
      for (const { record, event } of inputs) {
        const hash = scopeHashOf(record.scope)
        const touched = scopes.get(hash) ?? touch(hash)
        scopes.set(hash, touched)
        if (learnRecord(touched, record, event)) changed.set(hash, touched)
      }
      if (changed.size > 0) await decide(changed)
    },

    async age() {
      const at = now().getTime()
      const isWaiting = ({ waiting }: ScopeHead) => waiting > 0
      const all = [...heads]
      const due = all.filter(([, head]) => head.waitingSince !== null && head.waitingSince + settings.waitMs <= at)
      const stale = all.filter(([, { changedAt }]) => changedAt + settings.keepMs <= at)
      const crowding = totalBytes > settings.maxPartitionBytes ? oldestOf(all) : []
      const large = all.filter(([, { sizeBytes }]) => sizeBytes > settings.maxScopeBytes)

      const leaving = [...stale, ...crowding]
      const toRelease = [...due, ...[...leaving, ...large].filter(([, head]) => isWaiting(head))].map(([hash]) => hash)
      const [tooLarge] = large
      if (toRelease.length > 0) await release([...new Set(toRelease)])
      else if (leaving.length > 0) await forget(leaving.map(([hash]) => hash))
      else if (tooLarge !== undefined) await forgetEvents(...tooLarge)
      else return false
      return true
    },

    async deliver(append) {
      const { decision, deliveries } = outbox
      const before = delivered
      let records: LogRecord[] = []
      let bytes = 0
      const flush = async (count: number) => {
        if (records.length > 0) await append(records, { decision, count })
        delivered = count
        records = []
        bytes = 0
      }
      for (const [index, delivery] of deliveries.entries()) {
        if (index < before) continue
        const body = store.body(delivery.scope, delivery.eventId, delivery.observation)
        // Forgotten only once it was delivered.
        if (body === undefined) continue
        records.push(await recordOf(delivery, body))
        bytes += body.length
        if (bytes >= portionBytes) await flush(index + 1)
      }
      await flush(deliveries.length)
      return deliveries.length - before
    },

    waiting: () =>
      [...heads.values()].reduce((sum, { waiting }) => sum + waiting, outbox.deliveries.length - delivered),
  }

  /** Enough of the scopes without news for the longest time to make room for a while. */
  function oldestOf(all: readonly (readonly [string, ScopeHead])[]): readonly (readonly [string, ScopeHead])[] {
    let excess = totalBytes - settings.maxPartitionBytes * 0.9
    return all
      .toSorted(([, a], [, b]) => a.changedAt - b.changedAt)
      .filter(([, { sizeBytes }]) => {
        const goes = excess > 0
        excess -= sizeBytes
        return goes
      })
  }

  async function recordOf({ to, revision, retracted }: ScopeDelivery, body: Buffer): Promise<LogRecord> {
    const event = await deps.event.decode(body)
    const conversation = conversationFields(to)
    const value = deps.event.encode({ ...event, ...conversation, revision, retracted })
    return { key: Buffer.from(conversation.conversationId), value, timestamp: now().getTime() }
  }
}

/** Says whether the record told anything new. */
function learnRecord(touched: Touched, record: Uncorrelated, event: ConversationEvent | undefined): boolean {
  const { scope, links, events, bodies } = touched
  let changed = false
  if (record.link !== null) {
    const link = { alias: record.alias, version: record.link.version, to: targetOf(record.link) }
    if (learnLink(scope, link)) {
      links.add(link)
      changed = true
    }
  }
  if (record.event !== null && event !== undefined) {
    const { alias } = record
    const fallback = { vendor: record.fallbackVendor, account: record.fallbackAccount, key: record.fallbackKey }
    const observation = {
      id: contentHashOf(JSON.stringify([contentHashOf(record.event), alias, ...Object.values(fallback)])),
      version: event.version,
      contentHash: event.contentHash,
      alias,
      fallback,
      sizeBytes: record.event.length,
    }
    if (learnObservation(scope, event.id, observation)) {
      const known = scope.events.get(event.id)
      if (known !== undefined) events.add(known)
      bodies.push({ eventId: event.id, observation: observation.id, body: record.event })
      changed = true
    }
  }
  return changed
}
