-- Waits in queues that have ended.
CREATE OR REPLACE VIEW queue_times
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  party_key Nullable(String) COMMENT 'The party that it is about.',
  queue_id Nullable(String) COMMENT 'Id of the queue at the vendor.',
  queue_name LowCardinality(Nullable(String)) COMMENT 'Its name.',
  outcome LowCardinality(Nullable(String)) COMMENT 'answered, abandoned, transferred, flowed-out or unknown.',
  duration_ms Nullable(Float64) COMMENT 'Time in the queue, milliseconds.'
)
AS SELECT
  conversation_id,
  id AS event_id,
  occurred_at,
  sequence,
  party_key,
  queue_id,
  queue_name,
  status AS outcome,
  duration_ms
FROM events
WHERE type = 'queue.left'
COMMENT 'Waits in queues.'
