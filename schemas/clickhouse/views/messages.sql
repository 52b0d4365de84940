-- Written messages, with who wrote them.
CREATE OR REPLACE VIEW messages
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  event_id UUID COMMENT 'The fact.',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened.',
  sequence Int64 COMMENT 'Orders facts of one conversation that happened in the same millisecond.',
  party_key Nullable(String) COMMENT 'The party that it is about.',
  role LowCardinality(String) COMMENT 'Role of the party; empty if unknown.',
  party_name Nullable(String) COMMENT 'Its display name.',
  subject Nullable(String) COMMENT 'Subject of an e-mail.',
  text Nullable(String) COMMENT 'The text; null if it had only attachments.',
  media_type Nullable(String) COMMENT 'Media type of text.',
  language LowCardinality(Nullable(String)) COMMENT 'BCP 47 tag.',
  to_party_keys Array(String) COMMENT 'The parties that it was sent to, where known.',
  message_id Nullable(String) COMMENT 'Id of the message at the vendor.',
  in_reply_to Nullable(String) COMMENT 'Id of the message that it answers.',
  attachments String COMMENT 'Files sent with it: a JSON array, empty if there are none.'
)
AS SELECT
  events.conversation_id AS conversation_id,
  events.id AS event_id,
  events.occurred_at AS occurred_at,
  events.sequence AS sequence,
  events.party_key AS party_key,
  parties.role AS role,
  parties.name AS party_name,
  JSONExtract(events.details, 'subject', 'Nullable(String)') AS subject,
  events.text AS text,
  JSONExtract(events.details, 'mediaType', 'Nullable(String)') AS media_type,
  events.language AS language,
  JSONExtract(events.details, 'toPartyKeys', 'Array(String)') AS to_party_keys,
  JSONExtract(events.details, 'messageId', 'Nullable(String)') AS message_id,
  JSONExtract(events.details, 'inReplyTo', 'Nullable(String)') AS in_reply_to,
  JSONExtractRaw(events.details, 'attachments') AS attachments
FROM events
LEFT ANY JOIN parties ON parties.conversation_id = events.conversation_id AND parties.party_key = events.party_key
WHERE events.type = 'message'
COMMENT 'What was written.'
