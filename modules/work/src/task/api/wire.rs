//! Tasks as JSON.

use atlas_api::{Ctx, Patch};
use atlas_kernel::{Error, ListQuery, Ref, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::Executor;
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::task::change::TaskChange;
use crate::task::links::Linked;
use crate::task::list::{Assigned, Filter, Order};
use crate::task::verbs::NewTask;
use crate::task::{Priority, Status, Task};
use crate::{ProjectId, TaskId, project};

/// A task.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskOut {
    /// Its id.
    pub id: TaskId,
    /// What people call it, such as `ACME-12`.
    pub key: String,
    /// Its project.
    pub project_id: ProjectId,
    /// What is to be done, one line.
    pub title: String,
    /// More about it, Markdown.
    pub description: String,
    /// Where it stands.
    pub status: Status,
    /// How pressing it is.
    pub priority: Priority,
    /// Not before this day.
    pub start_date: Option<Date>,
    /// By this day.
    pub due_date: Option<Date>,
    /// By this time of the due day, such as `15:00`, where its people are.
    pub due_time: Option<String>,
    /// Whether the due date must be met, rather than should be.
    pub hard_deadline: bool,
    /// How long it takes, minutes.
    pub estimate_minutes: Option<i64>,
    /// Whether it may be done in several pieces.
    pub splittable: bool,
    /// The shortest piece, minutes; the planner's default when null.
    pub min_block_minutes: Option<i64>,
    /// The longest piece, minutes.
    pub max_block_minutes: Option<i64>,
    /// Who may do it when nobody is assigned: the planner chooses.
    pub candidates: Vec<UserId>,
    /// The tasks that must be done before it.
    pub blocked_by: Vec<TaskId>,
    /// Who does it.
    pub assignees: Vec<UserId>,
    /// Its labels, by name.
    pub labels: Vec<String>,
    /// The records it is linked to.
    pub links: Vec<Ref>,
    /// Its place on the board: places compare as text, byte by byte.
    pub position: String,
    /// Where it came from, when a provider's note or message made it.
    pub source: Option<SourceOut>,
    /// Who made it; null when a rule did.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was done or cancelled.
    pub completed_at: Option<Timestamp>,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// Counts changes; the `ETag`.
    pub version: i64,
    /// Its page, from the root of this Atlas.
    pub url: String,
}

/// Where a task came from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SourceOut {
    /// The provider, such as `intercom`.
    pub provider: String,
}

impl From<Task> for TaskOut {
    fn from(task: Task) -> Self {
        Self {
            url: task.url(),
            id: task.id,
            key: task.key,
            project_id: task.project,
            title: task.title,
            description: task.description,
            status: task.status,
            priority: task.priority,
            start_date: task.start,
            due_date: task.due,
            due_time: task.due_time.map(|time| time.strftime("%H:%M").to_string()),
            hard_deadline: task.hard_deadline,
            estimate_minutes: task.estimate,
            splittable: task.splittable,
            min_block_minutes: task.min_block,
            max_block_minutes: task.max_block,
            candidates: task.candidates,
            blocked_by: task.blocked_by.into_iter().map(|blocker| blocker.id).collect(),
            assignees: task.assignees,
            labels: task.labels.into_iter().map(|label| label.name).collect(),
            links: task.links,
            position: task.position,
            source: task.origin.map(|provider| SourceOut { provider }),
            created_by: task.created_by,
            created_at: task.created_at,
            updated_at: task.updated_at,
            completed_at: task.completed_at,
            archived_at: task.archived_at,
            version: task.version,
        }
    }
}

