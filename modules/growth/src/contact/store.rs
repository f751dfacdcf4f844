//! Contacts in the database.

use std::collections::BTreeSet;

use atlas_kernel::{Ref, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Insert, SearchDoc, Tx, built_query, query, search_add, search_put, search_remove};
use serde_json::Value;

use super::{Contact, Status};
use crate::checks::{email_key, phone_key};
use crate::ids::{CompanyId, ContactId};
use crate::provenance::{from_json, to_json};

/// The columns of a contact, of the table with letter `c`.
pub(crate) const COLUMNS: &str = "c.id, c.name, c.emails, c.phones, c.role, c.location, c.own_id, c.owner_id, c.company_id, c.lead, c.status, \
     c.archived_at, c.merged_into, c.origin, c.provenance, c.provided, c.last_seen_at, c.version, c.created_at, c.updated_at, c.last_activity_at";

atlas_store::row! {
    pub(crate) struct ContactRow {
        id: ContactId,
        name: String,
        emails: Value,
        phones: Value,
        role: Option<String>,
        location: Option<String>,
        own_id: Option<String>,
        owner_id: Option<UserId>,
        company_id: Option<CompanyId>,
        lead: bool,
        status: Status,
        archived_at: Option<Timestamp>,
        merged_into: Option<ContactId>,
        origin: String,
        provenance: Value,
        provided: Value,
        last_seen_at: Option<Timestamp>,
        version: i64,
        created_at: Timestamp,
        updated_at: Timestamp,
        last_activity_at: Timestamp,
    }
}

impl TryFrom<ContactRow> for Contact {
    type Error = atlas_kernel::Error;
    fn try_from(row: ContactRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            name: row.name,
            emails: from_json(row.emails)?,
            phones: from_json(row.phones)?,
            role: row.role,
            location: row.location,
            own_id: row.own_id,
            owner: row.owner_id,
            company: row.company_id,
            lead: row.lead,
            status: row.status,
            archived_at: row.archived_at,
            merged_into: row.merged_into,
            origin: row.origin,
            provenance: from_json(row.provenance)?,
            provided: from_json(row.provided)?,
            last_seen_at: row.last_seen_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_activity_at: row.last_activity_at,
        })
    }
}

/// The contact with this id, whatever its status.
///
/// # Errors
/// Whatever the database answers.
pub async fn find(on: &dyn Executor, workspace: WorkspaceId, id: ContactId) -> Result<Option<Contact>> {
    Ok(find_many(on, workspace, &[id]).await?.pop())
}

/// The contacts with these ids, in no order; those that are not there are left out.
///
/// # Errors
/// Whatever the database answers.
pub async fn find_many(on: &dyn Executor, workspace: WorkspaceId, ids: &[ContactId]) -> Result<Vec<Contact>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(500) {
        let ask = built_query(format!("SELECT {COLUMNS} FROM contacts c WHERE c.workspace_id = $1 AND c.id IN ({{list}})"));
        let rows: Vec<ContactRow> = ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await?;
        for row in rows {
            found.push(row.try_into()?);
        }
    }
    Ok(found)
}

/// The contact with this id, locked until the transaction ends.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn lock(tx: &Tx, workspace: WorkspaceId, id: ContactId) -> Result<Option<Contact>> {
    let sql = format!("SELECT {COLUMNS} FROM contacts c WHERE c.workspace_id = $1 AND c.id = $2{}", tx.dialect().for_update());
    let row: Option<ContactRow> = built_query(sql).bind(workspace).bind(id).first(tx).await?;
    row.map(Contact::try_from).transpose()
}

/// Contacts reached by an address or number; `kind` is `email` or `phone`, `key` its comparable form.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn by_handle(on: &dyn Executor, workspace: WorkspaceId, kind: &str, key: &str) -> Result<Vec<Contact>> {
    let ids: Vec<ContactId> = query(
        "SELECT contact_id FROM contact_handles WHERE workspace_id = $1 AND kind = $2 AND match_key = $3 ORDER BY contact_id LIMIT 20",
    )
    .bind(workspace)
    .bind(kind)
    .bind(key)
    .values(on)
    .await?;
    find_many(on, workspace, &ids).await
}

/// Contacts with this own id.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn by_own_id(on: &dyn Executor, workspace: WorkspaceId, own_id: &str) -> Result<Vec<Contact>> {
    let sql = format!("SELECT {COLUMNS} FROM contacts c WHERE c.workspace_id = $1 AND c.own_id = $2 LIMIT 20");
    let rows: Vec<ContactRow> = built_query(sql).bind(workspace).bind(own_id).all(on).await?;
    rows.into_iter().map(Contact::try_from).collect()
}

