//! The page where a pipeline's stages are edited: add, rename, reorder, remove.

use askama::Template;
use atlas_kernel::{Error, Result};
use atlas_web::{Ctx, Form as Sent, Pages, Reply, ui};
use axum::extract::Path;
use serde::Deserialize;

use super::{Moves, Pipeline, StageKind, StageWish, store, verbs};
use crate::access::{PIPELINES_READ, PIPELINES_WRITE};
use crate::deal::store::counts_by_stage;
use crate::ids::{PipelineId, StageId};
use crate::parts::{Choice, field_errors, path_id};

/// The route table of pipelines.
pub(crate) fn pages() -> Pages {
    Pages::new()
        .get("/growth/pipelines/{id}", PIPELINES_READ, show)
        .post("/growth/pipelines/{id}", PIPELINES_WRITE, rename)
        .post("/growth/pipelines/{id}/stages", PIPELINES_WRITE, add)
        .post("/growth/pipelines/{id}/stages/{stage}", PIPELINES_WRITE, change)
        .post("/growth/pipelines/{id}/stages/{stage}/place", PIPELINES_WRITE, shift)
        .post("/growth/pipelines/{id}/stages/{stage}/remove", PIPELINES_WRITE, remove)
}

#[derive(Template)]
#[template(path = "pipeline/edit.html")]
struct EditPage {
    url: String,
    name: String,
    version: i64,
    stages: Vec<StageRow>,
    kinds: Vec<Choice>,
    failure: Option<String>,
    can_write: bool,
}

struct StageRow {
    id: String,
    name: String,
    likelihood: i64,
    open: bool,
    kinds: Vec<Choice>,
    deals: i64,
    deals_words: String,
    first: bool,
    last: bool,
    targets: Vec<(String, String)>,
}

async fn load(ctx: &Ctx, id: &str) -> Result<Pipeline> {
    let id: PipelineId = path_id(id, "pipeline")?;
    store::find(&ctx.app.db, ctx.actor.workspace, id).await?.ok_or(Error::NotFound("pipeline"))
}

async fn show(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let pipeline = load(&ctx, &id).await?;
    page(&ctx, &pipeline, None).await
}

fn kind_choices(chosen: StageKind) -> Vec<Choice> {
    let words = |kind: StageKind| match kind {
        StageKind::Open => "Open",
        StageKind::Won => "Won",
        StageKind::Lost => "Lost",
    };
    StageKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), words(*kind), *kind == chosen)).collect()
}

async fn page(ctx: &Ctx, pipeline: &Pipeline, failure: Option<String>) -> Reply {
    let counts = counts_by_stage(&ctx.app.db, ctx.actor.workspace, pipeline.id).await?;
    let many = pipeline.stages.len();
    let deals = |stage: StageId| counts.iter().find(|(id, _)| *id == stage).map_or(0, |(_, count)| *count);
    let row = |(place, stage): (usize, &super::Stage)| StageRow {
        id: stage.id.to_string(),
        name: stage.name.clone(),
        likelihood: stage.likelihood,
        open: stage.kind == StageKind::Open,
        kinds: kind_choices(stage.kind),
        deals: deals(stage.id),
        deals_words: match deals(stage.id) {
            1 => "Its deal".to_owned(),
            many => format!("Its {} deals", ui::count(many)),
        },
        first: place == 0,
        last: place + 1 == many,
        targets: pipeline
            .stages
            .iter()
            .filter(|other| other.id != stage.id)
            .map(|other| (other.id.to_string(), other.name.clone()))
            .collect(),
    };
    let content = EditPage {
        url: format!("/growth/pipelines/{}", pipeline.id),
        name: pipeline.name.clone(),
        version: pipeline.version,
        stages: pipeline.stages.iter().enumerate().map(row).collect(),
        kinds: kind_choices(StageKind::Open),
        can_write: ctx.actor.may(&PIPELINES_WRITE).is_ok(),
        failure: failure.clone(),
    };
    let page = ctx.page(format!("{} stages", pipeline.name)).crumb("Growth", None).crumb("Deals", Some("/growth/deals"));
    page.crumb(format!("{} stages", pipeline.name), None)
        .nav("/growth/deals")
        .status(if failure.is_some() { 422 } else { 200 })
        .html(&content)
}

/// What any of the forms sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Wanted {
    version: String,
    name: String,
    kind: String,
    likelihood: String,
    way: String,
    target: String,
}

