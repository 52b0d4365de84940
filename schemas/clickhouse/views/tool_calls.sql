-- Tool calls of bots and agents, with arguments and result.
CREATE OR REPLACE VIEW tool_calls
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  party_key Nullable(String) COMMENT 'The party that it is about.',
  role LowCardinality(String) COMMENT 'Role of the party; empty if unknown.',
  party_name Nullable(String) COMMENT 'Its display name.',
  name String COMMENT 'Name of the tool.',
  kind LowCardinality(Nullable(String)) COMMENT 'function, mcp, datastore, extension, data-action or other.',
  server Nullable(String) COMMENT 'Server or service that offers the tool.',
  call_id Nullable(String) COMMENT 'Id that the model or the vendor gave the call.',
  arguments Nullable(String) COMMENT 'Arguments as JSON.',
  result Nullable(String) COMMENT 'Result as JSON, or its text as a JSON string.',
  is_error Bool COMMENT 'True if the call failed.',
  error_type LowCardinality(Nullable(String)) COMMENT 'Class of the error.',
  error_message Nullable(String) COMMENT 'Its message.',
  duration_ms Nullable(Float64) COMMENT 'Milliseconds.',
  trace_id Nullable(String) COMMENT 'OpenTelemetry trace id, lower-case hex.',
  span_id Nullable(String) COMMENT 'OpenTelemetry span id, lower-case hex.'
)
AS SELECT
  events.conversation_id AS conversation_id,
  events.id AS event_id,
  events.occurred_at AS occurred_at,
  events.sequence AS sequence,
  events.party_key AS party_key,
  parties.role AS role,
  parties.name AS party_name,
  ifNull(events.name, '') AS name,
  events.kind AS kind,
  JSONExtract(events.details, 'server', 'Nullable(String)') AS server,
  JSONExtract(events.details, 'callId', 'Nullable(String)') AS call_id,
  events.arguments AS arguments,
  events.result AS result,
  ifNull(events.is_error, false) AS is_error,
  events.error_type AS error_type,
  events.error_message AS error_message,
  events.duration_ms AS duration_ms,
  events.trace_id AS trace_id,
  events.span_id AS span_id
FROM events
LEFT ANY JOIN parties ON parties.conversation_id = events.conversation_id AND parties.party_key = events.party_key
WHERE events.type = 'tool.call'
COMMENT 'Tools that bots and agents used.'
