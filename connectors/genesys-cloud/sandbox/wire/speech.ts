import type { Models } from 'purecloud-platform-client-v2'
import type { Conversation, Transcript, Utterance } from '../model.ts'
import type { Org } from '../org.ts'
import { chanceOf, idFrom } from '../seeded.ts'
import { wire } from './wire.ts'

/** A mood this far from 0 is told as sentiment; Genesys says nothing of neutral phrases. */
const clearMood = 0.25

/**
 * The transcript file of one communication. Genesys publishes no type of it; the shape is that of a real file: speakers
 * are only external or internal, times are epoch milliseconds, durations objects.
 */
export function transcriptOf(conversation: Conversation, transcript: Transcript, org: Org): object {
  const { utterances, communicationId, language } = transcript
  const first = utterances[0]?.at ?? conversation.startedAt
  const last = utterances.at(-1)
  const duration = { milliseconds: (last === undefined ? first : last.at + last.durationMs) - first }
  const session = conversation.participants
    .flatMap(participant => participant.sessions)
    .find(candidate => candidate.id === communicationId)
  return {
    organizationId: org.id,
    conversationId: conversation.id,
    communicationId,
    transcripts: [
      {
        transcriptId: idFrom(communicationId, 'transcript'),
        language,
        programId: idFrom(org.id, 'program'),
        engineId: 'r2d2',
        startTime: first,
        duration,
        phrases: utterances.map(utterance => phraseOf(utterance, communicationId)),
        analytics: {
          sentiment: utterances.flatMap((utterance, index) =>
            Math.abs(utterance.mood) < clearMood
              ? []
              : [
                  {
                    participant: sideOf(utterance),
                    phrase: utterance.text,
                    startTimeMs: utterance.at,
                    duration: { milliseconds: utterance.durationMs },
                    sentiment: utterance.mood,
                    phraseIndex: index,
                  },
                ],
          ),
          acoustics: utterances.map(utterance => ({
            eventType: 'voice',
            offsetMs: utterance.at - first,
            startTimeMs: utterance.at,
            durationMs: utterance.durationMs,
            participant: sideOf(utterance),
          })),
        },
      },
    ],
    participants: conversation.participants.flatMap(participant =>
      participant.sessions
        .filter(candidate => candidate.mediaType === 'voice')
        .map(candidate => speakerOf(participant, candidate.segments, session, org)),
    ),
    uri: `/transcript/v1/organizations/${org.id}/conversations/${conversation.id}/communications/${communicationId}`,
    startTime: first,
    duration,
    mediaType: 'call',
    conversationStartTime: conversation.startedAt,
  }
}

const sideOf = (utterance: Utterance) => (utterance.role === 'customer' ? 'external' : 'internal')

function phraseOf(utterance: Utterance, communicationId: string) {
  const words = utterance.text.split(/\s+/).filter(word => word !== '')
  const chance = chanceOf(communicationId, utterance.at, utterance.text)
  const letters = words.reduce((total, word) => total + word.length, 0)
  let at = utterance.at
  return {
    text: words.map(bare).join(' '),
    decoratedText: utterance.text,
    stability: 1,
    startTimeMs: utterance.at,
    duration: { milliseconds: utterance.durationMs },
    words: words.map(word => {
      const ms = Math.floor((utterance.durationMs * word.length) / letters)
      const spoken = {
        word: bare(word),
        confidence: chance.between(820, 999) / 1000,
        startTimeMs: at,
        duration: { milliseconds: ms },
      }
      at += ms
      return spoken
    }),
    alternatives: [],
    participantPurpose: sideOf(utterance),
  }
}

/** As the engine hears a word, before it is decorated with case and punctuation. */
const bare = (word: string) => word.toLowerCase().replaceAll(/^[¿¡"(]+|[.,;:!?")]+$/g, '') || word

type Segments = Conversation['participants'][number]['sessions'][number]['segments']

function speakerOf(
  participant: Conversation['participants'][number],
  segments: Segments,
  session: Conversation['participants'][number]['sessions'][number] | undefined,
  org: Org,
) {
  const talk = segments.filter(segment => segment.type !== 'wrapup' && segment.type !== 'alert')
  return {
    participantPurpose: participant.purpose,
    userId: participant.userId,
    initialDirection: session?.direction ?? 'inbound',
    queueId: segments.find(segment => segment.queueId !== undefined)?.queueId,
    divisionId: org.division.id,
    ani: session?.ani,
    dnis: session?.dnis,
    startTimeMs: talk[0]?.from ?? segments[0]?.from,
    endTimeMs: talk.at(-1)?.to ?? segments.at(-1)?.to,
  }
}

/** Sentiment and empathy of a whole conversation. Nothing is said of one in which no phrase had a clear mood. */
export function metricsOf(conversation: Conversation): Models.ConversationMetrics {
  const customers = conversation.transcripts
    .flatMap(({ utterances }) => utterances)
    .filter(({ role }) => role === 'customer')
  const clear = customers.map(({ mood }) => mood).filter(mood => Math.abs(mood) >= clearMood)
  const mean = (moods: readonly number[]) => moods.reduce((total, mood) => total + mood, 0) / moods.length
  const half = Math.ceil(clear.length / 2)
  const trend = clear.length < 2 ? undefined : (mean(clear.slice(half)) - mean(clear.slice(0, half))) / 2
  const users = conversation.participants.flatMap(({ purpose, userId }) =>
    purpose === 'agent' && userId ? [userId] : [],
  )
  return wire<Models.ConversationMetrics>({
    conversation: { id: conversation.id, selfUri: `/api/v2/conversations/${conversation.id}` },
    sentimentScore: clear.length === 0 ? undefined : mean(clear),
    sentimentTrend: trend,
    sentimentTrendClass:
      trend === undefined ? 'NotCalculated' : trend > 0.1 ? 'Improving' : trend < -0.1 ? 'Declining' : 'NoChange',
    empathyScores:
      clear.length === 0
        ? []
        : users.map(userId => ({ userId, score: chanceOf(userId, conversation.id).between(55, 95) })),
    participantMetrics: {},
  })
}

/** The summaries that Genesys wrote by `at`. */
export function summariesOf(conversation: Conversation, at: number): Models.ConversationSummariesGetResponse {
  const { summary } = conversation
  const reference = { id: conversation.id, selfUri: `/api/v2/conversations/${conversation.id}` }
  if (summary === undefined || summary.createdAt > at) return { conversation: reference, sessionSummaries: [] }
  const shown: Models.ConversationSessionSummary = {
    id: summary.id,
    text: summary.text,
    confidence: 0.87,
    status: 'COMPLETED',
    mediaType: conversation.channel === 'voice' ? 'CALL' : conversation.channel.toUpperCase(),
    language: conversation.language.toLowerCase(),
    reason: { text: summary.reason, confidence: 0.9 },
    resolution: { text: summary.resolution, confidence: 0.84 },
    dateCreated: new Date(summary.createdAt).toISOString(),
    communication: { id: summary.communicationId },
  }
  return { conversation: reference, sessionSummaries: [shown] }
}
