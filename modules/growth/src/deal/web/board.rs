//! The board of deals: stages as lanes, moved by hand or keys, with the figures that matter today.

use askama::Template;
use atlas_kernel::{Error, Money, Result, Timestamp, UserId};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Form as Sent, Query, Reply};
use axum::extract::Path;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::super::board::{Card, StageSum, cards, slipped, sums, total, won_since};
use super::super::{Deal, store as deals, verbs};
use super::list::{Asked, list_page};
use crate::access::{DEALS_WRITE, PIPELINES_WRITE};
use crate::ids::{DealId, StageId};
use crate::parts::{Choice, with_toast};
use crate::people::{Member, members};
use crate::pipeline::{Pipeline, Stage, StageKind, store};

#[derive(Template)]
#[template(path = "deal/board.html")]
struct BoardPage {
    lede: String,
    figures: Vec<Figure>,
    board: Safe,
    list_href: String,
    board_href: String,
    owners: Vec<Choice>,
    owner: String,
    pipelines: Vec<(String, String, bool)>,
    edit_stages: Option<String>,
    lanes: Vec<(String, String)>,
}

struct Figure {
    label: &'static str,
    value: String,
    note: String,
}

/// What the top bar offers.
#[derive(Template)]
#[template(path = "deal/actions.html")]
pub(super) struct Actions {
    pub can_write: bool,
}

#[derive(Template)]
#[template(path = "deal/lanes.html")]
struct Lanes {
    address: String,
    lanes: Vec<Lane>,
    can_write: bool,
}

struct Lane {
    id: String,
    name: String,
    count: i64,
    likelihood: String,
    sum: String,
    share: i64,
    cards: Vec<CardView>,
    more: Option<(String, String)>,
}

