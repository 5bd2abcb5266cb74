-- SAML partners: service providers that we sign people in to, and identity providers that sign people in to us.
-- `record` is the truth; the other columns are what it is found by.
CREATE TABLE saml_partners (
  role TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  alias TEXT NOT NULL,
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  -- Offered on the sign-in page.
  button INTEGER NOT NULL,
  -- Seconds; when the metadata is fetched again, NULL for metadata that has no address.
  refresh_at INTEGER,
  record TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (role, entity_id),
  UNIQUE (role, alias)
);
CREATE INDEX saml_partners_by_refresh ON saml_partners (refresh_at) WHERE refresh_at IS NOT NULL;

-- Whose people an e-mail domain's are: one identity provider's at most.
CREATE TABLE saml_domains (
  domain TEXT PRIMARY KEY,
  entity_id TEXT NOT NULL
);

-- Who somebody at an identity provider is here: by the identifier that the provider gave, never by an address alone.
CREATE TABLE saml_links (
  entity_id TEXT NOT NULL,
  format TEXT NOT NULL,
  name_id TEXT NOT NULL,
  sub TEXT NOT NULL REFERENCES users (sub) ON DELETE CASCADE,
  linked_at INTEGER NOT NULL,
  PRIMARY KEY (entity_id, format, name_id)
);
CREATE INDEX saml_links_by_sub ON saml_links (sub);
