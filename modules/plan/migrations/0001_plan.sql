-- The plan of a workspace: how often it was planned, and the question it answers.
CREATE TABLE plan_state (
    workspace_id {uuid} NOT NULL,
    revision BIGINT NOT NULL,
    planned_at {ts},
    rule TEXT NOT NULL,
    digest TEXT NOT NULL,
    alarms {json} NOT NULL,
    PRIMARY KEY (workspace_id)
);
-- The people as they were planned: their hours, meetings and absences.
CREATE TABLE plan_people (
    workspace_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    body {json} NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
);
-- Where each task lies, with the facts it was planned by and the reason. Without a place there is no person and no time.
CREATE TABLE plan_placements (
    workspace_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    user_id {uuid},
    start_at {ts},
    finish_at {ts},
    body {json} NOT NULL,
    PRIMARY KEY (workspace_id, task_id)
);
CREATE INDEX plan_placements_user ON plan_placements (workspace_id, user_id, start_at);
-- What people said about single tasks: pins, not before, more or less work.
CREATE TABLE plan_wishes (
    workspace_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    body {json} NOT NULL,
    PRIMARY KEY (workspace_id, task_id)
);
-- Blocks that were worked.
CREATE TABLE plan_worked (
    workspace_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    start_at {ts} NOT NULL,
    user_id {uuid} NOT NULL,
    finish_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, task_id, start_at)
);
CREATE INDEX plan_worked_user ON plan_worked (workspace_id, user_id, start_at);
-- When members work. Who has no row works the default week.
CREATE TABLE plan_hours (
    workspace_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    body {json} NOT NULL,
    feed TEXT,
    PRIMARY KEY (workspace_id, user_id)
);
CREATE UNIQUE INDEX plan_hours_feed ON plan_hours (workspace_id, feed);
-- Meetings, time kept free, and absences.
CREATE TABLE plan_busy (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    start_at {ts} NOT NULL,
    finish_at {ts} NOT NULL,
    source TEXT,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX plan_busy_user ON plan_busy (workspace_id, user_id, finish_at);
-- Each change of the plan: who caused it, what there was before, and how to take it back.
CREATE TABLE plan_revisions (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    revision BIGINT NOT NULL,
    at {ts} NOT NULL,
    by_user {uuid},
    said TEXT NOT NULL,
    digest_before TEXT NOT NULL,
    before {json} NOT NULL,
    undo {json} NOT NULL,
    moves {json} NOT NULL,
    undone BOOLEAN NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX plan_revisions_number ON plan_revisions (workspace_id, revision);