const ROW: &str = "workspace_id, id, name, name_key, emails, phones, role, location, own_id, owner_id, company_id, lead, \
     status, archived_at, merged_into, origin, provenance, provided, last_seen_at, version, created_at, updated_at, last_activity_at";
const UPDATE: &str = "ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, emails = excluded.emails, \
     phones = excluded.phones, role = excluded.role, location = excluded.location, own_id = excluded.own_id, owner_id = excluded.owner_id, \
     company_id = excluded.company_id, lead = excluded.lead, status = excluded.status, archived_at = excluded.archived_at, \
     merged_into = excluded.merged_into, origin = excluded.origin, provenance = excluded.provenance, provided = excluded.provided, \
     last_seen_at = excluded.last_seen_at, version = excluded.version, created_at = excluded.created_at, updated_at = excluded.updated_at, \
     last_activity_at = excluded.last_activity_at";

/// Writes a contact as it is, with what it is found by.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn save(tx: &Tx, workspace: WorkspaceId, contact: &Contact) -> Result<()> {
    row(workspace, contact, UPDATE).run(tx).await?;
    let known = handles(tx, workspace, contact.id).await?;
    save_handles(tx, workspace, contact, &known).await?;
    index(tx, workspace, contact).await
}

/// Writes a contact whose id nobody has seen yet.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn insert(tx: &Tx, workspace: WorkspaceId, contact: &Contact) -> Result<()> {
    row(workspace, contact, "").run(tx).await?;
    save_handles(tx, workspace, contact, &[]).await?;
    index(tx, workspace, contact).await
}

/// The same, together with others, see [`Insert::later`]; `company` is the name of the contact's company.
pub(crate) fn add(tx: &Tx, workspace: WorkspaceId, contact: &Contact, company: Option<&str>) {
    row(workspace, contact, "").later(tx);
    let mut insert = Insert::into("contact_handles", HANDLE, "");
    for (kind, key) in wanted_handles(contact) {
        insert.row().bind(workspace).bind(kind).bind(key).bind(contact.id);
    }
    insert.later(tx);
    if contact.status == Status::Active {
        search_add(tx, workspace, &doc(contact, company));
    }
}

fn row(workspace: WorkspaceId, contact: &Contact, tail: &'static str) -> Insert {
    let mut insert = Insert::into("contacts", ROW, tail);
    insert
        .row()
        .bind(workspace)
        .bind(contact.id)
        .bind(&contact.name)
        .bind(sort_key(contact.label()))
        .bind(to_json(&contact.emails))
        .bind(to_json(&contact.phones))
        .bind(contact.role.as_deref())
        .bind(contact.location.as_deref())
        .bind(contact.own_id.as_deref())
        .bind(contact.owner)
        .bind(contact.company)
        .bind(contact.lead)
        .bind(contact.status)
        .bind(contact.archived_at)
        .bind(contact.merged_into)
        .bind(&contact.origin)
        .bind(to_json(&contact.provenance))
        .bind(to_json(&contact.provided))
        .bind(contact.last_seen_at)
        .bind(contact.version)
        .bind(contact.created_at)
        .bind(contact.updated_at)
        .bind(contact.last_activity_at);
    insert
}

async fn handles(on: &dyn Executor, workspace: WorkspaceId, contact: ContactId) -> Result<Vec<(String, String)>> {
    let sql = "SELECT kind, match_key FROM contact_handles WHERE workspace_id = $1 AND contact_id = $2 ORDER BY kind, match_key";
    query(sql).bind(workspace).bind(contact).all(on).await
}

/// How a name is sorted: folded, of bounded length; `~` puts the nameless behind the letters.
pub(crate) fn sort_key(name: &str) -> String {
    let key: String = atlas_store::fold(name).chars().take(120).collect();
    if key.is_empty() { "~".to_owned() } else { key }
}

const HANDLE: &str = "workspace_id, kind, match_key, contact_id";

fn wanted_handles(contact: &Contact) -> BTreeSet<(&'static str, String)> {
    let emails = contact.emails.iter().filter_map(|text| email_key(text)).map(|key| ("email", key));
    let phones = contact.phones.iter().filter_map(|text| phone_key(text)).map(|key| ("phone", key));
    emails.chain(phones).filter(|_| contact.status != Status::Merged).collect()
}

