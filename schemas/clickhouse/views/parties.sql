-- Every party of every conversation, as last reported.
CREATE OR REPLACE VIEW parties
(
  conversation_id UUID COMMENT 'The conversation that it belongs to.',
  party_key String COMMENT 'Names the party within the conversation.',
  role LowCardinality(String) COMMENT 'customer, agent, bot, supervisor, sme, thirdparty or system.',
  kind LowCardinality(String) COMMENT 'person, bot, organization or system.',
  name Nullable(String) COMMENT 'Display name.',
  external_id Nullable(String) COMMENT 'Id of the person or bot at the vendor, stable across conversations.',
  tel Nullable(String) COMMENT 'Telephone number.',
  sip Nullable(String) COMMENT 'SIP address.',
  mailto Nullable(String) COMMENT 'E-mail address.',
  org Nullable(String) COMMENT 'Organization.',
  dept Nullable(String) COMMENT 'Department, team or division.',
  joined_at DateTime64(3, 'UTC') COMMENT 'When it joined, last.'
)
AS SELECT
  conversation_id,
  assumeNotNull(party_key) AS party_key,
  assumeNotNull(role) AS role,
  assumeNotNull(kind) AS kind,
  name,
  JSONExtract(details, 'externalId', 'Nullable(String)') AS external_id,
  JSONExtract(details, 'tel', 'Nullable(String)') AS tel,
  JSONExtract(details, 'sip', 'Nullable(String)') AS sip,
  JSONExtract(details, 'mailto', 'Nullable(String)') AS mailto,
  JSONExtract(details, 'org', 'Nullable(String)') AS org,
  JSONExtract(details, 'dept', 'Nullable(String)') AS dept,
  occurred_at AS joined_at
FROM events
WHERE type = 'party.joined'
ORDER BY version DESC, occurred_at DESC, id DESC
LIMIT 1 BY conversation_id, party_key
COMMENT 'Who took part in which conversation.'
