//! What can be done with a deal: create, edit, move, archive, restore.

use atlas_kernel::{Actor, Error, Ref, Result, WorkspaceId};
use atlas_store::{Event, Executor, Tx, record_event};
use serde_json::{Map, Value, json};

use super::{Deal, Edit, Status, store};
use crate::access::DEALS_WRITE;
use crate::ids::{DealId, PipelineId, StageId};
use crate::pipeline::{self, Stage, StageKind};
use crate::{company, contact, membership, people};

/// Creates a deal at the end of a stage: the one named, else the first open one of the pipeline, else of the first pipeline.
///
/// # Errors
/// Denied; every field that cannot be accepted; whatever the database answers.
pub async fn create(tx: &Tx, actor: &Actor, edit: Edit, pipeline: Option<PipelineId>) -> Result<Deal> {
    actor.may(&DEALS_WRITE)?;
    let edit = Edit { title: Some(edit.title.unwrap_or_default()), ..edit }.checked()?;
    let stage = starting_stage(tx, actor.workspace, edit.stage, pipeline).await?;
    let now = tx.now();
    let mut deal = Deal {
        id: DealId::new(now),
        title: String::new(),
        value: None,
        pipeline: stage.pipeline_id,
        stage: stage.id,
        position: store::last_place(tx, actor.workspace, stage.id).await?,
        expected_close: None,
        owner: None,
        contact: None,
        company: None,
        status: Status::Active,
        archived_at: None,
        closed_at: (stage.kind != StageKind::Open).then_some(now),
        stage_since: now,
        version: 1,
        created_at: now,
        updated_at: now,
        last_activity_at: now,
    };
    edit.apply(&mut deal);
    check_links(tx, actor.workspace, &deal).await?;
    store::save(tx, actor.workspace, &deal).await?;
    let mut data = json!({ "verb": "created", "name": deal.title });
    if let Some(value) = deal.value {
        data["change"] = value.to_string().into();
    }
    tell(tx, actor, &deal, "deal.created", data).await?;
    Ok(deal)
}

/// Changes fields of a deal, and its stage when one is named; `version` is the one the caller read, when they insist on it.
///
/// # Errors
/// Denied; not found; stale; every field that cannot be accepted; whatever the database answers.
pub async fn edit(tx: &Tx, actor: &Actor, id: DealId, edit: Edit, version: Option<i64>) -> Result<Deal> {
    actor.may(&DEALS_WRITE)?;
    let edit = edit.checked()?;
    let mut deal = load(tx, actor.workspace, id, version).await?;
    let before = deal.clone();
    edit.apply(&mut deal);
    if (deal.owner, deal.contact, deal.company) != (before.owner, before.contact, before.company) {
        check_links(tx, actor.workspace, &deal).await?;
    }
    let stage = match edit.stage.filter(|stage| *stage != deal.stage) {
        Some(stage) => Some(enter(tx, actor.workspace, &mut deal, stage, None).await?),
        None => None,
    };
    save_changes(tx, actor, before, deal, stage).await
}

/// Moves a deal into a stage, right before another deal or to the end.
///
/// # Errors
/// Denied; not found; stale; a field error on `lane` for a stage of no pipeline here; whatever the database answers.
pub async fn move_to(tx: &Tx, actor: &Actor, id: DealId, stage: StageId, before: Option<DealId>, version: Option<i64>) -> Result<Deal> {
    actor.may(&DEALS_WRITE)?;
    let mut deal = load(tx, actor.workspace, id, version).await?;
    let was = deal.clone();
    let entered = enter(tx, actor.workspace, &mut deal, stage, before.filter(|next| *next != id)).await?;
    if was.stage == deal.stage {
        store::save(tx, actor.workspace, &deal).await?;
        tx.touch_topic(actor.workspace, "deals");
        return Ok(deal);
    }
    save_changes(tx, actor, was, deal, Some(entered)).await
}

