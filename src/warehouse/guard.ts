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
): (canonical: string) => void {
  const categoryOf = new Map(functions.map(({ name, category }) => [name, category]))
  const staysInside = ({ meaning }: EngineFunction) =>
    insideFunctions.has(meaning) || insideCategories.has(categoryOf.get(meaning) ?? '')
  const refused = new Set([
    ...functions.filter(candidate => !staysInside(candidate)).map(({ name }) => name.toLowerCase()),
    ...tableFunctions.filter(name => !insideTableFunctions.has(name)).map(name => name.toLowerCase()),
  ])
  return function refuseWhatLeavesTheWarehouse(canonical) {
    const tokens = [...tokensOf(canonical)]
    const statement = tokens.find(token => token.text !== '(')?.text.toUpperCase() ?? ''
    if (!statements.has(statement)) throw failure(164, `Readers may not run ${statement || 'this statement'}`)
    for (const [index, token] of tokens.entries()) {
      if (isWord(token, 'INTO') && isWord(tokens[index + 1], 'OUTFILE'))
        throw failure(497, 'Readers may not write files')
      if (token.kind !== 'word' && token.kind !== 'quoted') continue
      if (refused.has(token.text.toLowerCase()) && isCalled(tokens, index))
        throw failure(497, `Readers may not use the function ${token.text}`)
    }
  }
}

const isWord = (token: Token | undefined, word: string) => token?.kind === 'word' && token.text.toUpperCase() === word

const isCalled = (tokens: readonly Token[], index: number) =>
  tokens[index + 1]?.text === '(' ||
  isWord(tokens[index - 1], 'APPLY') ||
  (tokens[index - 1]?.text === '(' && isWord(tokens[index - 2], 'APPLY'))

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
  ...['toColumnTypeName', 'toTypeName', 'tokenizeQuery', 'transform', 'uptime', 'variantElement', 'variantType'],
  ...['version', 'visibleWidth'],
])
