import { failure } from './failure.ts'
import { type Token, tokensOf } from './sql-text.ts'

/** A function of the engine as `system.functions` lists it. */
export interface EngineFunction {
  readonly name: string
  /** The function that `name` is an alias of; otherwise `name`. */
  readonly meaning: string
  /** Empty for aliases. */
  readonly category: string
}

/**
 * Makes the check that a reader's statement passes before it runs; it throws ClickHouse's failure 497 (ACCESS_DENIED).
 *
 * `readonly = 1` alone is no wall in an embedded engine: `SELECT file('/etc/passwd')`, `DESCRIBE url(…)`,
 * `INTO OUTFILE`, `BACKUP … TO S3(…)` and `KILL QUERY` all pass it. So a reader may only read and look around, with
 * functions that are known to stay inside the warehouse; what a later engine adds is refused until it is listed here.
 */
export function createReaderGuard(
  functions: readonly EngineFunction[],
  tableFunctions: readonly string[],
): (canonical: string, parameters: Iterable<string>) => void {
  const categoryOf = new Map(functions.map(({ name, category }) => [name, category]))
  const staysInside = ({ meaning }: EngineFunction) =>
    insideFunctions.has(meaning) || insideCategories.has(categoryOf.get(meaning) ?? '')
  const lower = (names: readonly string[]) => new Set(names.map(name => name.toLowerCase()))
  const refused = lower(functions.filter(candidate => !staysInside(candidate)).map(({ name }) => name))
  const refusedTables = lower(tableFunctions.filter(name => !insideTableFunctions.has(name)))

  return function refuseWhatLeavesTheWarehouse(canonical, parameters) {
    const tokens = [...tokensOf(canonical)]
    // `{name: Identifier}` stands for any name, and a function's is one.
    if (tokens.some(token => isWord(token, 'IDENTIFIER')))
      for (const value of parameters)
        if (refused.has(value.toLowerCase())) throw failure(497, `Readers may not use the function ${value}`)
    const statement = tokens.find(token => token.text !== '(')?.text.toUpperCase() ?? ''
    if (!statements.has(statement)) throw failure(164, `Readers may not run ${statement || 'this statement'}`)
    for (const [index, token] of tokens.entries()) {
      const next = tokens[index + 1]
      if (isWord(token, 'INTO') && isWord(next, 'OUTFILE')) throw failure(497, 'Readers may not write files')
      // The engine looks at the settings of the outermost SELECT only.
      if (isWord(token, 'SETTINGS') && tokens[index + 2]?.text === '=')
        throw failure(164, `Cannot modify '${next?.text}' setting in readonly mode`)
      if (token.kind !== 'word' && token.kind !== 'quoted') continue
      const name = token.text.toLowerCase()
      // A function need not be called by its brackets: `arrayMap(file, …)`, `* APPLY file`. A table function must.
      if (refused.has(name) || (refusedTables.has(name) && next?.text === '('))
        throw failure(497, `Readers may not use the function ${token.text}`)
    }
  }
}

const isWord = (token: Token | undefined, word: string) => token?.kind === 'word' && token.text.toUpperCase() === word

const statements = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'EXPLAIN', 'EXISTS'])

const insideTableFunctions = new Set([
  ...['numbers', 'numbers_mt', 'zeros', 'zeros_mt', 'primes', 'generateSeries', 'generate_series', 'generateRandom'],
  ...['values', 'SQLStandardValues', 'null', 'view', 'merge', 'format'],
])

const insideCategories = new Set([
  ...['Aggregate Functions', 'Arithmetic', 'Arrays', 'Bit', 'Bitmap', 'Comparison', 'Conditional', 'Dates and Times'],
  ...['Distance', 'Encoding', 'Encryption', 'Financial', 'Geo', 'Geo Polygon', 'Hash', 'IP Address', 'JSON', 'Logical'],
  ...['Map', 'Mathematical', 'Null', 'NumericIndexedVector', 'QBit', 'Random Number', 'Rounding', 'String'],
  ...['String Replacement', 'String Search', 'String Splitting', 'Time Series', 'Time Window', 'Tuple'],
  ...['Type Conversion', 'URL', 'UUID'],
])

/** Of the categories Other and Internal, and aliases without a category. */
const insideFunctions = new Set([
  ...['_CAST', 'bar', 'byteSize', 'caseWithExpression', 'countDigits', 'currentDatabase', 'currentUser', 'digits'],
  ...['currentSchemas', 'defaultValueOfArgumentType', 'defaultValueOfTypeName', 'displayName', 'dumpColumnStructure'],
  ...['errorCodeToName', 'finalizeAggregation', 'flipCoordinates', 'formatQuery', 'formatQueryOrNull'],
  ...['formatQuerySingleLine', 'formatQuerySingleLineOrNull', 'formatReadableDecimalSize', 'formatReadableQuantity'],
  ...['formatReadableSize', 'formatReadableTimeDelta', 'getSetting', 'getSettingOrDefault', 'getSizeOfEnumType'],
  ...['getSubcolumn', 'globalVariable', 'hasColumnInTable', 'identity', 'ignore', 'indexHint', 'initialQueryID'],
  ...['initializeAggregation', 'isConstant', 'isDecimalOverflow', 'lowCardinalityIndices', 'lowCardinalityKeys'],
  ...['materialize', 'minSampleSizeContinuous', 'minSampleSizeConversion', 'neighbor', 'normalizeQuery'],
  ...['normalizedQueryHash', 'parseReadableSize', 'parseReadableSizeOrNull', 'parseReadableSizeOrZero'],
  ...['parseTimeDelta', 'queryID', 'rowNumberInAllBlocks', 'rowNumberInBlock', 'runningAccumulate'],
  ...['runningConcurrency', 'runningDifference', 'runningDifferenceStartingWithFirstValue', 'throwIf'],
  ...[
    'revision',
    'toColumnTypeName',
    'toTypeName',
    'tokenizeQuery',
    'transform',
    'uptime',
    'variantElement',
    'variantType',
  ],
  ...['version', 'visibleWidth'],
])
