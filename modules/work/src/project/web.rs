//! Pages and forms of projects.

use std::collections::HashMap;

use askama::Template;
use atlas_kernel::{Error, Result};
use atlas_web::{Ctx, Form, Pages, Query, Reply, ui};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::verbs::{self, NewProject, ProjectChange};
use super::{PROJECTS_READ, PROJECTS_WRITE, Project, store};
use crate::people::Member;
use crate::task::Status;
use crate::task::list::{self, Filter, Order};
use crate::task::web::cells::{Cell, Choice, Control};
use crate::task::web::create::NewButton;
use crate::task::web::view::{Face, Names, Row, messages, status_glyph};

/// The pages of projects.
pub fn pages() -> Pages {
    Pages::new()
        .get("/projects", PROJECTS_READ, index)
        .post("/projects", PROJECTS_WRITE, create)
        .get("/projects/new", PROJECTS_WRITE, form)
        .get("/projects/{key}", PROJECTS_READ, show)
        .post("/projects/{key}/fields/{field}", PROJECTS_WRITE, save)
        .post("/projects/{key}/archive", PROJECTS_WRITE, archive)
        .post("/projects/{key}/restore", PROJECTS_WRITE, restore)
}

/// How the tasks of a project stand.
#[derive(Clone, Debug, Default)]
struct Standing(HashMap<Status, i64>);

impl Standing {
    fn of(&self, status: Status) -> i64 {
        self.0.get(&status).copied().unwrap_or(0)
    }
    fn open(&self) -> i64 {
        Status::OPEN.iter().map(|status| self.of(*status)).sum()
    }
    fn all(&self) -> i64 {
        self.open() + self.of(Status::Done)
    }
    /// Done tasks of all that were not cancelled, in per cent.
    fn done(&self) -> i64 {
        if self.all() == 0 { 0 } else { self.of(Status::Done) * 100 / self.all() }
    }
    fn said(&self) -> String {
        match (self.all(), self.open()) {
            (0, _) => "No tasks yet".to_owned(),
            (all, 0) => format!("All {} done", ui::plural(all, "task", "tasks")),
            (all, open) => format!("{} open of {}", ui::count(open), ui::count(all)),
        }
    }
}

struct Line {
    project: Project,
    lead: Option<Face>,
    standing: Standing,
}

#[derive(Template)]
#[template(path = "project/index.html")]
struct Index {
    lines: Vec<Line>,
    archived: bool,
    next: Option<String>,
    may_write: bool,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    archived: String,
    #[serde(default)]
    cursor: String,
}

async fn index(ctx: Ctx, Query(asked): Query<Asked>) -> Reply {
    let (db, workspace, archived) = (&ctx.app.db, ctx.actor.workspace, asked.archived == "1");
    let cursor = Some(asked.cursor.as_str()).filter(|cursor| !cursor.is_empty());
    let page = store::page(db, workspace, archived, 100, cursor).await?;
    let people = crate::people::People::load(db, workspace).await?;
    let mut standing = standings(&ctx, &page.data).await?;
    let lines = page.data.into_iter().map(|project| Line {
        lead: project.lead.map(|id| Face { id, name: people.name(id).to_owned() }),
        standing: standing.remove(&project.id).unwrap_or_default(),
        project,
    });
    let next = page.next_cursor.map(|cursor| format!("/projects?cursor={cursor}{}", if archived { "&archived=1" } else { "" }));
    let index = Index { lines: lines.collect(), archived, next, may_write: ctx.actor.may(&PROJECTS_WRITE).is_ok() };
    let page = ctx.page("Projects").crumb("Projects", None).nav("/projects").live(["projects"]);
    page.html(&index)
}

async fn standings(ctx: &Ctx, projects: &[Project]) -> Result<HashMap<crate::ProjectId, Standing>> {
    let ids: Vec<_> = projects.iter().map(|project| project.id).collect();
    let mut standings: HashMap<_, Standing> = HashMap::new();
    for row in store::status_counts(&ctx.app.db, ctx.actor.workspace, &ids).await? {
        standings.entry(row.project_id).or_default().0.insert(row.status, row.n);
    }
    Ok(standings)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    name: String,
    key: String,
    lead: String,
}

