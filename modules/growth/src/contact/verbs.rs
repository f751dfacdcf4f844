//! What can be done with a contact: create, edit, archive, restore.

use std::collections::BTreeSet;

use atlas_kernel::{Actor, Error, Ref, Result, WorkspaceId};
use atlas_store::{Event, Executor, Tx, record_event};
use serde_json::{Map, Value, json};

use super::{Contact, Edit, Field, Status, store};
use crate::access::CONTACTS_WRITE;
use crate::ids::ContactId;
use crate::provenance::Mark;
use crate::{membership, people, tag};

/// Creates a contact; a name, an e-mail address or a phone number is needed.
///
/// # Errors
/// Denied; every field that cannot be accepted; whatever the database answers.
pub async fn create(tx: &Tx, actor: &Actor, edit: Edit) -> Result<Contact> {
    actor.may(&CONTACTS_WRITE)?;
    let edit = edit.checked()?;
    let mut contact = Contact::blank("atlas", tx.now());
    edit.apply(&mut contact);
    if contact.name.is_empty() && contact.emails.is_empty() && contact.phones.is_empty() {
        return Err(Error::field("name", "required", "a name, an e-mail address or a phone number is needed"));
    }
    check_links(tx, actor.workspace, &edit).await?;
    for field in Field::ALL.iter().copied() {
        if !contact.is_empty(field) {
            contact.provenance.set(field.as_str(), Mark::of(actor, tx.now()));
        }
    }
    store::save(tx, actor.workspace, &contact).await?;
    save_links(tx, actor.workspace, &mut contact, &edit).await?;
    let data = json!({ "verb": "created", "name": contact.label() });
    tell(tx, actor, &contact, "contact.created", data).await?;
    Ok(contact)
}

/// Changes fields of a contact; `version` is the one the caller read, when they insist on it.
///
/// # Errors
/// Denied; not found; stale; every field that cannot be accepted; whatever the database answers.
pub async fn edit(tx: &Tx, actor: &Actor, id: ContactId, edit: Edit, version: Option<i64>) -> Result<Contact> {
    actor.may(&CONTACTS_WRITE)?;
    let edit = edit.checked()?;
    let mut contact = load(tx, actor.workspace, id, version).await?;
    let before = contact.clone();
    let changed = edit.apply(&mut contact);
    if edit.owner.flatten() != before.owner || edit.companies.is_some() {
        check_links(tx, actor.workspace, &edit).await?;
    }
    let fields = change_log(&before, &contact, changed.into_iter().map(|(field, _)| field));
    for (field, _) in &fields {
        contact.provenance.set(field, Mark::of(actor, tx.now()));
    }
    let linked = links_differ(tx, actor.workspace, &contact, &edit).await?;
    if fields.is_empty() && linked.is_empty() {
        return Ok(contact);
    }
    contact.version += 1;
    contact.updated_at = tx.now();
    store::save(tx, actor.workspace, &contact).await?;
    save_links(tx, actor.workspace, &mut contact, &edit).await?;
    let written: Vec<&str> = fields.keys().map(String::as_str).collect();
    atlas_connect::changed(tx, actor.workspace, &contact.id.to_ref(), &written).await?;
    let mut fields = fields;
    fields.extend(linked);
    tell(tx, actor, &contact, "contact.updated", change_data(contact.label(), fields)).await?;
    Ok(contact)
}

/// Puts a contact away: it leaves lists and searches, and keeps everything.
///
/// # Errors
/// Denied; not found; stale; whatever the database answers.
pub async fn archive(tx: &Tx, actor: &Actor, id: ContactId, version: Option<i64>) -> Result<Contact> {
    set_archived(tx, actor, id, version, true).await
}

/// Takes an archived contact back.
///
/// # Errors
/// Denied; not found; stale; whatever the database answers.
pub async fn restore(tx: &Tx, actor: &Actor, id: ContactId, version: Option<i64>) -> Result<Contact> {
    set_archived(tx, actor, id, version, false).await
}

async fn set_archived(tx: &Tx, actor: &Actor, id: ContactId, version: Option<i64>, archived: bool) -> Result<Contact> {
    actor.may(&CONTACTS_WRITE)?;
    let mut contact = load(tx, actor.workspace, id, version).await?;
    if (contact.status == Status::Archived) == archived {
        return Ok(contact);
    }
    contact.set_archived(archived, tx.now());
    contact.provenance.set(Field::Archived.as_str(), Mark::of(actor, tx.now()));
    contact.version += 1;
    contact.updated_at = tx.now();
    store::save(tx, actor.workspace, &contact).await?;
    let (operation, verb) = if archived { ("contact.archived", "archived") } else { ("contact.restored", "restored") };
    tell(tx, actor, &contact, operation, json!({ "verb": verb, "name": contact.label() })).await?;
    Ok(contact)
}

/// The contact to be changed: of this workspace, not merged, in the version the caller read.
async fn load(tx: &Tx, workspace: WorkspaceId, id: ContactId, version: Option<i64>) -> Result<Contact> {
    let contact = store::lock(tx, workspace, id).await?.filter(|contact| contact.status != Status::Merged);
    let contact = contact.ok_or(Error::NotFound("contact"))?;
    match version {
        Some(version) if version != contact.version => Err(Error::Stale),
        _ => Ok(contact),
    }
}

