//! Pipelines and their stages in the database.

use atlas_kernel::{Result, Timestamp, WorkspaceId};
use atlas_store::{Db, Executor, Tx, query};

use super::{Pipeline, Stage, StageWish, usual_stages};
use crate::ids::{PipelineId, StageId};

type Head = (PipelineId, String, i64, Timestamp, Timestamp);

/// All pipelines with their stages, in order: two queries.
///
/// # Errors
/// Whatever the database answers.
pub async fn all(on: &dyn Executor, workspace: WorkspaceId) -> Result<Vec<Pipeline>> {
    let heads: Vec<Head> =
        query("SELECT id, name, version, created_at, updated_at FROM pipelines WHERE workspace_id = $1 ORDER BY position, id LIMIT 100")
            .bind(workspace)
            .all(on)
            .await?;
    let stages: Vec<Stage> =
        query("SELECT id, pipeline_id, name, kind, likelihood FROM stages WHERE workspace_id = $1 ORDER BY position, id")
            .bind(workspace)
            .all(on)
            .await?;
    let with_stages = |(id, name, version, created_at, updated_at): Head| Pipeline {
        id,
        name,
        version,
        created_at,
        updated_at,
        stages: stages.iter().filter(|stage| stage.pipeline_id == id).cloned().collect(),
    };
    Ok(heads.into_iter().map(with_stages).collect())
}

/// All pipelines; a workspace that has none gets its first.
///
/// # Errors
/// Whatever the database answers.
pub async fn all_or_first(db: &Db, workspace: WorkspaceId) -> Result<Vec<Pipeline>> {
    let pipelines = all(db, workspace).await?;
    if !pipelines.is_empty() {
        return Ok(pipelines);
    }
    let made = db.write(move |tx| async move { first(&tx, workspace).await }).await?;
    Ok(vec![made])
}

/// The pipeline with this id.
///
/// # Errors
/// Whatever the database answers.
pub async fn find(on: &dyn Executor, workspace: WorkspaceId, id: PipelineId) -> Result<Option<Pipeline>> {
    Ok(all(on, workspace).await?.into_iter().find(|pipeline| pipeline.id == id))
}

/// The workspace's first pipeline, made now when there is none.
///
/// # Errors
/// Whatever the database answers.
pub async fn first(tx: &Tx, workspace: WorkspaceId) -> Result<Pipeline> {
    if let Some(first) = all(tx, workspace).await?.into_iter().next() {
        return Ok(first);
    }
    if let Some(id) = insert(tx, workspace, "Sales", 0).await? {
        for (place, wish) in usual_stages().iter().enumerate() {
            save_stage(tx, workspace, id, StageId::new(tx.now()), wish, place).await?;
        }
    }
    let first = all(tx, workspace).await?.into_iter().next();
    first.ok_or(atlas_kernel::Error::NotFound("pipeline"))
}

/// Writes a new pipeline without stages; `None` when the name is taken.
pub(crate) async fn insert(tx: &Tx, workspace: WorkspaceId, name: &str, position: i64) -> Result<Option<PipelineId>> {
    let id = PipelineId::new(tx.now());
    let inserted = query(
        "INSERT INTO pipelines (workspace_id, id, name, name_key, position, version, created_at, updated_at) VALUES ($1,$2,$3,$4,$5,1,$6,$6) \
         ON CONFLICT (workspace_id, name_key) DO NOTHING",
    )
    .bind(workspace)
    .bind(id)
    .bind(name)
    .bind(name.to_lowercase())
    .bind(position)
    .bind(tx.now())
    .run(tx)
    .await?;
    Ok((inserted > 0).then_some(id))
}

/// Writes a pipeline's name and moves its version on.
pub(crate) async fn touch(tx: &Tx, workspace: WorkspaceId, id: PipelineId, name: &str, version: i64) -> Result<()> {
    query("UPDATE pipelines SET name = $3, name_key = $4, version = $5, updated_at = $6 WHERE workspace_id = $1 AND id = $2")
        .bind(workspace)
        .bind(id)
        .bind(name)
        .bind(name.to_lowercase())
        .bind(version)
        .bind(tx.now())
        .run(tx)
        .await
        .map(|_| ())
}

pub(crate) async fn save_stage(
    tx: &Tx,
    workspace: WorkspaceId,
    pipeline: PipelineId,
    id: StageId,
    wish: &StageWish,
    place: usize,
) -> Result<()> {
    query(
        "INSERT INTO stages (workspace_id, id, pipeline_id, name, kind, likelihood, position) VALUES ($1,$2,$3,$4,$5,$6,$7) \
         ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, kind = excluded.kind, likelihood = excluded.likelihood, position = excluded.position",
    )
    .bind(workspace)
    .bind(id)
    .bind(pipeline)
    .bind(&wish.name)
    .bind(wish.kind)
    .bind(wish.likelihood)
    .bind(place)
    .run(tx)
    .await
    .map(|_| ())
}

pub(crate) async fn delete_stage(tx: &Tx, workspace: WorkspaceId, id: StageId) -> Result<()> {
    query("DELETE FROM stages WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).run(tx).await.map(|_| ())
}

pub(crate) async fn delete(tx: &Tx, workspace: WorkspaceId, id: PipelineId) -> Result<()> {
    query("DELETE FROM stages WHERE workspace_id = $1 AND pipeline_id = $2").bind(workspace).bind(id).run(tx).await?;
    query("DELETE FROM pipelines WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).run(tx).await.map(|_| ())
}

/// Locks the pipeline's row, so that two people do not change its stages at once; its version, if it is there.
pub(crate) async fn lock(tx: &Tx, workspace: WorkspaceId, id: PipelineId) -> Result<Option<i64>> {
    let sql = format!("SELECT version FROM pipelines WHERE workspace_id = $1 AND id = $2{}", tx.dialect().for_update());
    Ok(atlas_store::built_query(sql).bind(workspace).bind(id).values::<i64>(tx).await?.pop())
}
