-- People. The keys hold the lower-case forms that sign-in looks up; a user name never contains '@'.
CREATE TABLE users (
  sub TEXT PRIMARY KEY,
  username TEXT,
  username_key TEXT UNIQUE,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  email_verified INTEGER NOT NULL DEFAULT 0,
  claims TEXT NOT NULL DEFAULT '{}',
  disabled INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

-- One row for each way a person can prove who they are. Passwords are PHC strings.
CREATE TABLE credentials (
  sub TEXT NOT NULL REFERENCES users (sub) ON DELETE CASCADE,
  type TEXT NOT NULL,
  secret TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (sub, type)
);

-- The truth about clients; KV carries copies of `record`.
CREATE TABLE clients (
  client_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  record TEXT NOT NULL,
  revision INTEGER NOT NULL
);

CREATE TABLE consents (
  sub TEXT NOT NULL,
  client_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  resources TEXT NOT NULL DEFAULT '[]',
  granted_at INTEGER NOT NULL,
  PRIMARY KEY (sub, client_id)
);

-- Milliseconds, so that events of one second keep their order.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  outcome TEXT NOT NULL,
  request_id TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (time);
CREATE INDEX audit_by_target ON audit (target, time);
