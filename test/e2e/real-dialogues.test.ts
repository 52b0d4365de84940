import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { parquetRows, type Row } from '../../src/sinks/archive/parquet.ts'
import type { Vcon } from '../../src/vcon/model.ts'
import { validateVcon } from '../../src/vcon/validate.ts'
import { type Ran, runCli } from './cli.ts'

const shared = join(import.meta.dirname, '../../../shared')
const dialoguesFile = join(shared, 'datasets/star/dialogues.jsonl.gz')

interface Dialogue {
  readonly DialogueID: number
  readonly Events: readonly {
    readonly Agent: string
    readonly Action: string
    readonly Text?: string
    readonly APIName?: string
    readonly Item?: unknown
  }[]
}

/** What is said in a conversation, in order: `customer: …` and `agent: …`; and its tools in order. */
interface Told {
  readonly said: readonly string[]
  readonly tools: readonly string[]
}

/** What the file says that must come out: one entry a dialogue, as JSON, in any order. */
function expectedFrom(dialogues: readonly Dialogue[]): readonly Told[] {
  return dialogues.map(({ Events }) => ({
    said: Events.flatMap(({ Agent, Action, Text }) => {
      if (Agent === 'User' && Action === 'utter') return [`customer: ${Text}`]
      return Agent === 'Wizard' && (Action === 'utter' || Action === 'pick_suggestion') ? [`agent: ${Text}`] : []
    }),
    tools: Events.flatMap((event, index) => {
      if (event.Action !== 'query') return []
      const answer = Events.slice(index).find(({ Action }) => Action === 'return_item')
      return [`${event.APIName}: ${answer?.Item === undefined ? 'nothing' : 'something'}`]
    }),
  }))
}

const comparable = (told: readonly Told[]) => told.map(each => JSON.stringify(each)).sort()

const toolText = (name: string, result: unknown) => {
  const item = (typeof result === 'string' ? JSON.parse(result) : result)?.item
  return `${name}: ${item === null || item === undefined ? 'nothing' : 'something'}`
}

