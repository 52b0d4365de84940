import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import { hourMs, interval, runJob, start, startRig } from './rig.ts'

const star = new URL('../../../shared/datasets/star/dialogues.jsonl.gz', import.meta.url)

const anyValue = z.object({ stringValue: z.string() })

const exported = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string().regex(/^[0-9a-f]{32}$/),
              spanId: z.string().regex(/^[0-9a-f]{16}$/),
              parentSpanId: z.string().optional(),
              name: z.string(),
              startTimeUnixNano: z.string(),
              attributes: z.array(z.object({ key: z.string(), value: anyValue })),
            }),
          ),
        }),
      ),
    }),
  ),
})

interface ReceivedSpan {
  readonly request: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly startMs: number
  readonly attributes: Readonly<Record<string, string>>
}

const bodyOf = async (request: IncomingMessage) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** An OTLP receiver that is busy at first, and keeps what it accepts. */
async function startReceiver(refusals: readonly number[]) {
  const spans: ReceivedSpan[] = []
  const tokens = new Set<string | undefined>()
  let requests = 0
  const waiting = [...refusals]
  const server = createServer((request, response) => {
    void bodyOf(request).then(body => {
      tokens.add(request.headers.authorization)
      const refusal = waiting.shift()
      if (refusal !== undefined) return response.writeHead(refusal, { 'retry-after': '0' }).end()
      requests += 1
      for (const { scopeSpans } of exported.parse(JSON.parse(body)).resourceSpans)
        for (const span of scopeSpans.flatMap(scope => scope.spans))
          spans.push({
            request: requests,
            traceId: span.traceId,
            spanId: span.spanId,
            parentSpanId: span.parentSpanId,
            startMs: Number(BigInt(span.startTimeUnixNano) / 1_000_000n),
            attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, value.stringValue])),
          })
      return response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans,
    tokens,
    [Symbol.asyncDispose]: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 1_000, 'waited in vain')
    await sleep(10)
  }
}

