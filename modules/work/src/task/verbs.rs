//! What can be done with tasks: create, edit, move, archive, restore.

use std::collections::HashMap;

use atlas_kernel::{Actor, ConnectionId, Error, EventId, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Nouns, Tx};
use jiff::civil::{Date, Time};

use super::change::{TaskChange, differences, distinct};
use super::entry::{self, Entry};
use super::links::{self, Linked};
use super::{Label, Priority, Status, TASKS_READ, TASKS_WRITE, Task, blockers, position, store, tidy_description, tidy_title};
use crate::people::People;
use crate::{ProjectId, TaskId, project};

/// A task to be made. `Default` is a task to do, in the default project.
#[derive(Clone, Debug, Default)]
pub struct NewTask {
    /// What is to be done.
    pub title: String,
    /// More about it, Markdown.
    pub description: String,
    /// Where it stands; to do unless said.
    pub status: Option<Status>,
    /// How pressing it is; none unless said.
    pub priority: Option<Priority>,
    /// Not before this day.
    pub start: Option<Date>,
    /// By this day.
    pub due: Option<Date>,
    /// By this time of the due day.
    pub due_time: Option<Time>,
    /// Whether the due date must be met.
    pub hard_deadline: bool,
    /// How long it takes, minutes.
    pub estimate: Option<i64>,
    /// Whether it must be done in one piece.
    pub in_one_piece: bool,
    /// The shortest piece, minutes.
    pub min_block: Option<i64>,
    /// The longest piece, minutes.
    pub max_block: Option<i64>,
    /// Who may do it when nobody is assigned.
    pub candidates: Vec<UserId>,
    /// What must be done before it, by id or key.
    pub blocked_by: Vec<String>,
    /// Its project; the workspace's default project unless said.
    pub project: Option<ProjectId>,
    /// Who does it.
    pub assignees: Vec<UserId>,
    /// Label names; missing ones are made.
    pub labels: Vec<String>,
    /// The records it is linked to, already looked up.
    pub linked: Linked,
    /// Where its words come from, when they are a provider's.
    pub origin: Option<Origin>,
    /// Why, when something automatic makes it.
    pub reason: Option<String>,
}

/// The provider's words behind a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The provider, such as `intercom`.
    pub provider: String,
    /// The connection.
    pub connection: ConnectionId,
}

/// A change that was made, with the event to undo it by.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The task as it is now.
    pub task: Task,
    /// The event; none when nothing differed.
    pub event: Option<EventId>,
}

/// The task with this id.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], or whatever the database answers.
pub async fn read(on: &dyn Executor, actor: &Actor, id: TaskId) -> Result<Task> {
    actor.may(&TASKS_READ)?;
    store::by_id(on, actor.workspace, id).await?.ok_or(Error::NotFound("task"))
}

/// The id behind a task's id or key, as people and programs may write either.
///
/// # Errors
/// [`Error::NotFound`] when neither names a task of this workspace.
pub async fn find(on: &dyn Executor, workspace: WorkspaceId, id_or_key: &str) -> Result<TaskId> {
    if let Ok(id) = id_or_key.parse() {
        return Ok(id);
    }
    store::id_of_key(on, workspace, id_or_key).await?.ok_or(Error::NotFound("task"))
}

/// Makes a task.
///
/// # Errors
/// [`Error::Invalid`] by field, [`Error::Denied`], or whatever the database answers.
pub async fn create(tx: &Tx, actor: &Actor, new: NewTask) -> Result<Changed> {
    create_as(tx, actor, TaskId::new(tx.now()), new).await
}

/// The same under an id that was chosen before, such as when a note was claimed for it.
pub(crate) async fn create_as(tx: &Tx, actor: &Actor, id: TaskId, new: NewTask) -> Result<Changed> {
    actor.may(&TASKS_WRITE)?;
    let (reason, labels, wanted, behind) = (new.reason.clone(), new.labels.clone(), new.project, new.blocked_by.clone());
    let mut task = draft(tx.now(), actor, id, new);
    task.check()?;
    if !task.assignees.is_empty() || !task.candidates.is_empty() {
        let people = People::load(tx, actor.workspace).await?;
        people.check_assignees(&task.assignees, &[])?;
        people.check_members("candidates", &task.candidates, &[])?;
    }
    task.blocked_by = blockers::named(tx, actor.workspace, id, &behind).await?;
    task.labels = labels_of(tx, actor.workspace, &labels).await?;
    let project = match wanted {
        Some(id) => usable_project(tx, actor.workspace, id).await?,
        None => project::verbs::default_project(tx, actor).await?,
    };
    task.project = project.id;
    task.key = format!("{}-{}", project.key, project::store::next_number(tx, actor.workspace, project.id).await?);
    task.check()?;
    store::insert(tx, actor.workspace, &task).await?;
    entry::index(tx, actor.workspace, &task).await?;
    let mut made = Entry::new("task.created", "created");
    made.reason = reason;
    let event = entry::write(tx, actor, &task, made, vec![]).await?;
    Ok(Changed { task, event })
}

