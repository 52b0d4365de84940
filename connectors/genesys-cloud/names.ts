import { type Context, objectAt, textAt } from '../../src/sdk/index.ts'
import { type Client, fixFor, type Permission } from './client.ts'
import { type Fields, listOf } from './fields.ts'

/** What ids are names of. */
export type NameKind = 'queues' | 'users' | 'wrapUpCodes'

const endpoints: Readonly<
  Record<NameKind, { readonly url: string; readonly extra: string; readonly permission: Permission }>
> = {
  queues: { url: '/api/v2/routing/queues', extra: '', permission: 'queues' },
  // Whoever has left the company is still in its conversations.
  users: { url: '/api/v2/users', extra: '&state=any', permission: 'users' },
  wrapUpCodes: { url: '/api/v2/routing/wrapupcodes', extra: '', permission: 'wrapUpCodes' },
}

const kinds = Object.keys(endpoints) as readonly NameKind[]
const mostIds = 50
/** Names change now and then, milliseconds. */
const keepMs = 12 * 3_600_000
/** What had no name may get one, milliseconds. */
const keepUnknownMs = 3_600_000
const mostKept = 50_000

export type IdsByKind = Readonly<Record<NameKind, ReadonlySet<string>>>
export type NamesByKind = Readonly<Record<NameKind, Readonly<Record<string, string>>>>

/** Names of queues, users and wrap-up codes, kept per account. */
export interface NameCache {
  /** Names of the ids given, as far as Genesys knows them. */
  resolve(ids: IdsByKind, ctx: Context): Promise<void>
  /** What is known of the ids given, without asking. */
  known(ids: IdsByKind): NamesByKind
}

export function createNameCache(client: Client): NameCache {
  const caches = { queues: new Map(), users: new Map(), wrapUpCodes: new Map() } as Record<
    NameKind,
    Map<string, { readonly name: string | undefined; readonly until: number }>
  >

  async function fetchNames(kind: NameKind, ids: readonly string[], ctx: Context): Promise<void> {
    const { url, extra, permission } = endpoints[kind]
    const reply = await client.http.json(
      {
        what: `reading names of ${kind}`,
        // Repeated parameters, as Genesys's own client sends them.
        url: `${url}?pageSize=100${extra}${ids.map(id => `&id=${encodeURIComponent(id)}`).join('')}`,
        accept: [400, 404],
        fix: fixFor(permission),
      },
      ctx,
    )
    const cache = caches[kind]
    const now = ctx.now().getTime()
    if (cache.size + ids.length > mostKept) cache.clear()
    for (const id of ids) cache.set(id, { name: undefined, until: now + keepUnknownMs })
    for (const entity of listOf(objectAt(reply.value), 'entities')) {
      const id = textAt(entity, 'id')
      const name = textAt(entity, 'name')
      if (id !== undefined && name !== undefined) cache.set(id, { name, until: now + keepMs })
    }
  }

  return {
    async resolve(ids, ctx) {
      const now = ctx.now().getTime()
      for (const kind of kinds) {
        const wanted = [...ids[kind]].filter(id => (caches[kind].get(id)?.until ?? 0) <= now && isAskable(kind, id))
        for (let at = 0; at < wanted.length; at += mostIds) await fetchNames(kind, wanted.slice(at, at + mostIds), ctx)
      }
    },
    known: ids => {
      const named = (kind: NameKind) =>
        Object.fromEntries(
          [...ids[kind]].sort().flatMap(id => {
            const name = caches[kind].get(id)?.name
            return name === undefined ? [] : [[id, name] as const]
          }),
        )
      return { queues: named('queues'), users: named('users'), wrapUpCodes: named('wrapUpCodes') }
    },
  }
}

/** Genesys's own wrap-up codes (ININ-WRAP-UP-TIMEOUT, …) are no entities. */
const isAskable = (kind: NameKind, id: string) => kind !== 'wrapUpCodes' || !id.startsWith('ININ-')

/** The ids in conversation details that have names. */
export function idsIn(details: readonly Fields[]): IdsByKind {
  const ids = { queues: new Set<string>(), users: new Set<string>(), wrapUpCodes: new Set<string>() }
  const add = (kind: NameKind, id: string | undefined) => {
    if (id !== undefined) ids[kind].add(id)
  }
  for (const fields of details) {
    for (const participant of listOf(fields, 'participants')) {
      add('users', textAt(participant, 'userId'))
      for (const segment of listOf(participant, 'sessions').flatMap(session => listOf(session, 'segments'))) {
        add('queues', textAt(segment, 'queueId'))
        add('wrapUpCodes', textAt(segment, 'wrapUpCode'))
      }
    }
    for (const evaluation of listOf(fields, 'evaluations')) add('users', textAt(evaluation, 'evaluatorId'))
  }
  return ids
}
