import fc from 'fast-check'
import { type ConversationRef, contentHashOf, conversationIdOf, uuidFrom } from '../../src/core/ids.ts'
import { canonicalJson } from '../../src/core/json.ts'
import {
  type ConversationEvent,
  type EventSections,
  type EventType,
  eventTypes,
  noSections,
  sectionFields,
} from '../../src/core/records.ts'
import { readSchema } from '../../src/log/avro.ts'

/** What of Avro the record schemas use. */
type AvroType =
  | string
  | readonly AvroType[]
  | {
      readonly type: string
      readonly name?: string
      readonly logicalType?: string
      readonly items?: AvroType
      readonly values?: AvroType
      readonly fields?: readonly { readonly name: string; readonly type: AvroType }[]
    }

const often = <T>(values: readonly T[], rarely: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: rarely })

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
/** As much as the log carries. */
const anyLong = fc.maxSafeInteger().map(value => Math.trunc(value / 2))
/** A few seconds of one call, so that times collide; now and then absurd ones. */
const time = often(
  Array.from({ length: 40 }, (_, second) => 1_760_000_000_000 + second * 500),
  anyLong,
)
const partyKey = often(['customer', 'agent', 'bot', 'acd', 'nobody'], text)
const jsonText = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom('{"id":12345678901234567890}', '[1e999]', '{"__proto__":1}', 'not json', '', '['.repeat(300)),
)

/** Values that the fields' comments name, so that what depends on them is reached; any text now and then. */
const vocabulary: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  partyKey,
  endedByPartyKey: partyKey,
  fromPartyKey: partyKey,
  toPartyKey: partyKey,
  transfereePartyKey: partyKey,
  partyKeys: fc.array(partyKey, { maxLength: 3 }),
  toPartyKeys: fc.array(partyKey, { maxLength: 3 }),
  channel: often(['voice', 'chat', 'message', 'email', 'callback', 'video', 'social', 'agent', 'other'], text),
  direction: often(['inbound', 'outbound', 'internal', 'unknown'], text),
  role: often(['customer', 'agent', 'bot', 'supervisor', 'sme', 'thirdparty', 'system'], text),
  media: often(['audio', 'video', 'screen', 'chat', 'message', 'email', 'other'], text),
  reason: often(['completed', 'abandoned', 'failed', 'voicemail', 'unknown'], text),
  status: often(['finished', 'sent', 'pending', 'granted', 'withdrawn'], text),
  scope: often(['conversation', 'utterance', 'recording', 'transcript'], text),
  mediaType: often(['text/plain', 'audio/x-wav', 'multipart/mixed; boundary=x'], text),
  vendorReason: often(['Busy', 'no answer', 'peer'], text),
  targetId: often(['one', 'two'], text),
  recordingId: often(['one', 'two'], text),
  transcriptId: often(['one', 'two'], text),
  sessionKey: often(['leg-1', 'leg-2'], text),
  arguments: jsonText,
  result: jsonText,
}

interface Values {
  /** Named types met so far: it grows on the way. */
  readonly named: Map<string, AvroType>
  readonly long: fc.Arbitrary<number>
  readonly time: fc.Arbitrary<number>
}

/** Values of an Avro type. */
function anyValue(type: AvroType, name: string, values: Values): fc.Arbitrary<unknown> {
  const { named, long, time } = values
  if (typeof type === 'string') {
    const known = named.get(type)
    return known === undefined ? primitive(type, name, long) : anyValue(known, name, values)
  }
  if (Array.isArray(type)) return fc.oneof(...type.map(branch => anyValue(branch, name, values)))
  const {
    type: kind,
    fields = [],
    items = 'null',
    logicalType,
  } = type as Exclude<AvroType, string | readonly AvroType[]>
  if ('name' in type && typeof type.name === 'string') named.set(type.name, type)
  if (kind === 'record')
    return fc.record(Object.fromEntries(fields.map(field => [field.name, anyValue(field.type, field.name, values)])))
  if (kind === 'array') return vocabulary[name] ?? fc.array(anyValue(items, name, values), { maxLength: 3 })
  return logicalType === 'timestamp-millis' ? time : primitive(kind, name, long)
}

function primitive(type: string, name: string, long: fc.Arbitrary<number>): fc.Arbitrary<unknown> {
  const known = vocabulary[name]
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'int':
      return fc.integer()
    case 'long':
      return long
    case 'double':
      return often([0, 0.5, 1, -1, 80, 100], fc.double())
    case 'string':
      return known ?? text
    default:
      throw new RangeError(`generating a value of Avro type ${type} for ${name}`)
  }
}

const eventFields = (readSchema('event') as { fields: readonly { name: string; type: AvroType }[] }).fields

