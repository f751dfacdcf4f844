-- A better plan that was found in quiet times, offered and never imposed; with nothing found there are no moves.
CREATE TABLE plan_offers (
    workspace_id {uuid} NOT NULL,
    revision BIGINT NOT NULL,
    at {ts} NOT NULL,
    places {json} NOT NULL,
    on_time {json} NOT NULL,
    gain BIGINT NOT NULL,
    dismissed BOOLEAN NOT NULL,
    PRIMARY KEY (workspace_id)
);
-- What somebody should know: something of their today changed, or work that was on time no longer is.
CREATE TABLE plan_notices (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    at {ts} NOT NULL,
    kind TEXT NOT NULL,
    moved {json} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX plan_notices_user ON plan_notices (workspace_id, user_id, id);
