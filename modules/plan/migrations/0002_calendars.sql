-- Calendars that members' meetings are read from: a file that was handed in, or an address that is read again.
CREATE TABLE plan_calendars (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    own_address TEXT,
    -- Where it is read from, sealed; none for a file.
    address {bytes},
    host TEXT,
    etag TEXT,
    changed TEXT,
    content TEXT,
    reading {json} NOT NULL,
    problem TEXT,
    read_at {ts},
    tried_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX plan_calendars_user ON plan_calendars (workspace_id, user_id);
CREATE INDEX plan_calendars_tried ON plan_calendars (tried_at);
CREATE INDEX plan_busy_source ON plan_busy (workspace_id, source) WHERE source IS NOT NULL;
