//! What templates show of a task: names instead of ids, days as people say them.

use std::collections::HashMap;

use atlas_kernel::{Error, Result, UserId};
use atlas_web::{Ctx, ui};
use jiff::civil::Date;

use crate::ProjectId;
use crate::people::{Member, People};
use crate::project::{self, Project};
use crate::task::{Priority, Status, Task, provider_name};

/// The names a page needs: members, projects, and what day it is.
pub(crate) struct Names {
    /// The members.
    pub people: People,
    /// Projects that tasks can be put into, by key.
    pub projects: Vec<Project>,
    /// Archived projects that shown tasks are still in.
    former: Vec<Project>,
    /// Today, where the member is.
    pub today: Date,
}

impl Names {
    /// Everything the workspace's task pages need: two queries.
    pub async fn load(ctx: &Ctx) -> Result<Self> {
        let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
        let people = People::load(db, workspace).await?;
        let projects = project::store::current(db, workspace).await?;
        Ok(Self { people, projects, former: vec![], today: ctx.today() })
    }

    /// Also names archived projects and former members of these tasks, when there are any.
    pub async fn also(mut self, ctx: &Ctx, tasks: &[Task]) -> Result<Self> {
        let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
        let mut missing: Vec<ProjectId> =
            tasks.iter().map(|task| task.project).filter(|id| !self.projects.iter().any(|p| p.id == *id)).collect();
        missing.sort();
        missing.dedup();
        self.former = project::store::by_ids(db, workspace, &missing).await?;
        let gone: Vec<UserId> = tasks.iter().flat_map(|task| &task.assignees).copied().filter(|id| !self.people.has(*id)).collect();
        if !gone.is_empty() {
            self.people.remember(atlas_identity::member_names(db, workspace, &gone).await?);
        }
        Ok(self)
    }

    /// A project's name.
    pub fn project(&self, id: ProjectId) -> &str {
        self.projects.iter().chain(&self.former).find(|project| project.id == id).map_or("", |project| project.name.as_str())
    }

    /// A task as a row or card.
    pub fn row(&self, task: &Task) -> Row {
        Row {
            key: task.key.clone(),
            title: task.title.clone(),
            status: task.status,
            priority: task.priority,
            project: self.project(task.project).to_owned(),
            due: due(task, self.today),
            people: task.assignees.iter().map(|id| Face { id: *id, name: self.people.name(*id).to_owned() }).collect(),
            origin: task.origin.as_deref().map(|provider| format!("From {}", provider_name(provider))),
            version: task.version,
            current: false,
            selectable: false,
        }
    }

    /// Rows of these tasks.
    pub fn rows(&self, tasks: &[Task]) -> Vec<Row> {
        tasks.iter().map(|task| self.row(task)).collect()
    }
}

/// One person, as an avatar.
pub(crate) struct Face {
    pub id: UserId,
    pub name: String,
}

impl Face {
    pub fn alone(&self) -> ui::Safe {
        ui::avatar_alone(&self.id, &self.name, 20, ui::Shape::Round)
    }
    pub fn beside(&self) -> ui::Safe {
        ui::avatar(&self.id, &self.name, 20, ui::Shape::Round)
    }
}

impl From<&Member> for Face {
    fn from(member: &Member) -> Self {
        Self { id: member.id, name: member.name.clone() }
    }
}

/// A due date, as people say it.
pub(crate) struct DueLabel {
    pub iso: String,
    pub label: String,
    /// The same in a narrow column: `Fri`, `2 Dec`.
    pub short: String,
    /// `danger`, `warning` or nothing.
    pub tone: &'static str,
}

/// How a task's due date reads today; closed tasks do not press.
pub(crate) fn due(task: &Task, today: Date) -> Option<DueLabel> {
    let day = task.due?;
    let label = ui::date_label(day, today);
    let near = day > today && day.since(today).is_ok_and(|span| (2..=6).contains(&span.get_days()));
    let short = if near { day.strftime("%a").to_string() } else { label.clone() };
    let label = task.due_time.map_or(label.clone(), |time| format!("{label} {}", time.strftime("%H:%M")));
    let iso = task.due_time.map_or(day.to_string(), |time| format!("{day}T{}", time.strftime("%H:%M")));
    let tone = match () {
        () if task.status.is_closed() => "",
        () if day <= today => "danger",
        () if today.tomorrow().is_ok_and(|tomorrow| day == tomorrow) => "warning",
        () => "",
    };
    Some(DueLabel { iso, label, short, tone })
}

/// A task as a row or card.
pub(crate) struct Row {
    pub key: String,
    pub title: String,
    pub status: Status,
    pub priority: Priority,
    pub project: String,
    pub due: Option<DueLabel>,
    pub people: Vec<Face>,
    pub origin: Option<String>,
    pub version: i64,
    pub current: bool,
    pub selectable: bool,
}

impl Row {
    pub fn status_glyph(&self) -> ui::Safe {
        status_glyph(self.status)
    }
    pub fn priority_glyph(&self) -> ui::Safe {
        ui::glyph(self.priority.glyph(), &format!("Priority: {}", self.priority.label()))
    }
    /// Where ticking is posted; the answer is the row again, as it is here.
    pub fn tick_url(&self) -> String {
        format!("/tasks/{}/status{}", self.key, if self.selectable { "?select=1" } else { "" })
    }
    /// What ticking the row does.
    pub fn next_status(&self) -> Status {
        if self.status.is_closed() { Status::Todo } else { Status::Done }
    }
    pub fn tick_label(&self) -> String {
        if self.status.is_closed() { format!("Reopen {}", self.key) } else { format!("Mark {} done", self.key) }
    }
    /// Two faces fit into a row; the group's name says them all.
    pub fn first_people(&self) -> &[Face] {
        &self.people[..self.people.len().min(2)]
    }
    pub fn assignees(&self) -> String {
        let names: Vec<&str> = self.people.iter().map(|face| face.name.as_str()).collect();
        format!("Assignees: {}", names.join(", "))
    }
    pub fn has_priority(&self) -> bool {
        self.priority != Priority::None
    }
}

pub(crate) fn status_glyph(status: Status) -> ui::Safe {
    ui::glyph(status.glyph(), &format!("Status: {}", status.label()))
}

/// A task by the key in the address; a former key works as well.
pub(crate) async fn by_key(ctx: &Ctx, key: &str) -> Result<Task> {
    let id = crate::task::verbs::find(&ctx.app.db, ctx.actor.workspace, key).await?;
    crate::task::verbs::read(&ctx.app.db, &ctx.actor, id).await
}

/// The first message for a form field, if the error is about it.
pub(crate) fn messages(error: &Error) -> HashMap<String, String> {
    match error {
        Error::Invalid(fields) => fields.iter().map(|f| (f.field.clone(), ui::sentence(&f.message))).collect(),
        _ => HashMap::new(),
    }
}