/// Applies new stages and answers the page: with a sentence, or with what is wrong.
async fn apply(
    ctx: &Ctx,
    pipeline: &Pipeline,
    sent: &Wanted,
    name: Option<&str>,
    stages: Option<Vec<StageWish>>,
    moves: Moves,
    done: &str,
) -> Reply {
    let (actor, id, version, stages, moves) = (&ctx.actor, pipeline.id, sent.version.parse().ok(), &stages, &moves);
    let edit = |tx| async move { verbs::edit(&tx, actor, id, name, stages.clone(), moves, version).await };
    let url = format!("/growth/pipelines/{id}");
    match field_errors(ctx.app.db.write(edit).await) {
        Ok(Ok(_)) => ctx.redirect(url).toast(done).reply(),
        Ok(Err(errors)) => {
            let words: Vec<String> = errors.iter().map(|error| ui::sentence(&error.message)).collect();
            page(ctx, pipeline, Some(words.join(" "))).await
        }
        Err(Error::Conflict { detail, .. }) => page(ctx, pipeline, Some(detail)).await,
        Err(Error::Stale) => ctx.redirect(url).alert("Not saved: somebody changed the stages meanwhile. Here they are now.").reply(),
        Err(other) => Err(other.into()),
    }
}

async fn rename(ctx: Ctx, Path(id): Path<String>, Sent(sent): Sent<Wanted>) -> Reply {
    let pipeline = load(&ctx, &id).await?;
    apply(&ctx, &pipeline, &sent, Some(&sent.name), None, Moves::new(), "Pipeline renamed").await
}

fn wish(sent: &Wanted, id: Option<StageId>) -> Result<StageWish> {
    let likelihood = sent.likelihood.trim().trim_end_matches('%').trim();
    Ok(StageWish {
        id,
        name: sent.name.clone(),
        kind: sent.kind.parse().unwrap_or(StageKind::Open),
        likelihood: if likelihood.is_empty() { 50 } else { likelihood.parse().unwrap_or(-1) },
    })
}

async fn add(ctx: Ctx, Path(id): Path<String>, Sent(sent): Sent<Wanted>) -> Reply {
    let pipeline = load(&ctx, &id).await?;
    let mut stages = pipeline.wishes();
    let new = wish(&sent, None)?;
    // An open stage goes in front of the closed ones.
    let place = match new.kind {
        StageKind::Open => stages.iter().position(|stage| stage.kind != StageKind::Open).unwrap_or(stages.len()),
        _ => stages.len(),
    };
    stages.insert(place, new);
    apply(&ctx, &pipeline, &sent, None, Some(stages), Moves::new(), "Stage added").await
}

fn place_of(pipeline: &Pipeline, stage: &str) -> Result<usize> {
    let id: StageId = path_id(stage, "stage")?;
    pipeline.stages.iter().position(|stage| stage.id == id).ok_or(Error::NotFound("stage"))
}

async fn change(ctx: Ctx, Path((id, stage)): Path<(String, String)>, Sent(sent): Sent<Wanted>) -> Reply {
    let pipeline = load(&ctx, &id).await?;
    let place = place_of(&pipeline, &stage)?;
    let mut stages = pipeline.wishes();
    stages[place] = wish(&sent, stages[place].id)?;
    apply(&ctx, &pipeline, &sent, None, Some(stages), Moves::new(), "Stage saved").await
}

async fn shift(ctx: Ctx, Path((id, stage)): Path<(String, String)>, Sent(sent): Sent<Wanted>) -> Reply {
    let pipeline = load(&ctx, &id).await?;
    let place = place_of(&pipeline, &stage)?;
    let mut stages = pipeline.wishes();
    let to = if sent.way == "up" { place.saturating_sub(1) } else { (place + 1).min(stages.len() - 1) };
    stages.swap(place, to);
    apply(&ctx, &pipeline, &sent, None, Some(stages), Moves::new(), "Stages reordered").await
}

async fn remove(ctx: Ctx, Path((id, stage)): Path<(String, String)>, Sent(sent): Sent<Wanted>) -> Reply {
    let pipeline = load(&ctx, &id).await?;
    let place = place_of(&pipeline, &stage)?;
    let mut stages = pipeline.wishes();
    stages.remove(place);
    let moves = match sent.target.parse() {
        Ok(target) => [(pipeline.stages[place].id, target)].into(),
        Err(_) => Moves::new(),
    };
    let done = format!("{} removed", pipeline.stages[place].name);
    apply(&ctx, &pipeline, &sent, None, Some(stages), moves, &done).await
}
