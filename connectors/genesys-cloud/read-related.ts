import {
  type Context,
  type HttpResponse,
  objectAt,
  type RawInput,
  retriableError,
  textAt,
} from '../../src/sdk/index.ts'
import { type Client, fixFor } from './client.ts'
import type { GenesysConfig } from './config.ts'
import { type KnownParty, writeContext } from './context.ts'
import { type Conversation, firstSessionOf, type Participant, wasAnswered } from './conversation.ts'
import { type Fields, isTrue, listOf, timeOf } from './fields.ts'
import { arrayElements } from './json-slices.ts'
import type { NameCache } from './names.ts'
import { knownParties } from './parties.ts'
import type { Stream } from './streams.ts'

/** What belongs to a conversation besides its details. */
export interface Related {
  readonly records: readonly RawInput[]
  /** Evaluations and surveys that were read in full. */
  readonly readInFull: readonly string[]
  /** False if something is not there yet that may come. */
  readonly complete: boolean
}

/** Reads transcripts, messages, recordings, evaluations, surveys, sentiment and summaries of one conversation. */
export interface RelatedReader {
  read(conversation: Conversation, ctx: Context): Promise<Related>
}

interface Found {
  readonly records: readonly RawInput[]
  readonly complete: boolean
}

const nothing: Found = { records: [], complete: true }
const notYet: Found = { records: [], complete: false }

/** A signed link may run out between asking and following it; so often it is asked for anew. */
const linkTries = 3

const writtenMedia = new Set(['chat', 'message', 'email'])
const spokenMedia = new Set(['voice', 'callback', 'video'])

