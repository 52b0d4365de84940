import { isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml'
import type { z } from 'zod'

/** One thing that is wrong with a configuration file. Lines and columns count from 1. */
export interface Problem {
  readonly line: number
  readonly column: number
  /** The path of the value, e.g. `connectors[0].clientId`. */
  readonly path: string
  readonly message: string
}

export type PathPart = string | number

/** A YAML file with the position of every value. */
export interface YamlFile {
  /** Its value with `${NAME}` replaced; undefined if it does not parse. */
  readonly value: unknown
  /** What is wrong with the text itself: syntax, duplicate keys, variables that are not set. */
  readonly problems: readonly Problem[]
  /** Where the value at a path stands; where it is missing, its nearest ancestor. */
  positionOf(path: readonly PathPart[]): { readonly line: number; readonly column: number }
  /** Where the key of the entry at a path stands. */
  positionOfKey(path: readonly PathPart[]): { readonly line: number; readonly column: number }
}

const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/**
 * Parses YAML 1.2 and replaces `${NAME}` in its strings by environment variables. Never throws: whatever is wrong is
 * listed, all of it at once.
 */
export function parseYaml(text: string, environment: Readonly<Record<string, string | undefined>>): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const problems: Problem[] = document.errors.map(error => ({
    ...at(error.pos[0]),
    path: '',
    message: `not valid YAML: ${error.message}`,
  }))
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return
      node.value = node.value.replace(variable, (whole, name: string) => {
        const value = environment[name]
        if (value !== undefined) return value
        problems.push({
          ...at(node.range?.[0] ?? 0),
          path: '',
          message: `the environment variable ${name} is not set`,
        })
        return whole
      })
    },
  })
  const nodeAt = (path: readonly PathPart[]): Node | undefined => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
      if (isRanged(node)) return node
    }
    return undefined
  }
  const positionOf = (path: readonly PathPart[]) => at(nodeAt(path)?.range?.[0] ?? 0)
  return {
    value: document.errors.length > 0 ? undefined : document.toJS(),
    problems,
    positionOf,
    positionOfKey(path) {
      const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
      const key = path.at(-1)
      const pair = isMap(parent) ? parent.items.find(item => isScalar(item.key) && item.key.value === key) : undefined
      return isScalar(pair?.key) ? at(pair.key.range?.[0] ?? 0) : positionOf(path)
    },
  }
}

const isRanged = (node: unknown): node is Node =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)

export const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  )

/** A value as an error may show it: short, and nothing of what could be a secret. */
export function shown(path: readonly PropertyKey[], value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (/secret|token|password|key/i.test(String(path.at(-1) ?? '')))
    return typeof value === 'string' ? `a string of ${value.length} characters` : `a ${typeof value}`
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'a map'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** The problems that a schema has with the value at `base` of a file; `allowedAt` names the keys of a map in it. */
export function schemaProblems(
  file: YamlFile,
  base: readonly PathPart[],
  issues: readonly z.core.$ZodIssue[],
  allowedAt: (path: readonly PropertyKey[]) => readonly string[],
): readonly Problem[] {
  return issues.flatMap((issue): readonly Problem[] => {
    const path = [...base, ...issue.path.map(part => (typeof part === 'symbol' ? String(part) : part))]
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map(key => ({
        ...file.positionOfKey([...path, key]),
        path: pathText([...path, key]),
        message: `found the unknown key "${key}", expected one of ${allowedAt(issue.path).join(', ')}`,
      }))
    const found = shown(path, valueAt(file.value, path))
    const allowed =
      issue.code === 'invalid_value' ? `one of ${issue.values.map(v => JSON.stringify(v)).join(', ')}` : ''
    return [
      {
        ...file.positionOf(path),
        path: pathText(path),
        message: `found ${found}, expected ${allowed || lowerFirst(issue.message.replace(/^((Invalid input|Too big|Too small): )?expected /, '').replace(/, received .*$/, ''))}`,
      },
    ]
  })
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)

function valueAt(value: unknown, path: readonly PathPart[]): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PathPart, unknown>)[part] : undefined,
    value,
  )
}
