import {
  arrayAt,
  type Context,
  fatalError,
  objectAt,
  type RawInput,
  type SourceBatch,
  textAt,
} from '../../src/sdk/index.ts'
import { type Client, fixFor } from './client.ts'
import type { GenesysConfig } from './config.ts'
import { type BotFlow, writeContext } from './context.ts'
import { type Conversation, firstSessionOf, readConversation } from './conversation.ts'
import type { BotTurnsCursor } from './cursor.ts'
import { type Fields, listOf } from './fields.ts'
import { arrayElements } from './json-slices.ts'
import { botTurnKey } from './normalize-bot-turns.ts'
import { knownParties } from './parties.ts'
import { beginning } from './windows.ts'

const dayMs = 86_400_000
/** Genesys deletes turns after about ten days. */
const keptMs = 10 * dayMs
/** Turns may be listed a moment after the time they bear, milliseconds. */
const overlapMs = 5 * 60_000
const pageSize = 250
/** Conversations that are asked for at once. */
const mostIds = 50

/** The bot flows of an account. */
export async function listBotFlows(client: Client, ctx: Context): Promise<readonly BotFlow[]> {
  const flows: BotFlow[] = []
  for (let page = 1; ; page++) {
    const reply = await client.http.json(
      {
        what: 'listing bot flows',
        url: `/api/v2/flows?type=bot&type=digitalbot&pageSize=100&pageNumber=${page}`,
        fix: fixFor('flows', 'botTurns: off'),
      },
      ctx,
    )
    const entities = listOf(objectAt(reply.value), 'entities')
    for (const entity of entities) {
      const id = textAt(entity, 'id')
      if (id !== undefined)
        flows.push({ id, name: textAt(entity, 'name'), type: textAt(entity, 'type')?.toUpperCase() })
    }
    if (entities.length < 100) return flows
  }
}

/** Reads the turns of one bot flow, in spans of a day at most. A turn is kept by Genesys for ten days only. */
export async function* readBotTurns(
  client: Client,
  config: GenesysConfig,
  flow: BotFlow,
  from: BotTurnsCursor | undefined,
  ctx: Context,
): AsyncGenerator<SourceBatch<BotTurnsCursor>, void, undefined> {
  const now = ctx.now().getTime()
  let cursor: BotTurnsCursor = from ?? {
    kind: 'bot-turns',
    readTo: Math.max(beginning(config, now), now - keptMs),
    pass: null,
  }
  if (cursor.readTo < now - keptMs && cursor.pass === null) {
    const gap = { flow: flow.id, from: new Date(cursor.readTo), to: new Date(now - keptMs) }
    ctx.log.error(
      gap,
      'turns of a bot flow were lost: Genesys keeps them for about ten days, and they were not read in time',
    )
    cursor = { ...cursor, readTo: now - keptMs }
  }
  // Not past what details show: they tell which party the bot is and which the customer.
  const until = Math.min(now, await client.availability(ctx))
  while (cursor.pass !== null || cursor.readTo < until) {
    const pass = cursor.pass ?? firstPage(flow, cursor.readTo, until)
    const page = await readPage(client, flow, pass.next, ctx)
    if (page === undefined) {
      cursor = { ...cursor, pass: null }
      continue
    }
    cursor =
      page.next === undefined
        ? { ...cursor, readTo: pass.to, pass: null }
        : { ...cursor, pass: { ...pass, next: page.next } }
    yield { records: page.records, cursor }
  }
}

function firstPage(flow: BotFlow, readTo: number, until: number): NonNullable<BotTurnsCursor['pass']> {
  const to = Math.min(readTo + dayMs, until)
  const interval = `${new Date(readTo - overlapMs).toISOString()}/${new Date(to).toISOString()}`
  return {
    from: readTo,
    to,
    next: `/api/v2/analytics/botflows/${encodeURIComponent(flow.id)}/divisions/reportingturns?pageSize=${pageSize}&interval=${encodeURIComponent(interval)}`,
  }
}

const isFurther = (url: string) => /[?&]after=/.test(url)

/** A page of turns; undefined if its link has run out and reading has to begin anew. */
async function readPage(
  client: Client,
  flow: BotFlow,
  url: string,
  ctx: Context,
): Promise<{ readonly records: readonly RawInput[]; readonly next: string | undefined } | undefined> {
  const what = 'reading turns of a bot flow'
  const reply = await client.http.json(
    // 404: the flow was deleted, and its turns with it. 400: the link to a further page is too old.
    {
      what,
      url,
      accept: isFurther(url) ? [400, 404] : [404],
      clientErrors: 'fatal',
      fix: fixFor('botTurns', 'botTurns: off'),
    },
    ctx,
  )
  if (reply.status === 400) return undefined
  if (reply.status === 404) return { records: [], next: undefined }
  const values = arrayAt(reply.value, 'entities')
  const slices = arrayElements(reply.body, 'entities')
  if (values.length !== slices.length)
    throw fatalError('page-sliced-wrong', `${what}: ${values.length} turns, but ${slices.length} slices`)
  const turns = slices.map((payload, index) => ({ payload, fields: objectAt(values[index]) ?? {} }))
  const conversations = await conversationsOf(
    client,
    turns.map(({ fields }) => fields),
    ctx,
  )
  const next = textAt(reply.value, 'nextUri')
  // A link to itself would never end.
  return {
    records: turns.map(turn => recordOf(turn, flow, conversations, reply.receivedAt)),
    next: next === url ? undefined : next,
  }
}

function recordOf(
  turn: { readonly payload: Buffer; readonly fields: Fields },
  flow: BotFlow,
  conversations: ReadonlyMap<string, Conversation>,
  receivedAt: Date,
): RawInput {
  const id = textAt(turn.fields, 'conversation', 'id')
  const conversation = id === undefined ? undefined : conversations.get(id)
  return {
    stream: 'bot-turns',
    key: botTurnKey(turn.fields),
    ...(id === undefined ? {} : { conversationKey: id }),
    observedAt: receivedAt.getTime(),
    contentType: 'application/json',
    payload: turn.payload,
    context: writeContext({
      botFlow: flow,
      ...(conversation === undefined
        ? {}
        : { parties: knownParties(conversation), mediaType: firstSessionOf(conversation)?.mediaType }),
    }),
  }
}

/** The conversations that turns belong to, by id; without those that Genesys does not know (any more). */
async function conversationsOf(
  client: Client,
  turns: readonly Fields[],
  ctx: Context,
): Promise<ReadonlyMap<string, Conversation>> {
  const ids = [...new Set(turns.flatMap(turn => textAt(turn, 'conversation', 'id') ?? []))]
  const found = new Map<string, Conversation>()
  for (let at = 0; at < ids.length; at += mostIds) {
    const some = ids.slice(at, at + mostIds)
    const reply = await client.http.json(
      {
        what: 'reading conversations of bot turns',
        url: `/api/v2/analytics/conversations/details?id=${some.map(encodeURIComponent).join(',')}`,
        accept: [400, 404],
        fix: fixFor('details'),
      },
      ctx,
    )
    for (const fields of listOf(objectAt(reply.value), 'conversations'))
      if (textAt(fields, 'conversationId') !== undefined && textAt(fields, 'conversationStart') !== undefined) {
        const conversation = readConversation(fields)
        found.set(conversation.id, conversation)
      }
  }
  return found
}
