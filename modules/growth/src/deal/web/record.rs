//! The page of one deal: what it is worth, where it stands, what happened.

use askama::Template;
use atlas_kernel::{Error, Result};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Form as Sent, Query, RenderedPanel, Reply};
use axum::extract::Path;

use super::super::{Deal, Status, store, verbs};
use super::fields::{self, About};
use crate::access::DEALS_WRITE;
use crate::ids::DealId;
use crate::note::web::{Written, writer};
use crate::parts::{Cell, part, path_id};
use crate::timeline::web::{Asked, earlier, section};
use crate::words;

#[derive(Template)]
#[template(path = "deal/record.html")]
struct Record {
    id: String,
    url: String,
    title: String,
    heading: Cell,
    with: Vec<(String, String)>,
    state: String,
    value: String,
    archived: Option<String>,
    writer: Option<Safe>,
    timeline: Safe,
    cells: Vec<(&'static str, Cell)>,
    stages: Vec<(String, String, bool)>,
    since: Safe,
    created: String,
    cards: Vec<(String, String, String, Safe)>,
    panels: Vec<RenderedPanel>,
    can_write: bool,
}

/// The deal behind a page.
///
/// # Errors
/// Not found; whatever the database answers.
pub(super) async fn load(ctx: &Ctx, id: &str) -> Result<Deal> {
    let id: DealId = path_id(id, "deal")?;
    store::find(&ctx.app.db, ctx.actor.workspace, id).await?.ok_or(Error::NotFound("deal"))
}

pub(super) async fn show(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let deal = load(&ctx, &id).await?;
    let record = deal.id.to_ref();
    let about = About::of(&ctx, &deal).await?;
    let timeline = part(&section(&ctx, &record, deal.url(), &asked).await?)?;
    let stages = about.pipelines.iter().find(|pipeline| pipeline.id == deal.pipeline).map(|p| p.stages.as_slice()).unwrap_or_default();
    let content = Record {
        url: deal.url(),
        title: deal.title.clone(),
        heading: fields::heading(&ctx, &deal),
        with: with(&about),
        state: state(&ctx, &deal, &about),
        value: deal.value.map(|value| value.to_string()).unwrap_or_default(),
        archived: deal.archived_at.filter(|_| deal.status == Status::Archived).map(|at| words::day_inside(&ctx, at)),
        writer: writer(&ctx, &deal.url())?,
        timeline,
        cells: fields::cells(&ctx, &deal, &about),
        stages: stages.iter().map(|stage| (stage.id.to_string(), stage.name.clone(), stage.id == deal.stage)).collect(),
        since: ui::relative_time(deal.stage_since, ctx.now(), &ctx.actor.zone()),
        created: words::day(&ctx, deal.created_at),
        cards: cards(&about),
        panels: ctx.panels("deal", &record).await,
        can_write: ctx.actor.may(&DEALS_WRITE).is_ok(),
        id,
    };
    let page = ctx.page(&deal.title).crumb("Growth", None).crumb("Deals", Some("/growth/deals")).crumb(&deal.title, None);
    page.nav("/growth/deals").live([record.to_string(), "tasks".to_owned()]).recent("Deal", "handshake").html(&content)
}

/// Who the deal is with: person, then company.
fn with(about: &About) -> Vec<(String, String)> {
    let contact = about.contact.as_ref().map(|contact| (contact.url(), contact.label().to_owned()));
    let company = about.company.as_ref().map(|company| (company.url(), company.label().to_owned()));
    contact.into_iter().chain(company).collect()
}

fn state(ctx: &Ctx, deal: &Deal, about: &About) -> String {
    let stage = about.stage(deal).map(|stage| stage.name.clone()).unwrap_or_default();
    match deal.closed_at {
        Some(at) => format!("{stage} {}", words::day_inside(ctx, at)),
        None => stage,
    }
}

fn cards(about: &About) -> Vec<(String, String, String, Safe)> {
    let company = about.company.as_ref().map(|company| {
        let detail = [company.industry.clone(), company.domain.clone()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        (company.url(), company.label().to_owned(), detail, ui::avatar(&company.id, company.label(), 40, ui::Shape::Square))
    });
    let contact = about.contact.as_ref().map(|contact| {
        let detail = contact.role.clone().or_else(|| contact.emails.first().cloned()).unwrap_or_default();
        (contact.url(), contact.label().to_owned(), detail, ui::avatar(&contact.id, contact.label(), 40, ui::Shape::Round))
    });
    company.into_iter().chain(contact).collect()
}

/// The timeline alone, or a further part of it; without script, the page that shows it.
pub(super) async fn timeline(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let deal = load(&ctx, &id).await?;
    if !ctx.partial {
        return ctx.redirect(format!("{}?kind={}#timeline", deal.url(), ui::url_encode(&asked.kind))).reply();
    }
    let record = deal.id.to_ref();
    match asked.cursor.is_empty() {
        true => ctx.fragment(&section(&ctx, &record, deal.url(), &asked).await?),
        false => ctx.fragment(&earlier(&ctx, &record, deal.url(), &asked).await?),
    }
}

pub(super) async fn write_note(ctx: Ctx, Path(id): Path<String>, Sent(written): Sent<Written>) -> Reply {
    let deal = load(&ctx, &id).await?;
    crate::note::web::write(&ctx, deal.id.to_ref(), &deal.url(), &written).await
}

pub(super) async fn archive(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let (actor, id) = (&ctx.actor, path_id::<DealId>(&id, "deal")?);
    let deal = ctx.app.db.write(|tx| async move { verbs::archive(&tx, actor, id, None).await }).await?;
    let undo = format!("{}/restore", deal.url());
    ctx.redirect("/growth/deals").toast(format!("{} archived", deal.title)).undo(undo).reply()
}

pub(super) async fn restore(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let (actor, id) = (&ctx.actor, path_id::<DealId>(&id, "deal")?);
    let deal = ctx.app.db.write(|tx| async move { verbs::restore(&tx, actor, id, None).await }).await?;
    ctx.redirect(deal.url()).toast(format!("{} is back", deal.title)).reply()
}
