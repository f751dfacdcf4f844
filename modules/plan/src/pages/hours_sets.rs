//! Hours that tasks may be restricted to: the section on What counts, the form, and the choice beside a task.

use askama::Template;
use atlas_kernel::{Error, FieldError, Ref, Result};
use atlas_web::{Ctx, Form, Reply, ui};
use axum::extract::Path;
use serde::Deserialize;

use super::answer;
use crate::facts::task_id;
use crate::hours_set::{read_week, store, verbs};
use crate::plan::store as plan;
use crate::{HoursSetId, PLAN_WRITE, Planning};

/// One set on What counts.
pub struct Row {
    pub id: HoursSetId,
    pub name: String,
    pub words: String,
    pub tasks: usize,
}

/// All sets of the workspace, by name.
pub async fn rows(ctx: &Ctx) -> Result<Vec<Row>> {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let used = store::used(db, workspace).await?;
    let sets = store::all(db, workspace).await?;
    let row = |set: crate::hours_set::HoursSet| Row {
        words: set.in_words(),
        tasks: used.get(&set.id).copied().unwrap_or(0),
        id: set.id,
        name: set.name,
    };
    Ok(sets.into_iter().map(row).collect())
}

/// The choice of hours beside a task; nothing to choose from when the workspace has none.
#[derive(Template)]
#[template(path = "plan/task_hours.html")]
pub struct Chooser {
    pub key: String,
    pub back: String,
    choices: Vec<(String, String, bool)>,
    chosen: Option<String>,
    may_write: bool,
}

/// What a template rendered is markup already.
impl askama::filters::HtmlSafe for Chooser {}

/// The choice for this task; none when the workspace has no hours to choose from.
pub async fn chooser(ctx: &Ctx, record: &Ref, key: &str, back: &str) -> Result<Option<Chooser>> {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let sets = store::all(db, workspace).await?;
    if sets.is_empty() {
        return Ok(None);
    }
    let hours = plan::wish(db, workspace, task_id(record)).await?.and_then(|wish| wish.hours);
    let label = |set: &crate::hours_set::HoursSet| format!("{}: {}", set.name, set.in_words());
    Ok(Some(Chooser {
        key: key.to_owned(),
        back: back.to_owned(),
        chosen: sets.iter().find(|set| Some(set.id) == hours).map(label),
        choices: sets.iter().map(|set| (set.id.to_string(), label(set), Some(set.id) == hours)).collect(),
        may_write: ctx.actor.may(&PLAN_WRITE).is_ok(),
    }))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    name: String,
    week: String,
}

#[derive(Template)]
#[template(path = "plan/hours_set.html")]
struct Page {
    id: Option<HoursSetId>,
    form: Typed,
    tasks: usize,
    errors: Vec<FieldError>,
    partial: bool,
}

impl Page {
    fn title(&self) -> &'static str {
        if self.id.is_some() { "Change hours" } else { "Add hours" }
    }
    fn action(&self) -> String {
        self.id.map_or_else(|| "/plan/hours-sets".to_owned(), |id| format!("/plan/hours-sets/{id}"))
    }
    fn error(&self, field: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == field).map(|error| ui::sentence(&error.message))
    }
}

fn ask(ctx: &Ctx, page: Page) -> Reply {
    let title = page.title();
    let status = if page.errors.is_empty() { 200 } else { 422 };
    let shell = ctx.page(title).crumb("My plan", Some("/plan")).crumb("What counts", Some("/plan/hours")).crumb(title, None);
    shell.nav("/plan").status(status).html(&page)
}

/// `GET /plan/hours-sets/new`
pub async fn new(_: Planning, ctx: Ctx) -> Reply {
    ask(&ctx, Page { id: None, form: Typed::default(), tasks: 0, errors: vec![], partial: ctx.partial })
}

/// `POST /plan/hours-sets`
pub async fn create(_: Planning, ctx: Ctx, Form(form): Form<Typed>) -> Reply {
    let (who, typed) = (&ctx.actor, &form);
    match ctx.app.db.write(|tx| async move { verbs::create(&tx, who, &typed.name, read_week(&typed.week)?).await }).await {
        Ok(set) => ctx.redirect("/plan/hours").toast(format!("“{}” added", set.name)).reply(),
        Err(Error::Invalid(errors)) => ask(&ctx, Page { id: None, form, tasks: 0, errors, partial: ctx.partial }),
        Err(error) => Err(error.into()),
    }
}

/// `GET /plan/hours-sets/{id}`
pub async fn show(_: Planning, ctx: Ctx, Path(id): Path<HoursSetId>) -> Reply {
    let set = store::one(&ctx.app.db, ctx.actor.workspace, id).await?.ok_or(Error::NotFound("hours set"))?;
    let tasks = used(&ctx, id).await?;
    let form = Typed { week: set.in_words(), name: set.name };
    ask(&ctx, Page { id: Some(id), form, tasks, errors: vec![], partial: ctx.partial })
}

async fn used(ctx: &Ctx, id: HoursSetId) -> Result<usize> {
    Ok(store::used(&ctx.app.db, ctx.actor.workspace).await?.remove(&id).unwrap_or(0))
}

/// `POST /plan/hours-sets/{id}`
pub async fn save(planning: Planning, ctx: Ctx, Path(id): Path<HoursSetId>, Form(form): Form<Typed>) -> Reply {
    let (p, who, typed) = (&planning, &ctx.actor, &form);
    let changed =
        ctx.app.db.write(|tx| async move { verbs::edit(p, &tx, who, id, Some(&typed.name), Some(read_week(&typed.week)?)).await });
    match changed.await {
        Ok((set, done)) => answer(&ctx, &done, &format!("“{}” saved", set.name), "/plan/hours"),
        Err(Error::Invalid(errors)) => {
            let tasks = used(&ctx, id).await?;
            ask(&ctx, Page { id: Some(id), form, tasks, errors, partial: ctx.partial })
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /plan/hours-sets/{id}/remove`
pub async fn remove(planning: Planning, ctx: Ctx, Path(id): Path<HoursSetId>) -> Reply {
    let (p, who) = (&planning, &ctx.actor);
    let removed = ctx.app.db.write(|tx| async move { verbs::remove(p, &tx, who, id).await }).await?;
    answer(&ctx, &removed.replanned, &removed.in_words(), "/plan/hours")
}