#[derive(Template)]
#[template(path = "project/new.html")]
struct NewForm<'a> {
    partial: bool,
    form: &'a Typed,
    members: &'a [Member],
    errors: HashMap<String, String>,
}

impl NewForm<'_> {
    fn error(&self, field: &str) -> Option<&String> {
        self.errors.get(field)
    }
    fn leads(&self, member: &Member) -> bool {
        self.form.lead == member.id.to_string()
    }
}

async fn form(ctx: Ctx) -> Reply {
    show_form(&ctx, &Typed::default(), None).await
}

async fn show_form(ctx: &Ctx, typed: &Typed, error: Option<&Error>) -> Reply {
    let people = crate::people::People::load(&ctx.app.db, ctx.actor.workspace).await?;
    let form = NewForm { partial: ctx.partial, form: typed, members: people.all(), errors: error.map(messages).unwrap_or_default() };
    let page = ctx.page("New project").crumb("Projects", Some("/projects")).crumb("New project", None).nav("/projects");
    page.status(if error.is_some() { 422 } else { 200 }).html(&form)
}

async fn create(ctx: Ctx, Form(typed): Form<Typed>) -> Reply {
    let new = &NewProject { name: typed.name.clone(), key: Some(typed.key.clone()), lead: typed.lead.parse().ok() };
    let actor = &ctx.actor;
    match ctx.app.db.write(|tx| async move { verbs::create(&tx, actor, new.clone()).await }).await {
        Ok(project) => ctx.redirect(project.url()).toast(format!("{} created", project.name)).reply(),
        Err(error @ Error::Invalid(_)) => show_form(&ctx, &typed, Some(&error)).await,
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "project/show.html")]
struct Page {
    project: Project,
    name: Cell,
    lead: Cell,
    standing: Standing,
    rows: Vec<Row>,
    more: bool,
    panels: Vec<atlas_web::RenderedPanel>,
    may_write: bool,
}

impl Page {
    /// Each status that has tasks: its glyph, name, count and address.
    fn places(&self) -> Vec<(ui::Safe, &'static str, i64, String)> {
        let place = |status: &Status| {
            (
                status_glyph(*status),
                status.label(),
                self.standing.of(*status),
                format!("/tasks?project={}&status={status}", self.project.key),
            )
        };
        Status::GROUPS.iter().map(place).filter(|(_, _, count, _)| *count > 0).collect()
    }
}

async fn show(ctx: Ctx, Path(key): Path<String>) -> Reply {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let project = verbs::read(db, &ctx.actor, verbs::find(db, workspace, &key).await?).await?;
    let filter = Filter { project: Some(project.id), status: Status::OPEN.to_vec(), ..Filter::default() };
    let tasks = list::page(db, workspace, &filter, Order::Due, 50, None).await?;
    let names = Names::load(&ctx).await?.also(&ctx, &tasks.data).await?;
    let may_write = ctx.actor.may(&PROJECTS_WRITE).is_ok();
    let page = Page {
        name: cell(&project, "name", &names, may_write)?,
        lead: cell(&project, "lead", &names, may_write)?,
        standing: standings(&ctx, std::slice::from_ref(&project)).await?.remove(&project.id).unwrap_or_default(),
        rows: names.rows(&tasks.data),
        more: tasks.next_cursor.is_some(),
        panels: ctx.panels("proj", &project.id.to_ref()).await,
        may_write,
        project,
    };
    let (name, key) = (page.project.name.clone(), page.project.key.clone());
    let shell = ctx.page(name.clone()).crumb("Projects", Some("/projects")).crumb(name, None).nav("/projects");
    shell.live(["projects", "tasks"]).recent("Project", "layers").actions(&NewButton::in_project(&key))?.html(&page)
}

