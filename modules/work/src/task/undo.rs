//! Undo: an event's change taken back, as a change of its own.

use atlas_kernel::{Actor, Error, EventId, Result};
use atlas_store::{Nouns, Tx, query};
use serde_json::{Map, Value as Json};

use super::change::{TaskChange, inverse, still_there};
use super::verbs::{Changed, change_task, load};
use super::{TASKS_WRITE, Task};
use crate::TaskId;

/// Takes back what an event did to a task. Making a task is taken back by archiving it.
///
/// # Errors
/// [`Error::NotFound`] when there is no such event about a task; a conflict `changed_since` when the task is no longer as
/// the event left it; [`Error::Denied`]; or whatever the database answers.
pub async fn undo(tx: &Tx, actor: &Actor, nouns: &Nouns, event: EventId) -> Result<Changed> {
    actor.may(&TASKS_WRITE)?;
    let sql = "SELECT operation, record, data FROM events WHERE workspace_id = $1 AND id = $2";
    let row: Option<(String, atlas_kernel::Ref, Json)> = query(sql).bind(actor.workspace).bind(event).first(tx).await?;
    let (operation, record, data) = row.ok_or(Error::NotFound("change"))?;
    let id: TaskId = record.as_id().ok_or(Error::NotFound("change"))?;
    let task = load(tx, actor, id, None).await?;
    let change = match operation.as_str() {
        "task.created" if task.archived_at.is_none() => TaskChange { archived: Some(true), ..TaskChange::default() },
        "task.created" => return Ok(Changed { task, event: None }),
        _ => taken_back(&task, &data)?,
    };
    let key = task.key.clone();
    let reason = Some(format!("Undid a change to {key}"));
    change_task(tx, actor, nouns, task, &change, reason).await
}

fn taken_back(task: &Task, data: &Json) -> Result<TaskChange> {
    let empty = Map::new();
    let fields = data["fields"].as_object().unwrap_or(&empty);
    // Where a card lies changes often and hurts nobody; every other field must be as the event left it.
    let mut meant = fields.clone();
    if meant.len() > 1 {
        meant.remove("position");
    }
    if meant.is_empty() || !still_there(task, &meant) {
        let detail = format!("{} changed meanwhile. Nothing was undone; its history shows every change.", task.key);
        return Err(Error::conflict("changed_since", detail));
    }
    inverse(fields).ok_or_else(|| Error::conflict("not_undoable", "This change cannot be taken back."))
}
