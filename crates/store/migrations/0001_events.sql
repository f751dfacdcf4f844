-- The event log: every verb writes one line; timelines, audit and live updates read it.
CREATE TABLE events (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    at {ts} NOT NULL,
    recorded_at {ts} NOT NULL,
    operation TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor_user {uuid},
    actor_name TEXT NOT NULL,
    actor_via TEXT NOT NULL,
    record TEXT NOT NULL,
    data {json} NOT NULL,
    reason TEXT,
    connection_id {uuid},
    source_provider TEXT,
    source_kind TEXT,
    source_id TEXT,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX events_source ON events (workspace_id, connection_id, source_kind, source_id) WHERE source_id IS NOT NULL;
CREATE INDEX events_record ON events (workspace_id, record, at, id);
CREATE INDEX events_recorded ON events (workspace_id, recorded_at, id);
-- Which records an event is about: a record's timeline is one range of this table.
CREATE TABLE event_subjects (
    workspace_id {uuid} NOT NULL,
    subject TEXT NOT NULL,
    at {ts} NOT NULL,
    event_id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (workspace_id, subject, at, event_id)
) {without_rowid};
CREATE INDEX event_subjects_kind ON event_subjects (workspace_id, subject, kind, at, event_id);
CREATE INDEX event_subjects_event ON event_subjects (workspace_id, event_id);