fn draft(now: Timestamp, actor: &Actor, id: TaskId, new: NewTask) -> Task {
    let from = new.origin.as_ref().map(|origin| origin.connection);
    let mut task = Task {
        id,
        key: String::new(),
        project: new.project.unwrap_or(ProjectId::from_uuid(id.uuid())),
        title: tidy_title(&new.title),
        description: tidy_description(&new.description),
        status: Status::Todo,
        priority: new.priority.unwrap_or(Priority::None),
        start: new.start,
        due: new.due,
        due_time: new.due_time,
        hard_deadline: new.hard_deadline,
        estimate: new.estimate,
        splittable: !new.in_one_piece,
        min_block: new.min_block,
        max_block: new.max_block,
        candidates: distinct(&new.candidates),
        blocked_by: vec![],
        position: position::top(now, salt(id)),
        assignees: distinct(&new.assignees),
        labels: vec![],
        links: new.linked.links,
        around: new.linked.around,
        origin: new.origin.map(|origin| origin.provider),
        title_from: from,
        description_from: from.filter(|_| !new.description.trim().is_empty()),
        created_by: actor.user,
        created_at: now,
        updated_at: now,
        completed_at: None,
        archived_at: None,
        version: 1,
    };
    task.stand(new.status.unwrap_or(Status::Todo), now);
    task
}

/// What keeps two cards placed at one moment apart.
fn salt(id: TaskId) -> u64 {
    (id.uuid().as_u128() & u128::from(u64::MAX)) as u64
}

/// Changes a task. `expected` is the version the caller saw, when it insists on it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] by field, [`Error::Denied`], or whatever the database answers.
pub async fn edit(tx: &Tx, actor: &Actor, nouns: &Nouns, id: TaskId, change: &TaskChange, expected: Option<i64>) -> Result<Changed> {
    actor.may(&TASKS_WRITE)?;
    let before = load(tx, actor, id, expected).await?;
    change_task(tx, actor, nouns, before, change, None).await
}

/// Puts a task into a lane, just above `before`, or at the lane's end.
///
/// # Errors
/// As [`edit`].
pub async fn move_to(tx: &Tx, actor: &Actor, id: TaskId, status: Status, before: Option<TaskId>, expected: Option<i64>) -> Result<Changed> {
    actor.may(&TASKS_WRITE)?;
    let task = load(tx, actor, id, expected).await?;
    let below = match before.filter(|below| *below != id) {
        Some(below) => store::by_id(tx, actor.workspace, below).await?.filter(|card| card.status == status && card.archived_at.is_none()),
        None => None,
    };
    let (above, below) = store::gap(tx, actor.workspace, status, id, below.as_ref()).await?;
    let place = position::between(above.as_deref(), below.as_deref(), tx.now(), salt(id));
    let change = TaskChange { status: Some(status), position: Some(place), ..TaskChange::default() };
    change_task(tx, actor, &Nouns::default(), task, &change, None).await
}

/// Puts a task away; it can be restored.
///
/// # Errors
/// As [`edit`].
pub async fn archive(tx: &Tx, actor: &Actor, id: TaskId, expected: Option<i64>) -> Result<Changed> {
    let change = TaskChange { archived: Some(true), ..TaskChange::default() };
    edit(tx, actor, &Nouns::default(), id, &change, expected).await
}

/// Brings an archived task back.
///
/// # Errors
/// As [`edit`].
pub async fn restore(tx: &Tx, actor: &Actor, id: TaskId, expected: Option<i64>) -> Result<Changed> {
    let change = TaskChange { archived: Some(false), ..TaskChange::default() };
    edit(tx, actor, &Nouns::default(), id, &change, expected).await
}

/// The task as it is, locked, at the version the caller saw.
pub(crate) async fn load(tx: &Tx, actor: &Actor, id: TaskId, expected: Option<i64>) -> Result<Task> {
    let task = store::locked(tx, actor.workspace, id).await?.ok_or(Error::NotFound("task"))?;
    if expected.is_some_and(|version| version != task.version) {
        return Err(Error::Stale);
    }
    Ok(task)
}

