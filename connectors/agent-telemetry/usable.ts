import { isHomeless } from './normalize-logs.ts'
import { type Encoding, readTelemetry, type Signal, type Telemetry } from './otlp.ts'

/**
 * What of a request can be used, for its sender and for normalizing alike. Throws a `data` error if the request cannot be
 * decoded.
 */
export function readUsable(signal: Signal, encoding: Encoding, payload: Buffer): Telemetry {
  const telemetry = readTelemetry(signal, encoding, payload)
  const logRecords = telemetry.logRecords.filter(record => !isHomeless(record))
  const homeless = telemetry.logRecords.length - logRecords.length
  if (homeless === 0) return telemetry
  const reason = 'agent telemetry must have a traceId or gen_ai.conversation.id'
  return { ...telemetry, logRecords, rejected: new Map([...telemetry.rejected, [reason, homeless]]) }
}
