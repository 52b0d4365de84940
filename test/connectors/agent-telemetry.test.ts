import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { agentTelemetry } from '../../connectors/agent-telemetry/index.ts'
import type { Json } from '../../src/core/json.ts'
import type { RawRecord } from '../../src/core/records.ts'
import { connectorContract } from '../contract/connector.ts'
import { observationsOf, openInference, pydantic, spanOf, vercel } from './agent-telemetry/observations.ts'
import { allEvents, sections, settle } from './agent-telemetry/outcome.ts'
import { epoch, otlpSpan, rawRecord, spanId, traceId, tracesRequest } from './agent-telemetry/trace.ts'

connectorContract('agent telemetry', agentTelemetry)

const shared = (file: string): Json =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../shared/fixtures', file), 'utf8')) as Json

const normalize = (record: RawRecord) => agentTelemetry.normalize(record, undefined)

describe('agent telemetry: published payloads', () => {
  test('a span that is no agent telemetry tells only whose child it is', () => {
    assert.deepEqual(normalize(rawRecord('traces', shared('otlp/trace.json'))), {
      kind: 'emit',
      records: [
        {
          kind: 'link',
          from: {
            scope: 'trace:5b8efff798038103d269b633813fc60c',
            alias: 'span:eee19b7ec3c1b174',
            fallback: { vendor: 'agent-telemetry', account: 'main', key: '5b8efff798038103d269b633813fc60c' },
          },
          to: { parentAlias: 'span:eee19b7ec3c1b173' },
          version: 1544712661000,
        },
      ],
    })
  })

  test('log records that are no agent telemetry are counted', () => {
    assert.deepEqual(normalize(rawRecord('logs', shared('otlp/logs.json'))), {
      kind: 'drop',
      reason: 'not-agent-telemetry',
    })
  })

  for (const [file, isError] of [
    ['result-with-structured-content', false],
    ['result-with-unstructured-text', false],
  ] as const)
    test(`MCP tools/call with ${file}`, () => {
      const request = shared('mcp/call-tool-request.json') as {
        readonly id: string
        readonly params: { readonly name: string; readonly arguments: Json }
      }
      const result = shared(`mcp/${file}.json`)
      const records = [
        rawRecord(
          'traces',
          tracesRequest([
            otlpSpan({
              id: 'call',
              parent: 'agent',
              kind: 3,
              name: `tools/call ${request.params.name}`,
              start: 0,
              end: 120,
              attributes: {
                'mcp.method.name': 'tools/call',
                'jsonrpc.request.id': request.id,
                'gen_ai.operation.name': 'execute_tool',
                'gen_ai.tool.name': request.params.name,
                'gen_ai.tool.call.arguments': JSON.stringify(request.params.arguments),
                'gen_ai.tool.call.result': JSON.stringify(result),
                'server.address': 'weather.example.com',
              },
            }),
          ]),
        ),
      ]
      const events = settle(records)[`agent-telemetry/main/${traceId}`] ?? []
      assert.deepEqual(
        events.map(({ type, occurredAt, version }) => ({ type, occurredAt, version })),
        [{ type: 'tool.call', occurredAt: epoch, version: epoch + 120 }],
      )
      assert.deepEqual(
        { ...sections(events, 'tool.call')[0] },
        {
          partyKey: null,
          callId: null,
          name: 'get_weather',
          kind: 'mcp',
          server: 'weather.example.com',
          arguments: '{"location":"New York"}',
          result: JSON.stringify(result),
          isError,
          errorType: null,
          errorMessage: null,
          durationMs: 120,
          traceId,
          spanId: spanId('call'),
        },
      )
    })
})

const frameworks = [
  { name: 'Pydantic AI', file: 'pydantic-ai-tools-2025-12-04.json', content: pydantic },
  { name: 'Vercel AI SDK', file: 'vercel-aisdk-2025-11-17.json', content: vercel },
  { name: 'LangGraph by OpenInference', file: 'langgraph-python-2025-08-22.json', content: openInference },
] as const

const spansOf = ({ file, content }: (typeof frameworks)[number]) =>
  observationsOf(file).map(each => spanOf(each, content))

const oneByOne = (spans: readonly Json[]) =>
  spans.map((span, key) => rawRecord('traces', tracesRequest([span]), { key: String(key) }))

