-- Clients from which a person wants no requests for approval.
CREATE TABLE request_stops (
  sub TEXT NOT NULL REFERENCES users (sub) ON DELETE CASCADE,
  client_id TEXT NOT NULL,
  stopped_at INTEGER NOT NULL,
  PRIMARY KEY (sub, client_id)
);
