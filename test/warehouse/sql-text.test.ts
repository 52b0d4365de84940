import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatClauseOf, literal, readingFrom, rowsBeginAt, tokensOf } from '../../src/warehouse/sql-text.ts'

describe('SQL text', () => {
  it('is cut into words, names, strings and the rest, without comments', () => {
    const tokens = [
      ...tokensOf(`SELECT "a""b", \`c\\\`d\` /* x ' */ FROM t -- ' y\n WHERE e = 'it\\'s ''(''' AND f(g)`),
    ]
    assert.deepEqual(
      tokens.map(({ kind, text }) => (kind === 'other' || kind === 'string' ? text : `${kind}:${text}`)),
      [
        ...['word:SELECT', 'quoted:a""b', ',', 'quoted:c`d', 'word:FROM', 'word:t', 'word:WHERE', 'word:e', '='],
        ...[`'it\\'s ''('''`, 'word:AND', 'word:f', '(', 'word:g', ')'],
      ],
    )
    assert.deepEqual(
      tokens.filter(({ depth }) => depth > 0).map(({ text }) => text),
      ['g'],
    )
  })

  it('tells where the rows of an insert begin', () => {
    const restOf = (text: string) => {
      const at = rowsBeginAt(text)
      return at === undefined ? undefined : text.slice(at)
    }
    assert.equal(restOf('INSERT INTO t FORMAT CSV\n1,2\n'), '1,2\n')
    assert.equal(restOf('insert into t (a, b) settings x = 1 format RowBinary\n\n\x00'), '\n\x00')
    assert.equal(restOf(`/* c */ INSERT INTO "FORMAT" (\`VALUES\`) FORMAT CSV 1`), '1')
    assert.equal(restOf(`INSERT INTO t VALUES (1, 'FORMAT x')`), ` (1, 'FORMAT x')`)
    assert.equal(restOf('INSERT INTO t FORMAT CSV'), '')
    assert.equal(restOf('INSERT INTO t SELECT 1 FORMAT CSV'), undefined)
    assert.equal(restOf('INSERT INTO t WITH 1 AS x SELECT x'), undefined)
    assert.equal(restOf('SELECT 1 FORMAT CSV'), undefined)
    assert.equal(restOf(''), undefined)
  })

  it('finds the rows of an insert whatever bytes they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        const head = 'INSERT INTO t (a) FORMAT RowBinary\n'
        assert.equal(rowsBeginAt(head + Buffer.from(bytes).toString('latin1')), head.length)
      }),
    )
  })

  it('puts a file in the place of the rows', () => {
    assert.equal(
      readingFrom(`/a'b`, 'INSERT INTO t (a, format) SETTINGS async_insert = 0 FORMAT CSV'),
      `INSERT INTO t (a, format) FROM INFILE '/a\\'b' COMPRESSION 'none' SETTINGS async_insert = 0 FORMAT CSV`,
    )
    assert.equal(
      readingFrom('/a', 'INSERT INTO t FORMAT CSV'),
      `INSERT INTO t FROM INFILE '/a' COMPRESSION 'none' FORMAT CSV`,
    )
  })

  it('finds the format that a statement asks for', () => {
    assert.equal(formatClauseOf('SELECT 1 FORMAT JSON'), 'JSON')
    assert.equal(formatClauseOf('SELECT 1 FORMAT CSV SETTINGS a = 1'), 'CSV')
    assert.equal(formatClauseOf('SELECT 1 AS format'), undefined)
    assert.equal(formatClauseOf('SELECT format AS x'), undefined)
    assert.equal(formatClauseOf(`SELECT 'FORMAT CSV'`), undefined)
    assert.equal(formatClauseOf('SELECT (SELECT 1 FORMAT CSV)'), undefined)
  })

  it('quotes any string as one token', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const tokens = [...tokensOf(literal(text))]
        assert.equal(tokens.length, 1)
        assert.equal(tokens[0]?.kind, 'string')
      }),
    )
  })
})