fn cell(project: &Project, field: &str, names: &Names, may_write: bool) -> Result<Cell> {
    let words = |text: &str| ui::Safe::trusted(ui::escape(text));
    let lead = project.lead.map(|id| Face { id, name: names.people.name(id).to_owned() });
    let (label, value, shown, control) = match field {
        "name" => ("name", project.name.clone(), words(&project.name), Control::Heading { level: 1 }),
        "lead" => {
            let shown = lead.map(|face| ui::Safe::trusted(format!("{}{}", face.beside(), ui::escape(&face.name)))).unwrap_or_default();
            ("lead", project.lead.map(|id| id.to_string()).unwrap_or_default(), shown, Control::Select(leads(project, names)))
        }
        _ => return Err(Error::NotFound("property")),
    };
    let (id, action) = (format!("{}-{field}", project.id), format!("/projects/{}/fields/{field}", project.key));
    Ok(Cell { id, action, label, stroke: None, shown, was: value.clone(), value, control, error: None, may_write })
}

fn leads(project: &Project, names: &Names) -> Vec<Choice> {
    let nobody = Choice { value: String::new(), label: "Nobody".to_owned(), chosen: project.lead.is_none() };
    let choice =
        |member: &Member| Choice { value: member.id.to_string(), label: member.name.clone(), chosen: project.lead == Some(member.id) };
    std::iter::once(nobody).chain(names.people.all().iter().map(choice)).collect()
}

#[derive(Deserialize)]
struct Value {
    #[serde(default)]
    value: String,
    was: Option<String>,
}

async fn save(ctx: Ctx, Path((key, field)): Path<(String, String)>, Form(typed): Form<Value>) -> Reply {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let project = verbs::read(db, &ctx.actor, verbs::find(db, workspace, &key).await?).await?;
    let names = Names::load(&ctx).await?;
    let mut shown = cell(&project, &field, &names, true)?;
    if typed.was.as_ref().is_some_and(|was| *was != shown.was) && ctx.partial {
        shown.error = Some("Somebody changed this a moment ago. Their value is kept.".to_owned());
        return Ok((StatusCode::CONFLICT, ctx.fragment(&shown)?).into_response());
    }
    let change = match field.as_str() {
        "name" => ProjectChange { name: Some(typed.value.clone()), ..ProjectChange::default() },
        _ => ProjectChange { lead: Some(typed.value.parse().ok()), ..ProjectChange::default() },
    };
    match edit(&ctx, &project, change).await {
        Ok(project) if ctx.partial => ctx.fragment(&cell(&project, &field, &names, true)?),
        Ok(project) => ctx.redirect(project.url()).toast(format!("{} changed", project.name)).reply(),
        Err(error @ Error::Invalid(_)) if ctx.partial => {
            shown.error = messages(&error).into_values().next();
            shown.value = typed.value;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, ctx.fragment(&shown)?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn edit(ctx: &Ctx, project: &Project, change: ProjectChange) -> Result<Project> {
    let (actor, change, id) = (&ctx.actor, &change, project.id);
    ctx.app.db.write(|tx| async move { verbs::edit(&tx, actor, id, change, None).await }).await
}

async fn archive(ctx: Ctx, Path(key): Path<String>) -> Reply {
    put_away(&ctx, &key, true).await
}

async fn restore(ctx: Ctx, Path(key): Path<String>) -> Reply {
    put_away(&ctx, &key, false).await
}

async fn put_away(ctx: &Ctx, key: &str, archived: bool) -> Reply {
    let id = verbs::find(&ctx.app.db, ctx.actor.workspace, key).await?;
    let before = verbs::read(&ctx.app.db, &ctx.actor, id).await?;
    let project = edit(ctx, &before, ProjectChange { archived: Some(archived), ..ProjectChange::default() }).await?;
    let (said, back) = if archived { ("archived", "restore") } else { ("restored", "archive") };
    let text = format!("{} {said}", project.name);
    ctx.redirect(project.url()).toast(text).undo(format!("{}/{back}", project.url())).reply()
}
