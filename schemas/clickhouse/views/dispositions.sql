-- Outcomes that somebody or something assigned: wrap-up codes.
CREATE OR REPLACE VIEW dispositions
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  party_key Nullable(String) COMMENT 'The party that it is about.',
  code String COMMENT 'Code at the vendor.',
  name Nullable(String) COMMENT 'Its name.',
  note Nullable(String) COMMENT 'The note written with it.',
  tags Array(String) COMMENT 'Tags given with it.',
  duration_ms Nullable(Float64) COMMENT 'Time spent on after-call work, milliseconds.',
  queue_id Nullable(String) COMMENT 'The queue that it was worked for.',
  queue_name LowCardinality(Nullable(String)) COMMENT 'Its name.'
)
AS SELECT
  conversation_id,
  id AS event_id,
  occurred_at,
  sequence,
  party_key,
  ifNull(code, '') AS code,
  name,
  text AS note,
  JSONExtract(details, 'tags', 'Array(String)') AS tags,
  duration_ms,
  queue_id,
  queue_name
FROM events
WHERE type = 'disposition'
COMMENT 'Wrap-up codes.'
