import { type ConversationEvent, sectionFields } from '../../core/records.ts'
import { vconDate } from '../../vcon/date.ts'
import type { Analysis, JsonValue } from '../../vcon/model.ts'
import { bodyOf } from './body.ts'
import type { DialogTable } from './dialog.ts'
import { isEventType } from './facts.ts'
import type { Story } from './story.ts'

/** An analysis with a JSON body; `format` names the format of the body. */
export const analysisOf = (event: ConversationEvent, type: string, format: string, body: JsonValue): Analysis => ({
  type,
  vendor: event.sourceVendor,
  product: event.sourceStream,
  schema: `vconduit/${format}/1`,
  mediatype: 'application/json',
  body,
  encoding: 'json',
})

/** Facts that share an analysis: one list instead of hundreds of entries. */
interface Group {
  readonly type: string
  /** Names the list in the body, too. */
  readonly format: string
  /** Stands in the body before the list. */
  readonly common: { readonly [key: string]: JsonValue }
  readonly dialog: NonNullable<Analysis['dialog']>
}

/** Fields that are the same for a whole group. */
const saidOfTheGroup = new Set(['transcriptId', 'sessionKey'])

/**
 * Everything that is not dialog or attachment, in the order of the facts: transcripts, sentiment, summaries, tool calls,
 * reasoning, and a report for each fact of which the rest of the vCon cannot say all.
 */
export function analysesOf(story: Story, dialogs: DialogTable): readonly Analysis[] {
  const { events, parties } = story
  const analyses: Analysis[] = []
  const groups = new Map<string, JsonValue[]>()

  /** The list that the event belongs into; undefined if it stands alone. */
  const listFor = (event: ConversationEvent): JsonValue[] | undefined => {
    const name = groupNameOf(event)
    if (name === undefined) return undefined
    const known = groups.get(name)
    if (known !== undefined) return known
    const list: JsonValue[] = []
    groups.set(name, list)
    const { type, format, dialog, common } = groupOf(event, dialogs)
    const body = { ...common, [format === 'transcript' ? 'utterances' : format]: list }
    analyses.push({ ...analysisOf(event, type, format, body), dialog })
    return list
  }

  for (const event of events) {
    const words = wordsOf(event)
    if (words === undefined || words === null) continue
    const first = { occurredAt: vconDate(event.occurredAt) }
    const list = listFor(event)
    if (list !== undefined) list.push(bodyOf(words, parties, { first, omit: saidOfTheGroup }))
    else {
      const analysis = analysisOf(event, typeOf(event), event.type, bodyOf(words, parties, { first }))
      analyses.push({ ...analysis, dialog: dialogFor(event, dialogs) })
    }
  }
  return analyses
}

const types: Readonly<Record<string, string>> = {
  summary: 'summary',
  sentiment: 'sentiment',
  'tool.call': 'tool_call',
  'reasoning.step': 'reasoning_step',
}
const typeOf = (event: ConversationEvent) => types[event.type] ?? 'report'

/** Tells the group of an event apart; undefined if it has none. */
function groupNameOf(event: ConversationEvent): string | undefined {
  const source = `${event.sourceVendor}/${event.sourceAccount}/${event.sourceStream}`
  switch (event.type) {
    case 'utterance':
      return `transcript/${source}/${event.utterance?.transcriptId ?? null}/${event.utterance?.sessionKey ?? null}`
    case 'sentiment':
      return event.sentiment?.scope === 'utterance' ? `sentiments/${source}` : undefined
    case 'party.joined':
    case 'party.left':
      return `participation/${source}`
    case 'queue.entered':
    case 'queue.left':
      return `routing/${source}`
    default:
      return undefined
  }
}

/** The group that an event begins. */
function groupOf({ type, utterance }: ConversationEvent, dialogs: DialogTable): Group {
  if (utterance !== null && type === 'utterance') {
    const { transcriptId, sessionKey } = utterance
    const common = { ...(transcriptId !== null && { transcriptId }), ...(sessionKey !== null && { sessionKey }) }
    return { type: 'transcript', format: 'transcript', common, dialog: dialogs.ofSession(sessionKey) }
  }
  if (type === 'sentiment') return { type, format: 'sentiments', common: {}, dialog: dialogs.whole }
  const format = type.startsWith('queue.') ? 'routing' : 'participation'
  return { type: 'report', format, common: {}, dialog: dialogs.home }
}

/** The fields of its section that the rest of the vCon does not say; undefined if it says all of them. */
function wordsOf(event: ConversationEvent): object | null | undefined {
  switch (event.type) {
    case 'utterance':
      return event.utterance
    case 'message': {
      const {
        inReplyTo = null,
        subject = null,
        language = null,
        partyKey = null,
        toPartyKeys = [],
      } = event.message ?? {}
      const receivers = partyKey === null ? toPartyKeys : []
      const isSaid = inReplyTo === null && subject === null && language === null && receivers.length === 0
      return isSaid ? undefined : { inReplyTo, subject, language, toPartyKeys: receivers }
    }
    case 'party.joined': {
      const { partyKey, vendorRole, kind, externalId } = event.partyJoined ?? {}
      const { sourceVendor: vendor, sourceAccount: account } = event
      return { type: 'joined', partyKey, key: partyKey, vendorRole, kind, externalId, vendor, account }
    }
    case 'party.left':
      return { type: 'left', ...event.partyLeft }
    case 'queue.entered':
      return { type: 'entered', ...event.queueEntered }
    case 'queue.left':
      return { type: 'left', ...event.queueLeft }
    case 'hold.started':
    case 'hold.ended':
    case 'consent.signal':
    case 'attribute.changed':
      return undefined
    default:
      return isEventType(event.type) ? event[sectionFields[event.type]] : undefined
  }
}

const aboutTheWhole = new Set(['summary', 'sentiment', 'evaluation.result'])
const aboutTheMoment = new Set(['tool.call', 'reasoning.step'])

function dialogFor(event: ConversationEvent, dialogs: DialogTable): NonNullable<Analysis['dialog']> {
  if (aboutTheWhole.has(event.type)) return dialogs.whole
  if (aboutTheMoment.has(event.type)) return dialogs.at(event.occurredAt)
  return dialogs.indexOf(event) ?? dialogs.home
}
