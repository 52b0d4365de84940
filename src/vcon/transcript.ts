import type { Vcon } from './model.ts'
import { analysesOf, entries, type Fields, number, text, time, toolUsesOf, turnsOf } from './reading.ts'
import { clockOf, durationOf, oneLine, printable, wrap } from './terminal-text.ts'

export interface TranscriptOptions {
  /** Width of the terminal; default 100. */
  readonly columns?: number
}

/** One thing that happened, for a line or more. */
interface Entry {
  readonly at: number
  /** Who did it; empty where nobody in particular. */
  readonly who: string
  readonly what: string
}

const nameColumns = 16
/** Arguments and results of tools are cut after this many characters. */
const maxJson = 600

/**
 * A vCon as lines that a person can read on a terminal: who took part, then everything that happened with its time from the start,
 * then what was concluded. Reads what `src/stages/assemble` writes and, as far as it goes, any other vCon. Control
 * characters are taken out: what a customer wrote cannot steer the terminal.
 */
export function renderTranscript(vcon: Vcon, { columns = 100 }: TranscriptOptions = {}): readonly string[] {
  const start = time(vcon.created_at) ?? 0
  const happened = [
    ...historyOf(vcon),
    ...routingOf(vcon),
    ...turnsIn(vcon),
    ...toolsIn(vcon),
    ...stepsIn(vcon),
    ...transfersIn(vcon),
  ]
  const body = happened
    .sort((a, b) => a.at - b.at)
    .flatMap(({ at, who, what }) => {
      const head = `${clockOf(at - start).padStart(8)}  ${oneLine(who, nameColumns).padEnd(nameColumns)}  `
      return wrap(what, columns - head.length).map((line, row) => (row === 0 ? head : ' '.repeat(head.length)) + line)
    })
  return [
    ...titleOf(vcon, columns),
    '',
    ...partiesIn(vcon),
    '',
    ...(body.length > 0 ? body : ['  Nothing was said or written.']),
    ...conclusionsOf(vcon, columns),
  ].map(line => line.trimEnd())
}

/** What to call the party with this index. */
function nameOf({ parties = [] }: Vcon, index: number | undefined): string {
  const party = index === undefined ? undefined : parties[index]
  if (party === undefined) return 'somebody'
  return party.name ?? party.role ?? party.tel ?? party.sip ?? party.mailto ?? `party ${index}`
}

function titleOf(vcon: Vcon, columns: number): readonly string[] {
  const [home] = vcon.dialog ?? []
  const started: Fields = analysesOf(vcon, 'conversation.started')[0]?.[1] ?? {}
  const duration = home?.type === 'text' ? undefined : home?.duration
  const facts = [
    vcon.created_at.replace('T', ' ').replace('Z', ' UTC'),
    home?.interaction_type,
    text(started['direction']),
    duration === undefined ? undefined : durationOf(duration * 1000),
    home?.disposition,
    home?.application,
    home?.interaction_id,
  ]
  const said = facts.filter(fact => fact !== undefined).join(' · ')
  return [...wrap(vcon.subject ?? `Conversation ${vcon.uuid}`, columns), ...wrap(said, columns)]
}

function partiesIn({ parties = [] }: Vcon): readonly string[] {
  return parties.map(({ role, type, name, tel, sip, mailto, org, dept }) => {
    const label = oneLine(role ?? type ?? 'party', 12).padEnd(12)
    const addresses = [tel, sip, mailto, dept, org].filter(part => part !== undefined)
    return `  ${label}${[name ?? '—', ...addresses].map(part => printable(part)).join(', ')}`
  })
}

const turnsIn = (vcon: Vcon): readonly Entry[] =>
  turnsOf(vcon).map(({ at, party, text: what }) => ({ at, who: nameOf(vcon, party), what }))

const historyWords: Readonly<Record<string, string>> = {
  join: 'joined',
  drop: 'left',
  hold: 'on hold',
  unhold: 'off hold',
  mute: 'muted',
  unmute: 'no longer muted',
  keydown: 'pressed',
  keyup: 'released',
}

function historyOf(vcon: Vcon): readonly Entry[] {
  return (vcon.dialog ?? []).flatMap(({ party_history: history = [] }) =>
    history.map(({ party, time: at, event, button }) => ({
      at: time(at) ?? 0,
      who: nameOf(vcon, party),
      what: `[${[historyWords[event] ?? event, button].filter(word => word !== undefined).join(' ')}]`,
    })),
  )
}

