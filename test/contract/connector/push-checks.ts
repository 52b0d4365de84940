import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Route } from '../../../src/core/connector.ts'
import { type Check, exampleConfig, type Subject } from './subject.ts'

/** Checks of a connector that vendors or agents post to. */
export const pushChecks: readonly Check[] = [
  { name: 'routes have plain paths and limits', run: onRoutes(checkPath) },
  { name: "a request without token or signature is nobody's, whatever it holds", run: onRoutes(checkStranger) },
  { name: 'refusals have the status asked for', run: onRoutes(checkRefusals) },
]

function onRoutes(run: (route: Route) => void): Check['run'] {
  return ({ connector }: Subject) => {
    const config = exampleConfig(connector)
    assert.ok(config !== undefined, 'the configuration has no example that parses')
    const routes = connector.routes?.(config) ?? []
    assert.ok(routes.length > 0, 'its example has no routes')
    for (const route of routes) run(route)
  }
}

function checkPath(route: Route): void {
  assert.match(route.path, /^\/[\w\-.~/]*$/)
  assert.ok(Number.isSafeInteger(route.maxBytes) && route.maxBytes > 0, `${route.path} has no limit`)
}

const headers = fc.dictionary(
  fc.constantFrom('authorization', 'content-type', 'x-signature', 'x-hub-signature-256', 'user-agent'),
  fc.oneof(fc.string({ maxLength: 80 }), fc.constantFrom('Bearer ', 'Bearer x', 'Basic eDp4', 'application/json')),
)
const body = fc.oneof(
  fc.uint8Array({ maxLength: 500 }),
  fc.json().map(text => Buffer.from(text)),
)

function checkStranger(route: Route): void {
  fc.assert(
    fc.property(headers, body, fc.date({ noInvalidDate: true }), (given, bytes, receivedAt) => {
      const buffer = Buffer.from(bytes)
      const result = route.handle({ headers: given, rawBody: buffer, body: buffer, receivedAt })
      assert.equal(result, undefined, `${route.path} takes in what nobody signed`)
    }),
    { numRuns: 200 },
  )
}

function checkRefusals(route: Route): void {
  for (const status of [400, 401, 405, 413, 415, 429, 500, 503])
    for (const type of ['application/json', 'application/x-protobuf', undefined]) {
      const reply = route.refuse(status, 'a reason', { headers: { 'content-type': type } })
      assert.equal(reply.status, status, `${route.path} answers ${reply.status} where it should refuse with ${status}`)
    }
}
