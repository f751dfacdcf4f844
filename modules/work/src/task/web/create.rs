//! Making tasks: the form, quick add with its preview, and one click on a record.

use std::collections::HashMap;

use askama::Template;
use atlas_kernel::{Error, Ref, Result};
use atlas_store::Tx;
use atlas_web::{Ctx, Form, Query, Reply, ui};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse;
use serde::Deserialize;

use super::cells::minutes_of;
use super::view::{Names, messages};
use super::write::back_to;
use crate::people::Member;
use crate::project::Project;
use crate::quick_add::{self, Draft};
use crate::task::api::clock_time;
use crate::task::from_record::{self as clicked, Outcome};
use crate::task::verbs::{self, Changed, NewTask};
use crate::task::{Priority, Status, links};

/// The button in the top bar.
#[derive(Template)]
#[template(
    source = r#"<a class="btn" href="{{ href }}" data-modal data-key="c" data-variant="primary">{{ ui::icon("plus") }}New task{{ ui::keys("C") }}</a>"#,
    ext = "html"
)]
pub(crate) struct NewButton {
    href: String,
}

impl NewButton {
    pub fn anywhere() -> Self {
        Self { href: "/tasks/new".to_owned() }
    }
    pub fn in_project(key: &str) -> Self {
        Self { href: format!("/tasks/new?project={key}") }
    }
}

/// What the form holds, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    title: String,
    description: String,
    status: String,
    priority: String,
    due: String,
    time: String,
    project: String,
    estimate: String,
    labels: String,
    assignee: Vec<String>,
    link: Vec<String>,
}

#[derive(Template)]
#[template(path = "task/new.html")]
struct NewForm<'a> {
    partial: bool,
    form: &'a Typed,
    names: &'a Names,
    errors: HashMap<String, String>,
}

impl NewForm<'_> {
    fn statuses(&self) -> &'static [Status] {
        &Status::OPEN
    }
    fn priorities(&self) -> impl Iterator<Item = Priority> {
        Priority::ALL.iter().copied()
    }
    fn is_project(&self, project: &Project) -> bool {
        self.form.project == project.key || self.form.project == project.id.to_string()
    }
    fn is_assigned(&self, member: &Member) -> bool {
        self.form.assignee.contains(&member.id.to_string())
    }
    fn invalid(&self, field: &str) -> ui::Safe {
        let attributes = if self.errors.contains_key(field) {
            format!(" aria-invalid=\"true\" aria-describedby=\"t-{field}-e\"")
        } else {
            String::new()
        };
        ui::Safe::trusted(attributes)
    }
    fn error(&self, field: &str) -> ui::Safe {
        let line = |text: &String| format!("<p class=\"error\" id=\"t-{field}-e\">{}{}</p>", ui::icon12("circle-alert"), ui::escape(text));
        ui::Safe::trusted(self.errors.get(field).map(line).unwrap_or_default())
    }
}

/// `GET /tasks/new`
pub(super) async fn form(ctx: Ctx, Query(mut typed): Query<Typed>) -> Reply {
    if typed.status.is_empty() {
        typed.status = Status::Todo.as_str().to_owned();
    }
    show(&ctx, &typed, None).await
}

async fn show(ctx: &Ctx, typed: &Typed, error: Option<&Error>) -> Reply {
    let names = Names::load(ctx).await?;
    let form = NewForm { partial: ctx.partial, form: typed, names: &names, errors: error.map(messages).unwrap_or_default() };
    let page = ctx.page("New task").crumb("Tasks", Some("/tasks")).crumb("New task", None).nav("/tasks");
    page.status(if error.is_some() { 422 } else { 200 }).html(&form)
}

/// `POST /tasks`
pub(super) async fn create(ctx: Ctx, Form(typed): Form<Typed>) -> Reply {
    let (typed, who) = (&typed, &ctx);
    let made = ctx.app.db.write(|tx| async move { make(&tx, who, typed).await }).await;
    match made {
        Ok(changed) => done(&ctx, &changed),
        Err(error @ Error::Invalid(_)) => show(&ctx, typed, Some(&error)).await,
        Err(error) => Err(error.into()),
    }
}

