//! What the event log and the search index say of a task.

use atlas_kernel::{Actor, Result};
use atlas_store::{Event, SearchDoc, Tx, record_event, search_put, search_remove};
use serde_json::{Map, Value as Json, json};

use super::{Status, Task, TaskId};
use crate::people::People;

/// One line for the log: what was done, in words and in fields.
pub struct Entry {
    /// The operation, such as `task.moved`.
    pub operation: &'static str,
    /// Past-tense words shown after the actor.
    pub verb: String,
    /// What it led to, such as a status or a person.
    pub to: Option<String>,
    /// Before and after, in words.
    pub change: Option<String>,
    /// Before and after, by field, for undoing.
    pub fields: Map<String, Json>,
    /// Why, when something automatic did it.
    pub reason: Option<String>,
}

impl Entry {
    /// An entry without fields.
    pub fn new(operation: &'static str, verb: &str) -> Self {
        Self { operation, verb: verb.to_owned(), to: None, change: None, fields: Map::new(), reason: None }
    }

    /// The entry for a change, said as people would say it.
    pub fn of_change(before: &Task, after: &Task, fields: Map<String, Json>, people: &People) -> Self {
        let mut entry = describe(before, after, &fields, people);
        entry.fields = fields;
        entry
    }

    /// Whether only the task's own history shows it: a card moved within its lane is nobody else's news.
    fn is_quiet(&self) -> bool {
        self.operation == "task.reordered"
    }
}

/// The name of a task in the log.
pub fn label(task: &Task) -> String {
    format!("{} {}", task.key, task.title)
}

fn describe(before: &Task, after: &Task, fields: &Map<String, Json>, people: &People) -> Entry {
    let has = |field: &str| fields.contains_key(field);
    let others = fields.keys().filter(|field| *field != "position").count();
    if has("archived") {
        let gone = after.archived_at.is_some();
        return Entry::new(if gone { "task.archived" } else { "task.restored" }, if gone { "archived" } else { "restored" });
    }
    if has("status") && others == 1 {
        return moved(before.status, after.status);
    }
    if others == 0 {
        return Entry::new("task.reordered", "reordered");
    }
    let mut entry = Entry::new("task.changed", "changed");
    if others > 1 {
        let names: Vec<&str> = fields.keys().filter_map(|field| field_name(field)).collect();
        entry.change = Some(names.join(", "));
        return entry;
    }
    let date = |date: Option<jiff::civil::Date>| date.map_or("none".to_owned(), |date| date.strftime("%-d %b %Y").to_string());
    let minutes = |minutes: Option<i64>| minutes.map_or("none".to_owned(), atlas_web::ui::minutes_label);
    let (verb, to, change) = match fields.keys().find(|field| *field != "position").map(String::as_str) {
        Some("title") => ("renamed", None, Some(format!("{} → {}", before.title, after.title))),
        Some("description") => ("edited the description of", None, None),
        Some("priority") => ("changed the priority of", Some(after.priority.label().to_owned()), None),
        Some("dueDate") => ("changed the due date of", None, Some(format!("{} → {}", date(before.due), date(after.due)))),
        Some("startDate") => ("changed the start date of", None, Some(format!("{} → {}", date(before.start), date(after.start)))),
        Some("dueTime") => ("changed the due time of", None, None),
        Some("estimateMinutes") => {
            ("changed the estimate of", None, Some(format!("{} → {}", minutes(before.estimate), minutes(after.estimate))))
        }
        Some("assignees") if after.assignees.is_empty() => ("unassigned", None, None),
        Some("assignees") => ("assigned", Some(after.assignees.iter().map(|id| people.name(*id)).collect::<Vec<_>>().join(", ")), None),
        Some("labels") => ("labelled", Some(after.labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>().join(", ")), None),
        Some("project") => ("moved", Some(after.key.clone()), Some(format!("{} → {}", before.key, after.key))),
        Some("links") => ("changed the links of", None, None),
        _ => ("changed", None, None),
    };
    entry.verb = verb.to_owned();
    entry.to = to.filter(|to| !to.is_empty());
    entry.change = change;
    entry
}

fn moved(before: Status, after: Status) -> Entry {
    let mut entry = match after {
        Status::Done => Entry::new("task.moved", "completed"),
        Status::Cancelled => Entry::new("task.moved", "cancelled"),
        _ if before.is_closed() => Entry::new("task.moved", "reopened"),
        _ => Entry::new("task.moved", "moved"),
    };
    if !after.is_closed() {
        entry.to = Some(after.label().to_owned());
    }
    entry
}

fn field_name(field: &str) -> Option<&'static str> {
    Some(match field {
        "title" => "title",
        "description" => "description",
        "status" => "status",
        "priority" => "priority",
        "startDate" => "start date",
        "dueDate" => "due date",
        "dueTime" => "due time",
        "estimateMinutes" => "estimate",
        "hardDeadline" => "deadline",
        "splittable" => "splitting",
        "minBlockMinutes" => "shortest block",
        "maxBlockMinutes" => "longest block",
        "candidates" => "candidates",
        "blockedBy" => "blockers",
        "project" => "project",
        "assignees" => "assignees",
        "labels" => "labels",
        "links" => "links",
        _ => return None,
    })
}

/// Writes the entry and tells open pages; `lost` are records that just stopped being linked.
///
/// # Errors
/// Whatever the database answers.
pub async fn write(
    tx: &Tx,
    actor: &Actor,
    task: &Task,
    entry: Entry,
    lost: Vec<atlas_kernel::Ref>,
) -> Result<Option<atlas_kernel::EventId>> {
    let mut data = json!({ "verb": entry.verb, "name": label(task) });
    let quiet = entry.is_quiet();
    if let Some(to) = entry.to {
        data["to"] = to.into();
    }
    if let Some(change) = entry.change {
        data["change"] = change.into();
    }
    if !entry.fields.is_empty() {
        data["fields"] = Json::Object(entry.fields);
    }
    let mut event = Event::new(tx.now(), entry.operation, "task", task.id, data);
    if !quiet {
        event = event.about(task.subjects()).about(lost);
    }
    event.reason = entry.reason;
    touch(tx, actor, task.id);
    atlas_module::plannable::changed(tx, actor.workspace).await?;
    record_event(tx, actor, event).await
}

/// Tells open pages that lists of tasks and this task changed.
pub fn touch(tx: &Tx, actor: &Actor, task: TaskId) {
    tx.touch_topic(actor.workspace, "tasks");
    tx.touch_topic(actor.workspace, "projects");
    tx.touch(actor.workspace, &task.to_ref());
}

/// Lets the task be found, or no longer when it is archived.
///
/// # Errors
/// Whatever the database answers.
pub async fn index(tx: &Tx, workspace: atlas_kernel::WorkspaceId, task: &Task) -> Result<()> {
    if task.archived_at.is_some() {
        return search_remove(tx, workspace, &task.id.to_ref()).await;
    }
    let labels: Vec<&str> = task.labels.iter().map(|label| label.name.as_str()).collect();
    let doc = SearchDoc {
        record: task.id.to_ref(),
        kind: "task",
        title: task.title.clone(),
        detail: format!("{} · {}", task.key, task.status.label()),
        url: task.url(),
        body: format!("{} {} {}", task.key, labels.join(" "), task.description),
        connection: None,
    };
    search_put(tx, workspace, &doc).await
}