export function createRelatedReader(client: Client, config: GenesysConfig, names: NameCache): RelatedReader {
  /** A reply's bytes; undefined if Genesys has no such thing (yet). */
  async function get(what: string, url: string, fix: string, ctx: Context): Promise<HttpResponse | undefined> {
    const reply = await client.http.bytes(
      { what, url, accept: [404], fix, headers: { accept: 'application/json' } },
      ctx,
    )
    // 202: it is being prepared.
    return reply.status === 404 || reply.status === 202 ? undefined : reply
  }

  async function transcript(about: Subject, communicationId: string, ctx: Context): Promise<Found> {
    const what = 'reading a transcript'
    const fix = fixFor('transcripts', 'transcripts: false')
    const path = `/api/v2/speechandtextanalytics/conversations/${encodeURIComponent(about.id)}/communications/${encodeURIComponent(communicationId)}/transcripturl`
    for (let tries = 0; tries < linkTries; tries++) {
      const link = await client.http.json({ what, url: path, accept: [404], fix }, ctx)
      const url = textAt(link.value, 'url')
      if (link.status === 404 || url === undefined) return notYet
      const reply = await client.links.bytes({ what, url, accept: [400, 403, 404, 410] }, ctx)
      if (reply.status === 404) return notYet
      if (reply.status === 200) return one(about, 'transcripts', `${about.id}/${communicationId}`, reply)
    }
    throw retriableError(
      'transcript-link-refused',
      `${what}: ${linkTries} links in a row had run out when they were followed`,
    )
  }

  async function transcripts(about: Subject, ctx: Context): Promise<Found> {
    if (!config.transcripts) return nothing
    return merged(await inTurn(transcribed(about.conversation), id => transcript(about, id, ctx)))
  }

  /** The recordings of written conversations, which hold the messages. Others hold links to media: only their metadata is read. */
  async function messages(about: Subject, ctx: Context): Promise<Found> {
    if (!config.messages || !hasMedia(about.conversation, writtenMedia)) return nothing
    const url = `${pathOf(about)}/recordings?formatId=NONE`
    const reply = await get('reading messages', url, fixFor('recordings', 'messages: false'), ctx)
    if (reply === undefined) return wasAnswered(about.conversation) ? notYet : nothing
    const records = elements(about, 'messages', reply)
      .filter(({ element }) => isWritten(element))
      .map(({ record }) => record)
    return { records, complete: records.length > 0 || !wasAnswered(about.conversation) }
  }

  async function recordings(about: Subject, ctx: Context): Promise<Found> {
    const { conversation } = about
    const writtenToo = !config.messages && hasMedia(conversation, writtenMedia)
    if (!config.recordings || !(writtenToo || (hasMedia(conversation, spokenMedia) && wasRecorded(conversation))))
      return nothing
    const fix = fixFor('recordings', 'recordings: false')
    const reply = await get('reading recording metadata', `${pathOf(about)}/recordingmetadata`, fix, ctx)
    if (reply === undefined) return notYet
    const found = elements(about, 'recordings', reply).filter(({ element }) => writtenToo || !isWrittenMedia(element))
    return { records: found.map(({ record }) => record), complete: found.length > 0 }
  }

  async function inFull(
    about: Subject,
    stream: Stream,
    fields: Fields,
    id: string,
    request: { readonly what: string; readonly url: string; readonly fix: string },
    ctx: Context,
  ): Promise<Found> {
    const reply = await get(request.what, request.url, request.fix, ctx)
    if (reply === undefined) return notYet
    return one(about, stream, id, reply, { eventTime: timeOf(fields, 'eventTime') })
  }

  async function evaluations(about: Subject, ctx: Context): Promise<Found> {
    if (!config.evaluations) return nothing
    const there = listOf(about.conversation.fields, 'evaluations').filter(fields => !isTrue(fields, 'deleted'))
    const found = await inTurn(idsOf(there, 'evaluationId'), ([id, fields]) =>
      inFull(
        about,
        'evaluations',
        fields,
        id,
        {
          what: 'reading an evaluation',
          url: `/api/v2/quality/conversations/${encodeURIComponent(about.id)}/evaluations/${encodeURIComponent(id)}?expand=agent,evaluator,evaluationForm`,
          fix: fixFor('evaluations', 'evaluations: false'),
        },
        ctx,
      ),
    )
    return merged(found)
  }

  async function surveys(about: Subject, ctx: Context): Promise<Found> {
    if (!config.surveys) return nothing
    const there = listOf(about.conversation.fields, 'surveys')
    const found = await inTurn(idsOf(there, 'surveyId'), ([id, fields]) =>
      inFull(
        about,
        'surveys',
        fields,
        id,
        {
          what: 'reading a survey',
          url: `/api/v2/quality/surveys/${encodeURIComponent(id)}`,
          fix: fixFor('surveys', 'surveys: false'),
        },
        ctx,
      ),
    )
    return merged(found)
  }

  /** Sentiment comes from the transcript: where there is none yet, there is no sentiment either. */
  async function speechAnalytics(about: Subject, ctx: Context): Promise<Found> {
    const url = `/api/v2/speechandtextanalytics/conversations/${encodeURIComponent(about.id)}`
    const reply = await get('reading speech analytics', url, fixFor('transcripts', 'speechAnalytics: false'), ctx)
    return reply === undefined ? nothing : one(about, 'speech-analytics', about.id, reply)
  }

  /** Not every organization has summaries: that one is missing does not make the conversation incomplete. */
  async function summaries(about: Subject, ctx: Context): Promise<Found> {
    if (!config.summaries || !wasAnswered(about.conversation)) return nothing
    const reply = await get(
      'reading summaries',
      `${pathOf(about)}/summaries`,
      fixFor('summaries', 'summaries: false'),
      ctx,
    )
    if (reply === undefined) return nothing
    const fields = objectAt(JSON.parse(reply.body.toString('utf8')))
    const isEmpty = objectAt(fields, 'summary') === undefined && listOf(fields, 'sessionSummaries').length === 0
    return isEmpty ? nothing : one(about, 'summaries', about.id, reply)
  }

  return {
    async read(conversation, ctx) {
      const about: Subject = {
        conversation,
        id: conversation.id,
        parties: knownParties(conversation),
        users: names.known({
          queues: new Set(),
          users: new Set(
            listOf(conversation.fields, 'evaluations').flatMap(fields => textAt(fields, 'evaluatorId') ?? []),
          ),
          wrapUpCodes: new Set(),
        }).users,
      }
      const found: Found[] = [await evaluations(about, ctx)]
      // While it is open nothing else of it is ready.
      if (conversation.endedAt !== undefined) {
        const said = await transcripts(about, ctx)
        found.push(said)
        if (config.speechAnalytics && said.records.length > 0) found.push(await speechAnalytics(about, ctx))
        for (const read of [messages, recordings, surveys, summaries]) found.push(await read(about, ctx))
      }
      const all = merged(found)
      return {
        records: all.records,
        readInFull: all.records.flatMap(({ stream, key }) =>
          stream === 'evaluations' || stream === 'surveys' ? [key] : [],
        ),
        complete: all.complete && conversation.endedAt !== undefined,
      }
    },
  }
}