async fn make(tx: &Tx, ctx: &Ctx, typed: &Typed) -> Result<Changed> {
    let mut new = typed.read()?;
    let records: Vec<Ref> = typed.link.iter().filter_map(|link| link.parse().ok()).collect();
    new.linked = links::resolve(tx, ctx.actor.workspace, &ctx.app.nouns, &records, &[]).await?;
    verbs::create(tx, &ctx.actor, new).await
}

impl Typed {
    fn read(&self) -> Result<NewTask> {
        let empty = |text: &str| text.trim().is_empty();
        let unknown = |field: &str| Error::field(field, "unknown", "choose from the list");
        Ok(NewTask {
            title: self.title.clone(),
            description: self.description.clone(),
            status: if empty(&self.status) { None } else { Some(self.status.parse()?) },
            priority: if empty(&self.priority) { None } else { Some(self.priority.parse()?) },
            due: match self.due.trim() {
                "" => None,
                text => Some(text.parse().map_err(|_| Error::field("due", "invalid", "a day such as 2026-11-27"))?),
            },
            due_time: if empty(&self.time) { None } else { Some(clock_time(&self.time)?) },
            estimate: minutes_of(&self.estimate)?,
            project: if empty(&self.project) { None } else { Some(self.project.parse().map_err(|_| unknown("project"))?) },
            assignees: self.assignee.iter().map(|id| id.parse().map_err(|_| unknown("assignees"))).collect::<Result<_>>()?,
            labels: self.labels.split(',').map(str::to_owned).collect(),
            ..NewTask::default()
        })
    }
}

/// The task is there: the dialog closes and says so; without script its page opens.
fn done(ctx: &Ctx, changed: &Changed) -> Reply {
    let (key, undo) = (&changed.task.key, undo_url(changed));
    if !ctx.partial {
        return ctx.redirect(changed.task.url()).toast(format!("{key} created")).undo(undo).reply();
    }
    let toast = serde_json::json!({ "text": format!("{key} created"), "undo": undo, "href": changed.task.url(), "label": "Open" });
    let trigger = serde_json::json!({ "close-modal": {}, "toast": toast }).to_string();
    let mut response = ().into_response();
    response.headers_mut().insert("hx-trigger", HeaderValue::from_str(&trigger).map_err(Error::internal)?);
    Ok(response)
}

/// Where a change is taken back.
pub(crate) fn undo_url(changed: &Changed) -> String {
    changed.event.map(|event| format!("/tasks/undo/{event}")).unwrap_or_default()
}

#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(default)]
    text: String,
    #[serde(default)]
    link: Vec<Ref>,
    #[serde(default)]
    back: String,
}

/// The one-line form; on other records' pages it links what is made to the record.
#[derive(Template)]
#[template(path = "task/quick.html")]
pub(crate) struct QuickForm {
    id: String,
    links: Vec<Ref>,
    back: String,
    text: String,
    error: Option<&'static str>,
}

impl QuickForm {
    /// The form of the task list.
    pub fn plain() -> Self {
        Self { id: "quick-add".to_owned(), links: vec![], back: String::new(), text: String::new(), error: None }
    }
    /// The form on a record's page, at `back`.
    pub fn linked(record: &Ref, back: &str) -> Self {
        Self { id: format!("quick-{record}"), links: vec![record.clone()], back: back.to_owned(), ..Self::plain() }
    }
}