/// A task to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateTask {
    /// What is to be done, one line, at most 500 characters.
    pub title: String,
    /// More about it, Markdown.
    #[serde(default)]
    pub description: String,
    /// Where it stands; `todo` unless said.
    pub status: Option<Status>,
    /// How pressing it is; `none` unless said.
    pub priority: Option<Priority>,
    /// Not before this day.
    pub start_date: Option<Date>,
    /// By this day.
    pub due_date: Option<Date>,
    /// By this time of the due day, such as `15:00`.
    pub due_time: Option<String>,
    /// Whether the due date must be met, rather than should be.
    #[serde(default)]
    pub hard_deadline: bool,
    /// How long it takes, minutes.
    pub estimate_minutes: Option<i64>,
    /// Whether it may be done in several pieces; true unless said.
    pub splittable: Option<bool>,
    /// The shortest piece, minutes.
    pub min_block_minutes: Option<i64>,
    /// The longest piece, minutes.
    pub max_block_minutes: Option<i64>,
    /// Who may do it when nobody is assigned.
    #[serde(default)]
    pub candidates: Vec<UserId>,
    /// The tasks that must be done before it, by id or key.
    #[serde(default)]
    pub blocked_by: Vec<String>,
    /// Its project, by id or key.
    pub project_id: Option<String>,
    /// Who does it.
    #[serde(default)]
    pub assignees: Vec<UserId>,
    /// Labels, by name.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The records it is linked to.
    #[serde(default)]
    pub links: Vec<Ref>,
}

impl CreateTask {
    /// The task to be made, in the domain's words.
    pub(super) async fn into_new(self, on: &dyn Executor, workspace: WorkspaceId, linked: Linked) -> Result<NewTask> {
        Ok(NewTask {
            project: project_named(on, workspace, self.project_id.as_deref()).await?,
            due_time: self.due_time.as_deref().map(clock_time).transpose()?,
            title: self.title,
            description: self.description,
            status: self.status,
            priority: self.priority,
            start: self.start_date,
            due: self.due_date,
            estimate: self.estimate_minutes,
            hard_deadline: self.hard_deadline,
            in_one_piece: self.splittable == Some(false),
            min_block: self.min_block_minutes,
            max_block: self.max_block_minutes,
            candidates: self.candidates,
            blocked_by: self.blocked_by,
            assignees: self.assignees,
            labels: self.labels,
            linked,
            origin: None,
            reason: None,
        })
    }
}

/// What to change about a task: absent fields stay, null empties.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatchTask {
    /// What is to be done, one line.
    pub title: Option<String>,
    /// More about it, Markdown.
    #[serde(default)]
    pub description: Patch<String>,
    /// Where it stands.
    pub status: Option<Status>,
    /// How pressing it is.
    pub priority: Option<Priority>,
    /// Not before this day.
    #[serde(default)]
    pub start_date: Patch<Date>,
    /// By this day; emptying it empties `dueTime` as well.
    #[serde(default)]
    pub due_date: Patch<Date>,
    /// By this time of the due day, such as `15:00`.
    #[serde(default)]
    pub due_time: Patch<String>,
    /// How long it takes, minutes.
    #[serde(default)]
    pub estimate_minutes: Patch<i64>,
    /// Whether the due date must be met, rather than should be.
    pub hard_deadline: Option<bool>,
    /// Whether it may be done in several pieces.
    pub splittable: Option<bool>,
    /// The shortest piece, minutes.
    #[serde(default)]
    pub min_block_minutes: Patch<i64>,
    /// The longest piece, minutes.
    #[serde(default)]
    pub max_block_minutes: Patch<i64>,
    /// Who may do it when nobody is assigned: the whole list.
    pub candidates: Option<Vec<UserId>>,
    /// The tasks that must be done before it, by id or key: the whole list.
    pub blocked_by: Option<Vec<String>>,
    /// Its project, by id or key; the task gets a key there and answers to both.
    pub project_id: Option<String>,
    /// Who does it: the whole list.
    pub assignees: Option<Vec<UserId>>,
    /// Labels, by name: the whole list.
    pub labels: Option<Vec<String>>,
    /// The records it is linked to: the whole list.
    pub links: Option<Vec<Ref>>,
}

