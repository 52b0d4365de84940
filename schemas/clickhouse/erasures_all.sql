-- What had to be erased, for ever: rows of it that reach the warehouse later are removed again. Ask the view `erasures`.
CREATE TABLE IF NOT EXISTS erasures_all
(
  conversation_id UUID COMMENT 'The conversation.' CODEC(ZSTD(1)),
  scope LowCardinality(String) COMMENT 'What had to go: conversation, recording or transcript.',
  target_id String COMMENT 'Id of the recording or transcript at the vendor; empty for all of them.' CODEC(ZSTD(1)),
  position UInt64 COMMENT 'Offset of the record that asked for it.' CODEC(ZSTD(1)),
  topic LowCardinality(String) COMMENT 'Topic of the record that asked for it.',
  partition Int32 COMMENT 'Its partition.' CODEC(ZSTD(1)),
  recorded_at DateTime64(3, 'UTC') COMMENT 'Timestamp of that record.' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(position)
ORDER BY (conversation_id, scope, target_id)
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What had to be erased; ask the view erasures.'
