//! The task list and the board: one set of tasks, two lenses.

use askama::Template;
use atlas_kernel::Result;
use atlas_web::{Ctx, Query, Reply, ui};

use super::asked::{Asked, Chip};
use super::record::{Panel, panel_of};
use super::view::{Names, Row, status_glyph};
use crate::task::list::{self, Group};
use crate::task::{Priority, Status, store};

/// Rows in a group of the list; the rest is behind "Show all".
const ROWS: usize = 100;
/// Cards in a lane of the board.
const CARDS: usize = 50;

/// Tasks that stand in one place, as shown.
pub(super) struct Shown {
    pub status: Status,
    pub rows: Vec<Row>,
    pub count: i64,
    pub minutes: i64,
    pub all: String,
    pub open: bool,
}

impl Shown {
    fn of(group: Group, names: &Names, asked: &Asked) -> Self {
        let all = asked.url(&[("status", group.status.as_str()), ("view", "list"), ("open", "")]);
        Self {
            rows: names.rows(&group.tasks),
            status: group.status,
            count: group.count,
            minutes: group.minutes,
            open: !group.status.is_closed() || asked.one_status() == Some(group.status),
            all,
        }
    }
    fn glyph(&self) -> ui::Safe {
        status_glyph(self.status)
    }
    /// How many are not shown.
    fn more(&self) -> i64 {
        self.count - i64::try_from(self.rows.len()).unwrap_or(i64::MAX)
    }
    fn total(&self) -> String {
        ui::count(self.count)
    }
    fn time(&self) -> String {
        if self.minutes == 0 { String::new() } else { ui::minutes_label(self.minutes) }
    }
}

#[derive(Template)]
#[template(path = "task/list.html")]
struct ListPart<'a> {
    asked: &'a Asked,
    groups: &'a [Shown],
    next: Option<String>,
    live: String,
    plain: bool,
    filters: String,
}

#[derive(Template)]
#[template(path = "task/board.html")]
struct BoardPart<'a> {
    lanes: &'a [Shown],
    backlog: Option<&'a Shown>,
    live: String,
}

#[derive(Template)]
#[template(path = "task/index.html")]
struct Index<'a> {
    asked: &'a Asked,
    chips: Vec<Chip>,
    names: &'a Names,
    labels: Vec<String>,
    count: String,
    body: ui::Safe,
    quick: ui::Safe,
    panel: Option<Panel>,
    may_write: bool,
}

impl Index<'_> {
    fn hidden(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("view", self.asked.view.as_str()),
            ("status", self.asked.status.as_str()),
            ("assignee", self.asked.assignee.as_str()),
            ("project", self.asked.project.as_str()),
            ("label", self.asked.label.as_str()),
            ("priority", self.asked.priority.as_str()),
            ("due", self.asked.due.as_str()),
            ("archived", self.asked.archived.as_str()),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
    fn statuses(&self) -> &'static [Status] {
        Status::ALL
    }
    fn priorities(&self) -> impl Iterator<Item = Priority> {
        Priority::ALL.iter().rev().copied()
    }
    fn view_url(&self, view: &str) -> String {
        self.asked.url(&[("view", view), ("open", "")])
    }
    fn clear_url(&self) -> String {
        let view = self.asked.view.as_str();
        Asked::default().url(&[("view", view)])
    }
    fn target(&self) -> &'static str {
        if self.asked.is_board() { "#board" } else { "#task-list" }
    }
}

