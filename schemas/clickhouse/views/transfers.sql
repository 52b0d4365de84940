-- Conversations that were handed over.
CREATE OR REPLACE VIEW transfers
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  kind LowCardinality(Nullable(String)) COMMENT 'blind, consult, handover (bot to person) or unknown.',
  from_party_key Nullable(String) COMMENT 'The party that handed over.',
  to_party_key Nullable(String) COMMENT 'The party that received it.',
  transferee_party_key Nullable(String) COMMENT 'The party that was handed over.',
  to_queue_id Nullable(String) COMMENT 'The queue that received it.',
  to_queue_name LowCardinality(Nullable(String)) COMMENT 'Its name.',
  to_address Nullable(String) COMMENT 'The address that received it.'
)
AS SELECT
  conversation_id,
  id AS event_id,
  occurred_at,
  sequence,
  kind,
  party_key AS from_party_key,
  JSONExtract(details, 'toPartyKey', 'Nullable(String)') AS to_party_key,
  JSONExtract(details, 'transfereePartyKey', 'Nullable(String)') AS transferee_party_key,
  queue_id AS to_queue_id,
  queue_name AS to_queue_name,
  JSONExtract(details, 'toAddress', 'Nullable(String)') AS to_address
FROM events
WHERE type = 'transfer'
COMMENT 'Hand-overs.'