async fn check_links(on: &dyn Executor, workspace: WorkspaceId, edit: &Edit) -> Result<()> {
    people::check_owner(on, workspace, edit.owner.flatten()).await?;
    let wanted = edit.companies.clone().unwrap_or_default();
    let found = crate::company::store::find_many(on, workspace, &wanted).await?;
    if wanted.iter().any(|id| !found.iter().any(|company| company.id == *id)) {
        return Err(Error::field("companyIds", "unknown", "no company of this workspace has this id"));
    }
    Ok(())
}

/// Tags and companies that the edit changes, as before and after for the log.
async fn links_differ(on: &dyn Executor, workspace: WorkspaceId, contact: &Contact, edit: &Edit) -> Result<Map<String, Value>> {
    let mut fields = Map::new();
    if let Some(wanted) = &edit.companies {
        let before = membership::companies(&membership::claims(on, workspace, contact.id).await?);
        if before.iter().collect::<BTreeSet<_>>() != wanted.iter().collect() {
            fields.insert("companyIds".into(), json!({ "before": before, "after": wanted }));
        }
    }
    if let Some(wanted) = &edit.tags {
        let record = contact.id.to_ref();
        let before = tag::store::of(on, workspace, std::slice::from_ref(&record)).await?.remove(&record).unwrap_or_default();
        let mut before: Vec<String> = before.iter().map(|tag| crate::checks::tag_key(&tag.name)).collect();
        let mut after: Vec<String> = wanted.iter().map(|name| crate::checks::tag_key(name)).collect();
        before.sort();
        after.sort();
        if before != after {
            fields.insert("tags".into(), json!({ "changed": true }));
        }
    }
    Ok(fields)
}

/// Writes tags and companies; the contact then shows its first company.
async fn save_links(tx: &Tx, workspace: WorkspaceId, contact: &mut Contact, edit: &Edit) -> Result<()> {
    if let Some(names) = &edit.tags {
        tag::store::set_by_people(tx, workspace, &contact.id.to_ref(), names).await?;
    }
    if let Some(wanted) = &edit.companies {
        let companies = membership::set_by_people(tx, workspace, contact.id, wanted).await?;
        if contact.company != companies.first().copied() {
            contact.company = companies.first().copied();
            store::save(tx, workspace, contact).await?;
        }
    }
    Ok(())
}

/// Before and after of each changed field; what a connection wrote is not repeated in the log, which outlives it.
fn change_log(before: &Contact, after: &Contact, fields: impl Iterator<Item = Field>) -> Map<String, Value> {
    let entry = |field: Field| {
        let was = match before.provenance.connection(field.as_str()) {
            Some(connection) => json!({ "beforeFrom": connection }),
            None => json!({ "before": before.value(field) }),
        };
        let mut entry = was;
        entry["after"] = after.value(field);
        (field.as_str().to_owned(), entry)
    };
    fields.map(entry).collect()
}

/// What an event says of changed fields.
pub(crate) fn change_data(name: &str, fields: Map<String, Value>) -> Value {
    let verb = match fields.len() {
        1 => format!("changed {} of", fields.keys().next().map_or("a field", |field| field_words(field))),
        many => format!("changed {many} fields of"),
    };
    json!({ "verb": verb, "name": name, "fields": fields })
}

fn field_words(field: &str) -> &str {
    match field {
        "name" => "the name",
        "emails" => "the e-mail addresses",
        "phones" => "the phone numbers",
        "role" => "the role",
        "location" => "the location",
        "ownerId" => "the owner",
        "externalId" => "the external id",
        "lead" => "the lead mark",
        "companyIds" => "the company",
        "tags" => "the tags",
        "website" => "the web site",
        "industry" => "the industry",
        "size" => "the size",
        "plan" => "the plan",
        _ => "a field",
    }
}

/// Writes the event on the timelines of the contact and its companies, and tells open pages.
async fn tell(tx: &Tx, actor: &Actor, contact: &Contact, operation: &'static str, data: Value) -> Result<()> {
    let circle: Vec<Ref> = membership::circle(tx, actor.workspace, contact.id).await?;
    let event = Event::new(tx.now(), operation, "record", contact.id.to_ref(), data).about(circle);
    record_event(tx, actor, event).await?;
    tx.touch_topic(actor.workspace, "contacts");
    Ok(())
}

/// The contact with this id; one that became part of another answers that other.
///
/// # Errors
/// Not found; whatever the database answers.
pub async fn find(on: &dyn Executor, workspace: WorkspaceId, id: ContactId) -> Result<Contact> {
    let mut contact = store::find(on, workspace, id).await?.ok_or(Error::NotFound("contact"))?;
    for _ in 0..8 {
        let Some(into) = contact.merged_into else { break };
        contact = store::find(on, workspace, into).await?.ok_or(Error::NotFound("contact"))?;
    }
    Ok(contact)
}
