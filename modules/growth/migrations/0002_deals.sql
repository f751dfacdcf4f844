-- Pipelines with their stages, the deals in them, and notes.
CREATE TABLE pipelines (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at {ts} NOT NULL,
    updated_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX pipelines_name ON pipelines (workspace_id, name_key);

CREATE TABLE stages (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    pipeline_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    likelihood BIGINT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX stages_pipeline ON stages (workspace_id, pipeline_id, position);

CREATE TABLE deals (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    title TEXT NOT NULL,
    title_key TEXT {pg: COLLATE "C"} NOT NULL,
    amount BIGINT,
    currency TEXT,
    value_key BIGINT NOT NULL,
    pipeline_id {uuid} NOT NULL,
    stage_id {uuid} NOT NULL,
    position BIGINT NOT NULL,
    expected_close TEXT,
    close_key TEXT {pg: COLLATE "C"} NOT NULL,
    owner_id {uuid},
    contact_id {uuid},
    company_id {uuid},
    status TEXT NOT NULL,
    archived_at {ts},
    closed_at {ts},
    stage_since {ts} NOT NULL,
    version BIGINT NOT NULL,
    created_at {ts} NOT NULL,
    updated_at {ts} NOT NULL,
    last_activity_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX deals_stage ON deals (workspace_id, stage_id, status, position, id);
CREATE INDEX deals_title ON deals (workspace_id, status, title_key, id);
CREATE INDEX deals_value ON deals (workspace_id, status, value_key, id);
CREATE INDEX deals_close ON deals (workspace_id, status, close_key, id);
CREATE INDEX deals_created ON deals (workspace_id, status, created_at, id);
CREATE INDEX deals_updated ON deals (workspace_id, status, updated_at, id);
CREATE INDEX deals_activity ON deals (workspace_id, status, last_activity_at, id);
CREATE INDEX deals_owner ON deals (workspace_id, status, owner_id, title_key, id);
CREATE INDEX deals_pipeline ON deals (workspace_id, pipeline_id);
CREATE INDEX deals_contact ON deals (workspace_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX deals_company ON deals (workspace_id, company_id) WHERE company_id IS NOT NULL;

CREATE TABLE notes (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    author_id {uuid},
    author_name TEXT NOT NULL,
    deleted_at {ts},
    version BIGINT NOT NULL,
    created_at {ts} NOT NULL,
    updated_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX notes_subject ON notes (workspace_id, subject, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX notes_created ON notes (workspace_id, created_at, id) WHERE deleted_at IS NULL;
