//! The purge: what a connection brought is deleted step by step; what people wrote stays, without the provider's words.

use std::str::FromStr;

use atlas_connect::{Purged, unmap_records};
use atlas_kernel::{ConnectionId, Ref, Result, UserId, WorkspaceId};
use atlas_store::{Executor, Tx, forget_connection_events, query, search_remove};
use serde_json::Value;

use super::gone::forget_events;
use super::{owners, person};
use crate::company::{self, Company};
use crate::contact::{self, Contact, Status};
use crate::ids::{CompanyId, ContactId, ConversationId, MessageId};
use crate::provenance::Mark;
use crate::{membership, note, tag};

/// Rows that nothing hangs on and that go in the time of one record.
const ROWS: usize = 5;

/// Removes up to `limit` records, or so much of something lighter, of the next kind that has some; answers nothing when all is gone.
pub(super) async fn step(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> Result<Vec<Purged>> {
    let gone = messages(tx, workspace, connection, limit * ROWS).await?;
    if gone > 0 {
        return Ok(vec![purged("messages", gone)]);
    }
    let gone = conversations(tx, workspace, connection, limit).await?;
    if gone > 0 {
        tx.touch_topic(workspace, "conversations");
        return Ok(vec![purged("conversations", gone), purged("search entries", gone)]);
    }
    let gone = forget_connection_events(tx, workspace, connection, limit * ROWS).await?;
    if gone > 0 {
        return Ok(vec![purged("timeline events", gone)]);
    }
    let counts = records(tx, workspace, connection, limit).await?;
    if !counts.is_empty() {
        tx.touch_topic(workspace, "contacts");
        tx.touch_topic(workspace, "companies");
        return Ok(counts);
    }
    let gone = tag::store::forget(tx, workspace, connection, limit).await?;
    if gone > 0 {
        return Ok(vec![purged("tags", gone)]);
    }
    remnants(tx, workspace, connection, limit).await
}

fn purged(what: &str, count: u64) -> Purged {
    Purged { what: what.to_owned(), count }
}

async fn messages(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> Result<u64> {
    let ids: Vec<MessageId> = query("SELECT id FROM messages WHERE workspace_id = $1 AND connection_id = $2 LIMIT $3")
        .bind(workspace)
        .bind(connection)
        .bind(limit)
        .values(tx)
        .await?;
    let sql = "DELETE FROM messages WHERE workspace_id = $1 AND id IN ({list})";
    query(sql).bind(workspace).bind_list(ids.iter().copied()).run(tx).await?;
    unmap_records(tx, workspace, &ids.iter().map(|id| id.to_ref()).collect::<Vec<_>>()).await?;
    Ok(ids.len() as u64)
}

async fn conversations(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> Result<u64> {
    let ids: Vec<ConversationId> = query("SELECT id FROM conversations WHERE workspace_id = $1 AND connection_id = $2 LIMIT $3")
        .bind(workspace)
        .bind(connection)
        .bind(limit)
        .values(tx)
        .await?;
    for sql in [
        "DELETE FROM conversation_people WHERE workspace_id = $1 AND conversation_id IN ({list})",
        "DELETE FROM conversations WHERE workspace_id = $1 AND id IN ({list})",
    ] {
        query(sql).bind(workspace).bind_list(ids.iter().copied()).run(tx).await?;
    }
    let records: Vec<Ref> = ids.iter().map(|id| id.to_ref()).collect();
    for record in &records {
        search_remove(tx, workspace, record).await?;
        tx.touch(workspace, record);
    }
    unmap_records(tx, workspace, &records).await?;
    Ok(ids.len() as u64)
}

/// Visits the next records the connection wrote into, contacts first, so that companies lose their people before they go.
async fn records(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> Result<Vec<Purged>> {
    let records: Vec<Ref> = query(
        "SELECT record FROM record_sources WHERE workspace_id = $1 AND connection_id = $2 \
         ORDER BY CASE WHEN record LIKE 'contact%' THEN 0 ELSE 1 END, record LIMIT $3",
    )
    .bind(workspace)
    .bind(connection)
    .bind(limit)
    .values(tx)
    .await?;
    let (mut contacts, mut companies, mut kept) = (0, 0, 0);
    for record in &records {
        let deleted = match (record.as_id::<crate::ids::ContactKind>(), record.as_id::<crate::ids::CompanyKind>()) {
            (Some(id), _) => one_contact(tx, workspace, connection, id).await?.inspect(|deleted| contacts += u64::from(*deleted)),
            (_, Some(id)) => one_company(tx, workspace, connection, id).await?.inspect(|deleted| companies += u64::from(*deleted)),
            _ => None,
        };
        kept += u64::from(deleted == Some(false));
        query("DELETE FROM record_sources WHERE workspace_id = $1 AND connection_id = $2 AND record = $3")
            .bind(workspace)
            .bind(connection)
            .bind(record)
            .run(tx)
            .await?;
        unmap_connection(tx, workspace, connection, record).await?;
        tx.touch(workspace, record);
    }
    let counts = [("contacts", contacts), ("companies", companies), ("records cleared of the provider's words", kept)];
    Ok(counts.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| purged(what, count)).chain(still(&records)).collect())
}

/// A record whose row is gone already still counts as a step, so that the purge goes on.
fn still(records: &[Ref]) -> Option<Purged> {
    (!records.is_empty()).then(|| purged("source notes", records.len() as u64))
}

async fn unmap_connection(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, record: &Ref) -> Result<()> {
    for mapping in atlas_connect::mappings_of(tx, workspace, record).await? {
        let what = match mapping.what.as_str() {
            "person" => atlas_connect::What::Person,
            "company" => atlas_connect::What::Company,
            _ => continue,
        };
        if mapping.connection_id == connection {
            atlas_connect::unmap(tx, workspace, connection, what, &mapping.external_id).await?;
        }
    }
    Ok(())
}

/// Deletes a contact that only the connection knew (`true`), or empties what it wrote (`false`); none when it is not there.
async fn one_contact(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, id: ContactId) -> Result<Option<bool>> {
    let Some(mut contact) = contact::store::lock(tx, workspace, id).await? else { return Ok(None) };
    let record = id.to_ref();
    let before = membership::companies(&membership::claims(tx, workspace, id).await?);
    query("DELETE FROM contact_companies WHERE workspace_id = $1 AND contact_id = $2 AND writer = $3")
        .bind(workspace)
        .bind(id)
        .bind(membership::writer(connection))
        .run(tx)
        .await?;
    let after = membership::settle(tx, workspace, id, &before).await?;
    let theirs = said_by(&contact, connection) && contact.origin != "atlas";
    if contact.status == Status::Merged || (theirs && !contact_is_touched(tx, workspace, connection, &contact).await?) {
        forget_record(tx, workspace, &record).await?;
        contact::store::delete(tx, workspace, id).await?;
        return Ok(Some(true));
    }
    contact.provided.forget(connection);
    for name in contact.provenance.written_by(connection) {
        contact.provenance.forget(&name);
        let Ok(field) = contact::Field::from_str(&name) else { continue };
        contact.clear(field);
        // Another connection's word on the field is as good as before.
        let Some((other, said)) = contact.provided.newest(&name).map(|(other, said)| (other, said.value.clone())) else { continue };
        match field {
            contact::Field::Owner => contact.owner = owner(tx, workspace, other, &said).await?,
            field => person::write(&mut contact, field, &said, tx.now()),
        }
        contact.provenance.set(&name, Mark::of_connection(other, tx.now()));
    }
    contact.company = after.first().copied();
    contact.last_seen_at = contact.last_seen_at.filter(|_| contact.provided.iter().next().is_some());
    contact.version += 1;
    contact.updated_at = tx.now();
    if contact.origin != "atlas" {
        contact.origin = contact.provided.origin().to_owned();
    }
    contact::store::save(tx, workspace, &contact).await?;
    rename_in_events(tx, workspace, &record, contact.label()).await?;
    Ok(Some(false))
}

/// The member behind the colleague whom a connection names as owner.
async fn owner(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId, said: &Value) -> Result<Option<UserId>> {
    match said.as_str() {
        Some(colleague) => owners::member(on, workspace, connection, colleague).await,
        None => Ok(None),
    }
}

fn said_by(contact: &Contact, connection: ConnectionId) -> bool {
    contact.provided.of(connection).is_some()
}

/// Whether a person wrote, did or linked anything that would be lost with the contact, or another connection knows it.
async fn contact_is_touched(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId, contact: &Contact) -> Result<bool> {
    let record = contact.id.to_ref();
    if contact.provenance.has_other_writer(connection) || contact.provided.iter().any(|(other, _)| *other != connection.to_ref()) {
        return Ok(true);
    }
    Ok(has_links(on, workspace, &record).await?
        || exists(on, "SELECT 1 FROM deals WHERE workspace_id = $1 AND contact_id = $2", workspace, record.uuid().into()).await?
        || exists(
            on,
            "SELECT 1 FROM event_subjects s JOIN events e ON e.workspace_id = s.workspace_id AND e.id = s.event_id \
             WHERE s.workspace_id = $1 AND s.subject = $2 AND (e.actor_user IS NOT NULL OR s.kind = 'task')",
            workspace,
            (&record).into(),
        )
        .await?)
}

/// Notes, and tags that people gave.
async fn has_links(on: &dyn Executor, workspace: WorkspaceId, record: &Ref) -> Result<bool> {
    Ok(note::store::count(on, workspace, record).await? > 0
        || exists(on, "SELECT 1 FROM record_tags WHERE workspace_id = $1 AND record = $2 AND writer = 'person'", workspace, record.into())
            .await?)
}

async fn exists(on: &dyn Executor, sql: &str, workspace: WorkspaceId, value: atlas_store::Value) -> Result<bool> {
    let count: i64 =
        atlas_store::built_query(format!("SELECT COUNT(*) FROM ({sql} LIMIT 1) found")).bind(workspace).bind(value).value(on).await?;
    Ok(count > 0)
}

async fn one_company(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, id: CompanyId) -> Result<Option<bool>> {
    let Some(mut company) = company::store::lock(tx, workspace, id).await? else { return Ok(None) };
    let record = id.to_ref();
    let theirs = company.provided.of(connection).is_some() && company.origin != "atlas";
    if theirs && !company_is_touched(tx, workspace, connection, &company).await? {
        forget_record(tx, workspace, &record).await?;
        company::store::delete(tx, workspace, id).await?;
        return Ok(Some(true));
    }
    company.provided.forget(connection);
    for name in company.provenance.written_by(connection) {
        company.provenance.forget(&name);
        let Ok(field) = company::Field::from_str(&name) else { continue };
        company.clear(field);
        let Some((other, said)) = company.provided.newest(&name).map(|(other, said)| (other, said.value.clone())) else { continue };
        match field {
            company::Field::Owner => company.owner = owner(tx, workspace, other, &said).await?,
            field => super::company::write(&mut company, field, &said),
        }
        company.provenance.set(&name, Mark::of_connection(other, tx.now()));
    }
    company.version += 1;
    company.updated_at = tx.now();
    if company.origin != "atlas" {
        company.origin = company.provided.origin().to_owned();
    }
    company::store::save(tx, workspace, &company).await?;
    let mut after = company::jobs::reindex(tx, workspace, id, None).await?;
    while after.is_some() {
        after = company::jobs::reindex(tx, workspace, id, after).await?;
    }
    rename_in_events(tx, workspace, &record, company.label()).await?;
    Ok(Some(false))
}

/// Whether anything a person did would be lost with the company; what was done with its people alone does not count.
async fn company_is_touched(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId, company: &Company) -> Result<bool> {
    let record = company.id.to_ref();
    if company.provenance.has_other_writer(connection) || company.provided.iter().any(|(other, _)| *other != connection.to_ref()) {
        return Ok(true);
    }
    let id = || atlas_store::Value::from(record.uuid());
    Ok(has_links(on, workspace, &record).await?
        || exists(on, "SELECT 1 FROM deals WHERE workspace_id = $1 AND company_id = $2", workspace, id()).await?
        || exists(on, "SELECT 1 FROM contact_companies WHERE workspace_id = $1 AND company_id = $2", workspace, id()).await?
        || exists(
            on,
            "SELECT 1 FROM event_subjects WHERE workspace_id = $1 AND subject = $2 AND kind = 'task'",
            workspace,
            (&record).into(),
        )
        .await?
        || exists(
            on,
            "SELECT 1 FROM events WHERE workspace_id = $1 AND record = $2 AND actor_user IS NOT NULL",
            workspace,
            (&record).into(),
        )
        .await?)
}

/// Everything that hangs on a record which goes: its tags, its own events, its place on timelines.
async fn forget_record(tx: &Tx, workspace: WorkspaceId, record: &Ref) -> Result<()> {
    query("DELETE FROM record_tags WHERE workspace_id = $1 AND record = $2").bind(workspace).bind(record).run(tx).await?;
    query("DELETE FROM awaited_owners WHERE workspace_id = $1 AND record = $2").bind(workspace).bind(record).run(tx).await?;
    query("DELETE FROM event_subjects WHERE workspace_id = $1 AND subject = $2").bind(workspace).bind(record).run(tx).await?;
    forget_events(tx, workspace, record).await.map(|_| ())
}

/// Events of people named the record as the provider did; they name it as it is called now.
async fn rename_in_events(tx: &Tx, workspace: WorkspaceId, record: &Ref, label: &str) -> Result<()> {
    let events: Vec<(atlas_kernel::EventId, Value)> =
        query("SELECT id, data FROM events WHERE workspace_id = $1 AND record = $2").bind(workspace).bind(record).all(tx).await?;
    for (id, mut data) in events {
        if data.get("name").is_some_and(|name| name != label) {
            data["name"] = label.into();
            query("UPDATE events SET data = $3 WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).bind(data).run(tx).await?;
        }
    }
    Ok(())
}

/// The rest: colleagues at the provider, what was waiting, what was known to be gone.
async fn remnants(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> Result<Vec<Purged>> {
    let tables = [
        ("teammates", "teammates", "external_id"),
        ("waiting owners", "awaited_owners", "external_id"),
        ("deletion marks", "tombstones", "external_id"),
        ("participants", "conversation_people", "external_id"),
    ];
    for (what, table, column) in tables {
        let sql = format!(
            "DELETE FROM {table} WHERE workspace_id = $1 AND connection_id = $2 AND {column} IN \
             (SELECT {column} FROM {table} WHERE workspace_id = $1 AND connection_id = $2 LIMIT $3)"
        );
        let gone = atlas_store::built_query(sql).bind(workspace).bind(connection).bind(limit).run(tx).await?;
        if gone > 0 {
            return Ok(vec![purged(what, gone)]);
        }
    }
    Ok(vec![])
}
