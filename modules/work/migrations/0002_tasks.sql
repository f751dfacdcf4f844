-- Tasks. due_rank and position are compared byte by byte, so both databases sort them alike.
CREATE TABLE work_tasks (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    project_id {uuid} NOT NULL,
    key TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    words TEXT NOT NULL,
    status TEXT NOT NULL,
    priority BIGINT NOT NULL,
    start_date TEXT,
    due_date TEXT,
    due_time TEXT,
    due_rank TEXT{pg: COLLATE "C"} NOT NULL,
    estimate_minutes BIGINT,
    position TEXT{pg: COLLATE "C"} NOT NULL,
    origin_provider TEXT,
    title_from {uuid},
    description_from {uuid},
    created_by {uuid},
    created_at {ts} NOT NULL,
    updated_at {ts} NOT NULL,
    completed_at {ts},
    archived_at {ts},
    version BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX work_tasks_key ON work_tasks (workspace_id, key);
CREATE INDEX work_tasks_lane ON work_tasks (workspace_id, status, position, id) WHERE archived_at IS NULL;
CREATE INDEX work_tasks_project ON work_tasks (workspace_id, project_id, status, position, id) WHERE archived_at IS NULL;
CREATE INDEX work_tasks_position ON work_tasks (workspace_id, position, id) WHERE archived_at IS NULL;
CREATE INDEX work_tasks_due ON work_tasks (workspace_id, due_rank, id) WHERE archived_at IS NULL;
CREATE INDEX work_tasks_priority ON work_tasks (workspace_id, priority, id) WHERE archived_at IS NULL;
CREATE INDEX work_tasks_created ON work_tasks (workspace_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX work_tasks_updated ON work_tasks (workspace_id, updated_at, id) WHERE archived_at IS NULL;
-- Every key a task ever had: a task that changes project keeps answering to its old key.
CREATE TABLE work_task_keys (
    workspace_id {uuid} NOT NULL,
    key TEXT NOT NULL,
    task_id {uuid} NOT NULL,
    PRIMARY KEY (workspace_id, key)
) {without_rowid};
CREATE INDEX work_task_keys_task ON work_task_keys (workspace_id, task_id);
CREATE TABLE work_task_assignees (
    workspace_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    PRIMARY KEY (workspace_id, task_id, user_id)
) {without_rowid};
CREATE INDEX work_task_assignees_user ON work_task_assignees (workspace_id, user_id, task_id);
CREATE TABLE work_labels (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX work_labels_name ON work_labels (workspace_id, name_key);
CREATE TABLE work_task_labels (
    workspace_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    label_id {uuid} NOT NULL,
    PRIMARY KEY (workspace_id, task_id, label_id)
) {without_rowid};
CREATE INDEX work_task_labels_label ON work_task_labels (workspace_id, label_id, task_id);
-- Links to any record. Rows that are not direct are what a linked record belongs to (a message's conversation and
-- contact): the task shows on their timelines too.
CREATE TABLE work_task_links (
    workspace_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    record TEXT NOT NULL,
    direct BOOLEAN NOT NULL,
    PRIMARY KEY (workspace_id, task_id, record)
) {without_rowid};
CREATE INDEX work_task_links_record ON work_task_links (workspace_id, record, task_id);
