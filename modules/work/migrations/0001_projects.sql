-- Projects: each gives its tasks their keys (ACME-12), counted without gaps by next_number.
CREATE TABLE work_projects (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    lead {uuid},
    next_number BIGINT NOT NULL,
    created_at {ts} NOT NULL,
    updated_at {ts} NOT NULL,
    archived_at {ts},
    version BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX work_projects_key ON work_projects (workspace_id, key);
