/** A piece of SQL text; comments and blanks are none. `depth` counts the round brackets around it. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'other'
  /** A name without its quotes; other tokens as written. */
  readonly text: string
  readonly start: number
  readonly end: number
  readonly depth: number
}

const pattern =
  /--[^\n]*|\/\*[\s\S]*?\*\/|(\w+)|`((?:[^`\\]|\\[\s\S]|``)*)`|"((?:[^"\\]|\\[\s\S]|"")*)"|('(?:[^'\\]|\\[\s\S]|'')*')|(\S)/gy

/** The tokens of a statement, lazily: what follows the last one asked for is not looked at, be it binary. */
export function* tokensOf(sql: string): Generator<Token> {
  const blank = /\s*/y
  let at = 0
  let depth = 0
  while (true) {
    blank.lastIndex = at
    at += blank.exec(sql)?.[0].length ?? 0
    pattern.lastIndex = at
    const found = pattern.exec(sql)
    if (found === null) return
    const start = at
    at = pattern.lastIndex
    const [, word, ticked, quoted, string, other] = found
    if (other === ')') depth--
    if (word !== undefined) yield { kind: 'word', text: word, start, end: at, depth }
    else if (ticked !== undefined || quoted !== undefined)
      yield { kind: 'quoted', text: (ticked ?? quoted ?? '').replace(/\\([\s\S])/g, '$1'), start, end: at, depth }
    else if (string !== undefined) yield { kind: 'string', text: string, start, end: at, depth }
    else if (other !== undefined) yield { kind: 'other', text: other, start, end: at, depth }
    if (other === '(') depth++
  }
}

/** A string literal of ClickHouse. */
export const literal = (text: string) =>
  `'${text.replace(/['\\]/g, '\\$&').replace(/\0/g, '\\0').replace(/\n/g, '\\n').replace(/\r/g, '\\r')}'`

/** A name as an identifier of ClickHouse. */
export const identifier = (name: string) => `\`${name.replace(/[`\\]/g, '\\$&')}\``

const upper = (token: Token) => (token.kind === 'word' ? token.text.toUpperCase() : '')

/**
 * Where the rows begin in `INSERT … FORMAT x <rows>` or `INSERT … VALUES <rows>`; undefined for any other statement.
 * `text` is the statement with what follows it, as latin-1: one character per byte.
 */
export function rowsBeginAt(text: string): number | undefined {
  const tokens = tokensOf(text)
  const first = tokens.next()
  if (first.done || upper(first.value) !== 'INSERT') return undefined
  for (const token of tokens) {
    if (token.depth !== 0) continue
    const word = upper(token)
    if (word === 'SELECT' || word === 'WITH' || word === 'INFILE') return undefined
    if (word === 'VALUES') return token.end
    if (word !== 'FORMAT') continue
    const format = tokens.next()
    if (format.done || format.value.kind !== 'word') return undefined
    const gap = /[ \t\f]*;?[ \t]*(?:\r?\n)?/y
    gap.lastIndex = format.value.end
    return format.value.end + (gap.exec(text)?.[0].length ?? 0)
  }
  return undefined
}

/** A canonical `INSERT … FORMAT x` that reads its rows from the file instead. */
export function readingFrom(file: string, canonicalInsert: string): string {
  const tokens = [...tokensOf(canonicalInsert)]
  const formatAt = tokens.findLastIndex(token => upper(token) === 'FORMAT')
  const settings = tokens.slice(3, formatAt).find(token => token.depth === 0 && upper(token) === 'SETTINGS')
  const at = (settings ?? tokens[formatAt])?.start ?? canonicalInsert.length
  return `${canonicalInsert.slice(0, at)}FROM INFILE ${literal(file)} COMPRESSION 'none' ${canonicalInsert.slice(at)}`
}

/** The format that a canonical statement asks for with its FORMAT clause. */
export function formatClauseOf(canonical: string): string | undefined {
  const tokens = [...tokensOf(canonical)]
  const at = tokens.findLastIndex(token => token.depth === 0 && upper(token) === 'FORMAT')
  const format = tokens[at + 1]
  const after = tokens[at + 2]
  const isClause = at > 0 && format?.kind === 'word' && (after === undefined || upper(after) === 'SETTINGS')
  return isClause ? format.text : undefined
}