function sectionsWith(numbers: Pick<Values, 'long' | 'time'>): ReadonlyMap<EventType, fc.Arbitrary<unknown>> {
  const values: Values = { named: new Map(), ...numbers }
  return new Map(
    eventTypes.map(type => {
      const field = eventFields.find(({ name }) => name === sectionFields[type])
      const section = Array.isArray(field?.type) ? field.type[1] : undefined
      if (field === undefined || section === undefined) throw new RangeError(`finding the schema of ${type}`)
      return [type, anyValue(section as AvroType, field.name, values)]
    }),
  )
}

const sections = sectionsWith({ long: often([0, 1, 2500, 60_000], anyLong), time })
const extreme = fc.constantFrom(0, 2 ** 52, -(2 ** 52) - 1, Number.MAX_SAFE_INTEGER, -(2 ** 60), 1e300)
const extremeSections = sectionsWith({ long: extreme, time: extreme })

/** Any section of an event type, made from `schemas/avro/event.avsc`. */
export const sectionArbitrary = <T extends EventType>(type: T): fc.Arbitrary<EventSections[T]> =>
  sections.get(type) as fc.Arbitrary<EventSections[T]>

/** As `sectionArbitrary`, but most of its longs are larger than the log carries. */
export const extremeSectionArbitrary = <T extends EventType>(type: T): fc.Arbitrary<EventSections[T]> =>
  extremeSections.get(type) as fc.Arbitrary<EventSections[T]>

/** What one fact says at one moment. */
interface Content {
  readonly occurredAt: number
  readonly sequence: number
  readonly section: unknown
}

export interface EventOptions {
  readonly ref?: ConversationRef
  /** Default: all 22. */
  readonly types?: readonly EventType[]
  readonly maxFacts?: number
}

export const testConversation: ConversationRef = { vendor: 'genesys-cloud', account: 'acme', key: 'c-1' }

/**
 * Events of one conversation as they may stand on the log: several observations of each fact, in any order, with equal and
 * different content, equal versions and retractions among them. `contentHash` is a function of the content, as it is on the log.
 */
export function conversationEvents(options: EventOptions = {}): fc.Arbitrary<readonly ConversationEvent[]> {
  const { ref = testConversation, types = eventTypes, maxFacts = 20 } = options
  const fact = fc.constantFrom(...types).chain(type =>
    fc.record({
      type: fc.constant(type),
      key: fc.nat(50),
      source: often(['genesys-cloud', 'agent-telemetry'], fc.constant('other')),
      contents: fc.array(
        fc.record<Content>({ occurredAt: time, sequence: fc.nat(2), section: sectionArbitrary(type) }),
        { minLength: 1, maxLength: 2 },
      ),
      observations: fc.array(
        fc.record({
          content: fc.nat(1),
          version: fc.nat(30).map(minutes => 1_760_000_000_000 + minutes * 60_000),
          revision: fc.nat(1),
          retracted: often([false], fc.boolean()),
          offset: fc.nat(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  )
  return fc
    .uniqueArray(fact, { maxLength: maxFacts, selector: ({ type, key, source }) => `${type}/${key}/${source}` })
    .map(facts =>
      facts.flatMap(({ type, key, source, contents, observations }) =>
        observations.map(({ content, version, revision, retracted, offset }): ConversationEvent => {
          const said = contents[content % contents.length] as Content
          return makeEvent(ref, type, `${key}`, { ...said, version, revision, retracted, offset, source })
        }),
      ),
    )
}

export interface EventParts {
  readonly section: unknown
  readonly occurredAt?: number
  readonly sequence?: number
  readonly version?: number
  readonly revision?: number
  readonly retracted?: boolean
  readonly offset?: number
  /** Vendor that reports it; default: the conversation's own. */
  readonly source?: string
}

/** One event, with id and content hash as functions of what it says. */
export function makeEvent(ref: ConversationRef, type: EventType, key: string, parts: EventParts): ConversationEvent {
  const { section, occurredAt = 1_760_000_000_000, sequence = 0, version = 1, revision = 0, retracted = false } = parts
  const { source = ref.vendor, offset = 0 } = parts
  const conversationId = conversationIdOf(ref)
  return {
    ...noSections,
    id: uuidFrom('test-event', source, key, type),
    type,
    version,
    revision,
    retracted,
    conversationId,
    conversationVendor: ref.vendor,
    conversationAccount: ref.account,
    conversationKey: ref.key,
    sourceVendor: source,
    sourceAccount: ref.account,
    sourceStream: 'test',
    sourceKey: key,
    occurredAt,
    sequence,
    observedAt: version,
    rawTopic: 'raw',
    rawPartition: 0,
    rawOffset: offset,
    rawHash: '',
    contentHash: contentHashOf(canonicalJson({ type, conversationId, occurredAt, sequence, section })),
    [sectionFields[type]]: section,
  }
}
