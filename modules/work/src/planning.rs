//! Tasks as work to be planned: what the planner reads of them, and what it may change when asked.

use std::collections::HashMap;

use atlas_kernel::{Actor, Error, EventId, Ref, Result, Timestamp, UserId, WorkspaceId};
use atlas_module::plannable::{Finished, Work, WorkChange, WorkSource};
use atlas_store::{Executor, Nouns, Tx, query};
use futures::FutureExt;

use crate::task::change::TaskChange;
use crate::task::{Priority, Status, TASKS_WRITE, Task, store, undo, verbs};
use crate::{ProjectId, TaskId};

/// What stands so takes somebody's time.
const MEANT: [Status; 2] = [Status::Todo, Status::InProgress];

/// Tasks, as the planner meets them.
pub fn source() -> WorkSource {
    WorkSource {
        kind: "task",
        write: TASKS_WRITE,
        open: |on, workspace| open(on, workspace).boxed(),
        these: |on, workspace, records| these(on, workspace, records).boxed(),
        find: |on, workspace, text| async move { Ok(verbs::find(on, workspace, text).await?.to_ref()) }.boxed(),
        change: |tx, actor, record, change| apply(tx, actor, record, change).boxed(),
        undo: |tx, actor, event| async move { undo::undo(tx, actor, &Nouns::default(), event).await.map(|_| ()) }.boxed(),
        finished: |on, workspace, most| finished(on, workspace, most).boxed(),
    }
}

/// Tasks that are to do or under way; what is noted in the backlog, waits for review or is over takes nobody's time.
async fn open(on: &dyn Executor, workspace: WorkspaceId) -> Result<Vec<Work>> {
    let tasks = store::meant(on, workspace, &MEANT).await?;
    works(on, workspace, tasks).await
}

/// Those of these tasks that are to do or under way.
async fn these(on: &dyn Executor, workspace: WorkspaceId, records: &[Ref]) -> Result<Vec<Work>> {
    let ids: Vec<TaskId> = records.iter().filter_map(Ref::as_id).collect();
    let tasks = store::by_ids(on, workspace, &ids).await?;
    works(on, workspace, tasks.into_iter().filter(|task| task.archived_at.is_none() && MEANT.contains(&task.status)).collect()).await
}

async fn works(on: &dyn Executor, workspace: WorkspaceId, tasks: Vec<Task>) -> Result<Vec<Work>> {
    let names: Vec<(ProjectId, String)> =
        query("SELECT id, name FROM work_projects WHERE workspace_id = $1").bind(workspace).all(on).await?;
    let names: HashMap<ProjectId, String> = names.into_iter().collect();
    Ok(tasks.into_iter().map(|task| work(task, &names)).collect())
}

fn work(task: Task, projects: &HashMap<ProjectId, String>) -> Work {
    Work {
        url: task.url(),
        record: task.id.to_ref(),
        key: task.key,
        title: task.title,
        project: (task.project.to_ref(), projects.get(&task.project).cloned().unwrap_or_default()),
        status: (task.status.glyph(), task.status.label()),
        priority: task.priority.rank(),
        under_way: task.status == Status::InProgress,
        estimate: task.estimate,
        start: task.start,
        due: task.due.map(|day| (day, task.due_time)),
        hard: task.hard_deadline,
        splittable: task.splittable,
        blocks: (task.min_block, task.max_block),
        people: if task.assignees.is_empty() { task.candidates } else { task.assignees },
        after: task.blocked_by.into_iter().map(|blocker| blocker.id.to_ref()).collect(),
    }
}

async fn apply(tx: &Tx, actor: &Actor, record: &Ref, change: &WorkChange) -> Result<Option<EventId>> {
    actor.may(&TASKS_WRITE)?;
    let id: TaskId = record.as_id().ok_or(Error::NotFound("task"))?;
    let task = verbs::load(tx, actor, id, None).await?;
    let wanted = TaskChange {
        status: change.done.then_some(Status::Done),
        estimate_minutes: change.estimate.map(Some),
        due_date: change.due.map(|(day, _)| Some(day)),
        due_time: change.due.map(|(_, time)| time),
        assignees: change.person.map(|person| vec![person]),
        priority: change.priority.map(Priority::from_rank),
        splittable: change.splittable,
        ..TaskChange::default()
    };
    let reason = Some(change.reason.clone()).filter(|reason| !reason.is_empty());
    Ok(verbs::change_task(tx, actor, &Nouns::default(), task, &wanted, reason).await?.event)
}

async fn finished(on: &dyn Executor, workspace: WorkspaceId, most: usize) -> Result<Vec<Finished>> {
    let rows: Vec<(TaskId, UserId, i64, Timestamp)> = query(
        "SELECT t.id, a.user_id, t.estimate_minutes, t.completed_at FROM work_tasks t \
         JOIN work_task_assignees a ON a.workspace_id = t.workspace_id AND a.task_id = t.id \
         WHERE t.workspace_id = $1 AND t.status = 'done' AND t.estimate_minutes IS NOT NULL AND t.completed_at IS NOT NULL \
         ORDER BY t.completed_at DESC, t.id LIMIT $2",
    )
    .bind(workspace)
    .bind(most)
    .all(on)
    .await?;
    Ok(rows.into_iter().map(|(id, user, estimate, at)| Finished { record: id.to_ref(), people: vec![user], estimate, at }).collect())
}
