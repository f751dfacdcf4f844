//! What can be done with a company: create, edit, archive, restore.

use atlas_kernel::{Actor, Error, Result, WorkspaceId};
use atlas_store::{Event, Executor, Tx, record_event};
use serde_json::{Map, Value, json};

use super::{Company, Edit, Field, Status, store};
use crate::access::COMPANIES_WRITE;
use crate::checks::tag_key;
use crate::contact::verbs::change_data;
use crate::ids::CompanyId;
use crate::provenance::Mark;
use crate::{people, tag};

/// Creates a company; a name is needed.
///
/// # Errors
/// Denied; every field that cannot be accepted; whatever the database answers.
pub async fn create(tx: &Tx, actor: &Actor, edit: Edit) -> Result<Company> {
    actor.may(&COMPANIES_WRITE)?;
    let edit = Edit { name: Some(edit.name.unwrap_or_default()), ..edit }.checked()?;
    let mut company = Company::blank("atlas", tx.now());
    edit.apply(&mut company);
    people::check_owner(tx, actor.workspace, company.owner).await?;
    for field in Field::ALL.iter().copied() {
        if !company.is_empty(field) {
            company.provenance.set(field.as_str(), Mark::of(actor, tx.now()));
        }
    }
    store::save(tx, actor.workspace, &company).await?;
    if let Some(names) = &edit.tags {
        tag::store::set_by_people(tx, actor.workspace, &company.id.to_ref(), names).await?;
    }
    tell(tx, actor, &company, "company.created", json!({ "verb": "created", "name": company.label() })).await?;
    Ok(company)
}

/// Changes fields of a company; `version` is the one the caller read, when they insist on it.
///
/// # Errors
/// Denied; not found; stale; every field that cannot be accepted; whatever the database answers.
pub async fn edit(tx: &Tx, actor: &Actor, id: CompanyId, edit: Edit, version: Option<i64>) -> Result<Company> {
    actor.may(&COMPANIES_WRITE)?;
    let edit = edit.checked()?;
    let mut company = load(tx, actor.workspace, id, version).await?;
    let before = company.clone();
    let changed = edit.apply(&mut company);
    if company.owner != before.owner {
        people::check_owner(tx, actor.workspace, company.owner).await?;
    }
    let mut fields = change_log(&before, &company, &changed);
    for field in &changed {
        company.provenance.set(field.as_str(), Mark::of(actor, tx.now()));
    }
    if tags_differ(tx, actor.workspace, &company, &edit).await? {
        fields.insert("tags".into(), json!({ "changed": true }));
    }
    if fields.is_empty() {
        return Ok(company);
    }
    company.version += 1;
    company.updated_at = tx.now();
    store::save(tx, actor.workspace, &company).await?;
    if company.label() != before.label() {
        super::jobs::renamed(tx, actor.workspace, company.id).await?;
    }
    if let Some(names) = &edit.tags {
        tag::store::set_by_people(tx, actor.workspace, &company.id.to_ref(), names).await?;
    }
    let written: Vec<&str> = changed.iter().map(|field| field.as_str()).collect();
    atlas_connect::changed(tx, actor.workspace, &company.id.to_ref(), &written).await?;
    tell(tx, actor, &company, "company.updated", change_data(company.label(), fields)).await?;
    Ok(company)
}

/// Puts a company away: it leaves lists and searches, and keeps everything.
///
/// # Errors
/// Denied; not found; stale; whatever the database answers.
pub async fn archive(tx: &Tx, actor: &Actor, id: CompanyId, version: Option<i64>) -> Result<Company> {
    set_archived(tx, actor, id, version, true).await
}

/// Takes an archived company back.
///
/// # Errors
/// Denied; not found; stale; whatever the database answers.
pub async fn restore(tx: &Tx, actor: &Actor, id: CompanyId, version: Option<i64>) -> Result<Company> {
    set_archived(tx, actor, id, version, false).await
}

async fn set_archived(tx: &Tx, actor: &Actor, id: CompanyId, version: Option<i64>, archived: bool) -> Result<Company> {
    actor.may(&COMPANIES_WRITE)?;
    let mut company = load(tx, actor.workspace, id, version).await?;
    if (company.status == Status::Archived) == archived {
        return Ok(company);
    }
    company.set_archived(archived, tx.now());
    company.provenance.set(Field::Archived.as_str(), Mark::of(actor, tx.now()));
    company.version += 1;
    company.updated_at = tx.now();
    store::save(tx, actor.workspace, &company).await?;
    let (operation, verb) = if archived { ("company.archived", "archived") } else { ("company.restored", "restored") };
    tell(tx, actor, &company, operation, json!({ "verb": verb, "name": company.label() })).await?;
    Ok(company)
}

async fn load(tx: &Tx, workspace: WorkspaceId, id: CompanyId, version: Option<i64>) -> Result<Company> {
    let company = store::lock(tx, workspace, id).await?.ok_or(Error::NotFound("company"))?;
    match version {
        Some(version) if version != company.version => Err(Error::Stale),
        _ => Ok(company),
    }
}

async fn tags_differ(on: &dyn Executor, workspace: WorkspaceId, company: &Company, edit: &Edit) -> Result<bool> {
    let Some(wanted) = &edit.tags else { return Ok(false) };
    let record = company.id.to_ref();
    let before = tag::store::of(on, workspace, std::slice::from_ref(&record)).await?.remove(&record).unwrap_or_default();
    let mut before: Vec<String> = before.iter().map(|tag| tag_key(&tag.name)).collect();
    let mut after: Vec<String> = wanted.iter().map(|name| tag_key(name)).collect();
    before.sort();
    after.sort();
    Ok(before != after)
}

/// Before and after of each changed field; what a connection wrote is not repeated in the log, which outlives it.
fn change_log(before: &Company, after: &Company, fields: &[Field]) -> Map<String, Value> {
    let entry = |field: &Field| {
        let mut entry = match before.provenance.connection(field.as_str()) {
            Some(connection) => json!({ "beforeFrom": connection }),
            None => json!({ "before": before.value(*field) }),
        };
        entry["after"] = after.value(*field);
        (field.as_str().to_owned(), entry)
    };
    fields.iter().map(entry).collect()
}

async fn tell(tx: &Tx, actor: &Actor, company: &Company, operation: &'static str, data: Value) -> Result<()> {
    record_event(tx, actor, Event::new(tx.now(), operation, "record", company.id.to_ref(), data)).await?;
    tx.touch_topic(actor.workspace, "companies");
    Ok(())
}
