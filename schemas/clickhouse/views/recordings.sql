-- Recordings and their state. The media themselves are not in the warehouse.
CREATE OR REPLACE VIEW recordings
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  recording_id Nullable(String) COMMENT 'Id of the recording at the vendor.',
  media LowCardinality(Nullable(String)) COMMENT 'audio, video, screen, chat, message, email or other.',
  state LowCardinality(Nullable(String)) COMMENT 'available, archived, restoring, processing, deleted or unknown.',
  duration_ms Nullable(Float64) COMMENT 'Milliseconds.',
  size_bytes Nullable(Int64) COMMENT 'Bytes.',
  media_type Nullable(String) COMMENT 'Media type of the file, where known.',
  url Nullable(String) COMMENT 'Lasting address; never a signed link.',
  party_keys Array(String) COMMENT 'The parties that are heard or seen.',
  session_key Nullable(String) COMMENT 'Id of the call leg at the vendor.'
)
AS SELECT
  conversation_id,
  id AS event_id,
  occurred_at,
  sequence,
  JSONExtract(details, 'recordingId', 'Nullable(String)') AS recording_id,
  kind AS media,
  status AS state,
  duration_ms,
  JSONExtract(details, 'sizeBytes', 'Nullable(Int64)') AS size_bytes,
  JSONExtract(details, 'mediaType', 'Nullable(String)') AS media_type,
  JSONExtract(details, 'url', 'Nullable(String)') AS url,
  JSONExtract(details, 'partyKeys', 'Array(String)') AS party_keys,
  JSONExtract(details, 'sessionKey', 'Nullable(String)') AS session_key
FROM events
WHERE type = 'recording'
COMMENT 'Recordings and their state.'
