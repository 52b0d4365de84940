import { type EventFact, event, objectAt, textAt } from '../../src/sdk/index.ts'
import type { About } from './about.ts'
import type { Participant, Session } from './conversation.ts'
import { entriesOf, listOf, timeOf } from './fields.ts'

/** What was attached to the conversation: its tag, attributes of participants, outcomes that flows recorded. */
export const attributeFacts = (about: About): readonly EventFact[] => [
  ...externalTag(about),
  ...about.conversation.participants.flatMap(participant => [
    ...attributes(about, participant),
    ...participant.sessions.flatMap(session => flowOutcomes(about, participant, session)),
  ]),
]

function externalTag({ conversation, to }: About): readonly EventFact[] {
  const value = textAt(conversation.fields, 'externalTag')
  if (value === undefined) return []
  const [key, occurredAt] = [`${conversation.id}/externalTag`, conversation.startedAt]
  return [event({ to, type: 'attribute.changed', key, occurredAt, section: { name: 'externalTag', value } })]
}

/** Genesys does not say when an attribute was set: it counts from when its party came. Values end after 1,024 characters. */
const attributes = ({ conversation, to }: About, participant: Participant): readonly EventFact[] =>
  entriesOf(participant.fields, 'attributes').map(([name, value]) =>
    event({
      to,
      type: 'attribute.changed',
      key: `${conversation.id}/${participant.key}/${name}`,
      occurredAt: participant.joinedAt,
      section: { partyKey: participant.key, name, value },
    }),
  )

/** Milestones of a flow (AnalyticsFlowOutcome), as `flowOutcome.<id>` with the value SUCCESS or FAILURE; the last of each counts. */
function flowOutcomes({ conversation, to }: About, participant: Participant, session: Session): readonly EventFact[] {
  const outcomes = listOf(objectAt(session.fields, 'flow'), 'outcomes').flatMap(fields => {
    const id = textAt(fields, 'flowOutcomeId')
    return id === undefined ? [] : [[id, fields] as const]
  })
  return [...new Map(outcomes)].map(([id, fields]) =>
    event({
      to,
      type: 'attribute.changed',
      key: `${conversation.id}/${participant.key}/${session.key}/flow-outcome/${id}`,
      occurredAt:
        timeOf(fields, 'flowOutcomeEndTimestamp') ??
        timeOf(fields, 'flowOutcomeStartTimestamp') ??
        participant.joinedAt,
      section: { partyKey: participant.key, name: `flowOutcome.${id}`, value: textAt(fields, 'flowOutcomeValue') },
    }),
  )
}
