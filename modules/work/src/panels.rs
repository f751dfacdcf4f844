//! What Work shows on other pages: open tasks on records, what is due and what waits on the home page.

use askama::Template;
use atlas_kernel::{Ref, Result};
use atlas_web::{Ctx, Panel, ui};
use futures::FutureExt;

use crate::home;
use crate::task::links::open_tasks_of;
use crate::task::web::create::QuickForm;
use crate::task::web::lists::rendered;
use crate::task::web::view::{Names, Row};
use crate::task::{TASKS_READ, TASKS_WRITE};

/// A record's panel shows at most so many tasks.
const MOST: usize = 20;

/// The panels, for the pages of records and for the home page.
pub fn panels() -> Vec<Panel> {
    let open = |noun: &'static str| Panel { noun, title: "Open tasks", order: 20, render: |ctx, record| open_tasks(ctx, record).boxed() };
    let mut panels: Vec<Panel> = ["contact", "company", "deal", "conv"].into_iter().map(open).collect();
    panels.push(Panel { noun: "home", title: "Due", order: 10, render: |ctx, _| due(ctx).boxed() });
    panels.push(Panel { noun: "home-beside", title: "Waiting", order: 10, render: |ctx, _| waiting(ctx).boxed() });
    panels.push(Panel {
        noun: "connection",
        title: "Tasks from notes",
        order: 20,
        render: |ctx, record| crate::note::panel::rule(ctx, record).boxed(),
    });
    panels
}

#[derive(Template)]
#[template(path = "task/open.html")]
struct OpenTasks<'a> {
    record: &'a Ref,
    rows: Vec<Row>,
    more: bool,
    quick: Option<ui::Safe>,
}

async fn open_tasks(ctx: &Ctx, record: &Ref) -> Result<Option<String>> {
    if ctx.actor.may(&TASKS_READ).is_err() {
        return Ok(None);
    }
    let mut tasks = open_tasks_of(&ctx.app.db, ctx.actor.workspace, record, MOST + 1).await?;
    let more = tasks.len() > MOST;
    tasks.truncate(MOST);
    let names = Names::load(ctx).await?.also(ctx, &tasks).await?;
    let quick = match ctx.actor.may(&TASKS_WRITE) {
        Ok(()) => Some(rendered(&QuickForm::linked(record, &ctx.path))?),
        Err(_) => None,
    };
    let panel = OpenTasks { record, rows: names.rows(&tasks), more, quick };
    Ok(Some(rendered(&panel)?.as_str().to_owned()))
}

#[derive(Template)]
#[template(path = "home/due.html")]
struct DueLists {
    groups: Vec<(&'static str, Vec<Row>)>,
}

async fn due(ctx: &Ctx) -> Result<Option<String>> {
    if ctx.actor.may(&TASKS_READ).is_err() {
        return Ok(None);
    }
    let due = home::due_for(&ctx.app.db, &ctx.actor, ctx.now()).await?;
    if due.count() == 0 {
        return Ok(None);
    }
    let all: Vec<_> = [&due.overdue, &due.today, &due.week].into_iter().flatten().cloned().collect();
    let names = Names::load(ctx).await?.also(ctx, &all).await?;
    let groups = [("Overdue", due.overdue), ("Today", due.today), ("This week", due.week)];
    let groups = groups.into_iter().filter(|(_, tasks)| !tasks.is_empty()).map(|(name, tasks)| (name, names.rows(&tasks)));
    Ok(Some(rendered(&DueLists { groups: groups.collect() })?.as_str().to_owned()))
}

#[derive(Template)]
#[template(path = "home/waiting.html")]
struct Waiting {
    rows: Vec<Row>,
}

async fn waiting(ctx: &Ctx) -> Result<Option<String>> {
    if ctx.actor.may(&TASKS_READ).is_err() {
        return Ok(None);
    }
    let tasks = home::waiting(&ctx.app.db, &ctx.actor, 8).await?;
    if tasks.is_empty() {
        return Ok(None);
    }
    let names = Names::load(ctx).await?.also(ctx, &tasks).await?;
    Ok(Some(rendered(&Waiting { rows: names.rows(&tasks) })?.as_str().to_owned()))
}
