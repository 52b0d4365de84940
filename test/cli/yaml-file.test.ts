import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { allowedKeys } from '../../src/cli/schema-text.ts'
import { parseYaml, schemaProblems, shown } from '../../src/cli/yaml-file.ts'

const text = `# a comment
outer:
  port: "many"
  unknwon: 1
list:
  - name: a
    secret: \${SECRET}
  - secret: x
`

describe('a YAML file with positions', () => {
  it('replaces variables, and says where one is missing', () => {
    assert.deepEqual(parseYaml(text, { SECRET: 's3cr3t' }).problems, [])
    assert.equal(
      (parseYaml(text, { SECRET: 's3cr3t' }).value as { list: { secret: string }[] }).list[0]?.secret,
      's3cr3t',
    )
    assert.deepEqual(parseYaml(text, {}).problems, [
      { line: 7, column: 13, path: '', message: 'the environment variable SECRET is not set' },
    ])
  })

  it('says where a key, a value or the parent of a missing value stands', () => {
    const file = parseYaml(text, { SECRET: 's' })
    const schema = z.strictObject({
      outer: z.strictObject({ port: z.number({ error: 'a port' }) }),
      list: z.array(
        z.strictObject({ name: z.string({ error: 'a name' }), secret: z.string().min(5, 'at least 5 characters') }),
      ),
    })
    const issues = schema.safeParse(file.value).error?.issues ?? []
    assert.deepEqual(schemaProblems(file, [], issues, allowedKeys(schema)), [
      { line: 3, column: 9, path: 'outer.port', message: 'found "many", expected a port' },
      { line: 4, column: 3, path: 'outer.unknwon', message: 'found the unknown key "unknwon", expected one of port' },
      {
        line: 7,
        column: 13,
        path: 'list[0].secret',
        message: 'found a string of 1 characters, expected at least 5 characters',
      },
      { line: 8, column: 5, path: 'list[1].name', message: 'found nothing, expected a name' },
      {
        line: 8,
        column: 13,
        path: 'list[1].secret',
        message: 'found a string of 1 characters, expected at least 5 characters',
      },
    ])
  })

  it('lists what is not YAML', () => {
    const { value, problems } = parseYaml('a: [1, 2\nb: }', {})
    assert.equal(value, undefined)
    assert.ok(problems.length > 0)
    assert.match(problems[0]?.message ?? '', /^not valid YAML: /)
  })

  it('never shows what could be a secret', () => {
    assert.equal(shown(['clientSecret'], 'hunter2'), 'a string of 7 characters')
    assert.equal(shown(['sources', 0, 'token'], 'hunter2'), 'a string of 7 characters')
    assert.equal(shown(['port'], 'hunter2'), '"hunter2"')
  })
})
