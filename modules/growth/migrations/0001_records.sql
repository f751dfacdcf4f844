-- Contacts, companies, what tags them, and which connection told us what of them.
CREATE TABLE companies (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT {pg: COLLATE "C"} NOT NULL,
    website TEXT,
    domain TEXT,
    industry TEXT,
    size BIGINT,
    plan TEXT,
    own_id TEXT,
    owner_id {uuid},
    status TEXT NOT NULL,
    archived_at {ts},
    origin TEXT NOT NULL,
    provenance {json} NOT NULL,
    provided {json} NOT NULL,
    version BIGINT NOT NULL,
    created_at {ts} NOT NULL,
    updated_at {ts} NOT NULL,
    last_activity_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX companies_name ON companies (workspace_id, status, name_key, id);
CREATE INDEX companies_created ON companies (workspace_id, status, created_at, id);
CREATE INDEX companies_updated ON companies (workspace_id, status, updated_at, id);
CREATE INDEX companies_activity ON companies (workspace_id, status, last_activity_at, id);
CREATE INDEX companies_owner ON companies (workspace_id, status, owner_id, name_key, id);
CREATE INDEX companies_origin ON companies (workspace_id, status, origin, name_key, id);
CREATE INDEX companies_own_id ON companies (workspace_id, own_id) WHERE own_id IS NOT NULL;
CREATE INDEX companies_domain ON companies (workspace_id, domain) WHERE domain IS NOT NULL;

CREATE TABLE contacts (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT {pg: COLLATE "C"} NOT NULL,
    emails {json} NOT NULL,
    phones {json} NOT NULL,
    role TEXT,
    location TEXT,
    own_id TEXT,
    owner_id {uuid},
    company_id {uuid},
    lead BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    archived_at {ts},
    merged_into {uuid},
    origin TEXT NOT NULL,
    provenance {json} NOT NULL,
    provided {json} NOT NULL,
    last_seen_at {ts},
    version BIGINT NOT NULL,
    created_at {ts} NOT NULL,
    updated_at {ts} NOT NULL,
    last_activity_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX contacts_name ON contacts (workspace_id, status, name_key, id);
CREATE INDEX contacts_created ON contacts (workspace_id, status, created_at, id);
CREATE INDEX contacts_updated ON contacts (workspace_id, status, updated_at, id);
CREATE INDEX contacts_activity ON contacts (workspace_id, status, last_activity_at, id);
CREATE INDEX contacts_owner ON contacts (workspace_id, status, owner_id, name_key, id);
CREATE INDEX contacts_origin ON contacts (workspace_id, status, origin, name_key, id);
CREATE INDEX contacts_own_id ON contacts (workspace_id, own_id) WHERE own_id IS NOT NULL;

-- How a contact is found by an address or a number: kind is email or phone, match_key its comparable form.
CREATE TABLE contact_handles (
    workspace_id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    match_key TEXT NOT NULL,
    contact_id {uuid} NOT NULL,
    PRIMARY KEY (workspace_id, kind, match_key, contact_id)
) {without_rowid};
CREATE INDEX contact_handles_contact ON contact_handles (workspace_id, contact_id);

-- Who says that a contact belongs to a company: writer is person or a connection's id, claim the company's id there.
-- company_id stays empty until the company itself has arrived.
CREATE TABLE contact_companies (
    workspace_id {uuid} NOT NULL,
    contact_id {uuid} NOT NULL,
    writer TEXT NOT NULL,
    claim TEXT NOT NULL,
    company_id {uuid},
    said_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, contact_id, writer, claim)
) {without_rowid};
CREATE INDEX contact_companies_company ON contact_companies (workspace_id, company_id, contact_id);
CREATE INDEX contact_companies_claim ON contact_companies (workspace_id, writer, claim);

CREATE TABLE tags (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT {pg: COLLATE "C"} NOT NULL,
    writer TEXT NOT NULL,
    created_at {ts} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX tags_name ON tags (workspace_id, name_key);

-- Who put which tag on which contact or company.
CREATE TABLE record_tags (
    workspace_id {uuid} NOT NULL,
    record TEXT NOT NULL,
    record_id {uuid} NOT NULL,
    tag_id {uuid} NOT NULL,
    writer TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, record, tag_id, writer)
) {without_rowid};
CREATE INDEX record_tags_tag ON record_tags (workspace_id, tag_id, record_id);
CREATE INDEX record_tags_writer ON record_tags (workspace_id, writer);

-- Which records a connection wrote something into: what its purge has to visit.
CREATE TABLE record_sources (
    workspace_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, record)
) {without_rowid};
