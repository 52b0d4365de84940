-- What was said, as transcribed, with who said it.
CREATE OR REPLACE VIEW utterances
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  party_key Nullable(String) COMMENT 'The party that it is about.',
  role LowCardinality(String) COMMENT 'Role of the party; empty if unknown.',
  party_name Nullable(String) COMMENT 'Its display name.',
  text String COMMENT 'What was said.',
  offset_ms Nullable(Int64) COMMENT 'From the start of the recording or transcript, milliseconds.',
  duration_ms Nullable(Float64) COMMENT 'Milliseconds.',
  language LowCardinality(Nullable(String)) COMMENT 'BCP 47 tag.',
  confidence Nullable(Float64) COMMENT '0 to 1.',
  transcript_id Nullable(String) COMMENT 'Id of the transcript at the vendor.',
  session_key Nullable(String) COMMENT 'Id of the call leg at the vendor.'
)
AS SELECT
  events.conversation_id AS conversation_id,
  events.id AS event_id,
  events.occurred_at AS occurred_at,
  events.sequence AS sequence,
  events.party_key AS party_key,
  parties.role AS role,
  parties.name AS party_name,
  ifNull(events.text, '') AS text,
  events.offset_ms AS offset_ms,
  events.duration_ms AS duration_ms,
  events.language AS language,
  events.confidence AS confidence,
  JSONExtract(events.details, 'transcriptId', 'Nullable(String)') AS transcript_id,
  JSONExtract(events.details, 'sessionKey', 'Nullable(String)') AS session_key
FROM events
LEFT ANY JOIN parties ON parties.conversation_id = events.conversation_id AND parties.party_key = events.party_key
WHERE events.type = 'utterance'
COMMENT 'What was said, as transcribed.'