/// Puts a deal away: it leaves board, lists and searches, and keeps everything.
///
/// # Errors
/// Denied; not found; stale; whatever the database answers.
pub async fn archive(tx: &Tx, actor: &Actor, id: DealId, version: Option<i64>) -> Result<Deal> {
    set_archived(tx, actor, id, version, true).await
}

/// Takes an archived deal back.
///
/// # Errors
/// Denied; not found; stale; whatever the database answers.
pub async fn restore(tx: &Tx, actor: &Actor, id: DealId, version: Option<i64>) -> Result<Deal> {
    set_archived(tx, actor, id, version, false).await
}

async fn set_archived(tx: &Tx, actor: &Actor, id: DealId, version: Option<i64>, archived: bool) -> Result<Deal> {
    actor.may(&DEALS_WRITE)?;
    let mut deal = load(tx, actor.workspace, id, version).await?;
    if (deal.status == Status::Archived) == archived {
        return Ok(deal);
    }
    deal.status = if archived { Status::Archived } else { Status::Active };
    deal.archived_at = archived.then_some(tx.now());
    deal.version += 1;
    deal.updated_at = tx.now();
    store::save(tx, actor.workspace, &deal).await?;
    let (operation, verb) = if archived { ("deal.archived", "archived") } else { ("deal.restored", "restored") };
    tell(tx, actor, &deal, operation, json!({ "verb": verb, "name": deal.title })).await?;
    Ok(deal)
}

async fn load(tx: &Tx, workspace: WorkspaceId, id: DealId, version: Option<i64>) -> Result<Deal> {
    let deal = store::lock(tx, workspace, id).await?.ok_or(Error::NotFound("deal"))?;
    match version {
        Some(version) if version != deal.version => Err(Error::Stale),
        _ => Ok(deal),
    }
}

async fn starting_stage(tx: &Tx, workspace: WorkspaceId, stage: Option<StageId>, pipeline: Option<PipelineId>) -> Result<Stage> {
    if let Some(stage) = stage {
        return find_stage(tx, workspace, stage).await;
    }
    let pipeline = match pipeline {
        None => pipeline::store::first(tx, workspace).await?,
        Some(id) => {
            let unknown = || Error::field("pipelineId", "unknown", "this workspace has no such pipeline");
            pipeline::store::find(tx, workspace, id).await?.ok_or_else(unknown)?
        }
    };
    pipeline.first_open().cloned().ok_or(Error::NotFound("stage"))
}

async fn find_stage(on: &dyn Executor, workspace: WorkspaceId, id: StageId) -> Result<Stage> {
    let pipelines = pipeline::store::all(on, workspace).await?;
    let found = pipelines.iter().find_map(|pipeline| pipeline.stage(id)).cloned();
    found.ok_or_else(|| Error::field("stageId", "unknown", "this workspace has no such stage"))
}

/// Puts the deal into a stage before `next` or at the end; whether that closes it is the stage's to say.
async fn enter(tx: &Tx, workspace: WorkspaceId, deal: &mut Deal, stage: StageId, next: Option<DealId>) -> Result<Stage> {
    let stage = find_stage(tx, workspace, stage).await?;
    deal.position = match next {
        Some(next) => store::place_before(tx, workspace, stage.id, next, deal.id).await?,
        None => store::last_place(tx, workspace, stage.id).await?,
    };
    if stage.id != deal.stage {
        deal.stage_since = tx.now();
        deal.closed_at = (stage.kind != StageKind::Open).then(|| deal.closed_at.unwrap_or(tx.now()));
    }
    deal.pipeline = stage.pipeline_id;
    deal.stage = stage.id;
    Ok(stage)
}

async fn check_links(on: &dyn Executor, workspace: WorkspaceId, deal: &Deal) -> Result<()> {
    people::check_owner(on, workspace, deal.owner).await?;
    if let Some(id) = deal.contact {
        let found = contact::store::find(on, workspace, id).await?;
        found
            .filter(|c| c.status != Status::Merged)
            .ok_or_else(|| Error::field("contactId", "unknown", "this workspace has no such contact"))?;
    }
    if let Some(id) = deal.company {
        let found = company::store::find(on, workspace, id).await?;
        found.ok_or_else(|| Error::field("companyId", "unknown", "this workspace has no such company"))?;
    }
    Ok(())
}

