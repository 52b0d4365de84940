import type { Context, RawInput } from '../../src/sdk/index.ts'
import { fixFor } from './client.ts'
import { writeContext } from './context.ts'
import { mapInOrder } from './in-order.ts'
import type { PassDeps } from './read-pass.ts'

/**
 * Asks by id for conversations that a window no longer lists. Genesys has no list of deletions: one that was there and is
 * answered with 404 was deleted, by somebody or by retention. Its answer is the payload of the raw record.
 */
export async function confirmDeleted(
  { client, config }: PassDeps,
  ids: readonly string[],
  ctx: Context,
): Promise<{ readonly records: readonly RawInput[]; readonly deleted: ReadonlySet<string> }> {
  const records = await mapInOrder(ids, config.parallelRequests, async (id): Promise<RawInput | undefined> => {
    const reply = await client.http.bytes(
      {
        what: 'asking whether a conversation was deleted',
        url: `/api/v2/analytics/conversations/${encodeURIComponent(id)}/details`,
        accept: [404, 410],
        fix: fixFor('details'),
      },
      ctx,
    )
    if (reply.status === 200) return undefined
    return {
      stream: 'deletions',
      key: id,
      conversationKey: id,
      observedAt: reply.receivedAt.getTime(),
      contentType: reply.headers['content-type'] ?? 'application/json',
      payload: reply.body,
      context: writeContext({ conversationId: id }),
    }
  })
  const found = records.flatMap(record => record ?? [])
  return { records: found, deleted: new Set(found.map(({ key }) => key)) }
}
