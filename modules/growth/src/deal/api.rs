//! Deals over REST.

use std::collections::HashMap;

use atlas_api::{Ctx, IdPath, Input, Operation, Patch};
use atlas_kernel::{Error, Money, Page, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Tx};
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list::{DealQuery, page};
use super::{Deal, Edit, Status, store, verbs};
use crate::access::{DEALS_READ, DEALS_WRITE};
use crate::ids::{CompanyId, ContactId, DealId, PipelineId, StageId};
use crate::pipeline::{self, StageKind};
use crate::wire::{limit, owner_filter, turn};

/// The operations on deals.
pub(crate) fn operations() -> Vec<Operation> {
    let version = |out: &DealJson| out.version;
    let list = Operation::read("deals.list", "/v1/deals", DEALS_READ, list).summary("List deals").tool();
    let create = Operation::write("deals.create", Method::POST, "/v1/deals", DEALS_WRITE, create).summary("Create a deal");
    let get = Operation::read("deals.get", "/v1/deals/{id}", DEALS_READ, get).summary("Read a deal").tool();
    let update =
        Operation::write("deals.update", Method::PATCH, "/v1/deals/{id}", DEALS_WRITE, update).summary("Change or move a deal").tool();
    let archive = Operation::write("deals.archive", Method::DELETE, "/v1/deals/{id}", DEALS_WRITE, archive).summary("Archive a deal");
    let restore = Operation::write("deals.restore", Method::POST, "/v1/deals/{id}/restore", DEALS_WRITE, restore);
    vec![
        list.describe(
            "Search with `q`, filter, sort by `title`, `value`, `close`, `created`, `updated` or `activity` (a `-` in front reverses).",
        ),
        create.created().version(version).quick_action("New deal", "").tool(),
        get.version(version),
        update.version(version).describe(
            "Fields left out stay; null empties. A new `stageId` moves the deal to the end of that stage, or right before `beforeId`.",
        ),
        archive
            .no_content()
            .conditional()
            .describe("An archived deal leaves board, lists and searches and keeps everything; restore takes it back."),
        restore.summary("Restore an archived deal").version(version),
    ]
    .into_iter()
    .map(|operation| operation.tag("Deals"))
    .collect()
}

/// Something that may be sold.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Deal")]
pub struct DealJson {
    /// The deal's id.
    pub id: DealId,
    /// What it is called.
    pub title: String,
    /// What it is worth, in minor units.
    pub value: Option<Money>,
    /// The pipeline it is in.
    pub pipeline_id: PipelineId,
    /// The stage it is in.
    pub stage_id: StageId,
    /// The stage's name.
    pub stage: Option<String>,
    /// `open`, `won` or `lost`, as the stage says.
    pub state: Option<StageKind>,
    /// When it is expected to be decided.
    pub expected_close: Option<jiff::civil::Date>,
    /// The member who looks after it.
    pub owner_id: Option<UserId>,
    /// The person it is with.
    pub contact_id: Option<ContactId>,
    /// The company it is with.
    pub company_id: Option<CompanyId>,
    /// Put away.
    pub archived: bool,
    /// When it was put away.
    pub archived_at: Option<Timestamp>,
    /// When it was won or lost.
    pub closed_at: Option<Timestamp>,
    /// Since when it has been in its stage.
    pub stage_since: Timestamp,
    /// When anything last happened with it.
    pub last_activity_at: Timestamp,
    /// Where the page is, on this host.
    pub url: String,
    /// Goes up by one with each change; also the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

async fn wire(on: &dyn Executor, workspace: WorkspaceId, deals: Vec<Deal>) -> Result<Vec<DealJson>> {
    let pipelines = pipeline::store::all(on, workspace).await?;
    let one = |deal: Deal| {
        let stage = pipelines.iter().find_map(|pipeline| pipeline.stage(deal.stage));
        DealJson {
            url: deal.url(),
            stage: stage.map(|stage| stage.name.clone()),
            state: stage.map(|stage| stage.kind),
            id: deal.id,
            title: deal.title,
            value: deal.value,
            pipeline_id: deal.pipeline,
            stage_id: deal.stage,
            expected_close: deal.expected_close,
            owner_id: deal.owner,
            contact_id: deal.contact,
            company_id: deal.company,
            archived: deal.status == Status::Archived,
            archived_at: deal.archived_at,
            closed_at: deal.closed_at,
            stage_since: deal.stage_since,
            last_activity_at: deal.last_activity_at,
            version: deal.version,
            created_at: deal.created_at,
            updated_at: deal.updated_at,
        }
    };
    Ok(deals.into_iter().map(one).collect())
}

async fn wire_one(on: &dyn Executor, workspace: WorkspaceId, deal: Deal) -> Result<DealJson> {
    wire(on, workspace, vec![deal]).await?.pop().ok_or(Error::NotFound("deal"))
}

/// Which deals, and in which order.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListDeals {
    /// Words to find.
    #[schemars(length(max = 200))]
    q: Option<String>,
    /// `title`, `value`, `close`, `created`, `updated` or `activity`, with `-` in front for the reverse.
    sort: Option<String>,
    /// A member's id, or `none`.
    owner: Option<String>,
    /// A pipeline's id.
    pipeline: Option<PipelineId>,
    /// A stage's id.
    stage: Option<StageId>,
    /// A contact's id.
    contact: Option<ContactId>,
    /// A company's id.
    company: Option<CompanyId>,
    /// Those put away, instead of the others.
    archived: Option<bool>,
    /// Rows a page, 1 to 200; 50 unless said.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

async fn list(ctx: Ctx, input: Input<(), ListDeals>) -> Result<Page<DealJson>> {
    let (workspace, query) = (ctx.actor.workspace, input.query);
    let ask = DealQuery {
        owner: owner_filter(query.owner.as_deref())?,
        q: query.q,
        pipeline: query.pipeline,
        stage: query.stage,
        contact: query.contact,
        company: query.company,
        archived: query.archived.unwrap_or_default(),
        sort: query.sort.unwrap_or_default(),
        turn: turn(query.cursor),
        limit: limit(query.limit)?,
    };
    let slice = page(&ctx.db, workspace, &ask).await?;
    let ids: Vec<DealId> = slice.rows.iter().map(|row| row.id).collect();
    let mut found: HashMap<DealId, Deal> =
        store::find_many(&ctx.db, workspace, &ids).await?.into_iter().map(|deal| (deal.id, deal)).collect();
    let deals = ids.iter().filter_map(|id| found.remove(id)).collect();
    Ok(Page { data: wire(&ctx.db, workspace, deals).await?, next_cursor: slice.after })
}

/// A deal to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewDeal {
    /// What it is called, at most 200 characters.
    title: String,
    /// What it is worth, in minor units.
    value: Option<Money>,
    /// The pipeline; the workspace's first unless said.
    pipeline_id: Option<PipelineId>,
    /// The stage; the pipeline's first open one unless said.
    stage_id: Option<StageId>,
    /// When it is expected to be decided.
    expected_close: Option<jiff::civil::Date>,
    /// The member who looks after it.
    owner_id: Option<UserId>,
    /// The person it is with.
    contact_id: Option<ContactId>,
    /// The company it is with.
    company_id: Option<CompanyId>,
}

