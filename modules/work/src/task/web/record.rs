//! A task's page, and the same beside the list.

use askama::Template;
use atlas_kernel::{Error, Ref, Result};
use atlas_store::{EventQuery, EventRow, events_about};
use atlas_web::{Ctx, Query, Reply, ui};
use axum::extract::Path;
use serde::Deserialize;

use super::asked::Asked;
use super::cells::{Cell, Control, FIELDS, cell};
use super::links::{Linked, linked};
use super::lists::rendered;
use super::view::{Names, by_key};
use crate::task::{TASKS_WRITE, Task};

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    panel: String,
}

/// The words a task was made from.
struct Quote {
    label: String,
    url: String,
    text: String,
}

/// One line of a task's history.
struct Line {
    who: String,
    what: String,
    when: ui::Safe,
}

/// Everything that is shown of a task.
struct Whole {
    task: Task,
    title: Cell,
    description: Cell,
    cells: Vec<Cell>,
    links: Linked,
    quote: Option<Quote>,
    history: Vec<Line>,
    panels: Vec<atlas_web::RenderedPanel>,
    may_write: bool,
    made: ui::Safe,
}

impl Whole {
    /// A property's name.
    fn label(cell: &Cell) -> String {
        let mut letters = cell.label.chars();
        letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "task/show.html")]
struct Page<'a> {
    whole: &'a Whole,
}

#[derive(Template)]
#[template(path = "task/panel.html")]
struct PanelPart<'a> {
    whole: &'a Whole,
    close: String,
}

/// The task beside the list.
pub(super) struct Panel {
    pub key: String,
    pub html: ui::Safe,
}

/// `GET /tasks/{key}`, and with `?panel=1` the same beside a list.
pub(super) async fn show(ctx: Ctx, Path(key): Path<String>, Query(wanted): Query<Wanted>) -> Reply {
    let task = by_key(&ctx, &key).await?;
    if !ctx.partial && task.key != key {
        return ctx.redirect(task.url()).reply();
    }
    let names = Names::load(&ctx).await?.also(&ctx, std::slice::from_ref(&task)).await?;
    let mut whole = whole(&ctx, &names, task).await?;
    if wanted.panel == "1" && ctx.partial {
        whole.title.control = Control::Heading { level: 2 };
        return ctx.fragment(&PanelPart { whole: &whole, close: "/tasks".to_owned() });
    }
    let (id, key) = (whole.task.id.to_string(), whole.task.key.clone());
    let title = format!("{key} {}", whole.task.title);
    let page =
        ctx.page(title).crumb("Tasks", Some("/tasks")).crumb(key, None).nav("/tasks").live([id.as_str()]).recent("Task", "list-checks");
    page.html(&Page { whole: &whole })
}

/// The task beside the list; none when the key names none.
pub(super) async fn panel_of(ctx: &Ctx, names: &Names, key: &str, asked: &Asked) -> Result<Option<Panel>> {
    let task = match by_key(ctx, key).await {
        Ok(task) => task,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut whole = whole(ctx, names, task).await?;
    whole.title.control = Control::Heading { level: 2 };
    let html = rendered(&PanelPart { whole: &whole, close: asked.url(&[("open", "")]) })?;
    Ok(Some(Panel { key: whole.task.key, html }))
}

async fn whole(ctx: &Ctx, names: &Names, task: Task) -> Result<Whole> {
    let may_write = ctx.actor.may(&TASKS_WRITE).is_ok();
    let cells = FIELDS.iter().map(|field| cell(&task, field, names, may_write)).collect::<Result<_>>()?;
    Ok(Whole {
        title: cell(&task, "title", names, may_write)?,
        description: cell(&task, "description", names, may_write)?,
        cells,
        links: linked(ctx, &task, may_write).await?,
        quote: quote(ctx, &task).await?,
        panels: ctx.panels("task", &task.id.to_ref()).await,
        history: history(ctx, &task).await?,
        made: ui::relative_time(task.created_at, ctx.now(), &ctx.actor.zone()),
        may_write,
        task,
    })
}

async fn quote(ctx: &Ctx, task: &Task) -> Result<Option<Quote>> {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let Some(record) = crate::note::store::record_of_task(db, workspace, task.id).await? else { return Ok(None) };
    let named = ctx.app.nouns.describe(db, workspace, std::slice::from_ref(&record)).await?.remove(&record);
    Ok(named.and_then(|named| {
        let text = ui::plain_text(&named.text?);
        (!text.is_empty()).then_some(Quote { label: named.label, url: named.url, text })
    }))
}

/// The newest lines of the task's history.
async fn history(ctx: &Ctx, task: &Task) -> Result<Vec<Line>> {
    let subject: Ref = task.id.into();
    let ask = EventQuery { limit: 30, ..EventQuery::default() };
    let events = events_about(&ctx.app.db, ctx.actor.workspace, &subject, &ask).await?;
    let own = events.data.into_iter().filter(|event| event.record == subject);
    Ok(own
        .map(|event| Line { when: ui::relative_time(event.at, ctx.now(), &ctx.actor.zone()), what: said(&event), who: event.actor_name })
        .collect())
}

/// `moved this to Done`, `renamed this · Old → New`.
fn said(event: &EventRow) -> String {
    let text = |field: &str| event.data[field].as_str().unwrap_or_default().to_owned();
    let mut line = format!("{} this", text("verb"));
    if !text("to").is_empty() {
        line.push_str(&format!(" to {}", text("to")));
    }
    if !text("change").is_empty() {
        line.push_str(&format!(" · {}", text("change")));
    }
    if let Some(reason) = &event.reason {
        line.push_str(&format!(" · {reason}"));
    }
    line
}
