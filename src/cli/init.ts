import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Option } from 'commander'
import { stringify } from 'yaml'
import { z } from 'zod'
import { connectors } from '../../connectors/registry.ts'
import type { Connector } from '../core/connector.ts'
import { configError } from '../core/errors.ts'
import type { AddCommand } from './command.ts'
import { settingsSchema } from './config.ts'
import { type Described, describeSchema } from './schema-text.ts'
import { line } from './terminal.ts'

export const initCommand: AddCommand = (program, { terminal }) => {
  program
    .command('init')
    .description('Writes a commented configuration with every setting at its default.')
    .argument('[file]', 'where to write it', 'vconduit.yaml')
    .addOption(
      new Option('--vendor <vendors...>', 'accounts to show')
        .choices(connectors.map(connector => connector.vendor))
        .default(connectors.map(connector => connector.vendor)),
    )
    .option('--force', 'write over a file that is there', false)
    .action(async (file: string, options: { vendor: readonly string[]; force: boolean }) => {
      const path = resolve(file)
      const chosen = connectors.filter(connector => options.vendor.includes(connector.vendor))
      try {
        await writeFile(path, commentedConfig(chosen), { flag: options.force ? 'w' : 'wx' })
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
          throw configError('config-exists', `writing ${path}: it is there already; --force writes over it`)
        throw configError('config-not-written', `writing ${path}: it cannot be written`, error)
      }
      line(terminal.out, `Wrote ${path}. Fill in the accounts, then run \`vconduit check\` and \`vconduit run\`.`)
    })
}

/** A configuration made from the schemas alone, so that it says what they say. */
export function commentedConfig(chosen: readonly Connector[]): string {
  const { connectors: accounts, ...rest } = describeSchema(settingsSchema).properties ?? {}
  return [
    '# vconduit: what to read, where to keep it. A dollar sign with {NAME} is replaced by that environment variable.',
    '',
    ...comment(accounts?.description, ''),
    'connectors:',
    ...chosen.flatMap(accountExample),
    '',
    ...Object.entries(rest).flatMap(([name, schema]) => [...setting(name, schema, ''), '']),
  ].join('\n')
}

function setting(name: string, schema: Described, indent: string): readonly string[] {
  const inner = schema.properties
  if (inner !== undefined)
    return [
      ...comment(schema.description, indent),
      `${indent}${name}:`,
      ...Object.entries(inner).flatMap(([key, value]) => setting(key, value, `${indent}  `)),
    ]
  const value = stringify({ [name]: schema.default ?? null })
    .trimEnd()
    .split('\n')
  return [...comment(schema.description, indent), ...value.map(text => `${indent}${text}`)]
}

/** An account as its connector's example shows it, and what else could be set, commented out. */
function accountExample(connector: Connector): readonly string[] {
  const schema = describeSchema(connector.config)
  const [given] = (z.globalRegistry.get(connector.config)?.['examples'] ?? []) as readonly unknown[]
  const example = withVariables(given ?? {}, schema, connector.vendor) as Readonly<Record<string, unknown>>
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const isShown = name in example
    const lines = stringify({ [name]: isShown ? example[name] : (field.default ?? null) })
      .trimEnd()
      .split('\n')
    return [...comment(field.description, '    '), ...lines.map(text => (isShown ? `    ${text}` : `    # ${text}`))]
  })
  const vendor = fields.findIndex(text => text.startsWith('    vendor:'))
  return [`  # ${connector.title}`, `  - vendor: ${connector.vendor}`, ...fields.slice(vendor + 1)]
}

/** The example with a variable in place of every secret: `${GENESYS_CLOUD_CLIENT_SECRET}`. */
function withVariables(example: unknown, schema: Described | undefined, name: string): unknown {
  if (schema?.secret === true)
    return `\${${name
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .replace(/[^A-Za-z0-9]+/g, '_')
      .toUpperCase()}}`
  if (Array.isArray(example)) return example.map(item => withVariables(item, schema?.items, name))
  if (typeof example !== 'object' || example === null) return example
  return Object.fromEntries(
    Object.entries(example).map(([key, value]) => [
      key,
      withVariables(value, schema?.properties?.[key], nameOf(name, key)),
    ]),
  )
}

/** Of a list only what is in it is named. */
const nameOf = (name: string, key: string) => (key === 'sources' ? name : `${name}_${key}`)

const comment = (text: string | undefined, indent: string) => (text === undefined ? [] : [`${indent}# ${text}`])
