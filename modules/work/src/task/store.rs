//! Tasks in the database: rows, and what hangs on them, loaded for many at once.

use std::collections::HashMap;

use atlas_kernel::{ConnectionId, Ref, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Tx, built_query, query};
use jiff::civil::{Date, Time};

use super::{Blocker, Label, Priority, Status, Task, due_rank};
use crate::{LabelId, ProjectId, TaskId};

pub(super) const COLUMNS: &str = "t.id, t.key, t.project_id, t.title, t.description, t.status, t.priority, t.start_date, t.due_date, \
     t.due_time, t.due_rank, t.estimate_minutes, t.hard_deadline, t.splittable, t.min_block_minutes, t.max_block_minutes, t.position, t.origin_provider, t.title_from, t.description_from, t.created_by, t.created_at, \
     t.updated_at, t.completed_at, t.archived_at, t.version";

atlas_store::row! {
    /// A task's columns.
    pub(super) struct TaskRow {
        pub(super) id: TaskId,
        key: String,
        project_id: ProjectId,
        title: String,
        description: String,
        status: Status,
        pub(super) priority: i64,
        start_date: Option<Date>,
        due_date: Option<Date>,
        due_time: Option<String>,
        pub(super) due_rank: String,
        estimate_minutes: Option<i64>,
        hard_deadline: bool,
        splittable: bool,
        min_block_minutes: Option<i64>,
        max_block_minutes: Option<i64>,
        pub(super) position: String,
        origin_provider: Option<String>,
        title_from: Option<ConnectionId>,
        description_from: Option<ConnectionId>,
        created_by: Option<UserId>,
        pub(super) created_at: Timestamp,
        pub(super) updated_at: Timestamp,
        completed_at: Option<Timestamp>,
        archived_at: Option<Timestamp>,
        version: i64,
    }
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        Self {
            id: row.id,
            key: row.key,
            project: row.project_id,
            title: row.title,
            description: row.description,
            status: row.status,
            priority: Priority::from_rank(row.priority),
            start: row.start_date,
            due: row.due_date,
            due_time: row.due_time.and_then(|text| text.parse().ok()),
            estimate: row.estimate_minutes,
            hard_deadline: row.hard_deadline,
            splittable: row.splittable,
            min_block: row.min_block_minutes,
            max_block: row.max_block_minutes,
            candidates: vec![],
            blocked_by: vec![],
            position: row.position,
            assignees: vec![],
            labels: vec![],
            links: vec![],
            around: vec![],
            origin: row.origin_provider,
            title_from: row.title_from,
            description_from: row.description_from,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
            completed_at: row.completed_at,
            archived_at: row.archived_at,
            version: row.version,
        }
    }
}

/// The task with this id, with everything that hangs on it.
pub async fn by_id(on: &dyn Executor, workspace: WorkspaceId, id: TaskId) -> Result<Option<Task>> {
    one(on, workspace, id, "").await
}

/// The same, locked against other writers until the transaction ends.
pub async fn locked(tx: &Tx, workspace: WorkspaceId, id: TaskId) -> Result<Option<Task>> {
    one(tx, workspace, id, tx.dialect().for_update()).await
}

async fn one(on: &dyn Executor, workspace: WorkspaceId, id: TaskId, lock: &str) -> Result<Option<Task>> {
    let sql = format!("SELECT {COLUMNS} FROM work_tasks t WHERE t.workspace_id = $1 AND t.id = $2{lock}");
    let row: Option<TaskRow> = built_query(sql).bind(workspace).bind(id).first(on).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(complete(on, workspace, vec![row.into()]).await?.pop())
}

/// The id behind a key, current or former; keys are read in any case.
pub async fn id_of_key(on: &dyn Executor, workspace: WorkspaceId, key: &str) -> Result<Option<TaskId>> {
    let rows = query("SELECT task_id FROM work_task_keys WHERE workspace_id = $1 AND key = $2");
    Ok(rows.bind(workspace).bind(key.to_ascii_uppercase()).values(on).await?.pop())
}

/// The tasks with these ids, with everything that hangs on them, in no order.
pub async fn by_ids(on: &dyn Executor, workspace: WorkspaceId, ids: &[TaskId]) -> Result<Vec<Task>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ask = built_query(format!("SELECT {COLUMNS} FROM work_tasks t WHERE t.workspace_id = $1 AND t.id IN ({{list}})"));
    let rows: Vec<TaskRow> = ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await?;
    complete(on, workspace, rows.into_iter().map(Task::from).collect()).await
}