const source = z.object({
  DialogueID: z.number(),
  Events: z.array(
    z.object({
      Agent: z.string(),
      Action: z.string(),
      Text: z.string().optional(),
      UnixTime: z.number().optional(),
      APIName: z.string().optional(),
      Constraints: z.array(z.record(z.string(), z.string())).optional(),
      Item: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
})

const readSource = () =>
  gunzipSync(readFileSync(star))
    .toString('utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => source.parse(JSON.parse(line)))

describe('dialogues', () => {
  it('are played to the last utterance', async () => {
    await using rig = await startRig({ dialogues: star.pathname })
    const { totals, conversations } = rig.sandbox.facts()
    assert.equal(totals.conversations, 605)
    assert.equal(totals.abandoned, 40)
    assert.equal(totals.customerUtterances, 5024)
    assert.equal(totals.agentUtterances, 5001)
    assert.equal(totals.deleted, 0)
    const byId = new Map(conversations.map(one => [one.dialogueId, one]))
    for (const { DialogueID, Events } of readSource()) {
      const played = byId.get(DialogueID)
      assert.ok(played)
      const spoken = Events.filter(({ Action }) => Action === 'utter' || Action === 'pick_suggestion')
      const shiftMs =
        played.utterances[0] && spoken[0]?.UnixTime ? played.utterances[0].at - spoken[0].UnixTime * 1000 : 0
      assert.deepEqual(
        played.utterances.map(({ role, text, at }) => [role, text, at]),
        spoken.map(({ Agent, Text, UnixTime = 0 }) => [
          Agent === 'User' ? 'customer' : 'agent',
          Text,
          UnixTime * 1000 + shiftMs,
        ]),
      )
      assert.ok(played.startedAt > start - 24 * hourMs && played.endedAt < start)
    }
  })

  it('are served through the API as told', async () => {
    await using rig = await startRig({ dialogues: star.pathname })
    const { conversations } = await runJob(rig, { interval: interval(start - 24 * hourMs, start) }, 100)
    assert.equal(conversations.length, 605)
    const answered = conversations.filter(one => one.participants?.some(({ purpose }) => purpose === 'agent'))
    assert.equal(answered.length, 565)
  })

  it('post their tool calls, the turn that names the conversation in a later request', async () => {
    await using receiver = await startReceiver([429, 503])
    await using rig = await startRig({
      dialogues: star.pathname,
      otlp: { url: receiver.url, token: 'secret' },
      lateAfterMs: 0,
    })
    rig.pass(10_000)
    assert.equal(rig.sandbox.settled(), false)
    await until(() => rig.sandbox.settled())
    assert.deepEqual([...receiver.tokens], ['Bearer secret'])

    const { totals, conversations } = rig.sandbox.facts()
    const tools = receiver.spans.filter(span => span.attributes['gen_ai.operation.name'] === 'execute_tool')
    const turns = new Map(
      receiver.spans
        .filter(span => span.attributes['gen_ai.operation.name'] === 'invoke_agent')
        .map(span => [`${span.traceId}/${span.spanId}`, span]),
    )
    assert.equal(tools.length, 2130)
    assert.deepEqual([totals.toolCalls, totals.toolCallsWithoutItem], [2130, 125])
    assert.equal(new Set(receiver.spans.map(({ spanId }) => spanId)).size, receiver.spans.length)
    const nothing = tools.filter(
      ({ attributes }) => Object(JSON.parse(attributes['gen_ai.tool.call.result'] ?? '')).item === null,
    )
    assert.equal(nothing.length, 125)

    const sent = new Map<string, unknown[]>()
    for (const tool of tools) {
      const turn = turns.get(`${tool.traceId}/${tool.parentSpanId}`)
      assert.ok(turn && turn.request > tool.request)
      const id = turn.attributes['gen_ai.conversation.id'] ?? ''
      const { attributes } = tool
      sent.set(id, [
        ...(sent.get(id) ?? []),
        [attributes['gen_ai.tool.name'], JSON.parse(attributes['gen_ai.tool.call.arguments'] ?? ''), tool.startMs],
      ])
    }
    const byDialogue = new Map(readSource().map(one => [one.DialogueID, one]))
    for (const { conversationId, dialogueId, toolCalls, utterances } of conversations) {
      assert.deepEqual(
        sent.get(conversationId) ?? [],
        toolCalls.map(({ name, arguments: given, at }) => [name, given, at]),
      )
      const events = byDialogue.get(dialogueId ?? -1)?.Events ?? []
      const queries = events.filter(({ Action }) => Action === 'query')
      assert.deepEqual(
        toolCalls.map(({ name }) => name),
        queries.map(({ APIName }) => APIName),
      )
      for (const [index, { arguments: given = {}, at }] of toolCalls.entries()) {
        const query = queries[index]
        const names = query?.Constraints?.flatMap(constraint => Object.keys(constraint)) ?? []
        assert.deepEqual(Object.keys(given).sort(), [...new Set(names)].sort())
        const first = utterances[0]
        const spoken = events.find(({ Action }) => Action === 'utter' || Action === 'pick_suggestion')
        assert.equal(at - (first?.at ?? 0), ((query?.UnixTime ?? 0) - (spoken?.UnixTime ?? 0)) * 1000)
      }
    }
  })

  it('never settle when the receiver refuses the spans for good', async () => {
    await using receiver = await startReceiver(Array.from({ length: 5 }, () => 401))
    await using rig = await startRig({
      conversations: 30,
      otlp: { url: receiver.url, token: 'wrong' },
      lateAfterMs: 0,
    })
    rig.pass(10_000)
    await until(() => receiver.tokens.size > 0)
    await sleep(100)
    assert.equal(rig.sandbox.settled(), false)
    assert.equal(receiver.spans.length, 0)
  })
})

describe('a bad dialogues file', () => {
  const refused = async (name: string, text: string | undefined, expected: RegExp) => {
    const directory = await mkdtemp(join(tmpdir(), 'vconduit-dialogues-'))
    const path = join(directory, name)
    try {
      if (text !== undefined) await writeFile(path, text)
      await assert.rejects(startRig({ dialogues: path }), (error: Error & { kind?: string }) => {
        assert.equal(error.kind, 'config')
        assert.ok(error.message.includes(path))
        assert.match(error.message, expected)
        return true
      })
    } finally {
      await rm(directory, { recursive: true })
    }
  }
  const good = {
    DialogueID: 1,
    CompletionLevel: 'Complete',
    AnonymizedWizardWorkerID: 'w',
    AnonymizedUserWorkerID: 'u',
    BatchID: 'b',
    Scenario: { Domains: ['bank'], Happy: true, MultiTask: false },
    Events: [{ Agent: 'User', Action: 'utter', Text: 'Hello', UnixTime: 1589375697 }],
  }
  const line = (changes: object) => `${JSON.stringify({ ...good, ...changes })}\n`

  it('is named with line, what was found and what was expected', async () => {
    const [event] = good.Events
    await refused('absent.jsonl', undefined, /found ENOENT, expected a readable file/)
    await refused('empty.jsonl', '\n', /found no line, expected one dialogue per line/)
    await refused(
      'text.jsonl',
      `${line({})}secret words\n`,
      /line 2: found text that is not JSON, expected one dialogue/,
    )
    await refused('plain.jsonl.gz', line({}), /found bytes that are not gzip/)
    await refused('id.jsonl', line({ DialogueID: 'x' }), /line 1: at DialogueID: found "x", expected number/)
    await refused('twice.jsonl', line({}) + line({}), /line 2: found DialogueID 1 again, expected it only on line 1/)
    await refused(
      'time.jsonl',
      line({ Events: [{ ...event, UnixTime: 1.5 }] }),
      /line 1: at Events\[0\]\.UnixTime: found 1\.5, expected a whole number/,
    )
    await refused(
      'action.jsonl',
      line({ Events: [{ ...event, Action: 'sing' }] }),
      /line 1: at Events\[0\]\.Action: found "sing", expected/,
    )
    await refused(
      'query.jsonl',
      line({ Events: [{ Agent: 'Wizard', Action: 'query', APIName: 'bank', Constraints: [], UnixTime: 1 }, event] }),
      /line 1: at Events\[0\]: found a query followed by utter, expected a return_item/,
    )
  })

  it('leaks nothing of what somebody said', async () => {
    await refused('said.jsonl', 'my password is hunter2\n', /^(?!.*hunter2)/)
  })
})