async fn save_handles(tx: &Tx, workspace: WorkspaceId, contact: &Contact, known: &[(String, String)]) -> Result<()> {
    let wanted = wanted_handles(contact);
    for (kind, key) in known.iter().filter(|(kind, key)| !wanted.iter().any(|(k, w)| k == kind && w == key)) {
        let delete = query("DELETE FROM contact_handles WHERE workspace_id = $1 AND kind = $2 AND match_key = $3 AND contact_id = $4");
        delete.bind(workspace).bind(kind).bind(key).bind(contact.id).run(tx).await?;
    }
    let mut insert = Insert::into("contact_handles", HANDLE, "");
    for (kind, key) in wanted.iter().filter(|(kind, key)| !known.iter().any(|(k, there)| k == kind && there == key)) {
        insert.row().bind(workspace).bind(*kind).bind(key).bind(contact.id);
    }
    insert.run(tx).await.map(|_| ())
}

/// Writes what search finds of a contact; archived and merged ones are not found.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn index(tx: &Tx, workspace: WorkspaceId, contact: &Contact) -> Result<()> {
    let record = contact.id.to_ref();
    if contact.status != Status::Active {
        return search_remove(tx, workspace, &record).await;
    }
    let company = match contact.company {
        Some(company) => crate::company::store::name(tx, workspace, company).await?,
        None => None,
    };
    search_put(tx, workspace, &doc(contact, company.as_deref())).await
}

fn doc(contact: &Contact, company: Option<&str>) -> SearchDoc {
    let detail: Vec<&str> = [contact.role.as_deref(), company].into_iter().flatten().collect();
    let detail = if detail.is_empty() { contact.emails.first().cloned().unwrap_or_default() } else { detail.join(", ") };
    let own_id = contact.own_id.iter().map(String::as_str);
    let words = contact.emails.iter().chain(&contact.phones).map(String::as_str).chain(contact.location.as_deref()).chain(own_id);
    let body = words.chain([detail.as_str()]).collect::<Vec<_>>().join(" ");
    let (record, title, url) = (contact.id.to_ref(), contact.label().to_owned(), contact.url());
    SearchDoc { record, kind: "contact", title, url, body, detail, connection: None }
}

/// Takes a contact out of the database, with everything in this file that hangs on it.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn delete(tx: &Tx, workspace: WorkspaceId, id: ContactId) -> Result<()> {
    for sql in [
        "DELETE FROM contact_handles WHERE workspace_id = $1 AND contact_id = $2",
        "DELETE FROM contact_companies WHERE workspace_id = $1 AND contact_id = $2",
        "DELETE FROM contacts WHERE workspace_id = $1 AND id = $2",
    ] {
        query(sql).bind(workspace).bind(id).run(tx).await?;
    }
    search_remove(tx, workspace, &id.to_ref()).await
}

/// Moves the last activity of these contacts and companies forward to `at`, never back.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn note_activity(tx: &Tx, workspace: WorkspaceId, records: &[Ref], at: Timestamp) -> Result<()> {
    for record in records {
        let sql = match record.kind() {
            "contact" => "UPDATE contacts SET last_activity_at = $3 WHERE workspace_id = $1 AND id = $2 AND last_activity_at < $3",
            "company" => "UPDATE companies SET last_activity_at = $3 WHERE workspace_id = $1 AND id = $2 AND last_activity_at < $3",
            "deal" => "UPDATE deals SET last_activity_at = $3 WHERE workspace_id = $1 AND id = $2 AND last_activity_at < $3",
            _ => continue,
        };
        query(sql).bind(workspace).bind(record.uuid()).bind(at).run(tx).await?;
    }
    Ok(())
}

const RAISE_CONTACTS: &str = "UPDATE contacts SET last_activity_at = s.at FROM (SELECT workspace_id, id, MAX(at) AS at FROM said \
     GROUP BY workspace_id, id) s WHERE contacts.workspace_id = s.workspace_id AND contacts.id = s.id AND contacts.last_activity_at < s.at";
const RAISE_COMPANIES: &str = "UPDATE companies SET last_activity_at = s.at FROM (SELECT workspace_id, id, MAX(at) AS at FROM said \
     GROUP BY workspace_id, id) s WHERE companies.workspace_id = s.workspace_id AND companies.id = s.id AND companies.last_activity_at < s.at";

/// The same for contacts and companies, together with those of others, see [`Insert::later`].
pub(crate) fn note_activity_later(tx: &Tx, workspace: WorkspaceId, records: &[Ref], at: Timestamp) {
    for (kind, table, sql) in [("contact", "contacts", RAISE_CONTACTS), ("company", "companies", RAISE_COMPANIES)] {
        let mut change = Insert::change(table, "workspace_id, id, at", sql);
        for record in records.iter().filter(|record| record.kind() == kind) {
            change.row().bind(workspace).bind(record.uuid()).bind(at);
        }
        change.later(tx);
    }
}
