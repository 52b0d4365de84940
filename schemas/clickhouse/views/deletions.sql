-- Deletions that vendors reported or somebody asked for, those of erased conversations too.
CREATE OR REPLACE VIEW deletions
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  vendor LowCardinality(String) COMMENT 'The vendor whose conversation it is.',
  account LowCardinality(String) COMMENT 'The account whose conversation it is.',
  conversation_key String COMMENT 'Key of the conversation at the vendor.',
  scope LowCardinality(Nullable(String)) COMMENT 'conversation, recording or transcript.',
  target_id Nullable(String) COMMENT 'What was deleted, where it is not the whole conversation.',
  reason LowCardinality(Nullable(String)) COMMENT 'retention, erasure-request, vendor or unknown.',
  requested_by Nullable(String) COMMENT 'Who asked for it.'
)
AS SELECT
  conversation_id,
  id AS event_id,
  occurred_at,
  conversation_vendor AS vendor,
  conversation_account AS account,
  conversation_key,
  kind AS scope,
  JSONExtract(details, 'targetId', 'Nullable(String)') AS target_id,
  reason,
  JSONExtract(details, 'requestedBy', 'Nullable(String)') AS requested_by
FROM events_all FINAL
WHERE type = 'deletion' AND NOT retracted
COMMENT 'Deletions that were reported or asked for.'
