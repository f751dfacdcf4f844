//! A company arrives: matched, its fields settled with what people wrote; the contacts that waited for it join it.

use std::time::Duration;

use atlas_connect::{Applied, Arrival, Company as Landed, What, remap};
use atlas_jobs::{JobCtx, JobError, JobKind, NewJob, Outcome, enqueue};
use atlas_kernel::{ConnectionId, Result, WorkspaceId};
use atlas_store::{Event, Source, Tx, query, record_event};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::person::bounded;
use super::settle::{Statement, becomes};
use super::{line, matching, remember_source, tombstones, version};
use crate::company::{Company, Field, store};
use crate::contact;
use crate::ids::{CompanyId, ContactId};
use crate::membership;
use crate::provenance::Provided;
use crate::tag;

/// Takes in a company.
pub(super) async fn apply(tx: &Tx, a: &Arrival, landed: &Landed) -> Result<Applied> {
    let workspace = a.actor.workspace;
    if tombstones::is_gone(tx, workspace, a.connection, What::Company.as_str(), &landed.external_id).await? {
        return Ok(Applied::default());
    }
    let at = version(landed.updated_at.or(landed.created_at));
    let found = matching::company(tx, a, landed).await?;
    let (is_new, was_mapped) = (found.is_none(), found.as_ref().is_some_and(|(_, mapped)| *mapped));
    let before = found.map(|(company, _)| company);
    let mut company = before.clone().unwrap_or_else(|| Company::blank(a.provider, tx.now()));
    let mut said = company.provided.of(a.connection).cloned().unwrap_or_default();
    a.provider.clone_into(&mut said.provider);
    said.external_id.clone_from(&landed.external_id);
    settle_fields(tx, a, landed, &mut company, &mut said, at).await?;
    let tags_changed = merge_tags(tx, a, landed, &company, &mut said, at).await?;
    *company.provided.entry(a.connection) = said;

    let changed: Vec<Field> = match &before {
        Some(before) => Field::ALL.iter().copied().filter(|field| before.value(*field) != company.value(*field)).collect(),
        None => vec![],
    };
    let visible = !changed.is_empty() || tags_changed;
    if !is_new && visible {
        company.version += 1;
        company.updated_at = tx.now();
    }
    if before.as_ref() != Some(&company) {
        store::save(tx, workspace, &company).await?;
    }
    if before.as_ref().is_some_and(|before| before.label() != company.label()) {
        crate::company::jobs::renamed(tx, workspace, company.id).await?;
    }
    if !was_mapped {
        remap(tx, workspace, a.connection, What::Company, &landed.external_id, &company.id.to_ref()).await?;
        remember_source(tx, workspace, a.connection, &company.id.to_ref());
        if adopt(tx, workspace, a.connection, &landed.external_id, company.id).await? {
            let adoption = Adoption { connection: a.connection, external_id: landed.external_id.clone(), company: company.id };
            let key = format!("growth:adopt:{}:{}", a.connection, landed.external_id);
            enqueue(tx, NewJob::new(workspace, JOB, adoption).unique(key)).await?;
        }
    }
    let news = Change { is_new, was_mapped, visible, changed, at };
    tell(tx, a, landed, &company, &news).await?;
    Ok(Applied { created: u32::from(is_new), updated: u32::from(!is_new && (visible || !was_mapped)), ..Applied::default() })
}

/// Settles what the provider says of the company's fields with what is there.
pub(super) async fn settle_fields(
    tx: &Tx,
    a: &Arrival,
    landed: &Landed,
    company: &mut Company,
    said: &mut Provided,
    at: i64,
) -> Result<()> {
    let values = [
        (Field::Name, line(landed.name.as_deref(), 200).map(Value::from)),
        (Field::Website, line(landed.website.as_deref(), 300).map(Value::from)),
        (Field::Industry, line(landed.industry.as_deref(), 120).map(Value::from)),
        (Field::Size, landed.size.filter(|size| *size >= 0).map(Value::from)),
        (Field::Plan, line(landed.plan.as_deref(), 120).map(Value::from)),
        (Field::OwnId, line(landed.own_id.as_deref(), 200).map(Value::from)),
    ];
    let record = &company.id.to_ref();
    for (field, theirs) in values {
        let Some(theirs) = theirs else { continue };
        let (ours, empty) = (company.value(field), company.is_empty(field));
        let (what, external_id, field_name, value) = (What::Company, landed.external_id.as_str(), field.as_str(), theirs.clone());
        let statement = Statement { what, external_id, record, field: field_name, ours, empty, theirs, at };
        if let Some(mark) = becomes(tx, a, &company.provenance, said, statement).await? {
            write(company, field, &value);
            company.provenance.set(field.as_str(), mark);
        }
    }
    if company.origin == a.provider
        && let Some(created) = landed.created_at
    {
        if company.last_activity_at == company.created_at || company.last_activity_at < created {
            company.last_activity_at = created;
        }
        company.created_at = created;
    }
    if said.attributes_at.is_none_or(|known| known <= at) && !landed.attributes.is_empty() {
        said.attributes = bounded(&landed.attributes);
        said.attributes_at = Some(at);
    }
    Ok(())
}

