-- The last value of every attribute of every conversation.
CREATE OR REPLACE VIEW attributes
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  party_key Nullable(String) COMMENT 'The party that it is about, if it is about one.',
  name String COMMENT 'Name of the attribute.',
  value Nullable(String) COMMENT 'Its value; null if it was removed.',
  changed_at DateTime64(3, 'UTC') COMMENT 'When it was set.'
)
AS SELECT
  conversation_id,
  party_key,
  ifNull(name, '') AS name,
  value,
  occurred_at AS changed_at
FROM events
WHERE type = 'attribute.changed'
ORDER BY occurred_at DESC, sequence DESC, version DESC, id DESC
LIMIT 1 BY conversation_id, party_key, name
COMMENT 'Named values attached to conversations.'
