-- Which notes of a connection become tasks, and how. Notes written before since never do.
CREATE TABLE work_note_rules (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    enabled BOOLEAN NOT NULL,
    which TEXT NOT NULL,
    word TEXT NOT NULL,
    project_id {uuid},
    assignee {uuid},
    due_days BIGINT,
    priority BIGINT NOT NULL,
    since {ts} NOT NULL,
    updated_at {ts} NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, connection_id)
);
-- A note makes at most one task: whoever writes the row first makes it. Tasks made by a click on a record that no
-- connection brought have that record alone.
CREATE TABLE work_note_tasks (
    workspace_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    record TEXT,
    connection_id {uuid},
    source_kind TEXT,
    external_id TEXT,
    PRIMARY KEY (workspace_id, task_id)
);
CREATE UNIQUE INDEX work_note_tasks_record ON work_note_tasks (workspace_id, record) WHERE record IS NOT NULL;
CREATE UNIQUE INDEX work_note_tasks_source ON work_note_tasks (workspace_id, connection_id, source_kind, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX work_note_tasks_connection ON work_note_tasks (workspace_id, connection_id, task_id) WHERE connection_id IS NOT NULL;
