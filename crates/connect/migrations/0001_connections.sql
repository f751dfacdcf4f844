-- One workspace's links to providers: who they are, what they hold (sealed), and how they are.
CREATE TABLE connections (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    provider TEXT NOT NULL,
    state TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret {bytes},
    token {bytes},
    region TEXT NOT NULL,
    api_base TEXT NOT NULL,
    app_base TEXT NOT NULL,
    account_id TEXT,
    account_name TEXT,
    account_region TEXT,
    account_time_zone TEXT,
    account_person TEXT,
    connected_by {uuid},
    connected_at {ts},
    live_since {ts},
    checked_at {ts},
    disconnected_at {ts},
    purge_due_at {ts},
    purge_started_at {ts},
    purge_counts {json},
    per_minute BIGINT NOT NULL,
    poll_seconds BIGINT NOT NULL,
    paused BOOLEAN NOT NULL,
    error_code TEXT,
    error_message TEXT,
    error_at {ts},
    last_test {json},
    last_sync_at {ts},
    last_audit_at {ts},
    next_poll_at {ts},
    version BIGINT NOT NULL,
    created_at {ts} NOT NULL,
    updated_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX connections_one ON connections (workspace_id, provider);
CREATE INDEX connections_provider ON connections (provider);
-- Consent under way: the state is known only by its hash, belongs to one session, and works once.
CREATE TABLE connect_states (
    workspace_id {uuid} NOT NULL,
    hash {bytes} NOT NULL,
    connection_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    session_id {uuid} NOT NULL,
    expires_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, hash)
);
-- Tokens of connections that have ended, kept sealed only until the provider was told.
CREATE TABLE connect_farewells (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    provider TEXT NOT NULL,
    api_base TEXT NOT NULL,
    token {bytes} NOT NULL,
    until_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
-- What a purge removed, for ever.
CREATE TABLE connect_receipts (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    provider TEXT NOT NULL,
    disconnected_at {ts} NOT NULL,
    started_at {ts} NOT NULL,
    finished_at {ts} NOT NULL,
    statement TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
-- Which scopes the provider has granted, as far as it let itself be asked.
CREATE TABLE connect_scopes (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT,
    checked_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, scope)
);
-- What happened on a connection, in our words: no payloads, no customer text.
CREATE TABLE connect_activity (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    at {ts} NOT NULL,
    level TEXT NOT NULL,
    name TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX connect_activity_time ON connect_activity (workspace_id, connection_id, at, id);
-- Counters by the hour: deliveries by topic, refusals, calls, syncs.
CREATE TABLE connect_tallies (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    hour BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, name, hour)
) {without_rowid};