impl PatchTask {
    /// The change, in the domain's words.
    pub(super) async fn into_change(self, on: &dyn Executor, workspace: WorkspaceId) -> Result<TaskChange> {
        Ok(TaskChange {
            project: project_named(on, workspace, self.project_id.as_deref()).await?,
            due_time: match self.due_time {
                Patch::Keep => None,
                Patch::Clear => Some(None),
                Patch::Set(text) => Some(Some(clock_time(&text)?)),
            },
            title: self.title,
            description: self.description.into_change().map(Option::unwrap_or_default),
            status: self.status,
            priority: self.priority,
            start_date: self.start_date.into_change(),
            due_date: self.due_date.into_change(),
            estimate_minutes: self.estimate_minutes.into_change(),
            hard_deadline: self.hard_deadline,
            splittable: self.splittable,
            min_block_minutes: self.min_block_minutes.into_change(),
            max_block_minutes: self.max_block_minutes.into_change(),
            candidates: self.candidates,
            blocked_by: self.blocked_by,
            assignees: self.assignees,
            labels: self.labels,
            links: self.links,
            position: None,
            archived: None,
        })
    }
}

async fn project_named(on: &dyn Executor, workspace: WorkspaceId, id_or_key: Option<&str>) -> Result<Option<ProjectId>> {
    let Some(text) = id_or_key else { return Ok(None) };
    match project::verbs::find(on, workspace, text).await {
        Err(Error::NotFound(_)) => Err(Error::field("projectId", "unknown", "no such project in this workspace")),
        found => found.map(Some),
    }
}

/// `15:00`, with or without seconds, which are dropped.
pub(crate) fn clock_time(text: &str) -> Result<Time> {
    let time: Time = text.trim().parse().map_err(|_| Error::field("dueTime", "invalid", "a time such as 15:00"))?;
    Ok(Time::constant(time.hour(), time.minute(), 0, 0))
}

/// Which tasks to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListTasks {
    /// Standing in one of these.
    #[serde(default)]
    pub status: Vec<Status>,
    /// Of one of these priorities.
    #[serde(default)]
    pub priority: Vec<Priority>,
    /// Done by this member: an id, `me`, or `none` for nobody.
    pub assignee: Option<String>,
    /// In this project, by id or key.
    pub project: Option<String>,
    /// With this label, by name.
    pub label: Option<String>,
    /// Due on this day or before.
    pub due_before: Option<Date>,
    /// Due on this day or after.
    pub due_after: Option<Date>,
    /// Linked to this record, or to something that belongs to it.
    pub link: Option<Ref>,
    /// With all of these words in key or title.
    pub q: Option<String>,
    /// Archived ones instead of current ones.
    #[serde(default)]
    pub archived: bool,
    /// The order; newest first unless said.
    pub sort: Option<Order>,
    /// Rows a page, 1 to 200; 50 unless said.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

impl ListTasks {
    pub(super) fn limit(&self) -> Result<usize> {
        ListQuery { limit: self.limit, cursor: None }.limit()
    }

    pub(super) fn order(&self) -> Order {
        self.sort.unwrap_or(Order::CreatedDown)
    }

    pub(super) async fn filter(self, ctx: &Ctx) -> Result<Filter> {
        let project = match self.project.as_deref() {
            Some(text) => match project::verbs::find(&ctx.db, ctx.actor.workspace, text).await {
                Err(Error::NotFound(_)) => return Err(Error::field("project", "unknown", "no such project in this workspace")),
                found => Some(found?),
            },
            None => None,
        };
        Ok(Filter {
            assigned: self.assignee.as_deref().map(|who| assigned(who, ctx.actor.user)).transpose()?,
            status: self.status,
            priority: self.priority,
            project,
            label: self.label,
            due_before: self.due_before,
            due_after: self.due_after,
            link: self.link,
            q: self.q,
            archived: self.archived,
            closed_since: None,
        })
    }
}

/// Whom `me`, `none` or an id means.
pub(crate) fn assigned(who: &str, me: Option<UserId>) -> Result<Assigned> {
    match who {
        "none" => Ok(Assigned::Nobody),
        "me" => me.map(Assigned::To).ok_or_else(|| Error::field("assignee", "unknown", "nobody is signed in")),
        id => id.parse().map(Assigned::To).map_err(|_| Error::field("assignee", "invalid", "a member's id, me, or none")),
    }
}
