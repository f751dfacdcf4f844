//! What can be done with a pipeline: create, rename, set its stages, remove.

use atlas_kernel::{Actor, Error, Result};
use atlas_store::{Event, Tx, record_event};
use serde_json::json;

use super::{Moves, Pipeline, Stage, StageKind, StageWish, checked, store, target, usual_stages};
use crate::access::PIPELINES_WRITE;
use crate::checks::Checks;
use crate::deal;
use crate::ids::{PipelineId, StageId};

/// Creates a pipeline, with the usual stages unless others are wished.
///
/// # Errors
/// Denied; every field that cannot be accepted; whatever the database answers.
pub async fn create(tx: &Tx, actor: &Actor, name: &str, stages: Option<Vec<StageWish>>) -> Result<Pipeline> {
    actor.may(&PIPELINES_WRITE)?;
    let name = checked_name(name)?;
    let wishes = checked(None, stages.unwrap_or_else(usual_stages))?;
    let others = store::all(tx, actor.workspace).await?;
    if others.len() >= 50 {
        return Err(Error::conflict("too_many_pipelines", "A workspace has at most 50 pipelines. Nothing was saved."));
    }
    let id = store::insert(tx, actor.workspace, &name, others.len() as i64).await?.ok_or_else(name_taken)?;
    for (place, wish) in wishes.iter().enumerate() {
        store::save_stage(tx, actor.workspace, id, StageId::new(tx.now()), wish, place).await?;
    }
    tell(tx, actor, id, "pipeline.created", "created", &name).await?;
    reload(tx, actor, id).await
}

/// Renames a pipeline, sets its stages, or both. A stage left out is removed: its deals go where `moves` says.
///
/// # Errors
/// Denied; not found; stale; a conflict `stage_not_empty`; every field that cannot be accepted.
pub async fn edit(
    tx: &Tx,
    actor: &Actor,
    id: PipelineId,
    name: Option<&str>,
    stages: Option<Vec<StageWish>>,
    moves: &Moves,
    version: Option<i64>,
) -> Result<Pipeline> {
    actor.may(&PIPELINES_WRITE)?;
    let current = store::lock(tx, actor.workspace, id).await?.ok_or(Error::NotFound("pipeline"))?;
    if version.is_some_and(|version| version != current) {
        return Err(Error::Stale);
    }
    let pipeline = reload(tx, actor, id).await?;
    let name = name.map_or(Ok(pipeline.name.clone()), checked_name)?;
    let taken =
        store::all(tx, actor.workspace).await?.iter().any(|other| other.id != id && other.name.to_lowercase() == name.to_lowercase());
    if taken {
        return Err(name_taken());
    }
    if let Some(wishes) = stages {
        set_stages(tx, actor, &pipeline, checked(Some(&pipeline), wishes)?, moves).await?;
    }
    store::touch(tx, actor.workspace, id, &name, current + 1).await?;
    tell(tx, actor, id, "pipeline.updated", "changed", &name).await?;
    reload(tx, actor, id).await
}

async fn set_stages(tx: &Tx, actor: &Actor, pipeline: &Pipeline, wishes: Vec<StageWish>, moves: &Moves) -> Result<()> {
    let workspace = actor.workspace;
    for (place, wish) in wishes.iter().enumerate() {
        let id = wish.id.unwrap_or_else(|| StageId::new(tx.now()));
        store::save_stage(tx, workspace, pipeline.id, id, wish, place).await?;
        let before = pipeline.stage(id).map(|stage| stage.kind);
        if before.is_some_and(|kind| kind != wish.kind) {
            deal::store::set_closed(tx, workspace, id, wish.kind != StageKind::Open).await?;
        }
    }
    for gone in pipeline.dropped(&wishes) {
        let stage: &Stage = pipeline.stage(gone).ok_or(Error::NotFound("stage"))?;
        let deals = deal::store::count_in_stage(tx, workspace, gone).await?;
        if let Some(to) = target(stage, deals, moves, &wishes)? {
            let closed = wishes.iter().any(|wish| wish.id == Some(to) && wish.kind != StageKind::Open);
            deal::store::move_all(tx, workspace, gone, to, closed).await?;
        }
        store::delete_stage(tx, workspace, gone).await?;
    }
    Ok(())
}

/// Removes a pipeline that has no deals; the last one stays.
///
/// # Errors
/// Denied; not found; stale; a conflict `pipeline_not_empty` or `last_pipeline`.
pub async fn remove(tx: &Tx, actor: &Actor, id: PipelineId, version: Option<i64>) -> Result<()> {
    actor.may(&PIPELINES_WRITE)?;
    let current = store::lock(tx, actor.workspace, id).await?.ok_or(Error::NotFound("pipeline"))?;
    if version.is_some_and(|version| version != current) {
        return Err(Error::Stale);
    }
    let all = store::all(tx, actor.workspace).await?;
    let name = all.iter().find(|pipeline| pipeline.id == id).map(|pipeline| pipeline.name.clone()).unwrap_or_default();
    if all.len() < 2 {
        return Err(Error::conflict("last_pipeline", "This is the only pipeline. It was kept."));
    }
    let deals = deal::store::count_in_pipeline(tx, actor.workspace, id).await?;
    if deals > 0 {
        let detail = format!("{deals} deals, archived ones included, are in this pipeline. It was kept. Move them to another one first.");
        return Err(Error::conflict("pipeline_not_empty", detail));
    }
    store::delete(tx, actor.workspace, id).await?;
    tell(tx, actor, id, "pipeline.removed", "removed", &name).await
}

async fn reload(tx: &Tx, actor: &Actor, id: PipelineId) -> Result<Pipeline> {
    store::find(tx, actor.workspace, id).await?.ok_or(Error::NotFound("pipeline"))
}

fn checked_name(name: &str) -> Result<String> {
    let mut checks = Checks::default();
    let name = checks.required("name", name, 60);
    checks.done()?;
    Ok(name)
}

fn name_taken() -> Error {
    Error::field("name", "taken", "another pipeline has this name")
}

async fn tell(tx: &Tx, actor: &Actor, id: PipelineId, operation: &'static str, verb: &str, name: &str) -> Result<()> {
    let data = json!({ "verb": format!("{verb} the pipeline"), "name": name });
    record_event(tx, actor, Event::new(tx.now(), operation, "record", id.to_ref(), data)).await?;
    tx.touch_topic(actor.workspace, "deals");
    Ok(())
}