/// The tasks that stand so and are not archived, with their people and blockers: three queries, however many tasks.
pub async fn meant(on: &dyn Executor, workspace: WorkspaceId, standing: &[Status]) -> Result<Vec<Task>> {
    let these = "t.workspace_id = $1 AND t.status IN ({list}) AND t.archived_at IS NULL";
    let of = |sql: String| built_query(sql).bind(workspace).bind_list(standing.iter().copied());
    let rows: Vec<TaskRow> = of(format!("SELECT {COLUMNS} FROM work_tasks t WHERE {these} ORDER BY t.id")).all(on).await?;
    let mut tasks: Vec<Task> = rows.into_iter().map(Task::from).collect();
    let people = format!(
        "SELECT x.task_id, x.user_id, x.assigned FROM ({PEOPLE}) x \
         JOIN work_tasks t ON t.workspace_id = x.workspace_id AND t.id = x.task_id WHERE {these} ORDER BY x.user_id"
    );
    let people: Vec<(TaskId, UserId, bool)> = of(people).all(on).await?;
    let blockers = format!(
        "SELECT x.task_id, b.id, b.key FROM work_task_blockers x JOIN work_tasks t ON t.workspace_id = x.workspace_id AND t.id = x.task_id \
         JOIN work_tasks b ON b.workspace_id = x.workspace_id AND b.id = x.blocked_by WHERE {these} ORDER BY b.id"
    );
    let blockers: Vec<(TaskId, TaskId, String)> = of(blockers).all(on).await?;
    hang(&mut tasks, people, blockers);
    Ok(tasks)
}

fn hang(tasks: &mut [Task], people: Vec<(TaskId, UserId, bool)>, blockers: Vec<(TaskId, TaskId, String)>) {
    let mut places: HashMap<TaskId, &mut Task> = tasks.iter_mut().map(|task| (task.id, task)).collect();
    for (task, user, assigned) in people {
        places.entry(task).and_modify(|task| if assigned { task.assignees.push(user) } else { task.candidates.push(user) });
    }
    for (task, id, key) in blockers {
        places.entry(task).and_modify(|task| task.blocked_by.push(Blocker { id, key }));
    }
}

const PEOPLE: &str = "SELECT workspace_id, task_id, user_id, TRUE AS assigned FROM work_task_assignees \
     UNION ALL SELECT workspace_id, task_id, user_id, FALSE FROM work_task_candidates";

/// Puts people, labels, links and blockers onto tasks: four queries, however many tasks.
pub(super) async fn complete(on: &dyn Executor, workspace: WorkspaceId, mut tasks: Vec<Task>) -> Result<Vec<Task>> {
    let ids: Vec<TaskId> = tasks.iter().map(|task| task.id).collect();
    if ids.is_empty() {
        return Ok(tasks);
    }
    let of = |select: &str, order: &str| {
        let ask = built_query(format!("{select} WHERE x.workspace_id = $1 AND x.task_id IN ({{list}}) ORDER BY {order}"));
        ask.bind(workspace).bind_list(ids.iter().copied())
    };
    let people: Vec<(TaskId, UserId, bool)> =
        of(&format!("SELECT x.task_id, x.user_id, x.assigned FROM ({PEOPLE}) x"), "x.user_id").all(on).await?;
    let blockers = "SELECT x.task_id, b.id, b.key FROM work_task_blockers x JOIN work_tasks b ON b.workspace_id = x.workspace_id AND b.id = x.blocked_by";
    let blockers: Vec<(TaskId, TaskId, String)> = of(blockers, "b.id").all(on).await?;
    let labels = "SELECT x.task_id, l.id, l.name FROM work_task_labels x JOIN work_labels l ON l.workspace_id = x.workspace_id AND l.id = x.label_id";
    let labels: Vec<(TaskId, LabelId, String)> = of(labels, "l.name_key").all(on).await?;
    let links: Vec<(TaskId, Ref, bool)> = of("SELECT x.task_id, x.record, x.direct FROM work_task_links x", "x.record").all(on).await?;
    hang(&mut tasks, people, blockers);
    let mut places: HashMap<TaskId, &mut Task> = tasks.iter_mut().map(|task| (task.id, task)).collect();
    for (task, id, name) in labels {
        places.entry(task).and_modify(|task| task.labels.push(Label { id, name }));
    }
    for (task, record, direct) in links {
        places.entry(task).and_modify(|task| if direct { task.links.push(record) } else { task.around.push(record) });
    }
    Ok(tasks)
}

