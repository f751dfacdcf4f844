//! Hours and busy time over REST.

use atlas_api::{Ctx, IdPath, Input, Operation};
use atlas_kernel::{Error, Result, Timestamp, UserId};
use atlas_store::Tx;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::verbs::{self, NewBusy};
use super::{Busy, BusyKind, Hours, store};
use crate::plan::api::{ChangeOut, change_out, reads, writes};
use crate::{BusyId, PLAN_READ, PLAN_WRITE, Planning};

/// The operations on hours and busy time.
pub fn operations(p: &Planning) -> Vec<Operation> {
    vec![
        Operation::read("plan.busy.list", "/v1/plan/busy", PLAN_READ, reads(p, list))
            .summary("List somebody's busy time that has not ended"),
        Operation::write("plan.busy.add", Method::POST, "/v1/plan/busy", PLAN_WRITE, writes(p, add))
            .summary("Add a meeting, time kept free, or an absence")
            .created()
            .tool(),
        Operation::write("plan.busy.update", Method::PATCH, "/v1/plan/busy/{id}", PLAN_WRITE, writes(p, update))
            .summary("Move or rename busy time"),
        Operation::write("plan.busy.remove", Method::DELETE, "/v1/plan/busy/{id}", PLAN_WRITE, writes(p, remove))
            .summary("Remove busy time")
            .no_content(),
        Operation::read("plan.hours.read", "/v1/plan/hours", PLAN_READ, reads(p, hours)).summary("Read when somebody works"),
        Operation::write("plan.hours.set", Method::PUT, "/v1/plan/hours", PLAN_WRITE, writes(p, set_hours))
            .summary("Set when somebody works"),
        Operation::write("plan.feed.open", Method::POST, "/v1/plan/feed", PLAN_WRITE, writes(p, open_feed))
            .summary("Make the secret address of one's plan as a calendar")
            .describe("Calendar programs read it. The address is shown once; a new one ends the old one."),
        Operation::write("plan.feed.close", Method::DELETE, "/v1/plan/feed", PLAN_WRITE, writes(p, close_feed))
            .summary("End the calendar feed")
            .no_content(),
    ]
}

/// A stretch of time that is taken.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BusyOut {
    /// Its id.
    pub id: BusyId,
    /// Whose time.
    pub member: UserId,
    /// `meeting`, `kept_free` or `absence`.
    pub kind: BusyKind,
    /// What people read.
    pub title: String,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub end: Timestamp,
    /// The calendar it was read from.
    pub source: Option<String>,
}

/// Busy time on the wire.
pub fn busy_out(busy: Busy) -> BusyOut {
    BusyOut {
        id: busy.id,
        member: busy.user_id,
        kind: busy.kind,
        title: busy.title,
        start: busy.start_at,
        end: busy.finish_at,
        source: busy.source,
    }
}

#[derive(Deserialize, JsonSchema)]
struct Whose {
    /// Whose; the caller's unless said.
    member: Option<UserId>,
}

fn whose(ctx: &Ctx, member: Option<UserId>) -> Result<UserId> {
    member.map_or_else(|| ctx.actor.person(), Ok)
}

#[derive(Debug, Serialize, JsonSchema)]
struct BusyList {
    /// By start.
    data: Vec<BusyOut>,
}

async fn list(_: Planning, ctx: Ctx, input: Input<(), Whose>) -> Result<BusyList> {
    let member = whose(&ctx, input.query.member)?;
    let busy = store::busy_between(&ctx.db, ctx.actor.workspace, member, ctx.db.clock().now(), Timestamp::MAX).await?;
    Ok(BusyList { data: busy.into_iter().map(busy_out).collect() })
}

#[derive(Deserialize, JsonSchema)]
struct AddBusy {
    /// Whose time; the caller's unless said.
    member: Option<UserId>,
    /// `meeting` unless said.
    kind: Option<BusyKind>,
    /// What people read.
    #[serde(default)]
    title: String,
    /// From.
    start: Timestamp,
    /// Until.
    end: Timestamp,
}