struct CardView {
    id: String,
    url: String,
    title: String,
    who: Option<(Safe, String)>,
    value: String,
    next: Option<(&'static str, String, bool)>,
    close: Option<(String, String, &'static str)>,
    owner: Option<(UserId, String)>,
}

/// The board, or the list when the address asks for it.
pub(super) async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Reply {
    let pipelines = store::all_or_first(&ctx.app.db, ctx.actor.workspace).await?;
    let chosen = pipelines.iter().find(|pipeline| pipeline.id.to_string() == asked.pipeline).or(pipelines.first());
    let pipeline = chosen.ok_or(Error::NotFound("pipeline"))?;
    if asked.view == "list" {
        return list_page(&ctx, &asked, &pipelines, pipeline).await;
    }
    let members = members(&ctx.app.db, ctx.actor.workspace).await?;
    let sums = sums(&ctx.app.db, ctx.actor.workspace, pipeline.id, asked.owner_id()).await?;
    let cards = cards(&ctx.app.db, ctx.actor.workspace, pipeline.id, asked.owner_id()).await?;
    let quiet = cards.iter().filter(|card| is_open(pipeline, card) && quiet_days(card, ctx.now()) >= QUIET).count();
    let lanes = Lanes {
        address: asked.address().href(),
        lanes: lanes(&ctx, &asked, pipeline, &sums, cards, &members),
        can_write: ctx.actor.may(&DEALS_WRITE).is_ok(),
    };
    if ctx.partial {
        return ctx.fragment(&lanes);
    }
    let late = slipped(&ctx.app.db, ctx.actor.workspace, pipeline.id, ctx.today()).await?;
    let content = page(&ctx, &asked, (&pipelines, pipeline), (&sums, late, quiet), (&members, &lanes)).await?;
    let page = ctx.page("Deals").crumb("Growth", None).crumb("Deals", None).nav("/growth/deals").live(["deals"]).module("board");
    page.actions(&Actions { can_write: lanes.can_write })?.html(&content)
}

async fn page(
    ctx: &Ctx,
    asked: &Asked,
    (pipelines, pipeline): (&[Pipeline], &Pipeline),
    (sums, late, quiet): (&[StageSum], i64, usize),
    (members, lanes): (&[Member], &Lanes),
) -> Result<BoardPage> {
    let address = asked.address();
    let owners = members.iter().map(|member| {
        let id = member.id.to_string();
        let chosen = id == asked.owner;
        Choice::new(id, member.name.clone(), chosen)
    });
    Ok(BoardPage {
        lede: lede(sums, late, quiet),
        figures: figures(ctx, pipeline, sums, late).await?,
        board: crate::parts::part(lanes)?,
        list_href: address.with("view", "list").href(),
        board_href: address.with("view", "").href(),
        owners: [Choice::new("", "Everybody", asked.owner.is_empty())].into_iter().chain(owners).collect(),
        owner: asked.owner.clone(),
        pipelines: pipelines.iter().map(|p| (address.with("pipeline", p.id).href(), p.name.clone(), p.id == pipeline.id)).collect(),
        edit_stages: ctx.actor.may(&PIPELINES_WRITE).is_ok().then(|| format!("/growth/pipelines/{}", pipeline.id)),
        lanes: pipeline.stages.iter().map(|stage| (stage.id.to_string(), stage.name.clone())).collect(),
    })
}

/// What matters today, in one sentence.
fn lede(sums: &[StageSum], late: i64, quiet: usize) -> String {
    let deals: i64 = sums.iter().map(|sum| sum.deals).sum();
    let late_words = || ui::plural(late, "deal is past its close date", "deals are past their close date");
    let quiet_words = || ui::plural(quiet as i64, "has been quiet for two weeks", "have been quiet for two weeks");
    match (deals, late, quiet) {
        (0, ..) => "No deals yet. The first one starts the pipeline.".to_owned(),
        (_, 0, 0) => "Every open deal is on time and in touch.".to_owned(),
        (_, 0, _) => format!("{}.", ui::plural(quiet as i64, "deal has been quiet for two weeks", "deals have been quiet for two weeks")),
        (_, _, 0) => format!("{}.", late_words()),
        _ => format!("{}, {}.", late_words(), quiet_words()),
    }
}

fn of_kind<'a>(pipeline: &'a Pipeline, sums: &'a [StageSum], kind: StageKind) -> impl Iterator<Item = (&'a Stage, &'a StageSum)> {
    sums.iter().filter_map(move |sum| pipeline.stage(sum.stage).filter(|stage| stage.kind == kind).map(|stage| (stage, sum)))
}

async fn figures(ctx: &Ctx, pipeline: &Pipeline, sums: &[StageSum], late: i64) -> Result<Vec<Figure>> {
    let open: Vec<(&Stage, &StageSum)> = of_kind(pipeline, sums, StageKind::Open).collect();
    let count: i64 = open.iter().map(|(_, sum)| sum.deals).sum();
    let weighted =
        open.iter().filter_map(|(stage, sum)| sum.sum.map(|money| Money { amount: money.amount / 100 * stage.likelihood, ..money }));
    let month = ctx.now().to_zoned(ctx.actor.zone()).date().first_of_month();
    let from = month.to_zoned(ctx.actor.zone()).map_err(Error::internal)?.timestamp();
    let won = won_since(&ctx.app.db, ctx.actor.workspace, pipeline.id, from).await?;
    let won_count: i64 = won.iter().map(|(deals, _)| deals).sum();
    Ok(vec![
        Figure { label: "Open", value: total(open.iter().filter_map(|(_, sum)| sum.sum)), note: ui::plural(count, "deal", "deals") },
        Figure { label: "Weighted", value: total(weighted), note: "by stage likelihood".to_owned() },
        Figure {
            label: "Won this month",
            value: total(won.iter().filter_map(|(_, sum)| *sum)),
            note: ui::plural(won_count, "deal", "deals"),
        },
        Figure { label: "Slipped", value: ui::count(late), note: "past their close date".to_owned() },
    ])
}

fn lanes(ctx: &Ctx, asked: &Asked, pipeline: &Pipeline, sums: &[StageSum], cards: Vec<Card>, members: &[Member]) -> Vec<Lane> {
    let amount = |stage: StageId| sums.iter().filter(|sum| sum.stage == stage).filter_map(|sum| sum.sum).map(|sum| sum.amount).sum::<i64>();
    let open: i64 = of_kind(pipeline, sums, StageKind::Open).filter_map(|(_, sum)| sum.sum).map(|sum| sum.amount).sum();
    let list = asked.address().with("view", "list");
    let lane = |stage: &Stage| {
        let count: i64 = sums.iter().filter(|sum| sum.stage == stage.id).map(|sum| sum.deals).sum();
        let mine: Vec<CardView> =
            cards.iter().filter(|card| card.stage_id == stage.id).map(|card| card_view(ctx, stage, card, members)).collect();
        let hidden = count - mine.len() as i64;
        Lane {
            id: stage.id.to_string(),
            name: stage.name.clone(),
            count,
            likelihood: if stage.kind == StageKind::Open { format!("{}% likely", stage.likelihood) } else { String::new() },
            sum: total(sums.iter().filter(|sum| sum.stage == stage.id).filter_map(|sum| sum.sum)),
            share: if stage.kind == StageKind::Open && open > 0 {
                (amount(stage.id) as f64 / open as f64 * 100.0).round() as i64
            } else {
                0
            },
            more: (hidden > 0).then(|| (list.with("stage", stage.id).href(), format!("{} more", ui::count(hidden)))),
            cards: mine,
        }
    };
    pipeline.stages.iter().map(lane).collect()
}

/// A deal is quiet when nothing happened for this many days.
const QUIET: i64 = 14;

fn quiet_days(card: &Card, now: Timestamp) -> i64 {
    (now.as_second() - card.last_activity_at.as_second()) / 86_400
}

fn is_open(pipeline: &Pipeline, card: &Card) -> bool {
    pipeline.stage(card.stage_id).is_some_and(|stage| stage.kind == StageKind::Open)
}

fn card_view(ctx: &Ctx, stage: &Stage, card: &Card, members: &[Member]) -> CardView {
    let today = ctx.today();
    let open = stage.kind == StageKind::Open;
    let quiet = quiet_days(card, ctx.now());
    let next = match card.expected_close {
        _ if !open => None,
        Some(date) if date < today => Some(("triangle-alert", "Past its close date".to_owned(), true)),
        _ if quiet >= QUIET => Some(("clock", format!("Quiet for {quiet} days"), true)),
        None => Some(("calendar", "No close date".to_owned(), false)),
        Some(_) => None,
    };
    let company = card
        .company()
        .map(|name| (card.company_id.map(|id| ui::avatar(&id, name, 20, ui::Shape::Square)).unwrap_or_default(), name.to_owned()));
    let contact = || {
        card.contact()
            .map(|name| (card.contact_id.map(|id| ui::avatar(&id, &name, 20, ui::Shape::Round)).unwrap_or_default(), name.clone()))
    };
    let close = match (card.closed_at.filter(|_| !open), card.expected_close) {
        (Some(at), _) => Some((at.to_string(), format!("{} {}", stage.name, crate::words::day_inside(ctx, at)), "")),
        (None, Some(date)) => Some((date.to_string(), ui::date_label(date, today), if open && date <= today { "danger" } else { "" })),
        (None, None) => None,
    };
    CardView {
        id: card.id.to_string(),
        url: super::super::url(card.id),
        title: card.title.clone(),
        who: company.or_else(contact),
        value: card.value().map(|value| value.to_string()).unwrap_or_default(),
        next,
        close,
        owner: card
            .owner_id
            .map(|id| (id, members.iter().find(|m| m.id == id).map_or_else(|| "Former member".to_owned(), |m| m.name.clone()))),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Move {
    id: String,
    lane: String,
    before: String,
    version: String,
    /// The page to come back to, without script.
    back: String,
}

/// A card was put somewhere: the answer corrects the two lanes it concerns.
pub(super) async fn move_card(ctx: Ctx, Sent(moved): Sent<Move>) -> Reply {
    let id: DealId = crate::parts::path_id(&moved.id, "deal")?;
    let stage: StageId = crate::parts::path_id(&moved.lane, "stage")?;
    let (before, version, actor) = (moved.before.parse().ok(), moved.version.parse().ok(), &ctx.actor);
    let was: Deal = deals::find(&ctx.app.db, ctx.actor.workspace, id).await?.ok_or(Error::NotFound("deal"))?;
    let next = deals::next_in_stage(&ctx.app.db, ctx.actor.workspace, &was).await?;
    let deal = ctx.app.db.write(|tx| async move { verbs::move_to(&tx, actor, id, stage, before, version).await }).await?;
    if !ctx.partial {
        let back = if moved.back.starts_with("/growth/") { moved.back } else { "/growth/deals".to_owned() };
        return ctx.redirect(back).toast(format!("{} moved", deal.title)).reply();
    }
    answer(&ctx, &was, next, &deal).await
}

#[derive(Template)]
#[template(path = "deal/moved.html")]
struct Moved {
    heads: Vec<LaneHead>,
}

struct LaneHead {
    id: String,
    count: i64,
    sum: String,
}

async fn answer(ctx: &Ctx, was: &Deal, next: Option<DealId>, deal: &Deal) -> Reply {
    let all = sums(&ctx.app.db, ctx.actor.workspace, deal.pipeline, None).await?;
    let mut stages = vec![was.stage];
    if deal.stage != was.stage {
        stages.push(deal.stage);
    }
    let head = |stage: StageId| LaneHead {
        id: stage.to_string(),
        count: all.iter().filter(|sum| sum.stage == stage).map(|sum| sum.deals).sum(),
        sum: total(all.iter().filter(|sum| sum.stage == stage).filter_map(|sum| sum.sum)),
    };
    let moved = Moved { heads: stages.into_iter().map(head).collect() };
    let pipelines = store::all(&ctx.app.db, ctx.actor.workspace).await?;
    let name = pipelines.iter().find_map(|p| p.stage(deal.stage)).map(|stage| stage.name.clone()).unwrap_or_default();
    let response = ctx.fragment(&moved)?;
    if deal.stage == was.stage {
        return Ok(response);
    }
    let next = next.map(|next| format!("&before={next}")).unwrap_or_default();
    let undo = format!("/growth/deals/{}/place?lane={}{next}", deal.id, was.stage);
    Ok(with_toast(response, &format!("{} moved to {name}", deal.title), Some(&undo)))
}

/// Where a deal is put back by an undo.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Place {
    lane: String,
    before: String,
}

/// Puts a card back where it was; the page is drawn again.
pub(super) async fn put_back(ctx: Ctx, Path(id): Path<String>, Query(place): Query<Place>) -> Reply {
    let id: DealId = crate::parts::path_id(&id, "deal")?;
    let stage: StageId = crate::parts::path_id(&place.lane, "stage")?;
    let (before, actor) = (place.before.parse().ok(), &ctx.actor);
    ctx.app.db.write(|tx| async move { verbs::move_to(&tx, actor, id, stage, before, None).await }).await?;
    if !ctx.partial {
        return ctx.redirect("/growth/deals").reply();
    }
    let mut response = axum::http::StatusCode::OK.into_response();
    response.headers_mut().insert("hx-refresh", axum::http::HeaderValue::from_static("true"));
    Ok(response)
}