async fn create(ctx: Ctx, tx: Tx, input: Input<(), (), NewDeal>) -> Result<DealJson> {
    let new = input.body;
    let edit = Edit {
        title: Some(new.title),
        value: new.value.map(Some),
        stage: new.stage_id,
        expected_close: new.expected_close.map(Some),
        owner: new.owner_id.map(Some),
        contact: new.contact_id.map(Some),
        company: new.company_id.map(Some),
    };
    let created = verbs::create(&tx, &ctx.actor, edit, new.pipeline_id).await?;
    wire_one(&tx, ctx.actor.workspace, created).await
}

async fn get(ctx: Ctx, input: Input<IdPath<DealId>>) -> Result<DealJson> {
    let deal = store::find(&ctx.db, ctx.actor.workspace, input.path.id).await?.ok_or(Error::NotFound("deal"))?;
    wire_one(&ctx.db, ctx.actor.workspace, deal).await
}

/// What changes of a deal; a field left out stays, null empties it.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PatchDeal {
    /// What it is called.
    title: Patch<String>,
    /// What it is worth, in minor units.
    value: Patch<Money>,
    /// The stage it goes to.
    stage_id: Option<StageId>,
    /// The deal of that stage it is put right before; at the end unless said.
    before_id: Option<DealId>,
    /// When it is expected to be decided.
    expected_close: Patch<jiff::civil::Date>,
    /// The member who looks after it.
    owner_id: Patch<UserId>,
    /// The person it is with.
    contact_id: Patch<ContactId>,
    /// The company it is with.
    company_id: Patch<CompanyId>,
}

async fn update(ctx: Ctx, tx: Tx, input: Input<IdPath<DealId>, (), PatchDeal>) -> Result<DealJson> {
    let (id, patch) = (input.path.id, input.body);
    let edit = Edit {
        title: patch.title.into_change().map(Option::unwrap_or_default),
        value: patch.value.into_change(),
        stage: None,
        expected_close: patch.expected_close.into_change(),
        owner: patch.owner_id.into_change(),
        contact: patch.contact_id.into_change(),
        company: patch.company_id.into_change(),
    };
    let mut version = ctx.if_match;
    if edit != Edit::default() || patch.stage_id.is_none() {
        verbs::edit(&tx, &ctx.actor, id, edit, version).await?;
        version = None;
    }
    if let Some(stage) = patch.stage_id {
        verbs::move_to(&tx, &ctx.actor, id, stage, patch.before_id, version).await?;
    }
    let deal = store::find(&tx, ctx.actor.workspace, id).await?.ok_or(Error::NotFound("deal"))?;
    wire_one(&tx, ctx.actor.workspace, deal).await
}

async fn archive(ctx: Ctx, tx: Tx, input: Input<IdPath<DealId>>) -> Result<()> {
    verbs::archive(&tx, &ctx.actor, input.path.id, ctx.if_match).await.map(|_| ())
}

async fn restore(ctx: Ctx, tx: Tx, input: Input<IdPath<DealId>>) -> Result<DealJson> {
    let restored = verbs::restore(&tx, &ctx.actor, input.path.id, ctx.if_match).await?;
    wire_one(&tx, ctx.actor.workspace, restored).await
}
