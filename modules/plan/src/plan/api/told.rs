//! Notices and offers over REST.

use atlas_api::{Ctx, Input};
use atlas_kernel::{ListQuery, Page, Result, Timestamp};
use atlas_store::Tx;
use schemars::JsonSchema;
use serde::Serialize;

use super::out::{ChangeOut, change_out, task_ref};
use crate::Planning;
use crate::facts::{Facts, moment, user_id};
use crate::plan::explain::reader;
use crate::plan::notice::{self, Notice, NoticeKind};
use crate::plan::offer::{self, Offer};
use crate::words;

/// Something the caller should know.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NoticeOut {
    /// The task.
    task_id: String,
    /// Its key.
    key: String,
    /// `today` when something of today moved, `late` when what was on time is late.
    kind: NoticeKind,
    /// When.
    at: Timestamp,
    /// In words.
    words: String,
}

/// A notice in words.
pub(crate) fn notice_words(notice: &Notice, facts: &Facts, reader: &words::Reader) -> String {
    let moved = words::who_moved(&notice.moved, facts, reader);
    match notice.kind {
        NoticeKind::Late => format!("No longer on time. {moved}"),
        NoticeKind::Today => moved,
    }
}

pub(super) async fn notices(p: Planning, ctx: Ctx, input: Input<(), ListQuery>) -> Result<Page<NoticeOut>> {
    let (workspace, now) = (ctx.actor.workspace, ctx.db.clock().now());
    let all = notice::of_member(&ctx.db, workspace, ctx.actor.person()?).await?;
    let facts = p.look(&ctx.db, workspace, now).await?.facts;
    let reader = reader(&ctx.actor, now);
    let out = |notice: Notice| NoticeOut {
        task_id: task_ref(notice.task, &facts),
        key: facts.key(notice.task).to_owned(),
        kind: notice.kind,
        at: notice.at,
        words: notice_words(&notice, &facts, &reader),
    };
    Ok(Page::of_all(all, &input.query)?.map(out))
}

pub(super) async fn put_away(_: Planning, ctx: Ctx, tx: Tx, _: Input<()>) -> Result<()> {
    notice::put_away(&tx, &ctx.actor).await.map(|_| ())
}

/// A move of an offer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OfferedMove {
    /// The task's key.
    key: String,
    /// Who would do it.
    member: atlas_kernel::UserId,
    /// When its first block would start.
    start: Timestamp,
    /// When its last block would end.
    finish: Timestamp,
}

/// A better plan that was found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OfferBody {
    /// In words.
    words: String,
    /// Weighted working minutes late that it saves.
    gain: i64,
    /// Keys of tasks that would be on time.
    on_time: Vec<String>,
    /// What would move.
    moves: Vec<OfferedMove>,
}

/// The offer, if one stands.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct OfferOut {
    /// The offer; null when none stands.
    offer: Option<OfferBody>,
}

/// `3 moves make ACME-12 on time.`
pub(crate) fn offer_words(offer: &Offer, facts: &Facts) -> String {
    let moves = atlas_web::ui::plural(offer.places.len(), "move", "moves");
    let makes = if offer.places.len() == 1 { "makes" } else { "make" };
    match offer.on_time.as_slice() {
        [] => format!("{moves} {makes} late work less late."),
        [one] => format!("{moves} {makes} {} on time.", facts.key(*one)),
        [one, more @ ..] => format!("{moves} {makes} {} and {} more on time.", facts.key(*one), more.len()),
    }
}

pub(super) async fn offer(p: Planning, ctx: Ctx, _: Input<()>) -> Result<OfferOut> {
    let workspace = ctx.actor.workspace;
    let Some(offer) = offer::standing(&ctx.db, workspace).await? else { return Ok(OfferOut { offer: None }) };
    let facts = p.look(&ctx.db, workspace, ctx.db.clock().now()).await?.facts;
    let moved = |place: &atlas_planner::Placement| OfferedMove {
        key: facts.key(place.task).to_owned(),
        member: user_id(place.person),
        start: moment(place.start()),
        finish: moment(place.finish()),
    };
    let body = OfferBody {
        words: offer_words(&offer, &facts),
        gain: offer.gain,
        on_time: offer.on_time.iter().map(|task| facts.key(*task).to_owned()).collect(),
        moves: offer.places.iter().map(moved).collect(),
    };
    Ok(OfferOut { offer: Some(body) })
}

pub(super) async fn accept_offer(p: Planning, ctx: Ctx, tx: Tx, _: Input<()>) -> Result<ChangeOut> {
    Ok(change_out(&offer::accept(&p, &tx, &ctx.actor).await?, &ctx))
}

pub(super) async fn dismiss_offer(_: Planning, ctx: Ctx, tx: Tx, _: Input<()>) -> Result<()> {
    offer::dismiss(&tx, &ctx.actor).await
}
