-- What had to be erased. Of an erased conversation nothing else is kept but its deletions.
CREATE OR REPLACE VIEW erasures
(
  conversation_id UUID COMMENT 'The conversation.',
  scope LowCardinality(String) COMMENT 'What had to go: conversation, recording or transcript.',
  target_id String COMMENT 'Id of the recording or transcript at the vendor; empty for all of them.',
  recorded_at DateTime64(3, 'UTC') COMMENT 'Timestamp of the record that asked for it.'
)
AS SELECT conversation_id, scope, target_id, recorded_at
FROM erasures_all FINAL
COMMENT 'What had to be erased.'