/// `GET /tasks`
pub(super) async fn index(ctx: Ctx, Query(asked): Query<Asked>) -> Reply {
    let names = Names::load(&ctx).await?;
    let filter = asked.filter(&ctx, &names)?;
    let (groups, next) = groups(&ctx, &asked, &filter).await?;
    let tasks: Vec<_> = groups.iter().flat_map(|group| group.tasks.iter().cloned()).collect();
    let names = names.also(&ctx, &tasks).await?;
    let (count, minutes) = groups.iter().fold((0, 0), |(n, m), group| (n + group.count, m + group.minutes));
    let mut shown: Vec<Shown> = groups.into_iter().map(|group| Shown::of(group, &names, &asked)).collect();
    if !asked.is_board() {
        shown.retain(|group| group.count > 0);
    }
    for row in shown.iter_mut().flat_map(|group| &mut group.rows) {
        row.selectable = true;
        row.current = !asked.open.is_empty() && row.key.eq_ignore_ascii_case(&asked.open);
    }
    let body = body(&asked, &names, &shown, next)?;
    if ctx.partial && !asked.part.is_empty() {
        // The words stay in the address, so that a reload or a shared link finds the same.
        let mut response = ctx.fragment(&body)?;
        if let Ok(address) = asked.url(&[("part", ""), ("cursor", "")]).parse() {
            response.headers_mut().insert("hx-replace-url", address);
        }
        return Ok(response);
    }
    let index = Index {
        chips: asked.chips(&names),
        labels: store::labels(&ctx.app.db, ctx.actor.workspace).await?.into_iter().map(|label| label.name).collect(),
        count: summary(count, minutes),
        body: rendered(&body)?,
        quick: rendered(&super::create::QuickForm::plain())?,
        panel: match asked.open.as_str() {
            "" => None,
            key => panel_of(&ctx, &names, key, &asked).await?,
        },
        may_write: ctx.actor.may(&crate::task::TASKS_WRITE).is_ok(),
        names: &names,
        asked: &asked,
    };
    let page = ctx.page("Tasks").crumb("Tasks", None).nav("/tasks").live(["tasks"]).actions(&super::create::NewButton::anywhere())?;
    let page = if asked.is_board() { page.module("board") } else { page };
    page.html(&index)
}

/// The body of either view, as a template.
#[derive(Template)]
#[template(source = "{{ html }}", ext = "html")]
struct Body {
    html: ui::Safe,
}

fn body(asked: &Asked, names: &Names, shown: &[Shown], next: Option<String>) -> Result<Body> {
    let html = if asked.is_board() {
        let (lanes, backlog) = match shown.split_last() {
            Some((last, lanes)) if last.status == Status::Backlog && !lanes.is_empty() => (lanes, Some(last).filter(|last| last.count > 0)),
            _ => (shown, None),
        };
        rendered(&BoardPart { lanes, backlog, live: asked.url(&[("part", "board"), ("open", "")]) })?
    } else {
        let filters: Vec<&str> = asked.chips(names).iter().map(|chip| chip.what).collect();
        rendered(&ListPart {
            asked,
            groups: shown,
            next: next.map(|cursor| asked.url(&[("cursor", &cursor)])),
            live: asked.url(&[("part", "list"), ("cursor", &asked.cursor)]),
            plain: asked.is_plain(),
            filters: filters.join(", ").to_lowercase(),
        })?
    };
    Ok(Body { html })
}

pub(crate) fn rendered(template: &impl Template) -> Result<ui::Safe> {
    Ok(ui::Safe::trusted(template.render().map_err(atlas_kernel::Error::internal)?))
}

/// The groups of the page; of one status alone, a page of it in the order asked for.
async fn groups(ctx: &Ctx, asked: &Asked, filter: &list::Filter) -> Result<(Vec<Group>, Option<String>)> {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    if asked.is_board() {
        let lanes = match asked.one_status() {
            Some(status) => vec![status],
            None => [&Status::LANES[..], &[Status::Backlog]].concat(),
        };
        return Ok((list::groups(db, workspace, filter, &lanes, CARDS).await?, None));
    }
    let Some(status) = asked.one_status() else {
        return Ok((list::groups(db, workspace, filter, &Status::GROUPS, ROWS).await?, None));
    };
    let cursor = Some(asked.cursor.as_str()).filter(|cursor| !cursor.is_empty());
    let page = list::page(db, workspace, filter, asked.order(), ROWS, cursor).await?;
    let mut group = list::groups(db, workspace, filter, &[status], 0).await?;
    for group in &mut group {
        group.tasks.clone_from(&page.data);
    }
    Ok((group, page.next_cursor))
}

fn summary(count: i64, minutes: i64) -> String {
    let tasks = ui::plural(count, "task", "tasks");
    if minutes == 0 { tasks } else { format!("{tasks} · {} estimated", ui::minutes_label(minutes)) }
}
