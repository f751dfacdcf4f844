//! What must be done before a task: named by id or key, and never in a circle.

use std::collections::{HashMap, HashSet};

use atlas_kernel::{Error, Result, WorkspaceId};
use atlas_store::{Executor, Tx, built_query, query};

use super::{Blocker, store, verbs};
use crate::{ProjectId, TaskId};

/// The blockers named by id or key, for the task `of`.
///
/// # Errors
/// A field error on `blockedBy` when one is unknown, is the task itself, or waits for it.
pub(super) async fn named(tx: &Tx, workspace: WorkspaceId, of: TaskId, names: &[String]) -> Result<Vec<Blocker>> {
    let mut ids = HashSet::new();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        match verbs::find(tx, workspace, name).await {
            Err(Error::NotFound(_)) => return Err(Error::field("blockedBy", "unknown", format!("{name} is no task of this workspace"))),
            found => ids.insert(found?),
        };
    }
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let wanted: Vec<TaskId> = ids.iter().copied().collect();
    let mut blockers: Vec<Blocker> =
        store::by_ids(tx, workspace, &wanted).await?.into_iter().map(|task| Blocker { id: task.id, key: task.key }).collect();
    blockers.sort();
    if blockers.len() < ids.len() {
        return Err(Error::field("blockedBy", "unknown", "no such task in this workspace"));
    }
    one_at_a_time(tx, workspace).await?;
    if let Some(circle) = first_behind(tx, workspace, of, &blockers).await? {
        let why = if circle.id == of {
            "a task cannot wait for itself".to_owned()
        } else {
            format!("{} waits for this task already", circle.key)
        };
        return Err(Error::field("blockedBy", "circle", why));
    }
    Ok(blockers)
}

/// Lets whoever else says what waits for what wait until this transaction ends: two halves of a circle, each right by
/// itself, must not be written at once.
async fn one_at_a_time(tx: &Tx, workspace: WorkspaceId) -> Result<()> {
    let lock = tx.dialect().for_update();
    let first = format!("SELECT id FROM work_projects WHERE workspace_id = $1 ORDER BY id LIMIT 1{lock}");
    built_query(first).bind(workspace).values::<ProjectId>(tx).await.map(|_| ())
}

/// The first of these that is, or waits for, the task `of`.
async fn first_behind(on: &dyn Executor, workspace: WorkspaceId, of: TaskId, blockers: &[Blocker]) -> Result<Option<Blocker>> {
    let edges: Vec<(TaskId, TaskId)> =
        query("SELECT task_id, blocked_by FROM work_task_blockers WHERE workspace_id = $1").bind(workspace).all(on).await?;
    let mut before: HashMap<TaskId, Vec<TaskId>> = HashMap::new();
    for (task, blocker) in edges {
        before.entry(task).or_default().push(blocker);
    }
    let waits = |from: TaskId| {
        let (mut open, mut seen) = (vec![from], HashSet::new());
        while let Some(task) = open.pop() {
            if task == of {
                return true;
            }
            if seen.insert(task) {
                open.extend(before.get(&task).into_iter().flatten());
            }
        }
        false
    };
    Ok(blockers.iter().find(|blocker| waits(blocker.id)).cloned())
}
