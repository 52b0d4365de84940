/** The kinds of raw records that the connector reads. */
export const streams = [
  'conversation-details',
  'transcripts',
  'evaluations',
  'surveys',
  'recordings',
  'messages',
  'speech-analytics',
  'summaries',
  'bot-turns',
  'deletions',
] as const

export type Stream = (typeof streams)[number]
