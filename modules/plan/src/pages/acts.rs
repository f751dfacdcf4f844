//! Forms that change the plan.

use atlas_kernel::{Error, Ref, Timestamp};
use atlas_store::Tx;
use atlas_web::{Ctx, Form, Reply};
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::answer;
use crate::facts::task_id;
use crate::plan::verbs::{self, Movement};
use crate::replan::Replanned;
use crate::{Planning, RevisionId};

/// A page of the plan to go back to; nothing else is.
pub fn back(to: &str) -> &str {
    if to.starts_with("/plan") || to.starts_with("/tasks/") { to } else { "/plan" }
}

#[derive(Deserialize)]
pub struct AcceptForm {
    /// Only blocks that start before this moment.
    until: Option<Timestamp>,
    #[serde(default)]
    back: String,
}

/// `POST /plan/accept`
pub async fn accept(planning: Planning, ctx: Ctx, Form(form): Form<AcceptForm>) -> Reply {
    let (p, who, until) = (&planning, &ctx.actor, form.until);
    let member = who.person()?;
    let done = ctx.app.db.write(|tx| async move { verbs::accept(p, &tx, who, member, None, until).await }).await?;
    answer(&ctx, &done, "Plan accepted", back(&form.back))
}

/// `POST /plan/replan`
pub async fn replan(planning: Planning, ctx: Ctx) -> Reply {
    let (p, who) = (&planning, &ctx.actor);
    let done = ctx.app.db.write(|tx| async move { verbs::propose(p, &tx, who).await }).await?;
    answer(&ctx, &done, "Planned anew", "/plan")
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ActForm {
    /// Where a block goes.
    start: Option<Timestamp>,
    /// Which block, by its start.
    piece: Option<Timestamp>,
    /// How much longer, minutes.
    minutes: Option<i64>,
    /// A fix's name.
    fix: String,
    /// The hours it is restricted to; empty for any working time.
    hours: String,
    /// The page to go back to.
    back: String,
}

/// `POST /plan/tasks/{key}/{act}`
pub async fn act(planning: Planning, ctx: Ctx, Path((key, act)): Path<(String, String)>, Form(form): Form<ActForm>) -> Reply {
    let (p, who, form, what) = (&planning, &ctx, &form, act.as_str());
    let record = &planning.find(&ctx.app.db, ctx.actor.workspace, &key).await?;
    let done = ctx.app.db.write(|tx| async move { one(p, &tx, who, record, what, form).await }).await?;
    let said = match what {
        "move" => format!("{key} moved"),
        "lock" => format!("{key} locked"),
        "unlock" => format!("{key} unlocked"),
        "accept" => format!("{key} accepted"),
        "not-today" => format!("{key} put off"),
        "bring-back" => format!("{key} brought back"),
        "done" => format!("{key} done"),
        "late" => format!("{key} takes longer"),
        "hours" if form.hours.is_empty() => format!("{key} may be done at any working time"),
        "hours" => format!("{key} restricted"),
        _ => "Fix applied".to_owned(),
    };
    answer(&ctx, &done, &said, back(&form.back))
}

async fn one(p: &Planning, tx: &Tx, ctx: &Ctx, record: &Ref, act: &str, form: &ActForm) -> atlas_kernel::Result<Replanned> {
    let who = &ctx.actor;
    match act {
        "move" => {
            let start = form.start.ok_or_else(|| Error::field("start", "required", "when the block is to start"))?;
            verbs::move_piece(p, tx, who, record, &Movement { piece: form.piece, start, person: None }).await
        }
        "lock" => verbs::lock(p, tx, who, record, true).await,
        "unlock" => verbs::lock(p, tx, who, record, false).await,
        "accept" => verbs::accept(p, tx, who, who.person()?, Some(&[task_id(record)]), None).await,
        "not-today" => verbs::not_today(p, tx, who, record).await,
        "bring-back" => verbs::bring_back(p, tx, who, record).await,
        "done" => verbs::done(p, tx, who, record).await,
        "late" => verbs::late(p, tx, who, record, form.minutes.unwrap_or(30)).await,
        "hours" => {
            let unknown = |_| Error::field("hoursSet", "unknown", "choose from the list");
            let hours = Some(form.hours.as_str()).filter(|id| !id.is_empty()).map(str::parse).transpose().map_err(unknown)?;
            verbs::restrict(p, tx, who, record, hours).await
        }
        "fix" => verbs::apply_fix(p, tx, who, record, &form.fix).await,
        _ => Err(Error::NotFound("action")),
    }
}

/// `POST /plan/changes/{id}/undo`
pub async fn undo(planning: Planning, ctx: Ctx, Path(id): Path<RevisionId>, _: HeaderMap) -> Reply {
    let (p, who) = (&planning, &ctx.actor);
    ctx.app.db.write(|tx| async move { verbs::undo(p, &tx, who, id).await }).await?;
    if ctx.partial {
        return Ok([("hx-refresh", "true")].into_response());
    }
    ctx.redirect("/plan").toast("Undone").reply()
}

/// `POST /plan/offer/accept`
pub async fn accept_offer(planning: Planning, ctx: Ctx) -> Reply {
    let (p, who) = (&planning, &ctx.actor);
    let done = ctx.app.db.write(|tx| async move { crate::plan::offer::accept(p, &tx, who).await }).await?;
    answer(&ctx, &done, "Better plan taken", "/plan")
}

/// `POST /plan/offer/dismiss`
pub async fn dismiss_offer(_: Planning, ctx: Ctx) -> Reply {
    let who = &ctx.actor;
    ctx.app.db.write(|tx| async move { crate::plan::offer::dismiss(&tx, who).await }).await?;
    ctx.redirect("/plan").toast("The plan stays as it is").reply()
}

/// `POST /plan/notices/put-away`
pub async fn put_away(_: Planning, ctx: Ctx) -> Reply {
    let who = &ctx.actor;
    ctx.app.db.write(|tx| async move { crate::plan::notice::put_away(&tx, who).await }).await?;
    ctx.redirect("/plan").toast("Put away").reply()
}