/// Busy time and what it did to the plan.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct BusyChanged {
    /// The busy time.
    busy: BusyOut,
    /// What it did to the plan.
    plan: ChangeOut,
}

async fn add(p: Planning, ctx: Ctx, tx: Tx, input: Input<(), (), AddBusy>) -> Result<BusyChanged> {
    let AddBusy { member, kind, title, start, end } = input.body;
    let new = NewBusy { member: whose(&ctx, member)?, kind: kind.unwrap_or(BusyKind::Meeting), title, start, end };
    let (busy, replanned) = verbs::add(&p, &tx, &ctx.actor, new).await?;
    Ok(BusyChanged { busy: busy_out(busy), plan: change_out(&replanned, &ctx) })
}

#[derive(Deserialize, JsonSchema)]
struct PatchBusy {
    /// What people read.
    title: Option<String>,
    /// From.
    start: Option<Timestamp>,
    /// Until.
    end: Option<Timestamp>,
}

async fn update(p: Planning, ctx: Ctx, tx: Tx, input: Input<IdPath<BusyId>, (), PatchBusy>) -> Result<BusyChanged> {
    let PatchBusy { title, start, end } = input.body;
    let (busy, replanned) = verbs::edit(&p, &tx, &ctx.actor, input.path.id, title, start, end).await?;
    Ok(BusyChanged { busy: busy_out(busy), plan: change_out(&replanned, &ctx) })
}

async fn remove(p: Planning, ctx: Ctx, tx: Tx, input: Input<IdPath<BusyId>>) -> Result<()> {
    verbs::remove(&p, &tx, &ctx.actor, input.path.id).await.map(|_| ())
}

/// When somebody works.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HoursWire {
    /// For each day, Monday first: hours such as `09:00–13:00, 14:00–18:00`, by the member's own clock; empty for a day off.
    week: Vec<String>,
    /// How much of a day may hold planned tasks, per cent.
    daily_cap_percent: u8,
}

fn hours_out(hours: &Hours) -> HoursWire {
    HoursWire { week: hours.week.iter().map(|day| Hours::written(day)).collect(), daily_cap_percent: hours.cap }
}

async fn hours(_: Planning, ctx: Ctx, input: Input<(), Whose>) -> Result<HoursWire> {
    let member = whose(&ctx, input.query.member)?;
    Ok(hours_out(&store::hours(&ctx.db, ctx.actor.workspace, member).await?.unwrap_or_default()))
}

async fn set_hours(p: Planning, ctx: Ctx, tx: Tx, input: Input<(), Whose, HoursWire>) -> Result<HoursWire> {
    let member = whose(&ctx, input.query.member)?;
    let days: Vec<Vec<(u16, u16)>> = input.body.week.iter().map(|day| Hours::read(day)).collect::<Result<_>>()?;
    let week = days.try_into().map_err(|_| Error::field("week", "invalid", "seven days, Monday first"))?;
    let hours = Hours { week, cap: input.body.daily_cap_percent };
    verbs::set_hours(&p, &tx, &ctx.actor, member, hours.clone()).await?;
    Ok(hours_out(&hours))
}

/// Where one's plan can be read as a calendar.
#[derive(Debug, Serialize, JsonSchema)]
struct FeedOut {
    /// The address, from the root of this Atlas; whoever has it can read the plan.
    url: String,
}

async fn open_feed(_: Planning, ctx: Ctx, tx: Tx, _: Input<()>) -> Result<FeedOut> {
    let secret = verbs::open_feed(&tx, &ctx.actor).await?;
    Ok(FeedOut { url: feed_url(&ctx.actor, &secret) })
}

/// The address of a feed.
pub(crate) fn feed_url(actor: &atlas_kernel::Actor, secret: &str) -> String {
    format!("/plan/feed/{}/{secret}", actor.workspace)
}

async fn close_feed(_: Planning, ctx: Ctx, tx: Tx, _: Input<()>) -> Result<()> {
    verbs::close_feed(&tx, &ctx.actor).await
}
