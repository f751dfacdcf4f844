-- The next number of a connection's raw log; its row is what a connection's writers wait for.
CREATE TABLE connect_sequences (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    next BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, connection_id)
);
-- The raw log: each answer as it came, sealed. Appended only, until the connection is purged.
CREATE TABLE connect_raw (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    external_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    fetched_at {ts} NOT NULL,
    hash {bytes} NOT NULL,
    body {bytes} NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, seq)
);
CREATE INDEX connect_raw_object ON connect_raw (workspace_id, connection_id, object, external_id);
-- What is stored of each object of the provider.
CREATE TABLE connect_versions (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    object TEXT NOT NULL,
    external_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    fetched_at {ts} NOT NULL,
    seq BIGINT NOT NULL,
    hash {bytes} NOT NULL,
    state TEXT NOT NULL,
    stored_parts BIGINT NOT NULL,
    stated_parts BIGINT NOT NULL,
    note TEXT,
    PRIMARY KEY (workspace_id, connection_id, object, external_id)
);
CREATE INDEX connect_versions_state ON connect_versions (workspace_id, connection_id, state) WHERE state <> 'present';
-- Which Atlas record stands behind which record of the provider.
CREATE TABLE connect_mappings (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    what TEXT NOT NULL,
    external_id TEXT NOT NULL,
    record TEXT NOT NULL,
    mapped_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, what, external_id)
);
CREATE INDEX connect_mappings_record ON connect_mappings (workspace_id, record);
-- Where each listing stands: the pass under way, and the moment from which the next one reads.
CREATE TABLE connect_streams (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    stream TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT,
    message TEXT,
    checked_at {ts},
    pass {json},
    since BIGINT,
    complete_at {ts},
    done BIGINT NOT NULL,
    total BIGINT,
    updated_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, stream)
);
-- The sync log.
CREATE TABLE connect_syncs (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    requested_by TEXT,
    joined BIGINT NOT NULL,
    streams {json} NOT NULL,
    progress {json} NOT NULL,
    calls BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    error_code TEXT,
    failures BIGINT NOT NULL,
    lease {uuid},
    lease_until {ts},
    started_at {ts} NOT NULL,
    ended_at {ts},
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX connect_syncs_time ON connect_syncs (workspace_id, connection_id, started_at, id);
CREATE UNIQUE INDEX connect_syncs_active ON connect_syncs (workspace_id, connection_id) WHERE ended_at IS NULL;
-- Objects that may have changed, one line an object and hint however many notices say so.
CREATE TABLE connect_signals (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    object TEXT NOT NULL,
    external_id TEXT NOT NULL,
    hint_key TEXT NOT NULL,
    hint {json} NOT NULL,
    first_at {ts} NOT NULL,
    last_at {ts} NOT NULL,
    rev BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    due_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, object, external_id, hint_key)
);
CREATE INDEX connect_signals_due ON connect_signals (workspace_id, connection_id, due_at);
-- The notice log: which notices came, once each; never what they said.
CREATE TABLE connect_notices (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    notice_id TEXT NOT NULL,
    id {uuid} NOT NULL,
    topic TEXT NOT NULL,
    at BIGINT NOT NULL,
    received_at {ts} NOT NULL,
    signals BIGINT NOT NULL,
    repeats BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, notice_id)
);
CREATE INDEX connect_notices_time ON connect_notices (workspace_id, connection_id, received_at, id);
-- When each topic was last seen.
CREATE TABLE connect_topics (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    topic TEXT NOT NULL,
    first_at {ts} NOT NULL,
    last_at {ts} NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, topic)
);
-- Calls that several nodes have shared out among themselves in one window of the provider.
CREATE TABLE connect_grants (
    workspace_id {uuid} NOT NULL,
    app TEXT NOT NULL,
    window_end BIGINT NOT NULL,
    granted BIGINT NOT NULL,
    cap BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, app, window_end)
);
