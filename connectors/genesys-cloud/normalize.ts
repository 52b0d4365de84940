import type { RawRecord } from '../../src/core/records.ts'
import { dataError, drop, type Fact, normalizing, type Outcome, objectAt, parsePayload } from '../../src/sdk/index.ts'
import type { GenesysConfig } from './config.ts'
import { type RecordContext, readContext } from './context.ts'
import type { Fields } from './fields.ts'
import { normalizeBotTurn } from './normalize-bot-turns.ts'
import { normalizeDeletion } from './normalize-deletion.ts'
import { normalizeDetails } from './normalize-details.ts'
import { normalizeSpeechAnalytics, normalizeSummaries } from './normalize-insights.ts'
import { normalizeEvaluation, normalizeSurvey } from './normalize-quality.ts'
import { normalizeRecording } from './normalize-recordings.ts'
import { normalizeTranscript } from './normalize-transcript.ts'
import type { Stream } from './streams.ts'

type Normalize = (record: RawRecord, fields: Fields, context: RecordContext) => Outcome<Fact>

const byStream: Readonly<Record<Exclude<Stream, 'bot-turns' | 'deletions'>, Normalize>> = {
  'conversation-details': normalizeDetails,
  transcripts: normalizeTranscript,
  evaluations: normalizeEvaluation,
  surveys: normalizeSurvey,
  recordings: normalizeRecording,
  messages: normalizeRecording,
  'speech-analytics': normalizeSpeechAnalytics,
  summaries: normalizeSummaries,
}

const isKnown = (stream: string): stream is keyof typeof byStream => Object.hasOwn(byStream, stream)

/** What a raw record of Genesys Cloud says. Unknown fields and values are no error; only what cannot be used is refused. */
export function normalize(record: RawRecord, config: GenesysConfig | undefined): Outcome<Fact> {
  return normalizing(() => {
    const context = readContext(record.context)
    if (record.stream === 'deletions') return normalizeDeletion(record, context)
    const fields = objectAt(parsePayload(record.payload))
    if (fields === undefined) throw dataError('payload-not-object', 'reading a payload: it is JSON, but not an object')
    if (record.stream === 'bot-turns') {
      const mode = config?.botTurns ?? 'dialogue'
      return mode === 'off' ? drop('bot-turns-off') : normalizeBotTurn(record, fields, context, mode)
    }
    if (!isKnown(record.stream)) return drop('unknown-stream')
    return byStream[record.stream](record, fields, context)
  })
}
