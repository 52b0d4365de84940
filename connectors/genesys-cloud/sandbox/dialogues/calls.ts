import type { AgentTurn } from '../model.ts'
import type { Dialogue } from './read.ts'

/**
 * The tool calls of a dialogue, by turn of the agent: what it asked between two utterances is one turn. The file has no
 * time for an answer: a call ends when it began. Where nothing was found the result's `item` is null.
 */
export function turnsOf(
  dialogue: Dialogue,
  at: (unixTime: number) => number,
  agent: AgentTurn['agent'],
): readonly AgentTurn[] {
  const turns: AgentTurn[] = []
  let calls: AgentTurn['calls'][number][] = []
  let from: number | undefined
  let count = 0
  const close = (to: number) => {
    const [first] = calls
    if (first !== undefined) turns.push({ agent, from: from ?? first.at, to, calls })
    calls = []
    from = to
  }
  for (const [index, event] of dialogue.Events.entries()) {
    if (event.Action === 'utter' || event.Action === 'pick_suggestion') close(at(event.UnixTime))
    if (event.Action !== 'query') continue
    count += 1
    const answer = dialogue.Events[index + 1]
    calls.push({
      id: `call_${dialogue.DialogueID}_${count}`,
      name: event.APIName,
      arguments: argumentsOf(event.Constraints),
      result:
        answer?.Action === 'return_item'
          ? { item: answer.Item ?? null, totalItems: answer.TotalItems }
          : { item: null },
      error: undefined,
      at: at(event.UnixTime),
      durationMs: 0,
      via: 'otlp',
    })
  }
  close(calls.at(-1)?.at ?? 0)
  return turns
}

/** One argument per constraint; one that is given several times becomes a list. */
function argumentsOf(constraints: readonly Record<string, unknown>[]): Record<string, unknown> {
  const lists = new Map<string, unknown[]>()
  for (const constraint of constraints)
    for (const [name, value] of Object.entries(constraint)) lists.set(name, [...(lists.get(name) ?? []), value])
  return Object.fromEntries([...lists].map(([name, values]) => [name, values.length === 1 ? values[0] : values]))
}
