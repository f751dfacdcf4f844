//! Pages of the plan: the day, the week, the team, one task, hours and busy time, and the feed.

mod acts;
mod calendars;
mod day;
mod feed;
mod hours;
mod hours_sets;
mod project;
mod quiet;
mod spots;
mod task;
mod team;
mod week;

use atlas_kernel::Result;
use atlas_web::{Ctx, Form, Pages, Panel, Query, Reply};
use axum::extract::{Multipart, Path};
use axum::http::HeaderMap;
use futures::FutureExt;

use crate::replan::Replanned;
use crate::{CalendarId, HoursSetId, PLAN_ADMIN, PLAN_READ, PLAN_WRITE, Planning, RevisionId, words};

macro_rules! page {
    ($p:ident, $handler:path $(, $name:ident: $ty:ty)*) => {{
        let planning = $p.clone();
        move |ctx: Ctx $(, $name: $ty)*| {
            let planning = planning.clone();
            async move { $handler(planning, ctx $(, $name)*).await }
        }
    }};
}

/// The pages.
pub fn pages(p: &Planning) -> Pages {
    Pages::new()
        .get("/plan", PLAN_READ, page!(p, day::today))
        .get("/plan/{date}", PLAN_READ, page!(p, day::show, date: Path<String>))
        .get("/plan/week", PLAN_READ, page!(p, week::show, asked: Query<week::Asked>))
        .get("/plan/team", PLAN_READ, page!(p, team::show, asked: Query<team::Asked>))
        .get("/plan/hours", PLAN_READ, page!(p, hours::show))
        .post("/plan/hours", PLAN_WRITE, page!(p, hours::save, form: Form<Vec<(String, String)>>))
        .get("/plan/hours-sets/new", PLAN_WRITE, page!(p, hours_sets::new))
        .post("/plan/hours-sets", PLAN_WRITE, page!(p, hours_sets::create, form: Form<hours_sets::Typed>))
        .get("/plan/hours-sets/{id}", PLAN_WRITE, page!(p, hours_sets::show, id: Path<HoursSetId>))
        .post("/plan/hours-sets/{id}", PLAN_WRITE, page!(p, hours_sets::save, id: Path<HoursSetId>, form: Form<hours_sets::Typed>))
        .post("/plan/hours-sets/{id}/remove", PLAN_WRITE, page!(p, hours_sets::remove, id: Path<HoursSetId>))
        .post("/plan/quiet", PLAN_ADMIN, page!(p, quiet::save, form: Form<quiet::Typed>))
        .get("/plan/busy/new", PLAN_WRITE, page!(p, hours::new_busy, asked: Query<hours::NewAsked>))
        .post("/plan/busy", PLAN_WRITE, page!(p, hours::add_busy, form: Form<hours::BusyForm>))
        .post("/plan/busy/{id}/remove", PLAN_WRITE, page!(p, hours::remove_busy, id: Path<String>))
        .post("/plan/calendars", PLAN_WRITE, page!(p, calendars::add, form: Form<calendars::Typed>))
        .post("/plan/calendars/file", PLAN_WRITE, page!(p, calendars::import, form: Multipart))
        .post("/plan/calendars/{id}/refresh", PLAN_WRITE, page!(p, calendars::refresh, id: Path<CalendarId>))
        .post("/plan/calendars/{id}/remove", PLAN_WRITE, page!(p, calendars::remove, id: Path<CalendarId>))
        .post("/plan/feed", PLAN_WRITE, page!(p, hours::open_feed))
        .post("/plan/feed/close", PLAN_WRITE, page!(p, hours::close_feed))
        .public_get("/plan/feed/{workspace}/{secret}", page_of_visitor(p))
        .post("/plan/accept", PLAN_WRITE, page!(p, acts::accept, form: Form<acts::AcceptForm>))
        .post("/plan/replan", PLAN_WRITE, page!(p, acts::replan))
        .post("/plan/offer/accept", PLAN_WRITE, page!(p, acts::accept_offer))
        .post("/plan/offer/dismiss", PLAN_WRITE, page!(p, acts::dismiss_offer))
        .post("/plan/notices/put-away", PLAN_WRITE, page!(p, acts::put_away))
        .get("/plan/projects/{id}", PLAN_READ, page!(p, project::show, id: Path<String>))
        .get("/plan/tasks/{key}", PLAN_READ, page!(p, task::show, key: Path<String>, asked: Query<task::Asked>))
        .post("/plan/tasks/{key}/{act}", PLAN_WRITE, page!(p, acts::act, at: Path<(String, String)>, form: Form<acts::ActForm>))
        .post("/plan/changes/{id}/undo", PLAN_WRITE, page!(p, acts::undo, id: Path<RevisionId>, headers: HeaderMap))
}

fn page_of_visitor(
    p: &Planning,
) -> impl Fn(atlas_web::Visitor, Path<(String, String)>) -> futures::future::BoxFuture<'static, Reply> + Clone + Send + Sync + 'static {
    let planning = p.clone();
    move |visitor, at| feed::show(planning.clone(), visitor, at).boxed()
}

/// Sections on other pages.
pub fn panels() -> Vec<Panel> {
    vec![
        Panel { noun: "task", title: "Plan", order: 10, render: |ctx, record| task::panel(ctx, record).boxed() },
        Panel { noun: "proj", title: "When it will be done", order: 10, render: |ctx, record| project::panel(ctx, record).boxed() },
    ]
}

/// What a change did, in a sentence.
fn sentence(ctx: &Ctx, done: &Replanned, said: &str) -> String {
    let words = words::moved_words(&done.moves, &|user| done.facts.zone(user), ctx.now());
    format!("{said}: {words}")
}

/// Back to a page of the plan, with what happened and its Undo.
fn answer(ctx: &Ctx, done: &Replanned, said: &str, to: &str) -> Reply {
    let answer = ctx.redirect(to).toast(sentence(ctx, done, said));
    match done.revision {
        Some(id) => answer.undo(format!("/plan/changes/{id}/undo")),
        None => answer,
    }
    .reply()
}

/// The markup of a template.
fn rendered(template: &impl askama::Template) -> Result<atlas_web::ui::Safe> {
    Ok(atlas_web::ui::Safe::trusted(template.render().map_err(atlas_kernel::Error::internal)?))
}