/// Saves what differs as one event, and lets newly named contacts and companies see the deal's past.
async fn save_changes(tx: &Tx, actor: &Actor, before: Deal, mut deal: Deal, stage: Option<Stage>) -> Result<Deal> {
    let differences = deal.differences(&before);
    if differences.is_empty() {
        return Ok(deal);
    }
    deal.version += 1;
    deal.updated_at = tx.now();
    deal.last_activity_at = tx.now();
    store::save(tx, actor.workspace, &deal).await?;
    let (old, new) = (subjects(tx, actor.workspace, &before).await?, subjects(tx, actor.workspace, &deal).await?);
    for subject in new.iter().filter(|subject| !old.contains(subject)) {
        membership::share_timeline(tx, actor.workspace, &deal.id.to_ref(), subject).await?;
    }
    let (operation, data) = change_data(&before, &deal, stage.as_ref(), &differences);
    tell(tx, actor, &deal, operation, data).await?;
    Ok(deal)
}

fn change_data(before: &Deal, deal: &Deal, stage: Option<&Stage>, differences: &[(&'static str, Value, Value)]) -> (&'static str, Value) {
    let fields: Map<String, Value> =
        differences.iter().map(|(field, was, is)| ((*field).to_owned(), json!({ "before": was, "after": is }))).collect();
    let (operation, verb) = match stage.map(|stage| stage.kind) {
        Some(StageKind::Won) => ("deal.won", "won".to_owned()),
        Some(StageKind::Lost) => ("deal.lost", "lost".to_owned()),
        Some(StageKind::Open) => ("deal.moved", "moved".to_owned()),
        None => ("deal.updated", changed_words(differences)),
    };
    let mut data = json!({ "verb": verb, "name": deal.title, "fields": fields });
    if let Some(stage) = stage.filter(|stage| stage.kind == StageKind::Open) {
        data["to"] = stage.name.clone().into();
    }
    if before.value != deal.value {
        let words = |deal: &Deal| deal.value.map_or_else(|| "no value".to_owned(), |value| value.to_string());
        data["change"] = format!("{} → {}", words(before), words(deal)).into();
    }
    (operation, data)
}

fn changed_words(differences: &[(&'static str, Value, Value)]) -> String {
    match differences {
        [("title", ..)] => "renamed".to_owned(),
        [("value", ..)] => "changed the value of".to_owned(),
        [("expectedClose", ..)] => "changed the close date of".to_owned(),
        [("ownerId", ..)] => "changed the owner of".to_owned(),
        [("contactId", ..)] => "changed the contact of".to_owned(),
        [("companyId", ..)] => "changed the company of".to_owned(),
        many => format!("changed {} fields of", many.len()),
    }
}

/// Whose timelines show what happens with the deal.
pub(crate) async fn subjects(on: &dyn Executor, workspace: WorkspaceId, deal: &Deal) -> Result<Vec<Ref>> {
    let mut subjects = match deal.contact {
        Some(contact) => membership::circle(on, workspace, contact).await?,
        None => vec![],
    };
    subjects.extend(deal.company.map(|company| company.to_ref()));
    subjects.push(deal.id.to_ref());
    subjects.sort();
    subjects.dedup();
    Ok(subjects)
}

async fn tell(tx: &Tx, actor: &Actor, deal: &Deal, operation: &'static str, data: Value) -> Result<()> {
    let about = subjects(tx, actor.workspace, deal).await?;
    contact::store::note_activity(tx, actor.workspace, &about, tx.now()).await?;
    record_event(tx, actor, Event::new(tx.now(), operation, "deal", deal.id.to_ref(), data).about(about)).await?;
    tx.touch_topic(actor.workspace, "deals");
    Ok(())
}
