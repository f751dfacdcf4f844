-- Answers remembered by Idempotency-Key: no status means that the request is being answered.
CREATE TABLE idempotency_keys (
  workspace_id {uuid} NOT NULL,
  actor TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  claim TEXT NOT NULL,
  status BIGINT,
  headers {json},
  body {bytes},
  busy_until {ts} NOT NULL,
  expires_at {ts} NOT NULL,
  PRIMARY KEY (workspace_id, actor, idempotency_key)
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
