-- Every revision of every conversation that was exported. Ask the view `conversations`: it shows the latest, once.
CREATE TABLE IF NOT EXISTS conversations_all
(
  conversation_id UUID COMMENT 'The conversation: the same on every machine and every replay.' CODEC(ZSTD(1)),
  revision UInt64 COMMENT 'Grows with every change that was written; the highest counts.' CODEC(ZSTD(1)),
  is_deleted Bool COMMENT 'True if the conversation was erased or is empty: nothing else of it is kept.' CODEC(ZSTD(1)),
  vendor LowCardinality(String) COMMENT 'The vendor whose conversation it is.',
  account LowCardinality(String) COMMENT 'The account whose conversation it is.',
  conversation_key String COMMENT 'Key of the conversation at the vendor.' CODEC(ZSTD(1)),
  channel LowCardinality(String) COMMENT 'voice, chat, message, email, callback, video, social, agent or other.',
  direction LowCardinality(String) COMMENT 'inbound, outbound, internal or unknown.',
  subject Nullable(String) COMMENT 'Subject or topic.' CODEC(ZSTD(3)),
  language LowCardinality(Nullable(String)) COMMENT 'BCP 47 tag.',
  started_at DateTime64(3, 'UTC') COMMENT 'When it began.' CODEC(Delta, ZSTD(1)),
  ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it ended; null while open.' CODEC(ZSTD(1)),
  duration_ms Nullable(Float64) COMMENT 'From start to end, milliseconds.' CODEC(ZSTD(1)),
  state LowCardinality(String) COMMENT 'open or closed.',
  abandoned Bool COMMENT 'True if the customer left before anybody answered, or without a word.' CODEC(ZSTD(1)),
  updated_at DateTime64(3, 'UTC') COMMENT 'The latest version of its facts: the updated_at of the vCon.' CODEC(Delta, ZSTD(1)),
  parties Array(Tuple(party_key String, role String, kind String, name Nullable(String), external_id Nullable(String))) COMMENT 'Who took part, in the order of the vCon.' CODEC(ZSTD(1)),
  queues Array(String) COMMENT 'Names of the queues, or ids where there is no name, in the order entered.' CODEC(ZSTD(1)),
  disposition_code Nullable(String) COMMENT 'The last disposition: code at the vendor.' CODEC(ZSTD(1)),
  disposition_name LowCardinality(Nullable(String)) COMMENT 'Its name.',
  customer_utterances UInt32 COMMENT 'Utterances of the customer.' CODEC(ZSTD(1)),
  agent_utterances UInt32 COMMENT 'Utterances of agents.' CODEC(ZSTD(1)),
  messages UInt32 COMMENT 'Written messages.' CODEC(ZSTD(1)),
  tool_calls UInt32 COMMENT 'Tool calls.' CODEC(ZSTD(1)),
  tool_errors UInt32 COMMENT 'Tool calls that failed.' CODEC(ZSTD(1)),
  reasoning_steps UInt32 COMMENT 'Steps of agents.' CODEC(ZSTD(1)),
  transfers UInt32 COMMENT 'Transfers.' CODEC(ZSTD(1)),
  hold_ms Float64 COMMENT 'Time on hold, milliseconds.' CODEC(ZSTD(1)),
  queue_ms Float64 COMMENT 'Time in queues, milliseconds.' CODEC(ZSTD(1)),
  sentiment_score Nullable(Float64) COMMENT 'Of the conversation, -1 to 1.' CODEC(ZSTD(1)),
  survey_score Nullable(Float64) COMMENT 'Of the last finished survey, as a fraction of its scale: 0 to 1.' CODEC(ZSTD(1)),
  evaluation_score Nullable(Float64) COMMENT 'Of the last finished evaluation that has a scale, as a fraction of it: 0 to 1.' CODEC(ZSTD(1)),
  vcon String COMMENT 'The conversation as a vCon: JSON.' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY conversation_id
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Every revision of every conversation; ask the view conversations.'
