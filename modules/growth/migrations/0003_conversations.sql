-- What connectors bring besides people: conversations, their messages, the colleagues at the provider.
CREATE TABLE conversations (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    provider TEXT NOT NULL,
    external_id TEXT NOT NULL,
    title TEXT,
    state TEXT NOT NULL,
    url TEXT,
    assignee TEXT,
    stated_parts BIGINT,
    message_count BIGINT NOT NULL,
    waiting_since {ts},
    said_at BIGINT NOT NULL,
    created_at {ts} NOT NULL,
    last_message_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX conversations_source ON conversations (workspace_id, connection_id, external_id);
CREATE INDEX conversations_latest ON conversations (workspace_id, last_message_at, id);
CREATE INDEX conversations_waiting ON conversations (workspace_id, waiting_since, id) WHERE waiting_since IS NOT NULL;

-- contact_id stays empty until the person has arrived.
CREATE TABLE conversation_people (
    workspace_id {uuid} NOT NULL,
    conversation_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    external_id TEXT NOT NULL,
    contact_id {uuid},
    PRIMARY KEY (workspace_id, conversation_id, external_id)
) {without_rowid};
CREATE INDEX conversation_people_source ON conversation_people (workspace_id, connection_id, external_id);
CREATE INDEX conversation_people_contact ON conversation_people (workspace_id, contact_id, conversation_id);

CREATE TABLE messages (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    conversation_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    source_kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    at {ts} NOT NULL,
    side TEXT NOT NULL,
    author_name TEXT,
    author_external_id TEXT,
    action TEXT NOT NULL,
    internal BOOLEAN NOT NULL,
    html TEXT,
    words TEXT,
    redacted BOOLEAN NOT NULL,
    attachments {json} NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX messages_source ON messages (workspace_id, connection_id, external_id, source_kind);
CREATE INDEX messages_conversation ON messages (workspace_id, conversation_id, at, id);

CREATE TABLE teammates (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    external_id TEXT NOT NULL,
    name TEXT,
    email TEXT,
    user_id {uuid},
    PRIMARY KEY (workspace_id, connection_id, external_id)
);

-- Records whose owner is a colleague at the provider who is not known here yet.
CREATE TABLE awaited_owners (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    external_id TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, external_id, record)
) {without_rowid};

-- What the provider took away, so that a late arrival does not bring it back; what is person, company, conversation,
-- message or redacted; merged_into names the person that stays.
CREATE TABLE tombstones (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    what TEXT NOT NULL,
    external_id TEXT NOT NULL,
    merged_into TEXT,
    PRIMARY KEY (workspace_id, connection_id, what, external_id)
) {without_rowid};
