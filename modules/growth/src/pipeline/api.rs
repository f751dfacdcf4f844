//! Pipelines over REST.

use std::collections::BTreeMap;

use atlas_api::{Ctx, IdPath, Input, Operation};
use atlas_kernel::{Error, ListQuery, Page, Result, Timestamp};
use atlas_store::Tx;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Pipeline, StageKind, StageWish, store, verbs};
use crate::access::{PIPELINES_READ, PIPELINES_WRITE};
use crate::ids::{PipelineId, StageId};

/// The operations on pipelines.
pub(crate) fn operations() -> Vec<Operation> {
    let version = |out: &PipelineJson| out.version;
    let list = Operation::read("pipelines.list", "/v1/pipelines", PIPELINES_READ, list).summary("List pipelines").tool();
    let create = Operation::write("pipelines.create", Method::POST, "/v1/pipelines", PIPELINES_WRITE, create).summary("Create a pipeline");
    let get = Operation::read("pipelines.get", "/v1/pipelines/{id}", PIPELINES_READ, get).summary("Read a pipeline");
    let update =
        Operation::write("pipelines.update", Method::PATCH, "/v1/pipelines/{id}", PIPELINES_WRITE, update).summary("Change a pipeline");
    let remove =
        Operation::write("pipelines.remove", Method::DELETE, "/v1/pipelines/{id}", PIPELINES_WRITE, remove).summary("Remove a pipeline");
    vec![
        list.describe("A workspace that has none gets its first, with the usual stages."),
        create.created().version(version),
        get.version(version),
        update.version(version).describe(
            "`stages` is the whole list in order: stages with an `id` are changed, those without are made, those left out are removed. \
             The deals of a removed stage go where `moveDealsTo` says (removed id → kept id); without it the stage must be empty.",
        ),
        remove.no_content().conditional().destructive().describe("Only a pipeline without deals, and never the last one."),
    ]
    .into_iter()
    .map(|operation| operation.tag("Pipelines"))
    .collect()
}

/// The ordered stages that deals go through.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Pipeline")]
pub struct PipelineJson {
    /// The pipeline's id.
    pub id: PipelineId,
    /// The name.
    pub name: String,
    /// The stages, in order.
    pub stages: Vec<StageJson>,
    /// Goes up by one with each change; also the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// One stage of a pipeline.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Stage")]
pub struct StageJson {
    /// The stage's id.
    pub id: StageId,
    /// The name.
    pub name: String,
    /// What being in it means.
    pub kind: StageKind,
    /// How likely a deal in it is won, in percent.
    pub likelihood: i64,
}

impl From<Pipeline> for PipelineJson {
    fn from(pipeline: Pipeline) -> Self {
        let stage = |stage: super::Stage| StageJson { id: stage.id, name: stage.name, kind: stage.kind, likelihood: stage.likelihood };
        Self {
            id: pipeline.id,
            name: pipeline.name,
            stages: pipeline.stages.into_iter().map(stage).collect(),
            version: pipeline.version,
            created_at: pipeline.created_at,
            updated_at: pipeline.updated_at,
        }
    }
}

/// A stage as it is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StageInput {
    /// The stage to change; none makes a new one.
    id: Option<StageId>,
    /// The name, at most 60 characters.
    name: String,
    /// What being in it means; `open` unless said.
    kind: Option<StageKind>,
    /// How likely a deal in it is won, in percent; 50 unless said, and fixed for won and lost.
    #[schemars(range(min = 0, max = 100))]
    likelihood: Option<i64>,
}

impl From<StageInput> for StageWish {
    fn from(input: StageInput) -> Self {
        Self { id: input.id, name: input.name, kind: input.kind.unwrap_or(StageKind::Open), likelihood: input.likelihood.unwrap_or(50) }
    }
}

async fn list(ctx: Ctx, input: Input<(), ListQuery>) -> Result<Page<PipelineJson>> {
    let pipelines = store::all_or_first(&ctx.db, ctx.actor.workspace).await?;
    Page::of_all(pipelines.into_iter().map(PipelineJson::from).collect(), &input.query)
}

/// A pipeline to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewPipeline {
    /// The name, at most 60 characters.
    name: String,
    /// The stages in order; the usual six unless said.
    stages: Option<Vec<StageInput>>,
}

async fn create(ctx: Ctx, tx: Tx, input: Input<(), (), NewPipeline>) -> Result<PipelineJson> {
    let stages = input.body.stages.map(|stages| stages.into_iter().map(StageWish::from).collect());
    Ok(verbs::create(&tx, &ctx.actor, &input.body.name, stages).await?.into())
}

async fn get(ctx: Ctx, input: Input<IdPath<PipelineId>>) -> Result<PipelineJson> {
    let found = store::find(&ctx.db, ctx.actor.workspace, input.path.id).await?;
    Ok(found.ok_or(Error::NotFound("pipeline"))?.into())
}

/// What changes of a pipeline.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PatchPipeline {
    /// The name.
    name: Option<String>,
    /// All stages, in order.
    stages: Option<Vec<StageInput>>,
    /// Where the deals of removed stages go: removed id → kept id.
    move_deals_to: BTreeMap<String, StageId>,
}

async fn update(ctx: Ctx, tx: Tx, input: Input<IdPath<PipelineId>, (), PatchPipeline>) -> Result<PipelineJson> {
    let patch = input.body;
    let mut moves = super::Moves::new();
    for (from, to) in patch.move_deals_to {
        let from = from.parse().map_err(|_| Error::field("moveDealsTo", "invalid", "ids of stages expected"))?;
        moves.insert(from, to);
    }
    let stages = patch.stages.map(|stages| stages.into_iter().map(StageWish::from).collect());
    Ok(verbs::edit(&tx, &ctx.actor, input.path.id, patch.name.as_deref(), stages, &moves, ctx.if_match).await?.into())
}

async fn remove(ctx: Ctx, tx: Tx, input: Input<IdPath<PipelineId>>) -> Result<()> {
    verbs::remove(&tx, &ctx.actor, input.path.id, ctx.if_match).await
}
