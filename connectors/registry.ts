import { defineConnector } from '../src/core/connector.ts'
import { agentTelemetry } from './agent-telemetry/index.ts'
import { genesysCloud } from './genesys-cloud/index.ts'

/** Every connector of the build. Being here means passing `test/contract/connector.ts`. */
export const connectors = [defineConnector(genesysCloud), defineConnector(agentTelemetry)] as const
