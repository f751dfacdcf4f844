-- Facts about the whole installation, under the nil workspace: that it was set up, which vault keys have sealed something.
CREATE TABLE installation (
    workspace_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, name)
);
CREATE TABLE workspaces (
    id {uuid} PRIMARY KEY,
    name TEXT NOT NULL,
    created_at {ts} NOT NULL
);
-- People are global: one sign-in, any number of workspaces.
CREATE TABLE users (
    id {uuid} PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    theme TEXT NOT NULL,
    density TEXT NOT NULL,
    single_keys BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at {ts} NOT NULL,
    updated_at {ts} NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (email);
-- A row stays when its member leaves, so that what they did keeps their name.
CREATE TABLE memberships (
    workspace_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    role TEXT NOT NULL,
    joined_at {ts} NOT NULL,
    removed_at {ts},
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);
-- The secrets are 256 random bits and kept as SHA-256: the indexes on them need not be unique, and so need no workspace.
CREATE TABLE sessions (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    secret_hash {bytes} NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at {ts} NOT NULL,
    last_seen_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX sessions_secret ON sessions (secret_hash);
CREATE INDEX sessions_user ON sessions (user_id, last_seen_at);
CREATE INDEX sessions_seen ON sessions (last_seen_at);
CREATE TABLE tokens (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    secret_hash {bytes} NOT NULL,
    -- A list of scopes; null for all that the role allows.
    scopes {json},
    created_at {ts} NOT NULL,
    expires_at {ts},
    last_used_at {ts},
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX tokens_secret ON tokens (secret_hash);
CREATE INDEX tokens_user ON tokens (workspace_id, user_id);
CREATE TABLE invitations (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    secret_hash {bytes} NOT NULL,
    invited_by {uuid},
    invited_by_name TEXT NOT NULL,
    created_at {ts} NOT NULL,
    expires_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX invitations_email ON invitations (workspace_id, email);
CREATE INDEX invitations_secret ON invitations (secret_hash);
-- Failed sign-ins by hashed subject (address, e-mail, both), within a window of time; shared by all nodes.
CREATE TABLE sign_in_failures (
    subject TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    window_start {ts} NOT NULL
);
CREATE INDEX sign_in_failures_window ON sign_in_failures (window_start);
