import type { Connector } from '../../src/sdk/index.ts'
import { type GenesysConfig, genesysConfig } from './config.ts'
import { type GenesysCursor, genesysCursor } from './cursor.ts'
import { normalize } from './normalize.ts'
import { openGenesys } from './read.ts'

/**
 * Genesys Cloud CX: conversation details, transcripts, messages, recordings, evaluations, surveys, sentiment, summaries and
 * turns of bots, pulled from its Platform API.
 */
export const genesysCloud: Connector<GenesysConfig, GenesysCursor> = {
  vendor: 'genesys-cloud',
  title: 'Genesys Cloud CX',
  config: genesysConfig,
  cursor: genesysCursor,
  open: openGenesys,
  normalize,
}