describe('605 real dialogues', () => {
  let folder: string
  let quickstart: Ran
  const dialogues = gunzipSync(readFileSync(dialoguesFile))
    .toString()
    .trimEnd()
    .split('\n')
    .map(text => JSON.parse(text) as Dialogue)
  const expected = comparable(expectedFrom(dialogues))

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vconduit-dialogues-'))
    quickstart = await runCli(folder, ['quickstart', '--dialogues', dialoguesFile])
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const sql = async <T>(query: string): Promise<readonly T[]> => {
    const { code, stdout, stderr } = await runCli(folder, ['sql', '--format', 'JSONEachRow', query])
    assert.equal(code, 0, stderr)
    return stdout
      .split('\n')
      .filter(text => text !== '')
      .map(text => JSON.parse(text) as T)
  }
  const vcons = () =>
    globSync('vconduit-quickstart/archive/conversations/**/*.vcon.json', { cwd: folder }).map(
      path => JSON.parse(readFileSync(join(folder, path), 'utf8')) as Vcon,
    )

  it('ends by itself, without a dead letter', async () => {
    assert.equal(quickstart.code, 0, quickstart.stderr)
    assert.match(quickstart.stdout, /Exported 605 conversations/)
    const letters = await runCli(folder, ['dlq', 'list'])
    assert.equal(letters.stdout.trim(), 'No dead letters.')
  })

  it('come out whole in SQL', async () => {
    const [counts] = await sql<Record<string, number>>(
      `SELECT toInt32(count()) AS conversations, toInt32(countIf(abandoned)) AS abandoned,
              toInt32(sum(customer_utterances)) AS customer, toInt32(sum(agent_utterances)) AS agent,
              toInt32(sum(tool_calls)) AS tools FROM conversations`,
    )
    assert.deepEqual(counts, { conversations: 605, abandoned: 40, customer: 5024, agent: 5001, tools: 2130 })
    const [tools] = await sql<Record<string, number>>(
      `SELECT toInt32(count()) AS calls, toInt32(countIf(JSONExtractRaw(assumeNotNull(result), 'item') IN ('null', ''))) AS found_nothing,
              toInt32(countIf(arguments IS NULL)) AS without_arguments FROM tool_calls`,
    )
    assert.deepEqual(tools, { calls: 2130, found_nothing: 125, without_arguments: 0 })
  })

  it('are told in their order in SQL', async () => {
    const said = await sql<{ id: string; said: string[] }>(
      `SELECT conversation_id AS id, groupArray(concat(role, ': ', text)) AS said FROM
         (SELECT conversation_id, role, text FROM utterances ORDER BY conversation_id, occurred_at, sequence) GROUP BY id`,
    )
    const tools = await sql<{ id: string; tools: [string, string][] }>(
      `SELECT conversation_id AS id, groupArray((name, ifNull(result, 'null'))) AS tools FROM
         (SELECT conversation_id, name, result FROM tool_calls ORDER BY conversation_id, occurred_at, sequence) GROUP BY id`,
    )
    const ids = await sql<{ id: string }>('SELECT conversation_id AS id FROM conversations')
    const saidBy = new Map(said.map(row => [row.id, row.said]))
    const toolsBy = new Map(tools.map(row => [row.id, row.tools.map(([name, result]) => toolText(name, result))]))
    const told = ids.map(({ id }) => ({ said: saidBy.get(id) ?? [], tools: toolsBy.get(id) ?? [] }))
    assert.deepEqual(comparable(told), expected)
  })

  it('come out whole and in their order in the Parquet files', async () => {
    const rows = new Map<string, Row>()
    for (const path of globSync('vconduit-quickstart/archive/events/**/*.parquet', { cwd: folder }))
      for (const row of await parquetRows(await readFile(join(folder, path)))) {
        const id = `${row['conversation_id']} ${row['id']}`
        const known = rows.get(id)
        if (known === undefined || Number(row['version']) >= Number(known['version'])) rows.set(id, row)
      }
    const facts = [...rows.values()]
      .filter(row => row['retracted'] !== true)
      .map(row => ({
        conversation: String(row['conversation_id']),
        type: String(row['type']),
        at: (row['occurred_at'] as Date).getTime(),
        sequence: Number(row['sequence']),
        section: JSON.parse(String(row['section'])),
      }))
      .sort((a, b) => a.at - b.at || a.sequence - b.sequence)
    const roles = new Map(
      facts
        .filter(fact => fact.type === 'party.joined')
        .map(({ conversation, section }) => [`${conversation} ${section.partyKey}`, section.role]),
    )
    const told = new Map<string, { said: string[]; tools: string[] }>()
    for (const { conversation, type, section } of facts) {
      const one = told.get(conversation) ?? { said: [], tools: [] }
      told.set(conversation, one)
      if (type === 'utterance') one.said.push(`${roles.get(`${conversation} ${section.partyKey}`)}: ${section.text}`)
      if (type === 'tool.call') one.tools.push(toolText(section.name, section.result))
    }
    assert.deepEqual(comparable([...told.values()]), expected)
  })

  it('come out whole and in their order in the vCons', () => {
    const told = vcons().map(({ parties = [], analysis = [] }) => {
      const bodies = <T>(schema: string) => analysis.filter(each => each.schema === schema).map(each => each.body as T)
      const utterances = bodies<{ utterances: { party: number; text: string }[] }>('vconduit/transcript/1').flatMap(
        body => body.utterances,
      )
      return {
        said: utterances.map(({ party, text }) => `${parties[party]?.role}: ${text}`),
        tools: bodies<{ name: string; result: unknown }>('vconduit/tool.call/1').map(({ name, result }) =>
          toolText(name, result),
        ),
      }
    })
    assert.deepEqual(comparable(told), expected)
  })

  it('are valid vCons by the schema of the working group and by the rules of the text', () => {
    const ajv = new Ajv({ strict: false })
    addFormats.default(ajv)
    const matches = ajv.compile(JSON.parse(readFileSync(join(shared, 'schemas/vcon-core-03.schema.json'), 'utf8')))
    const all = vcons()
    assert.equal(all.length, 605)
    for (const vcon of all) {
      assert.ok(matches(vcon), `${vcon.uuid}: ${ajv.errorsText(matches.errors)}`)
      assert.deepEqual(validateVcon(vcon), [], vcon.uuid)
    }
  })
})
