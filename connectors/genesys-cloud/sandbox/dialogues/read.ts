import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import { configError } from '../../../../src/core/errors.ts'

const time = z.int()

const answer = z.object({ Question: z.string(), Answer: z.boolean() })

const utterance = z.object({
  Agent: z.enum(['User', 'Wizard']),
  Action: z.enum(['utter', 'pick_suggestion']),
  Text: z.string(),
  UnixTime: time,
})

const query = z.object({
  Agent: z.literal('Wizard'),
  Action: z.literal('query'),
  APIName: z.string(),
  Constraints: z.array(z.record(z.string(), z.unknown())),
  UnixTime: time,
})

const returned = z.object({
  Agent: z.literal('KnowledgeBase'),
  Action: z.literal('return_item'),
  APIName: z.string(),
  Item: z.record(z.string(), z.unknown()).optional(),
  TotalItems: z.number(),
})

/** Guidance to the people who played the dialogue: nobody in the conversation hears it. */
const aside = z.object({
  Agent: z.string(),
  Action: z.enum(['instruct', 'request_suggestions', 'select_task', 'select_primary', 'select_secondary', 'complete']),
  UnixTime: time.optional(),
})

const dialogue = z.object({
  DialogueID: z.int(),
  CompletionLevel: z.string(),
  AnonymizedWizardWorkerID: z.string(),
  AnonymizedUserWorkerID: z.string(),
  BatchID: z.string(),
  Scenario: z.object({ Domains: z.array(z.string().nullable()).nullish(), Happy: z.boolean(), MultiTask: z.boolean() }),
  UserQuestionnaire: z.array(answer).nullish(),
  WizardQuestionnaire: z.array(answer).nullish(),
  Events: z.array(z.discriminatedUnion('Action', [utterance, query, returned, aside])),
})

/** A dialogue of the file, in the field names of the STAR data set. */
export type Dialogue = z.infer<typeof dialogue>

/**
 * Reads dialogues in the format of the STAR data set: one JSON object per line, gzip by the name's `.gz`.
 * Throws a `config` error naming file, line, what was found and what was expected.
 */
export async function readDialogues(path: string): Promise<readonly Dialogue[]> {
  const text = await readText(path)
  const dialogues: Dialogue[] = []
  const lineOfId = new Map<number, number>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const read = parseLine(line, `reading dialogues ${path} line ${index + 1}`)
    const earlier = lineOfId.get(read.DialogueID)
    if (earlier !== undefined)
      throw configError(
        'dialogues-repeated',
        `reading dialogues ${path} line ${index + 1}: found DialogueID ${read.DialogueID} again, expected it only on line ${earlier}`,
      )
    lineOfId.set(read.DialogueID, index + 1)
    dialogues.push(read)
  }
  if (dialogues.length === 0)
    throw configError('dialogues-empty', `reading dialogues ${path}: found no line, expected one dialogue per line`)
  return dialogues
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const found = error instanceof Error && 'code' in error ? String(error.code) : 'an error'
    throw configError(
      'dialogues-unreadable',
      `reading dialogues ${path}: found ${found}, expected a readable file`,
      error,
    )
  })
  if (!path.endsWith('.gz')) return bytes.toString('utf8')
  try {
    return gunzipSync(bytes).toString('utf8')
  } catch (error) {
    throw configError(
      'dialogues-unreadable',
      `reading dialogues ${path}: found bytes that are not gzip, expected gzip by its name`,
      error,
    )
  }
}

function parseLine(line: string, doing: string): Dialogue {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    // The parser's own message would quote what somebody said.
    throw configError(
      'dialogues-invalid',
      `${doing}: found text that is not JSON, expected one dialogue as a JSON object`,
    )
  }
  const parsed = dialogue.safeParse(value)
  if (!parsed.success) throw configError('dialogues-invalid', `${doing}: ${describe(parsed.error, value)}`)
  checkOrder(parsed.data, doing)
  return parsed.data
}

function describe(error: z.ZodError, value: unknown): string {
  const [issue] = error.issues
  if (issue === undefined) return 'found something else than a dialogue'
  const at = issue.path.map((key, index) =>
    typeof key === 'number' ? `[${key}]` : index ? `.${String(key)}` : String(key),
  )
  let found: unknown = value
  for (const key of issue.path) found = Object(found)[key]
  return `at ${at.join('') || 'the top'}: found ${nameOf(found)}, expected ${expectedBy(issue)}`
}

function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return issue.expected === 'int' ? 'a whole number' : `${issue.expected}`
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_union') return 'an action that the format knows'
  return issue.message
}

function nameOf(found: unknown): string {
  if (found === undefined) return 'nothing'
  if (found === null) return 'null'
  if (typeof found === 'number') return String(found)
  if (typeof found === 'string') return found.length <= 40 && !found.includes(' ') ? `"${found}"` : 'other text'
  return Array.isArray(found) ? 'a list' : typeof found === 'object' ? 'an object' : String(found)
}

function checkOrder(read: Dialogue, doing: string) {
  for (const [index, event] of read.Events.entries()) {
    const before = read.Events[index - 1]
    const after = read.Events[index + 1]
    if (event.Action === 'query' && after?.Action !== 'return_item')
      throw configError(
        'dialogues-invalid',
        `${doing}: at Events[${index}]: found a query followed by ${after?.Action ?? 'the end'}, expected a return_item`,
      )
    if (event.Action === 'return_item' && before?.Action !== 'query')
      throw configError(
        'dialogues-invalid',
        `${doing}: at Events[${index}]: found a return_item after ${before?.Action ?? 'the start'}, expected a query before it`,
      )
  }
}
