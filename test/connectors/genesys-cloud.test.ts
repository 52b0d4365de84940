import { genesysCloud } from '../../connectors/genesys-cloud/index.ts'
import { defineConnector } from '../../src/core/connector.ts'
import { connectorContract } from '../contract/connector.ts'
import { genesysRig } from './genesys-cloud-rig.ts'

connectorContract('genesys-cloud', defineConnector(genesysCloud), genesysRig)
