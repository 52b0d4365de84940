-- Judgements of a conversation, a party or a step: quality forms, scores, guardrails.
CREATE OR REPLACE VIEW evaluations
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  party_key Nullable(String) COMMENT 'The party that it is about.',
  name String COMMENT 'What was evaluated: name of the form or metric.',
  score Nullable(Float64) COMMENT 'In the scale below.',
  scale_min Nullable(Float64) COMMENT 'Lowest possible score.',
  scale_max Nullable(Float64) COMMENT 'Highest possible score.',
  fraction Nullable(Float64) COMMENT 'The score as a fraction of its scale: 0 to 1.',
  label LowCardinality(Nullable(String)) COMMENT 'pass, fail or another label.',
  explanation Nullable(String) COMMENT 'Why.',
  evaluator_kind LowCardinality(Nullable(String)) COMMENT 'human, llm, code or unknown.',
  evaluator Nullable(String) COMMENT 'Id or name of who or what judged.',
  status LowCardinality(Nullable(String)) COMMENT 'pending, in-progress, finished or retracted.',
  evaluation_id Nullable(String) COMMENT 'Id of the evaluation at the vendor.',
  form_id Nullable(String) COMMENT 'Id of the form.',
  target_id Nullable(String) COMMENT 'What was judged, where it is not the conversation.',
  answers String COMMENT 'The answers one by one: a JSON array, empty if there are none.',
  trace_id Nullable(String) COMMENT 'OpenTelemetry trace id, lower-case hex.',
  span_id Nullable(String) COMMENT 'OpenTelemetry span id, lower-case hex.'
)
AS SELECT
  conversation_id,
  id AS event_id,
  occurred_at,
  sequence,
  party_key,
  ifNull(name, '') AS name,
  score,
  scale_min,
  scale_max,
  if(scale_max > scale_min, (score - scale_min) / (scale_max - scale_min), NULL) AS fraction,
  label,
  text AS explanation,
  kind AS evaluator_kind,
  JSONExtract(details, 'evaluator', 'Nullable(String)') AS evaluator,
  status,
  JSONExtract(details, 'evaluationId', 'Nullable(String)') AS evaluation_id,
  JSONExtract(details, 'formId', 'Nullable(String)') AS form_id,
  JSONExtract(details, 'targetId', 'Nullable(String)') AS target_id,
  JSONExtractRaw(details, 'answers') AS answers,
  trace_id,
  span_id
FROM events
WHERE type = 'evaluation.result'
COMMENT 'Judgements of conversations, parties and steps.'
