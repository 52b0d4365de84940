import type { ClickHouseClient } from '@clickhouse/client'
import { line, type Terminal, table } from './terminal.ts'

/** What the warehouse holds. */
export interface Counts {
  readonly conversations: number
  readonly events: number
}

export async function readCounts(client: ClickHouseClient): Promise<Counts> {
  const [row] = await rows<Counts>(
    client,
    'SELECT toUInt32(count()) AS conversations, toUInt32((SELECT count() FROM events)) AS events FROM conversations',
  )
  return row ?? { conversations: 0, events: 0 }
}

/** Questions that an analyst asks, with the SQL that answers them. */
const questions: readonly { readonly title: string; readonly query: string }[] = [
  {
    title: 'Conversations by channel',
    query: `SELECT channel, toUInt32(count()) AS conversations, toUInt32(sum(customer_utterances)) AS customer_utterances,
              toUInt32(sum(agent_utterances)) AS agent_utterances, toUInt32(countIf(abandoned)) AS abandoned
            FROM conversations GROUP BY channel ORDER BY conversations DESC`,
  },
  {
    title: 'What agents and bots did',
    query: `SELECT name AS tool, toUInt32(count()) AS calls, toUInt32(countIf(is_error)) AS failed
            FROM tool_calls GROUP BY name ORDER BY calls DESC, tool LIMIT 5`,
  },
  {
    title: 'How it ended',
    query: `SELECT ifNull(disposition_name, '(none)') AS outcome, toUInt32(count()) AS conversations
            FROM conversations GROUP BY outcome ORDER BY conversations DESC, outcome LIMIT 5`,
  },
  {
    title: 'Facts by type',
    query: 'SELECT type, toUInt32(count()) AS events FROM events GROUP BY type ORDER BY events DESC, type',
  },
]

/** Prints what was exported, and a few answers. */
export async function printAnswers(terminal: Terminal, client: ClickHouseClient, counts: Counts): Promise<void> {
  const { conversations, events } = counts
  line(terminal.out, `Exported ${conversations} conversations made of ${events} facts.`)
  for (const { title, query } of questions) {
    const found = await rows<Record<string, string | number>>(client, query)
    if (found.length === 0) continue
    const headings = Object.keys(found[0] ?? {})
    line(terminal.out, `\n${title}`)
    line(
      terminal.out,
      table(
        headings.map(heading => heading.replaceAll('_', ' ')),
        found.map(row => headings.map(heading => row[heading] ?? '')),
      ),
    )
  }
}

async function rows<T>(client: ClickHouseClient, query: string): Promise<readonly T[]> {
  const result = await client.query({ query, format: 'JSONEachRow' })
  return await result.json<T>()
}