fn clock_time(time: Option<Time>) -> Option<String> {
    time.map(|time| time.strftime("%H:%M").to_string())
}

/// The words a list's search box looks at.
fn words(task: &Task) -> String {
    atlas_store::fold(&format!("{} {}", task.key, task.title))
}

/// Writes a new task with everything that hangs on it.
pub async fn insert(tx: &Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    let sql = "INSERT INTO work_tasks (workspace_id, id, project_id, key, title, description, words, status, priority, start_date, due_date, \
         due_time, due_rank, estimate_minutes, position, hard_deadline, splittable, min_block_minutes, max_block_minutes, origin_provider, title_from, description_from, created_by, created_at, updated_at, \
         completed_at, archived_at, version) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27,$28)";
    columns(sql, workspace, task)
        .bind(task.origin.clone())
        .bind(task.title_from)
        .bind(task.description_from)
        .bind(task.created_by)
        .bind(task.created_at)
        .bind(task.updated_at)
        .bind(task.completed_at)
        .bind(task.archived_at)
        .bind(task.version)
        .run(tx)
        .await?;
    insert_key(tx, workspace, task).await?;
    put_assignees(tx, workspace, task).await?;
    put_candidates(tx, workspace, task).await?;
    put_blockers(tx, workspace, task).await?;
    put_labels(tx, workspace, task).await?;
    put_links(tx, workspace, task).await
}

/// Writes a changed task's own columns.
pub async fn update(tx: &Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    let sql = "UPDATE work_tasks SET project_id = $3, key = $4, title = $5, description = $6, words = $7, status = $8, priority = $9, \
         start_date = $10, due_date = $11, due_time = $12, due_rank = $13, estimate_minutes = $14, position = $15, hard_deadline = $16, \
         splittable = $17, min_block_minutes = $18, max_block_minutes = $19, title_from = $20, description_from = $21, updated_at = $22, \
         completed_at = $23, archived_at = $24, version = $25 WHERE workspace_id = $1 AND id = $2";
    columns(sql, workspace, task)
        .bind(task.title_from)
        .bind(task.description_from)
        .bind(task.updated_at)
        .bind(task.completed_at)
        .bind(task.archived_at)
        .bind(task.version)
        .run(tx)
        .await
        .map(|_| ())
}

/// The nineteen values that inserting and updating share.
fn columns(sql: &'static str, workspace: WorkspaceId, task: &Task) -> atlas_store::Query {
    query(sql)
        .bind(workspace)
        .bind(task.id)
        .bind(task.project)
        .bind(&task.key)
        .bind(&task.title)
        .bind(&task.description)
        .bind(words(task))
        .bind(task.status)
        .bind(task.priority.rank())
        .bind(task.start)
        .bind(task.due)
        .bind(clock_time(task.due_time))
        .bind(due_rank(task.due, task.due_time))
        .bind(task.estimate)
        .bind(&task.position)
        .bind(task.hard_deadline)
        .bind(task.splittable)
        .bind(task.min_block)
        .bind(task.max_block)
}

/// Lets the task answer to its current key.
pub async fn insert_key(tx: &Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    let sql = "INSERT INTO work_task_keys (workspace_id, key, task_id) VALUES ($1,$2,$3)";
    query(sql).bind(workspace).bind(&task.key).bind(task.id).run(tx).await.map(|_| ())
}

/// Writes who does the task.
pub async fn put_assignees(tx: &Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    query("DELETE FROM work_task_assignees WHERE workspace_id = $1 AND task_id = $2").bind(workspace).bind(task.id).run(tx).await?;
    for user in &task.assignees {
        let sql = "INSERT INTO work_task_assignees (workspace_id, task_id, user_id) VALUES ($1,$2,$3)";
        query(sql).bind(workspace).bind(task.id).bind(*user).run(tx).await?;
    }
    Ok(())
}

/// Writes who may do the task when nobody is assigned.
pub async fn put_candidates(tx: &Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    query("DELETE FROM work_task_candidates WHERE workspace_id = $1 AND task_id = $2").bind(workspace).bind(task.id).run(tx).await?;
    for user in &task.candidates {
        let sql = "INSERT INTO work_task_candidates (workspace_id, task_id, user_id) VALUES ($1,$2,$3)";
        query(sql).bind(workspace).bind(task.id).bind(*user).run(tx).await?;
    }
    Ok(())
}