interface Subject {
  readonly conversation: Conversation
  readonly id: string
  readonly parties: readonly KnownParty[]
  readonly users: Readonly<Record<string, string>>
}

const pathOf = (about: Subject) => `/api/v2/conversations/${encodeURIComponent(about.id)}`

/** Sequential on purpose: several conversations are read at once already. */
async function inTurn<T>(items: readonly T[], read: (item: T) => Promise<Found>): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const item of items) found.push(await read(item))
  return found
}

const merged = (found: readonly Found[]): Found => ({
  records: found.flatMap(({ records }) => records),
  complete: found.every(({ complete }) => complete),
})

const idsOf = (list: readonly Fields[], name: string): readonly (readonly [string, Fields])[] =>
  list.flatMap(fields => {
    const id = textAt(fields, name)
    return id === undefined ? [] : [[id, fields] as const]
  })

function recordOf(
  about: Subject,
  stream: Stream,
  key: string,
  payload: Buffer,
  receivedAt: Date,
  extra: object,
): RawInput {
  const { conversation, parties, users, id } = about
  return {
    stream,
    key,
    conversationKey: id,
    observedAt: receivedAt.getTime(),
    contentType: 'application/json',
    payload,
    context: writeContext({
      conversationId: id,
      parties,
      users,
      mediaType: firstSessionOf(conversation)?.mediaType,
      eventTime: conversation.endedAt,
      ...extra,
    }),
  }
}

const one = (about: Subject, stream: Stream, key: string, reply: HttpResponse, extra = {}): Found => ({
  records: [recordOf(about, stream, key, reply.body, reply.receivedAt, extra)],
  complete: true,
})

/** The elements of a reply that is an array, each a record under its id. */
function elements(about: Subject, stream: Stream, reply: HttpResponse) {
  const parsed: unknown = JSON.parse(reply.body.toString('utf8'))
  const list = Array.isArray(parsed) ? (parsed as readonly unknown[]) : []
  return arrayElements(reply.body).flatMap((payload, index) => {
    const element = objectAt(list[index])
    const id = textAt(element, 'id')
    if (element === undefined || id === undefined) return []
    return [{ element, record: recordOf(about, stream, id, payload, reply.receivedAt, {}) }]
  })
}

const isWritten = (recording: Fields) =>
  isWrittenMedia(recording) ||
  ['messagingTranscript', 'transcript', 'emailTranscript'].some(name => listOf(recording, name).length > 0)

const isWrittenMedia = (recording: Fields) =>
  ['chat', 'message', 'messaging', 'email'].includes(textAt(recording, 'media')?.toLowerCase() ?? '')

const hasMedia = (conversation: Conversation, media: ReadonlySet<string>) =>
  conversation.participants.some(({ sessions }) => sessions.some(session => media.has(session.mediaType ?? '')))

/** Details rule a recording out where nobody was there to talk to. */
const wasRecorded = (conversation: Conversation) =>
  wasAnswered(conversation) ||
  conversation.participants.some(({ sessions }) => sessions.some(session => isTrue(session.fields, 'recording')))

/**
 * The communications that may have a transcript: voice sessions of the parties outside in which something was said. Where
 * nobody from outside took part, those of the agents.
 */
function transcribed(conversation: Conversation): readonly string[] {
  const served =
    wasAnswered(conversation) || conversation.participants.some(({ purpose }) => purpose.toLowerCase() === 'ivr')
  if (!served) return []
  const outside = conversation.participants.filter(({ role }) => role === 'customer' || role === 'thirdparty')
  const spoken = (participants: readonly Participant[]) =>
    participants.flatMap(({ sessions }) =>
      sessions.flatMap(session =>
        session.sessionId !== undefined &&
        session.mediaType === 'voice' &&
        session.segments.some(segment => segment.type === 'interact')
          ? [session.sessionId]
          : [],
      ),
    )
  const ids = spoken(outside)
  return ids.length > 0 ? ids : spoken(conversation.participants.filter(({ role }) => role === 'agent'))
}
