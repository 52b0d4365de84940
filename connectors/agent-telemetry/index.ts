import { z } from 'zod'
import { defineConnector } from '../../src/sdk/index.ts'
import { config } from './config.ts'
import { normalize } from './normalize.ts'
import { routes } from './receive.ts'

/**
 * The telemetry of AI agents: OpenTelemetry spans and log records of the GenAI, MCP and OpenInference conventions, taken
 * in over OTLP/HTTP. Agents post to it; there is nothing to pull, so it has no cursor.
 */
export const agentTelemetry = defineConnector({
  vendor: 'agent-telemetry',
  title: 'Agent telemetry (OpenTelemetry)',
  config,
  cursor: z.null(),
  routes,
  normalize,
})