function routingOf(vcon: Vcon): readonly Entry[] {
  return analysesOf(vcon, 'routing').flatMap(([, body]) =>
    entries(body['routing']).map(entry => {
      const queue = text(entry['queueName']) ?? text(entry['queueId']) ?? 'a queue'
      const waited = number(entry['durationMs'])
      const after = waited === undefined ? '' : ` after ${durationOf(waited)}`
      const outcome = text(entry['outcome'])
      const left = `[left queue ${queue}${after}${outcome === undefined ? '' : `: ${outcome}`}]`
      return {
        at: time(entry['occurredAt']) ?? 0,
        who: '',
        what: entry['type'] === 'left' ? left : `[in queue ${queue}]`,
      }
    }),
  )
}

const shorten = (what: string) => (what.length > maxJson ? `${what.slice(0, maxJson)}…` : what)
const json = (value: unknown) => (value === undefined ? '' : shorten(JSON.stringify(value)))

function toolsIn(vcon: Vcon): readonly Entry[] {
  return toolUsesOf(vcon).map(tool => {
    const took = tool.durationMs === undefined ? '' : ` (${durationOf(tool.durationMs)})`
    const outcome = tool.error === undefined ? json(tool.result) || 'no result' : `failed: ${shorten(tool.error)}`
    return {
      at: tool.at,
      who: tool.party === undefined ? 'tool' : nameOf(vcon, tool.party),
      what: `${tool.name}(${json(tool.arguments)})\n→ ${outcome}${took}`,
    }
  })
}

/** Steps that say something; calls of a model that only count tokens are left to the tables. */
function stepsIn(vcon: Vcon): readonly Entry[] {
  return analysesOf(vcon, 'reasoning.step').flatMap(([, body]) => {
    const thought = text(body['text'])
    if (thought === undefined) return []
    const party = number(body['party'])
    return [
      {
        at: time(body['occurredAt']) ?? 0,
        who: party === undefined ? 'agent' : nameOf(vcon, party),
        what: `(${shorten(thought)})`,
      },
    ]
  })
}

function transfersIn(vcon: Vcon): readonly Entry[] {
  const reports = analysesOf(vcon, 'transfer')
  return (vcon.dialog ?? []).flatMap((dialog, index) => {
    if (dialog.type !== 'transfer') return []
    const report: Fields = reports.find(([{ dialog: about }]) => about === index)?.[1] ?? {}
    const target = [dialog.transfer_target]
      .flat()
      .map(party => (party === undefined ? undefined : nameOf(vcon, party as number)))
    const place = text(report['toQueueName']) ?? text(report['toQueueId']) ?? text(report['toAddress'])
    const to = [target[0], place].filter(word => word !== undefined).join(', ')
    const kind = text(report['kind'])
    const who = dialog.transferor === undefined ? '' : nameOf(vcon, dialog.transferor)
    const what = `[transfer${kind === undefined ? '' : `, ${kind}`}: ${nameOf(vcon, dialog.transferee)} to ${to || 'somebody'}]`
    return [{ at: time(dialog.start) ?? 0, who, what }]
  })
}

/** What was concluded, one line or more each, under headings of their own. */
function conclusionsOf(vcon: Vcon, columns: number): readonly string[] {
  const found: (readonly [string, string])[] = []
  const collect = (format: string, title: string, say: (body: Fields) => readonly unknown[]) => {
    for (const [, body] of analysesOf(vcon, format))
      found.push([
        title,
        say(body)
          .filter(part => part !== undefined && part !== '')
          .join(' · '),
      ])
  }
  collect('disposition', 'Wrap-up', body => [body['name'] ?? body['code'], body['note']])
  collect('summary', 'Summary', body => [body['text']])
  collect('sentiment', 'Sentiment', body => [body['label'], body['score']])
  collect('evaluation.result', 'Evaluation', body => [body['name'], scoreOf(body), body['label'], body['explanation']])
  collect('survey', 'Survey', body => [body['formName'], body['status'], scoreOf(body), body['comment']])
  if (found.length === 0) return []
  const lines = found.flatMap(([title, said]) => {
    const head = `${title.padEnd(12)}`
    return wrap(said, columns - head.length).map((line, row) => (row === 0 ? head : ' '.repeat(head.length)) + line)
  })
  return ['', ...lines]
}

function scoreOf(body: Fields): string | undefined {
  const score = number(body['score'])
  const max = number(body['scaleMax'])
  if (score === undefined) return undefined
  return max === undefined ? `${score}` : `${score} of ${max}`
}
