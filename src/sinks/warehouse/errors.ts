import { ClickHouseError } from '@clickhouse/client'
import { configError, fatalError, retriableError, type VconduitError } from '../../core/errors.ts'

/** Errors of a warehouse that will be well again: busy, full, restarting, cut off (ClickHouse `ErrorCodes.cpp`). */
const passing = new Set([
  '3', // UNEXPECTED_END_OF_FILE
  '76', // CANNOT_OPEN_FILE
  '159', // TIMEOUT_EXCEEDED
  '160', // TOO_SLOW
  '198', // DNS_ERROR
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '203', // NO_FREE_CONNECTION
  '209', // SOCKET_TIMEOUT
  '210', // NETWORK_ERROR
  '225', // NO_ZOOKEEPER
  '236', // ABORTED
  '241', // MEMORY_LIMIT_EXCEEDED
  '242', // TABLE_IS_READ_ONLY
  '243', // NOT_ENOUGH_SPACE
  '252', // TOO_MANY_PARTS
  '254', // NO_ACTIVE_REPLICAS
  '279', // ALL_CONNECTION_TRIES_FAILED
  '285', // TOO_FEW_LIVE_REPLICAS
  '286', // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  '289', // REPLICA_IS_NOT_IN_QUORUM
  '319', // UNKNOWN_STATUS_OF_INSERT
  '341', // UNFINISHED
  '364', // ALL_REPLICAS_LOST
  '394', // QUERY_WAS_CANCELLED
  '425', // SYSTEM_ERROR
  '439', // CANNOT_SCHEDULE_TASK
  '473', // DEADLOCK_AVOIDED
  '574', // CANNOT_CREATE_FILE
  '999', // KEEPER_EXCEPTION
])

const refused = new Set(['192', '193', '194', '497', '516', '164'])

/**
 * What to do about an error of the warehouse's client. The server's own words are left out of the message, as they may
 * quote rows; its code, its name and the column that it names are kept.
 */
export function warehouseError(doing: string, error: unknown): VconduitError {
  if (!(error instanceof ClickHouseError)) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
    return retriableError('warehouse-unreachable', `${doing}: ${code}`, plain(error))
  }
  const what = `${doing}: ${error.type ?? 'error'} (code ${error.code})`
  if (passing.has(error.code)) return retriableError('warehouse-busy', what)
  if (refused.has(error.code)) return configError('warehouse-refused', `${what}; check user, password and grants`)
  const column = /(?:column|identifier) [`']?(\w+)/i.exec(error.message)?.[1]
  return fatalError('warehouse-schema', column === undefined ? what : `${what}, column ${column}`)
}

/** The error of the network without the request that it may carry. */
const plain = (error: unknown) => (error instanceof Error ? new Error(error.message) : undefined)