pub(super) fn write(company: &mut Company, field: Field, value: &Value) {
    let text = || value.as_str().map(str::to_owned);
    match field {
        Field::Name => company.name = text().unwrap_or_default(),
        Field::Website => company.set_website(text()),
        Field::Industry => company.industry = text(),
        Field::Size => company.size = value.as_i64(),
        Field::Plan => company.plan = text(),
        Field::OwnId => company.own_id = text(),
        Field::Owner | Field::Archived => {}
    }
}

/// A company's answer carries all of its tags.
async fn merge_tags(tx: &Tx, a: &Arrival, landed: &Landed, company: &Company, said: &mut Provided, at: i64) -> Result<bool> {
    let names: Vec<String> = landed.tags.iter().filter_map(|tag| line(Some(tag), 60)).collect();
    let list = tag::store::TagsSaid { connection: a.connection, names: &names, complete: true, is_first: false, at };
    let changed = tag::store::merge(tx, a.actor.workspace, &company.id.to_ref(), &list, said.tags_at).await?;
    said.tags_at = said.tags_at.max(Some(at));
    Ok(changed)
}

/// So many contacts join at once; a job does the rest.
const AT_ONCE: usize = 200;
const JOB: &str = "growth.adopt_contacts";

#[derive(Clone, Serialize, Deserialize)]
struct Adoption {
    connection: ConnectionId,
    external_id: String,
    company: CompanyId,
}

/// Lets the next contacts that waited for the company join it; answers whether there are more.
async fn adopt(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, external_id: &str, company: CompanyId) -> Result<bool> {
    let writer = membership::writer(connection);
    let waiting: Vec<ContactId> = query(
        "SELECT contact_id FROM contact_companies WHERE workspace_id = $1 AND writer = $2 AND claim = $3 AND company_id IS NULL \
         ORDER BY contact_id LIMIT $4",
    )
    .bind(workspace)
    .bind(&writer)
    .bind(external_id)
    .bind(AT_ONCE)
    .values(tx)
    .await?;
    for id in &waiting {
        let before = membership::companies(&membership::claims(tx, workspace, *id).await?);
        query("UPDATE contact_companies SET company_id = $5 WHERE workspace_id = $1 AND contact_id = $2 AND writer = $3 AND claim = $4")
            .bind(workspace)
            .bind(*id)
            .bind(&writer)
            .bind(external_id)
            .bind(company)
            .run(tx)
            .await?;
        let after = membership::settle(tx, workspace, *id, &before).await?;
        if let Some(mut contact) = contact::store::lock(tx, workspace, *id).await? {
            contact.company = after.first().copied();
            contact::store::save(tx, workspace, &contact).await?;
            contact::store::note_activity(tx, workspace, &[company.to_ref()], contact.last_activity_at).await?;
        }
    }
    Ok(waiting.len() == AT_ONCE)
}

/// The job that lets the rest join.
pub(super) fn job() -> JobKind {
    JobKind::new(JOB, |ctx: JobCtx, payload: Adoption| async move { run(ctx, payload).await })
}

async fn run(ctx: JobCtx, payload: Adoption) -> Result<Outcome, JobError> {
    let (ctx, payload) = (&ctx, &payload);
    let more = ctx
        .db
        .write(|tx| async move {
            ctx.fence(&tx).await?;
            if store::find(&tx, ctx.workspace, payload.company).await?.is_none() {
                return Ok(false);
            }
            adopt(&tx, ctx.workspace, payload.connection, &payload.external_id, payload.company).await
        })
        .await?;
    Ok(if more { Outcome::Again(Duration::ZERO) } else { Outcome::Done })
}

/// What an arrival came to.
pub(super) struct Change {
    pub is_new: bool,
    pub was_mapped: bool,
    pub visible: bool,
    pub changed: Vec<Field>,
    pub at: i64,
}

async fn tell(tx: &Tx, a: &Arrival, landed: &Landed, company: &Company, change: &Change) -> Result<()> {
    let event = news(tx, a, landed, company, change);
    match event {
        Some(event) => {
            record_event(tx, &a.actor, event).await?;
            tx.touch_topic(a.actor.workspace, "companies");
        }
        None if change.visible => {
            tx.touch(a.actor.workspace, &company.id.to_ref());
            tx.touch_topic(a.actor.workspace, "companies");
        }
        None => {}
    }
    Ok(())
}

/// The event that an arrival is, if it is one.
pub(super) fn news(tx: &Tx, a: &Arrival, landed: &Landed, company: &Company, change: &Change) -> Option<Event> {
    let source = |kind: &str, external_id: String| Source {
        connection: a.connection,
        provider: a.provider.to_owned(),
        kind: kind.to_owned(),
        external_id,
    };
    let arrival = source("company", landed.external_id.clone());
    let update = source("company.update", format!("{}@{}", landed.external_id, change.at));
    let (operation, verb, source, at) = match (change.is_new, change.was_mapped) {
        (true, _) => ("company.created", "added", arrival, landed.created_at.unwrap_or(tx.now())),
        (false, false) => ("company.linked", "matched", arrival, tx.now()),
        (false, true) if change.visible && !a.history => ("company.updated", "updated", update, tx.now()),
        _ => return None,
    };
    let fields: Map<String, Value> =
        change.changed.iter().map(|field| (field.as_str().to_owned(), json!({ "from": a.provider }))).collect();
    let data = json!({ "verb": verb, "name": company.label(), "fields": fields });
    let mut event = Event::new(at, operation, "record", company.id.to_ref(), data);
    event.source = Some(source);
    Some(event)
}
