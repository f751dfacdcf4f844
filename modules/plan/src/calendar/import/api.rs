//! Calendars over REST.

use atlas_api::{Ctx, IdPath, Input, Operation};
use atlas_kernel::{ListQuery, Page, Result, Timestamp, UserId};
use atlas_store::Tx;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::verbs::{self, NewCalendar};
use super::{Calendar, MOST_BYTES, Summary, store};
use crate::plan::api::{reads, writes};
use crate::{CalendarId, PLAN_READ, PLAN_WRITE, Planning};

/// The operations on calendars.
pub fn operations(p: &Planning) -> Vec<Operation> {
    vec![
        Operation::read("plan.calendars.list", "/v1/plan/calendars", PLAN_READ, reads(p, list))
            .summary("List the calendars somebody's meetings are read from"),
        Operation::write("plan.calendars.add", Method::POST, "/v1/plan/calendars", PLAN_WRITE, writes(p, add))
            .summary("Read meetings from an address")
            .describe("An iCalendar address (https:// or webcal://), read at once and every half hour; meetings are planned around.")
            .created(),
        Operation::act("plan.calendars.import", Method::POST, "/v1/plan/calendars/file", PLAN_WRITE, reads(p, import))
            .summary("Read meetings from a file")
            .describe("The text of an iCalendar file, up to 5 MiB. A file of the same name takes the place of the one before; the same file twice changes nothing.")
            .body_limit(MOST_BYTES * 2),
        Operation::write("plan.calendars.refresh", Method::POST, "/v1/plan/calendars/{id}/refresh", PLAN_WRITE, writes(p, refresh))
            .summary("Read a calendar again now"),
        Operation::write("plan.calendars.remove", Method::DELETE, "/v1/plan/calendars/{id}", PLAN_WRITE, writes(p, remove))
            .summary("Remove a calendar with its meetings")
            .no_content(),
    ]
}

/// A calendar that somebody's meetings are read from.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalendarOut {
    /// Its id.
    id: CalendarId,
    /// Whose meetings.
    member: UserId,
    /// What it is called.
    name: String,
    /// The host it is read from; null for a file. The address itself is a secret and is not told.
    host: Option<String>,
    /// What was kept of it.
    summary: Summary,
    /// The same in words.
    words: String,
    /// Why it could not be read the last time.
    problem: Option<String>,
    /// When it was last read; null when it has not been yet.
    read_at: Option<Timestamp>,
}

fn out(calendar: Calendar) -> CalendarOut {
    let Calendar { id, user_id: member, name, host, summary, problem, read_at, .. } = calendar;
    CalendarOut { id, member, name, host, words: summary.words(), summary, problem, read_at }
}

#[derive(Deserialize, JsonSchema)]
struct List {
    /// Whose; the caller's unless said.
    member: Option<UserId>,
    /// Rows a page, 1 to 200; 50 unless said.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

async fn list(_: Planning, ctx: Ctx, input: Input<(), List>) -> Result<Page<CalendarOut>> {
    let List { member, limit, cursor } = input.query;
    let member = member.map_or_else(|| ctx.actor.person(), Ok)?;
    let all = store::of_member(&ctx.db, ctx.actor.workspace, member).await?;
    Ok(Page::of_all(all, &ListQuery { limit, cursor })?.map(out))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Add {
    /// Whose meetings; the caller's unless said.
    member: Option<UserId>,
    /// What to call it; its host unless said.
    #[serde(default)]
    name: String,
    /// Where it is.
    address: String,
    /// The member's e-mail address in it, when it is another than in Atlas; meetings declined by it are left out.
    #[serde(default)]
    own_address: String,
}

async fn add(p: Planning, ctx: Ctx, tx: Tx, input: Input<(), (), Add>) -> Result<CalendarOut> {
    let Add { member, name, address, own_address } = input.body;
    let member = member.map_or_else(|| ctx.actor.person(), Ok)?;
    let new = NewCalendar { name, own_address, from: address };
    Ok(out(verbs::add_address(&tx, &ctx.actor, p.reach()?, member, &new).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Import {
    /// Whose meetings; the caller's unless said.
    member: Option<UserId>,
    /// What to call it; what it calls itself unless said.
    #[serde(default)]
    name: String,
    /// The text of the file.
    calendar: String,
    /// The member's e-mail address in it, when it is another than in Atlas; meetings declined by it are left out.
    #[serde(default)]
    own_address: String,
}

/// What a file brought.
#[derive(Debug, Serialize, JsonSchema)]
struct Imported {
    /// The calendar.
    calendar: CalendarOut,
    /// Meetings that are new.
    added: usize,
    /// Meetings that moved or were renamed.
    changed: usize,
    /// Meetings that are gone.
    removed: usize,
}

async fn import(_: Planning, ctx: Ctx, input: Input<(), (), Import>) -> Result<Imported> {
    let Import { member, name, calendar, own_address } = input.body;
    let member = member.map_or_else(|| ctx.actor.person(), Ok)?;
    let new = NewCalendar { name, own_address, from: calendar };
    let (new, who) = (&new, &ctx.actor);
    let file = &verbs::read_file(&ctx.db, who, member, new).await?;
    let (calendar, difference) = ctx.db.write(|tx| async move { verbs::add_file(&tx, who, new, file).await }).await?;
    let store::Difference { added, changed, removed } = difference;
    Ok(Imported { calendar: out(calendar), added, changed, removed })
}

async fn refresh(_: Planning, ctx: Ctx, tx: Tx, input: Input<IdPath<CalendarId>>) -> Result<CalendarOut> {
    Ok(out(verbs::refresh(&tx, &ctx.actor, input.path.id).await?))
}

async fn remove(_: Planning, ctx: Ctx, tx: Tx, input: Input<IdPath<CalendarId>>) -> Result<()> {
    verbs::remove(&tx, &ctx.actor, input.path.id).await.map(|_| ())
}
