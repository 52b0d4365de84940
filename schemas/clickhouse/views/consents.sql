-- Consent that parties gave, refused or withdrew.
CREATE OR REPLACE VIEW consents
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  party_key Nullable(String) COMMENT 'The party that it is about.',
  purpose String COMMENT 'What it is about: recording, analytics, marketing, …',
  status LowCardinality(Nullable(String)) COMMENT 'granted, denied or withdrawn.',
  basis Nullable(String) COMMENT 'Lawful basis.',
  method Nullable(String) COMMENT 'How it was given.'
)
AS SELECT
  conversation_id,
  id AS event_id,
  occurred_at,
  sequence,
  party_key,
  ifNull(name, '') AS purpose,
  status,
  JSONExtract(details, 'basis', 'Nullable(String)') AS basis,
  JSONExtract(details, 'method', 'Nullable(String)') AS method
FROM events
WHERE type = 'consent.signal'
COMMENT 'Consent given, refused or withdrawn.'
