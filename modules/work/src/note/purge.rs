//! Forgetting a provider's words: tasks stay, the text copied from the provider goes unless a person wrote over it.

use atlas_connect::{Purged, What, mapped};
use atlas_kernel::{ConnectionId, Ref, Result, WorkspaceId};
use atlas_store::{Tx, query};
use serde_json::Value as Json;

use super::intake::GRACE;
use super::store;
use crate::TaskId;
use crate::task::{self, Task, change, entry};

/// One step of a connection's purge: up to `limit` tasks lose the provider's words and forget the note they came from.
///
/// # Errors
/// Whatever the database answers.
pub async fn purge(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> Result<Vec<Purged>> {
    let tasks = store::tasks_of_connection(tx, workspace, connection, limit).await?;
    let since = tx.now().checked_add(GRACE).unwrap_or(tx.now());
    store::start_anew(tx, workspace, connection, since).await?;
    let mut words = 0;
    for id in &tasks {
        words += u64::from(forget(tx, workspace, *id).await?);
        store::release(tx, workspace, *id).await?;
    }
    Ok(vec![Purged { what: "task texts".to_owned(), count: words }, Purged { what: "note links".to_owned(), count: tasks.len() as u64 }])
}

/// Takes a message's words out of the task made from it, by rule or by a click. The task keeps its place, so the note makes no second one.
///
/// # Errors
/// Whatever the database answers.
pub async fn forget_message(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, external_id: &str) -> Result<()> {
    let mut tasks = store::tasks_of_message(tx, workspace, connection, external_id).await?;
    if let Some(record) = mapped(tx, workspace, connection, What::Message, external_id).await? {
        tasks.extend(store::tasks_of_records(tx, workspace, &[record]).await?.into_values().map(|(id, _)| id));
    }
    for id in change::distinct(&tasks) {
        forget(tx, workspace, id).await?;
    }
    Ok(())
}

/// Takes the provider's words out of a task, its history and the search index; whether there were any in the task.
async fn forget(tx: &Tx, workspace: WorkspaceId, id: TaskId) -> Result<bool> {
    let Some(mut task) = task::store::locked(tx, workspace, id).await? else { return Ok(false) };
    let (title, description) = (task.title_from.take().is_some(), task.description_from.take().is_some());
    if title {
        task.title = task.without_words();
    }
    if description {
        task.description.clear();
    }
    if title || description {
        task.version += 1;
        task.updated_at = tx.now();
        task::store::update(tx, workspace, &task).await?;
        entry::index(tx, workspace, &task).await?;
        tx.touch(workspace, &id.to_ref());
        tx.touch_topic(workspace, "tasks");
    }
    clean_history(tx, workspace, &task).await?;
    Ok(title || description)
}

/// In every event of the task: its name as it is now, and no title or description before or after.
async fn clean_history(tx: &Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    let record: Ref = task.id.into();
    let sql = "SELECT id, data FROM events WHERE workspace_id = $1 AND record = $2";
    let events: Vec<(atlas_kernel::EventId, Json)> = query(sql).bind(workspace).bind(&record).all(tx).await?;
    for (event, data) in events {
        let cleaned = cleaned(data.clone(), &entry::label(task));
        if cleaned != data {
            let sql = "UPDATE events SET data = $3 WHERE workspace_id = $1 AND id = $2";
            query(sql).bind(workspace).bind(event).bind(cleaned).run(tx).await?;
        }
    }
    Ok(())
}

fn cleaned(mut data: Json, name: &str) -> Json {
    let Some(data_map) = data.as_object_mut() else { return data };
    data_map.insert("name".to_owned(), name.into());
    let Some(fields) = data_map.get_mut("fields").and_then(Json::as_object_mut) else { return data };
    let renamed = fields.remove("title").is_some();
    fields.remove("description");
    if renamed {
        data_map.remove("change");
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn history_keeps_what_happened_and_loses_the_words() {
        let data = json!({"verb": "renamed", "name": "A-1 Secret", "change": "Secret → Mine", "fields": {"title": {"before": "Secret"}, "status": 1}});
        assert_eq!(cleaned(data, "A-1 Mine"), json!({"verb": "renamed", "name": "A-1 Mine", "fields": {"status": 1}}));
        let quiet = json!({"verb": "created", "name": "A-1 Secret"});
        assert_eq!(cleaned(quiet, "A-1 Gone")["name"], "A-1 Gone");
    }
}
