-- Background work: a row waits, is leased to one worker, and is deleted when done.
CREATE TABLE jobs (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    -- The queue it was given to by name, else its kind: a worker knows which queue works a kind.
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload {json} NOT NULL,
    -- waiting, running or dead.
    status TEXT NOT NULL,
    priority BIGINT NOT NULL,
    run_at {ts} NOT NULL,
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    lease_until {ts},
    lease_token {uuid},
    unique_key TEXT,
    last_error TEXT,
    created_at {ts} NOT NULL,
    updated_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX jobs_ready ON jobs (lane, priority DESC, run_at, id) WHERE status = 'waiting';
CREATE INDEX jobs_due ON jobs (run_at) WHERE status = 'waiting';
CREATE INDEX jobs_lease ON jobs (lease_until) WHERE status = 'running';
CREATE INDEX jobs_dead ON jobs (workspace_id, updated_at, id) WHERE status = 'dead';
-- One waiting job a key; a running one does not stand in the way of the next.
CREATE UNIQUE INDEX jobs_unique ON jobs (workspace_id, unique_key) WHERE status = 'waiting' AND unique_key IS NOT NULL;
-- When each schedule is due next; the node whose update hits the row enqueues.
CREATE TABLE job_schedules (
    workspace_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    next_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, name)
);
