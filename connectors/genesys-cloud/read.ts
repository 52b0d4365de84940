import { type Account, type Context, configError, type Slice, type SourceBatch } from '../../src/sdk/index.ts'
import { createClient, fixFor } from './client.ts'
import type { GenesysConfig } from './config.ts'
import type { BotFlow } from './context.ts'
import type { GenesysCursor } from './cursor.ts'
import { createNameCache } from './names.ts'
import { listBotFlows, readBotTurns } from './read-bot-turns.ts'
import { readHistory } from './read-history.ts'
import { createRelatedReader } from './read-related.ts'
import { readWindows } from './read-windows.ts'
import { sliceOf, windowOf, windowPlan } from './windows.ts'

/** Slices follow windows, read the history, or read the turns of one bot flow each. */
const detailsStream = 'conversation-details'
const botTurnsStream = 'bot-turns'

/** One Genesys Cloud organization. */
export function openGenesys(config: GenesysConfig): Account<GenesysCursor> {
  const client = createClient(config)
  const names = createNameCache(client)
  const deps = { client, config, names, related: createRelatedReader(client, config, names) }
  const plan = windowPlan(config)
  // Their length and number say which windows a slice follows: other settings are other slices.
  const windowPrefix = `windows-${config.windowMinutes}m-${config.rereadDays}d-`
  const flows = new Map<string, BotFlow>()

  function resume<K extends GenesysCursor['kind']>(kind: K, cursor: GenesysCursor | undefined) {
    if (cursor !== undefined && cursor.kind !== kind)
      throw configError('cursor-of-another-kind', `resuming a slice of ${kind}: its cursor is of ${cursor.kind}`)
    return cursor as Extract<GenesysCursor, { kind: K }> | undefined
  }

  return {
    pollIntervalMs: config.pollSeconds * 1000,
    async check(ctx) {
      await client.http.json(
        {
          what: 'checking the credentials',
          url: '/api/v2/analytics/conversations/details/jobs/availability',
          fix: fixFor('details'),
          maxTries: 3,
        },
        ctx,
      )
    },
    async slices(ctx) {
      const current = sliceOf(plan, windowOf(plan, ctx.now().getTime()))
      const windows = Array.from({ length: plan.slices }, (_, back): Slice => {
        // The newest window first: who comes first is read first.
        const number = (current - back + plan.slices) % plan.slices
        return { stream: detailsStream, id: `${windowPrefix}${number}` }
      })
      const botFlows = config.botTurns === 'off' ? [] : await listBotFlows(client, ctx)
      for (const flow of botFlows) flows.set(flow.id, flow)
      return [
        ...windows,
        ...botFlows.map(({ id }): Slice => ({ stream: botTurnsStream, id })),
        { stream: detailsStream, id: 'history' },
      ]
    },
    read(slice: Slice, from: GenesysCursor | undefined, ctx: Context): AsyncIterable<SourceBatch<GenesysCursor>> {
      if (slice.stream === botTurnsStream)
        return readBotTurns(client, config, flows.get(slice.id) ?? { id: slice.id }, resume('bot-turns', from), ctx)
      if (slice.id === 'history') return readHistory(deps, plan, resume('history', from), ctx)
      const number = Number(slice.id.slice(windowPrefix.length))
      return readWindows(deps, plan, number, resume('window', from), ctx)
    },
  }
}
