-- What customers answered afterwards.
CREATE OR REPLACE VIEW surveys
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  form_name Nullable(String) COMMENT 'Name of the form.',
  status LowCardinality(Nullable(String)) COMMENT 'sent, started, finished, expired or unknown.',
  score Nullable(Float64) COMMENT 'Total score, in the scale below.',
  scale_min Nullable(Float64) COMMENT 'Lowest possible score.',
  scale_max Nullable(Float64) COMMENT 'Highest possible score.',
  fraction Nullable(Float64) COMMENT 'The score as a fraction of its scale: 0 to 1.',
  promoter_score Nullable(Float64) COMMENT 'Net promoter score, 0 to 10.',
  comment Nullable(String) COMMENT 'What the customer wrote.',
  survey_id Nullable(String) COMMENT 'Id of the survey at the vendor.',
  form_id Nullable(String) COMMENT 'Id of the form.',
  answers String COMMENT 'The answers one by one: a JSON array, empty if there are none.'
)
AS SELECT
  conversation_id,
  id AS event_id,
  occurred_at,
  sequence,
  name AS form_name,
  status,
  score,
  scale_min,
  scale_max,
  if(scale_max > scale_min, (score - scale_min) / (scale_max - scale_min), NULL) AS fraction,
  JSONExtract(details, 'promoterScore', 'Nullable(Float64)') AS promoter_score,
  text AS comment,
  JSONExtract(details, 'surveyId', 'Nullable(String)') AS survey_id,
  JSONExtract(details, 'formId', 'Nullable(String)') AS form_id,
  JSONExtractRaw(details, 'answers') AS answers
FROM events
WHERE type = 'survey'
COMMENT 'What customers answered afterwards.'
