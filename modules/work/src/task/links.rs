//! Links from tasks to records of any kind.

use atlas_kernel::{Error, Ref, Result, WorkspaceId};
use atlas_store::{Executor, Nouns, query};

use super::change::distinct;
use crate::TaskId;

/// Records to link to, with what they belong to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Linked {
    /// The records themselves.
    pub links: Vec<Ref>,
    /// What they belong to, such as a message's conversation and contact.
    pub around: Vec<Ref>,
}

impl Linked {
    /// Records known to be there, with nothing around them.
    pub fn known(links: Vec<Ref>) -> Self {
        Self { links: distinct(&links), around: vec![] }
    }
}

/// Looks the records up, and what they belong to. Records in `kept` may be gone: a task keeps its links to what was.
///
/// # Errors
/// A field error on `links` naming the first record that is not in this workspace.
pub async fn resolve(on: &dyn Executor, workspace: WorkspaceId, nouns: &Nouns, links: &[Ref], kept: &[Ref]) -> Result<Linked> {
    let links = distinct(links);
    let named = nouns.describe(on, workspace, &links).await?;
    if let Some(unknown) = links.iter().find(|link| !named.contains_key(link) && !kept.contains(link)) {
        return Err(Error::field("links", "unknown", format!("there is no record {unknown} in this workspace")));
    }
    let around: Vec<Ref> = links.iter().filter_map(|link| named.get(link)).flat_map(|named| named.related.clone()).collect();
    let around = distinct(&around).into_iter().filter(|record| !links.contains(record)).collect();
    Ok(Linked { links, around })
}

/// The open tasks linked to `record` or to something that belongs to it, most pressing first.
///
/// # Errors
/// Whatever the database answers.
pub async fn open_tasks_of(on: &dyn Executor, workspace: WorkspaceId, record: &Ref, limit: usize) -> Result<Vec<super::Task>> {
    let ids: Vec<TaskId> = query(
        "SELECT t.id FROM work_task_links l JOIN work_tasks t ON t.workspace_id = l.workspace_id AND t.id = l.task_id \
         WHERE l.workspace_id = $1 AND l.record = $2 AND t.archived_at IS NULL AND t.completed_at IS NULL \
         ORDER BY t.due_rank, t.priority DESC, t.id DESC LIMIT $3",
    )
    .bind(workspace)
    .bind(record)
    .bind(limit)
    .values(on)
    .await?;
    let mut tasks = super::store::by_ids(on, workspace, &ids).await?;
    tasks.sort_by_key(|task| ids.iter().position(|id| *id == task.id));
    Ok(tasks)
}