/// Applies a change and saves what differs; nothing is written when nothing does.
pub(crate) async fn change_task(
    tx: &Tx,
    actor: &Actor,
    nouns: &Nouns,
    before: Task,
    change: &TaskChange,
    reason: Option<String>,
) -> Result<Changed> {
    let mut after = before.clone();
    change.apply(&mut after, tx.now());
    if change.position.is_none() && after.status != before.status {
        after.position = position::top(tx.now(), salt(after.id));
    }
    if let Some(labels) = &change.labels {
        after.labels = labels_of(tx, actor.workspace, labels).await?;
    }
    if let Some(links) = &change.links {
        Linked { links: after.links, around: after.around } = links::resolve(tx, actor.workspace, nouns, links, &before.links).await?;
    }
    if let Some(names) = &change.blocked_by {
        after.blocked_by = blockers::named(tx, actor.workspace, after.id, names).await?;
    }
    if let Some(project) = change.project.filter(|project| *project != before.project) {
        rekey(tx, actor.workspace, &mut after, project).await?;
    }
    after.check()?;
    let fields = differences(&before, &after);
    if fields.is_empty() {
        return Ok(Changed { task: before, event: None });
    }
    after.version += 1;
    after.updated_at = tx.now();
    let people = save(tx, actor, &before, &after).await?;
    let mut entry = Entry::of_change(&before, &after, fields, &people);
    entry.reason = reason;
    let lost = before.links.iter().filter(|link| !after.links.contains(link)).cloned().collect();
    let event = entry::write(tx, actor, &after, entry, lost).await?;
    Ok(Changed { task: after, event })
}

async fn save(tx: &Tx, actor: &Actor, before: &Task, after: &Task) -> Result<People> {
    let mut people = People::default();
    if before.assignees != after.assignees {
        people = People::load(tx, actor.workspace).await?;
        people.check_assignees(&after.assignees, &before.assignees)?;
        store::put_assignees(tx, actor.workspace, after).await?;
    }
    if before.candidates != after.candidates {
        People::load(tx, actor.workspace).await?.check_members("candidates", &after.candidates, &before.candidates)?;
        store::put_candidates(tx, actor.workspace, after).await?;
    }
    if before.blocked_by != after.blocked_by {
        store::put_blockers(tx, actor.workspace, after).await?;
    }
    if before.labels != after.labels {
        store::put_labels(tx, actor.workspace, after).await?;
    }
    if (&before.links, &before.around) != (&after.links, &after.around) {
        store::put_links(tx, actor.workspace, after).await?;
    }
    store::update(tx, actor.workspace, after).await?;
    entry::index(tx, actor.workspace, after).await?;
    Ok(people)
}

/// Gives the task its key in another project: the one it had there before, or the next.
async fn rekey(tx: &Tx, workspace: WorkspaceId, task: &mut Task, project: ProjectId) -> Result<()> {
    let project = usable_project(tx, workspace, project).await?;
    task.project = project.id;
    if let Some(former) = store::former_key(tx, workspace, task.id, &project.key).await? {
        task.key = former;
        return Ok(());
    }
    task.key = format!("{}-{}", project.key, project::store::next_number(tx, workspace, project.id).await?);
    store::insert_key(tx, workspace, task).await
}

async fn usable_project(tx: &Tx, workspace: WorkspaceId, id: ProjectId) -> Result<project::Project> {
    match project::store::by_id(tx, workspace, id).await? {
        Some(project) if project.archived_at.is_none() => Ok(project),
        Some(project) => Err(Error::field("project", "archived", format!("{} is archived; restore it or choose another", project.name))),
        None => Err(Error::field("project", "unknown", "no such project in this workspace")),
    }
}

/// The labels of these names; missing ones are made, repeats are dropped.
async fn labels_of(tx: &Tx, workspace: WorkspaceId, names: &[String]) -> Result<Vec<Label>> {
    let mut keyed: HashMap<String, String> = HashMap::new();
    for name in names {
        let name = tidy_title(name.trim_start_matches('#'));
        if name.is_empty() {
            continue;
        }
        if name.chars().count() > 60 {
            return Err(Error::field("labels", "too_long", "at most 60 characters a label"));
        }
        keyed.entry(name.to_lowercase()).or_insert(name);
    }
    let mut pairs: Vec<(String, String)> = keyed.into_iter().map(|(key, name)| (name, key)).collect();
    pairs.sort_by(|a, b| a.1.cmp(&b.1));
    store::labels_named(tx, workspace, &pairs).await
}
