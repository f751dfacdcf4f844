-- What was chosen for a field; a field without a line comes in and never goes out.
CREATE TABLE connect_field_rules (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    what TEXT NOT NULL,
    field TEXT NOT NULL,
    direction TEXT NOT NULL,
    conflict TEXT NOT NULL,
    since {ts} NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, what, field)
);
-- The value that both sides last had in common, where the provider has moved on since; and a value that was taken back
-- and is not to be written again.
CREATE TABLE connect_bases (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    what TEXT NOT NULL,
    external_id TEXT NOT NULL,
    field TEXT NOT NULL,
    base {json},
    held {json},
    updated_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, what, external_id, field)
);
-- Records whose fields may have to be written to the provider, one line a record however often it is edited; `undo` names
-- the batch that is taken back.
CREATE TABLE connect_pushes (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    what TEXT NOT NULL,
    external_id TEXT NOT NULL,
    undo TEXT NOT NULL,
    batch_id {uuid},
    first_at {ts} NOT NULL,
    rev BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    due_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, what, external_id, undo)
);
CREATE INDEX connect_pushes_due ON connect_pushes (workspace_id, connection_id, due_at);
CREATE INDEX connect_pushes_batch ON connect_pushes (workspace_id, batch_id);
-- What was written to the provider, field by field: the log that undo reads.
CREATE TABLE connect_writes (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    what TEXT NOT NULL,
    external_id TEXT NOT NULL,
    record TEXT NOT NULL,
    field TEXT NOT NULL,
    before {json},
    after {json},
    state TEXT NOT NULL,
    code TEXT,
    message TEXT,
    batch_id {uuid},
    written_by TEXT,
    at {ts} NOT NULL,
    done_at {ts},
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX connect_writes_time ON connect_writes (workspace_id, connection_id, at, id);
CREATE INDEX connect_writes_object ON connect_writes (workspace_id, connection_id, what, external_id, state);
CREATE INDEX connect_writes_batch ON connect_writes (workspace_id, batch_id);
-- Writing many records at once, and taking that back.
CREATE TABLE connect_batches (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    undoes {uuid},
    requested_by TEXT NOT NULL,
    cursor TEXT NOT NULL,
    records BIGINT NOT NULL,
    started_at {ts} NOT NULL,
    ended_at {ts},
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX connect_batches_time ON connect_batches (workspace_id, connection_id, started_at, id);
-- Fields that both sides changed and a person has to decide on.
CREATE TABLE connect_conflicts (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    what TEXT NOT NULL,
    external_id TEXT NOT NULL,
    record TEXT NOT NULL,
    field TEXT NOT NULL,
    code TEXT NOT NULL,
    base {json},
    ours {json},
    theirs {json},
    twin TEXT,
    opened_at {ts} NOT NULL,
    decided_at {ts},
    decided_by TEXT,
    decision TEXT,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX connect_conflicts_open ON connect_conflicts (workspace_id, connection_id, what, external_id, field)
    WHERE decided_at IS NULL;
CREATE INDEX connect_conflicts_record ON connect_conflicts (workspace_id, record);
-- Values that we wrote, so that they are known when they come back; kept for a day.
CREATE TABLE connect_echoes (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    what TEXT NOT NULL,
    external_id TEXT NOT NULL,
    field TEXT NOT NULL,
    hash {bytes} NOT NULL,
    version BIGINT NOT NULL,
    at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, what, external_id, field, hash)
);
CREATE INDEX connect_echoes_at ON connect_echoes (at);