#[derive(Template)]
#[template(path = "task/preview.html")]
struct Preview {
    chips: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
pub(super) struct Peek {
    #[serde(default)]
    text: String,
}

/// `GET /tasks/quick-add?text=`
pub(super) async fn preview(ctx: Ctx, Query(peek): Query<Peek>) -> Reply {
    let draft = quick_add::read(&ctx.app.db, &ctx.actor, ctx.now(), &peek.text).await?;
    let names = Names::load(&ctx).await?;
    ctx.fragment(&Preview { chips: chips(&draft, &names) })
}

fn chips(draft: &Draft, names: &Names) -> Vec<(&'static str, String)> {
    let mut chips = Vec::new();
    if let Some(due) = draft.due {
        let time = draft.due_time.map(|time| time.strftime(", %H:%M").to_string()).unwrap_or_default();
        chips.push(("calendar", format!("{}{time}", ui::date_label(due, names.today))));
    }
    chips.extend(draft.start.map(|start| ("play", format!("Starts {}", ui::date_label(start, names.today)))));
    chips.extend(draft.priority.map(|priority| ("flag", priority.label().to_owned())));
    chips.extend(draft.labels.iter().map(|label| ("tag", label.clone())));
    chips.extend(draft.assignees.iter().map(|id| ("user-round", names.people.name(*id).to_owned())));
    chips.extend(draft.project.map(|id| ("layers", names.project(id).to_owned())));
    chips.extend(draft.estimate.map(|minutes| ("timer", ui::minutes_label(minutes))));
    chips
}

/// `POST /tasks/quick-add`
pub(super) async fn quick(ctx: Ctx, Form(line): Form<Line>) -> Reply {
    let (line, who) = (&line, &ctx);
    let made = ctx.app.db.write(|tx| async move { quick_make(&tx, who, line).await }).await;
    let fresh = match line.link.first() {
        Some(record) => QuickForm::linked(record, &line.back),
        None => QuickForm::plain(),
    };
    let changed = match made {
        Ok(changed) => changed,
        Err(Error::Invalid(_)) if ctx.partial => {
            let form = QuickForm { text: line.text.clone(), error: Some("A few words on what is to be done."), ..fresh };
            return Ok((axum::http::StatusCode::UNPROCESSABLE_ENTITY, ctx.fragment(&form)?).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let (text, undo) = (format!("{} created", changed.task.key), undo_url(&changed));
    if ctx.partial {
        return ctx.toast_fragment(&fresh, &text, Some(&undo));
    }
    ctx.redirect(safe_path(&line.back, "/tasks")).toast(text).undo(undo).reply()
}

async fn quick_make(tx: &Tx, ctx: &Ctx, line: &Line) -> Result<Changed> {
    let mut new = quick_add::read(tx, &ctx.actor, tx.now(), &line.text).await?.into_new();
    new.linked = links::resolve(tx, ctx.actor.workspace, &ctx.app.nouns, &line.link, &[]).await?;
    verbs::create(tx, &ctx.actor, new).await
}

/// A path within Atlas, or `otherwise`.
pub(crate) fn safe_path(path: &str, otherwise: &str) -> String {
    let inside = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && path.bytes().all(|b| b.is_ascii_graphic());
    if inside { path.to_owned() } else { otherwise.to_owned() }
}

/// `POST /tasks/from/{record}`
pub(super) async fn from_record(ctx: Ctx, Path(record): Path<String>, headers: HeaderMap) -> Reply {
    let record: &Ref = &record.parse().map_err(|_| Error::NotFound("record"))?;
    let who = &ctx;
    let made = ctx.app.db.write(|tx| async move { clicked::create(&tx, &who.actor, &who.app.nouns, record).await }).await?;
    let (text, undo) = match &made {
        Outcome::Made(changed) => (format!("{} created", changed.task.key), Some(undo_url(changed))),
        Outcome::There(task) => (format!("{} was made from this before", task.key), None),
    };
    let task = made.into_task();
    if ctx.partial {
        return ctx.toast_fragment(&Chip { key: task.key.clone(), url: task.url() }, &text, undo.as_deref());
    }
    let answer = ctx.redirect(back_to(&headers, &ctx, &task.url())).toast(text);
    match undo {
        Some(undo) => answer.undo(undo),
        None => answer,
    }
    .reply()
}

/// What stands where the button was: the task.
#[derive(Template)]
#[template(source = r#"<a class="chip" href="{{ url }}">{{ ui::icon12("list-plus") }}{{ key }}</a>"#, ext = "html")]
struct Chip {
    key: String,
    url: String,
}
