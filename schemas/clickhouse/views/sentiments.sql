-- How parties felt, as measured.
CREATE OR REPLACE VIEW sentiments
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  party_key Nullable(String) COMMENT 'The party that it is about.',
  scope LowCardinality(Nullable(String)) COMMENT 'conversation or utterance.',
  score Nullable(Float64) COMMENT '-1 (negative) to 1 (positive).',
  label LowCardinality(Nullable(String)) COMMENT 'positive, neutral, negative or mixed.',
  trend Nullable(Float64) COMMENT 'Change over the conversation, -1 to 1.',
  text Nullable(String) COMMENT 'The phrase that it was measured on, where the vendor gives it.'
)
AS SELECT
  conversation_id,
  id AS event_id,
  occurred_at,
  sequence,
  party_key,
  kind AS scope,
  score,
  label,
  JSONExtract(details, 'trend', 'Nullable(Float64)') AS trend,
  text
FROM events
WHERE type = 'sentiment'
COMMENT 'How parties felt, as measured.'