/// Writes what must be done before the task.
pub async fn put_blockers(tx: &Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    query("DELETE FROM work_task_blockers WHERE workspace_id = $1 AND task_id = $2").bind(workspace).bind(task.id).run(tx).await?;
    for blocker in &task.blocked_by {
        let sql = "INSERT INTO work_task_blockers (workspace_id, task_id, blocked_by) VALUES ($1,$2,$3)";
        query(sql).bind(workspace).bind(task.id).bind(blocker.id).run(tx).await?;
    }
    Ok(())
}

/// Writes the task's labels.
pub async fn put_labels(tx: &Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    query("DELETE FROM work_task_labels WHERE workspace_id = $1 AND task_id = $2").bind(workspace).bind(task.id).run(tx).await?;
    for label in &task.labels {
        let sql = "INSERT INTO work_task_labels (workspace_id, task_id, label_id) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING";
        query(sql).bind(workspace).bind(task.id).bind(label.id).run(tx).await?;
    }
    Ok(())
}

/// Writes the task's links and what is around them.
pub async fn put_links(tx: &Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    query("DELETE FROM work_task_links WHERE workspace_id = $1 AND task_id = $2").bind(workspace).bind(task.id).run(tx).await?;
    let rows = task.links.iter().map(|record| (record, true)).chain(task.around.iter().map(|record| (record, false)));
    for (record, direct) in rows {
        let sql = "INSERT INTO work_task_links (workspace_id, task_id, record, direct) VALUES ($1,$2,$3,$4) ON CONFLICT DO NOTHING";
        query(sql).bind(workspace).bind(task.id).bind(record).bind(direct).run(tx).await?;
    }
    Ok(())
}

/// The places just above and just below a card in its lane, looking from the card that is to follow (`before`).
/// With no such card: the lane's last place and nothing. The card being moved is left out.
pub async fn gap(
    on: &dyn Executor,
    workspace: WorkspaceId,
    status: Status,
    moved: TaskId,
    before: Option<&Task>,
) -> Result<(Option<String>, Option<String>)> {
    let below = before.map(|task| (task.position.clone(), task.id));
    let limit = if below.is_some() { "AND (position, id) < ($4, $5)" } else { "" };
    let sql = format!(
        "SELECT position FROM work_tasks WHERE workspace_id = $1 AND status = $2 AND archived_at IS NULL AND id <> $3 {limit} \
         ORDER BY position DESC, id DESC LIMIT 1"
    );
    let mut ask = built_query(sql).bind(workspace).bind(status).bind(moved);
    if let Some((position, id)) = &below {
        ask = ask.bind(position).bind(*id);
    }
    let above: Option<String> = ask.values(on).await?.pop();
    Ok((above, below.map(|(position, _)| position)))
}

/// All labels of the workspace, by name.
pub async fn labels(on: &dyn Executor, workspace: WorkspaceId) -> Result<Vec<Label>> {
    let rows: Vec<(LabelId, String)> =
        query("SELECT id, name FROM work_labels WHERE workspace_id = $1 ORDER BY name_key LIMIT 1000").bind(workspace).all(on).await?;
    Ok(rows.into_iter().map(|(id, name)| Label { id, name }).collect())
}

/// The labels of these names; those that do not exist yet are made.
pub async fn labels_named(tx: &Tx, workspace: WorkspaceId, names: &[(String, String)]) -> Result<Vec<Label>> {
    let mut found = Vec::new();
    for (name, name_key) in names {
        let id = LabelId::new(tx.now());
        let insert = "INSERT INTO work_labels (workspace_id, id, name, name_key) VALUES ($1,$2,$3,$4) ON CONFLICT DO NOTHING";
        query(insert).bind(workspace).bind(id).bind(name).bind(name_key).run(tx).await?;
        let rows: Vec<(LabelId, String)> = query("SELECT id, name FROM work_labels WHERE workspace_id = $1 AND name_key = $2")
            .bind(workspace)
            .bind(name_key)
            .all(tx)
            .await?;
        found.extend(rows.into_iter().map(|(id, name)| Label { id, name }));
    }
    Ok(found)
}

/// The key a task had in a project before, if it was there.
pub async fn former_key(on: &dyn Executor, workspace: WorkspaceId, task: TaskId, project: &str) -> Result<Option<String>> {
    let keys: Vec<String> =
        query("SELECT key FROM work_task_keys WHERE workspace_id = $1 AND task_id = $2").bind(workspace).bind(task).values(on).await?;
    Ok(keys.into_iter().find(|key| key.rsplit_once('-').is_some_and(|(prefix, _)| prefix == project)))
}
