import type { RawRecord } from '../../src/core/records.ts'
import {
  type ConversationRef,
  dataError,
  drop,
  type EventFact,
  emit,
  event,
  type Fact,
  type Outcome,
  objectAt,
  textAt,
} from '../../src/sdk/index.ts'
import { conversationOf } from './about.ts'
import type { RecordContext } from './context.ts'
import { durationOf, type Fields, integerOf, listOf, numberOf, strictTimeOf, timeOf } from './fields.ts'
import { languageTag } from './normalize-lifecycle.ts'
import { createSpeakers, type Speakers } from './speakers.ts'

/** A transcript file as the signed link gives it: what was said, word by word, and how it felt. */
export function normalizeTranscript(record: RawRecord, fields: Fields, context: RecordContext): Outcome<Fact> {
  const to = conversationOf(record, context, textAt(fields, 'conversationId'), 'a transcript')
  const communicationId = textAt(fields, 'communicationId') ?? record.key
  const startedAt = strictTimeOf(fields, 'startTime') ?? timeOf(fields, 'conversationStartTime')
  const speakers = createSpeakers(fields, communicationId, context)
  const about: Transcript = {
    to,
    communicationId,
    startedAt,
    speakers,
  }
  // The index of a phrase runs over the whole file: a new analysis of the same call keeps it.
  const phrases = listOf(fields, 'transcripts').flatMap(transcript =>
    listOf(transcript, 'phrases').map(phrase => ({ transcript, phrase })),
  )
  const facts = phrases.flatMap(({ transcript, phrase }, index) => utterance(about, transcript, phrase, index))
  if (facts.length === 0) return drop('empty-transcript')
  const byStart = new Map(phrases.map(({ phrase }, index) => [integerOf(phrase, 'startTimeMs'), index]))
  const sentiments = listOf(fields, 'transcripts')
    .flatMap(transcript => listOf(objectAt(transcript, 'analytics'), 'sentiment'))
    // `phraseIndex` is not the position in the file: only the start joins a sentiment to its phrase.
    .flatMap(sentiment => feeling(about, sentiment, byStart.get(integerOf(sentiment, 'startTimeMs')) ?? 0))
  return emit(...speakers.introductions(about.to, startedAt), ...facts, ...sentiments)
}

interface Transcript {
  readonly to: ConversationRef
  readonly communicationId: string
  /** Unix milliseconds. */
  readonly startedAt: number | undefined
  readonly speakers: Speakers
}

function utterance(about: Transcript, transcript: Fields, phrase: Fields, index: number): readonly EventFact[] {
  const text = textAt(phrase, 'decoratedText') ?? textAt(phrase, 'text')
  const start = about.startedAt ?? timeOf(transcript, 'startTime')
  const at = strictTimeOf(phrase, 'startTimeMs') ?? start
  if (text === undefined) return []
  if (at === undefined) throw dataError('missing-start', 'reading a transcript: a phrase without startTimeMs')
  return [
    event({
      to: about.to,
      type: 'utterance',
      key: `${about.communicationId}/${index}`,
      occurredAt: at,
      sequence: index,
      section: {
        partyKey: about.speakers.at(textAt(phrase, 'participantPurpose'), at),
        text,
        offsetMs: start === undefined ? null : at - start,
        durationMs: durationOf(phrase, 'duration'),
        language: languageTag(textAt(transcript, 'language') ?? textAt(transcript, 'dialect')),
        confidence: shareOf(numberOf(phrase, 'confidence')),
        transcriptId: textAt(transcript, 'transcriptId'),
        sessionKey: about.communicationId,
        words: listOf(phrase, 'words')
          .map(word => wordOf(word, at))
          .filter(word => word !== undefined),
      },
    }),
  ]
}

function wordOf(word: Fields, phraseAt: number) {
  const text = textAt(word, 'word')
  if (text === undefined) return undefined
  const at = timeOf(word, 'startTimeMs')
  return {
    text,
    offsetMs: at === undefined ? 0 : at - phraseAt,
    durationMs: durationOf(word, 'duration') ?? 0,
    confidence: shareOf(numberOf(word, 'confidence')) ?? null,
  }
}

const shareOf = (value: number | undefined) => (value === undefined || value < 0 || value > 1 ? undefined : value)

function feeling(about: Transcript, sentiment: Fields, index: number): readonly EventFact[] {
  const at = timeOf(sentiment, 'startTimeMs')
  const score = numberOf(sentiment, 'sentiment')
  if (at === undefined || score === undefined) return []
  const participant = textAt(sentiment, 'participant')
  return [
    event({
      to: about.to,
      type: 'sentiment',
      key: `${about.communicationId}/${participant ?? ''}/${at}`,
      occurredAt: at,
      sequence: index,
      section: {
        partyKey: about.speakers.at(participant, at),
        scope: 'utterance',
        ...scoreOf(score),
        text: textAt(sentiment, 'phrase'),
        durationMs: durationOf(sentiment, 'duration'),
      },
    }),
  ]
}

/** Genesys's API scores from -1 to 1, its screens from -100 to 100: whatever is larger than 1 is taken for the latter. */
export function scoreOf(vendorScore: number) {
  const score = Math.abs(vendorScore) > 1 ? vendorScore / 100 : vendorScore
  const clear = Math.max(-1, Math.min(1, score))
  return { score: clear, vendorScore, label: clear > 0 ? 'positive' : clear < 0 ? 'negative' : 'neutral' }
}