describe('agent telemetry: traces of real frameworks', () => {
  test('Pydantic AI: messages without the history, tools without an operation name', () => {
    const events = allEvents(settle(oneByOne(spansOf(frameworks[0]))))
    assert.deepEqual(
      sections(events, 'message').map(({ partyKey, text }) => [partyKey, text?.slice(0, 32)]),
      [
        ['user', 'Select and call THREE of the ava'],
        ['agent:joke_agent', 'I gathered some great ideas for '],
        ['user', "Now write a funny joke about 'pr"],
        ['agent:joke_agent', 'Why do programmers hate nature? '],
        ['user', 'Rate this joke:\n\nWhy do programm'],
      ],
    )
    assert.deepEqual(
      sections(events, 'tool.call').map(({ name, callId, arguments: given, result }) => [
        name,
        callId,
        given?.slice(0, 23),
        result?.slice(0, 10),
      ]),
      [
        ['get_pun_suggestion', 'call_X0OSgjUukT5inyEQvuZQnHrk', '{"topic":"programming"}', '"Pun idea:'],
        ['get_one_liner_suggestion', 'call_aRaObiWKKt6GzgDkkUl3bu1Q', '{"topic":"programming"}', '"One-liner'],
        ['get_dad_joke_suggestion', 'call_WxZcCvSDhGT4RJHlcU01k10x', '{"topic":"programming"}', '"Dad joke '],
        ['final_result', 'call_ZuzwalMMtvv9BC6xlVe3fiBP', '{"quality":"good","feed', '"Final res'],
      ],
    )
    const inferences = sections(events, 'reasoning.step').filter(({ kind }) => kind === 'inference')
    assert.deepEqual(
      inferences.map(({ inputTokens, outputTokens }) => [inputTokens, outputTokens]),
      [
        [265, 73],
        [417, 53],
        [502, 14],
        [131, 69],
      ],
    )
  })

  test('Vercel AI SDK: the tool span and both spans that ask for it are one call', () => {
    const events = allEvents(settle(oneByOne(spansOf(frameworks[1]))))
    assert.deepEqual(
      sections(events, 'tool.call').map(({ name, callId, arguments: given, result }) => ({
        name,
        callId,
        given,
        result,
      })),
      [
        {
          name: 'getWeather',
          callId: 'call_DgKARp7a7IhJPDczfifMp6Ra',
          given: '{"location":"San Francisco"}',
          result: '{"location":"San Francisco","temperature":64}',
        },
      ],
    )
    assert.deepEqual(
      sections(events, 'message').map(({ text }) => text),
      ['What is the weather like today in San Francisco?'],
    )
    assert.deepEqual(
      sections(events, 'reasoning.step').map(({ kind, requestModel, inputTokens, finishReasons }) => ({
        kind,
        requestModel,
        inputTokens,
        finishReasons,
      })),
      [
        { kind: 'agent', requestModel: 'gpt-5', inputTokens: null, finishReasons: ['tool-calls'] },
        { kind: 'inference', requestModel: 'gpt-5', inputTokens: 62, finishReasons: ['tool-calls'] },
      ],
    )
  })

  test('LangGraph by OpenInference: the call id is found in what the tool answered', () => {
    const events = allEvents(settle(oneByOne(spansOf(frameworks[2]))))
    assert.deepEqual(
      sections(events, 'tool.call').map(({ name, callId, result, durationMs }) => ({
        name,
        callId,
        result,
        durationMs,
      })),
      [
        {
          name: 'Web-Search',
          callId: 'call_1oGK863sxQHlPreFhDdEs3yl',
          result: '[{"url":"https://example.com","title":"Example Result","q":"example"}]',
          durationMs: 1,
        },
      ],
    )
    assert.deepEqual(
      sections(events, 'message').map(({ partyKey, text }) => [partyKey, text?.slice(0, 28)]),
      [
        ['user', 'Be helpful!'],
        ['user', "Search the web for 'example'"],
        ['agent:support-bot', 'The search for "example" pri'],
      ],
    )
  })

  for (const framework of frameworks)
    test(`${framework.name}: any order, repetition and batching of the spans gives the same`, () => {
      const spans = spansOf(framework)
      const expected = settle(oneByOne(spans))
      const anyRequests = fc
        .tuple(
          fc.shuffledSubarray(spans, { minLength: spans.length }),
          fc.subarray(spans),
          fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
        )
        .map(([order, again, sizes]) => {
          const rest = [...order, ...again]
          const requests: Json[][] = []
          for (const size of sizes) {
            if (rest.length === 0) return requests
            requests.push(rest.splice(0, size))
          }
          return requests
        })
      fc.assert(
        fc.property(anyRequests, requests => {
          const records = requests.map((request, key) =>
            rawRecord('traces', tracesRequest(request), { key: String(key) }),
          )
          assert.deepEqual(settle(records), expected)
        }),
        { numRuns: 60 },
      )
    })
})
