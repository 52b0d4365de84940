-- Steps of agents: calls of models, plans, retrievals, hand-offs.
CREATE OR REPLACE VIEW reasoning_steps
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  party_key Nullable(String) COMMENT 'The party that it is about.',
  kind LowCardinality(Nullable(String)) COMMENT 'inference, plan, agent, workflow, retrieval, memory, guardrail or other.',
  name Nullable(String) COMMENT 'Name of the step.',
  text Nullable(String) COMMENT 'What was reasoned.',
  provider Nullable(String) COMMENT 'Provider of the model.',
  request_model Nullable(String) COMMENT 'Model asked for.',
  model LowCardinality(Nullable(String)) COMMENT 'Model that answered.',
  finish_reasons Array(String) COMMENT 'Why the model stopped.',
  input_tokens Nullable(Int64) COMMENT 'Tokens read, cached ones included.',
  output_tokens Nullable(Int64) COMMENT 'Tokens written.',
  cached_input_tokens Nullable(Int64) COMMENT 'Tokens read from a cache.',
  reasoning_tokens Nullable(Int64) COMMENT 'Tokens spent on reasoning.',
  is_error Bool COMMENT 'True if the step failed.',
  error_type LowCardinality(Nullable(String)) COMMENT 'Class of the error.',
  error_message Nullable(String) COMMENT 'Its message.',
  duration_ms Nullable(Float64) COMMENT 'Milliseconds.',
  trace_id Nullable(String) COMMENT 'OpenTelemetry trace id, lower-case hex.',
  span_id Nullable(String) COMMENT 'OpenTelemetry span id, lower-case hex.',
  parent_span_id Nullable(String) COMMENT 'The span that this step belongs to.'
)
AS SELECT
  conversation_id,
  id AS event_id,
  occurred_at,
  sequence,
  party_key,
  kind,
  name,
  text,
  JSONExtract(details, 'provider', 'Nullable(String)') AS provider,
  JSONExtract(details, 'requestModel', 'Nullable(String)') AS request_model,
  model,
  JSONExtract(details, 'finishReasons', 'Array(String)') AS finish_reasons,
  input_tokens,
  output_tokens,
  JSONExtract(details, 'cachedInputTokens', 'Nullable(Int64)') AS cached_input_tokens,
  JSONExtract(details, 'reasoningTokens', 'Nullable(Int64)') AS reasoning_tokens,
  ifNull(is_error, false) AS is_error,
  error_type,
  error_message,
  duration_ms,
  trace_id,
  span_id,
  JSONExtract(details, 'parentSpanId', 'Nullable(String)') AS parent_span_id
FROM events
WHERE type = 'reasoning.step'
COMMENT 'What agents reasoned and used.'
