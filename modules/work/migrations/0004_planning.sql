-- What planning a task's time needs to know: how firm its due date is, in what pieces it may be done, by whom, and after what.
ALTER TABLE work_tasks ADD COLUMN hard_deadline BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE work_tasks ADD COLUMN splittable BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE work_tasks ADD COLUMN min_block_minutes BIGINT;
ALTER TABLE work_tasks ADD COLUMN max_block_minutes BIGINT;
-- Who may do a task that nobody is assigned to.
CREATE TABLE work_task_candidates (
    workspace_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    PRIMARY KEY (workspace_id, task_id, user_id)
) {without_rowid};
-- A task waits until the one that blocks it is done.
CREATE TABLE work_task_blockers (
    workspace_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    blocked_by {uuid} NOT NULL,
    PRIMARY KEY (workspace_id, task_id, blocked_by)
) {without_rowid};
CREATE INDEX work_task_blockers_blocks ON work_task_blockers (workspace_id, blocked_by, task_id);
