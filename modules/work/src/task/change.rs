//! A change to a task: which fields, to what; applied to the domain value, told as before and after.

use atlas_kernel::{Ref, Timestamp, UserId};
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::{Label, Priority, Status, Task, tidy_description, tidy_title};
use crate::ProjectId;

/// What to change; fields that are `None` stay as they are. The outer `Some` of an optional field sets, the inner clears.
///
/// Its JSON is what an event keeps as `before`, so that undoing is applying a change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskChange {
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The description, Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// How pressing it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Not before this day.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "set_or_clear")]
    pub start_date: Option<Option<Date>>,
    /// By this day.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "set_or_clear")]
    pub due_date: Option<Option<Date>>,
    /// By this time of the due day.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "set_or_clear")]
    pub due_time: Option<Option<Time>>,
    /// How long it takes, minutes.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "set_or_clear")]
    pub estimate_minutes: Option<Option<i64>>,
    /// Whether the due date must be met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hard_deadline: Option<bool>,
    /// Whether it may be done in several pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub splittable: Option<bool>,
    /// The shortest piece, minutes.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "set_or_clear")]
    pub min_block_minutes: Option<Option<i64>>,
    /// The longest piece, minutes.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "set_or_clear")]
    pub max_block_minutes: Option<Option<i64>>,
    /// Who may do it when nobody is assigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<UserId>>,
    /// What must be done before it, by id or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<Vec<String>>,
    /// Its project; the task gets a new key there and keeps answering to the old one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// Who does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignees: Option<Vec<UserId>>,
    /// Label names; missing ones are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// The records it is linked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<Ref>>,
    /// Its place on the board.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Whether it is archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A field that is there, even as null, was meant.
fn set_or_clear<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

impl TaskChange {
    /// A change of status alone.
    pub fn status(status: Status) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Applies everything but project, labels, links and blockers, which need the database.
    pub fn apply(&self, task: &mut Task, now: Timestamp) {
        if let Some(title) = &self.title {
            let title = tidy_title(title);
            if title != task.title {
                task.title_from = None;
            }
            task.title = title;
        }
        if let Some(description) = &self.description {
            let description = tidy_description(description);
            if description != task.description {
                task.description_from = None;
            }
            task.description = description;
        }
        if let Some(status) = self.status {
            task.stand(status, now);
        }
        task.priority = self.priority.unwrap_or(task.priority);
        task.start = self.start_date.unwrap_or(task.start);
        task.due = self.due_date.unwrap_or(task.due);
        task.due_time = self.due_time.unwrap_or(task.due_time);
        task.hard_deadline = self.hard_deadline.unwrap_or(task.hard_deadline);
        if task.due.is_none() && self.due_time.is_none() {
            task.due_time = None;
        }
        if task.due.is_none() && self.hard_deadline.is_none() {
            task.hard_deadline = false;
        }
        task.splittable = self.splittable.unwrap_or(task.splittable);
        task.min_block = self.min_block_minutes.unwrap_or(task.min_block);
        task.max_block = self.max_block_minutes.unwrap_or(task.max_block);
        if let Some(candidates) = &self.candidates {
            task.candidates = distinct(candidates);
        }
        task.estimate = self.estimate_minutes.unwrap_or(task.estimate);
        if let Some(assignees) = &self.assignees {
            task.assignees = distinct(assignees);
        }
        if let Some(position) = &self.position {
            task.position.clone_from(position);
        }
        match self.archived {
            Some(true) => task.archived_at = task.archived_at.or(Some(now)),
            Some(false) => task.archived_at = None,
            None => {}
        }
    }
}

/// The list without repeats, in order.
pub fn distinct<T: Ord + Clone>(list: &[T]) -> Vec<T> {
    let mut out = list.to_vec();
    out.sort();
    out.dedup();
    out
}

/// What differs between two states of a task: field name → before and after.
pub fn differences(before: &Task, after: &Task) -> Map<String, Json> {
    let (was, is) = (snapshot(before), snapshot(after));
    let mut fields = Map::new();
    for (field, old) in was {
        let new = is.get(&field).cloned().unwrap_or(Json::Null);
        if old != new {
            fields.insert(field, json!({ "before": old, "after": new }));
        }
    }
    fields
}

fn snapshot(task: &Task) -> Map<String, Json> {
    let labels: Vec<&str> = task.labels.iter().map(|Label { name, .. }| name.as_str()).collect();
    let blockers: Vec<crate::TaskId> = task.blocked_by.iter().map(|blocker| blocker.id).collect();
    let fields = json!({
        "title": task.title, "description": task.description, "status": task.status, "priority": task.priority,
        "startDate": task.start, "dueDate": task.due, "dueTime": task.due_time, "estimateMinutes": task.estimate,
        "project": task.project, "assignees": task.assignees, "labels": labels, "links": task.links,
        "hardDeadline": task.hard_deadline, "splittable": task.splittable, "minBlockMinutes": task.min_block,
        "maxBlockMinutes": task.max_block, "candidates": task.candidates, "blockedBy": blockers,
        "position": task.position, "archived": task.archived_at.is_some(),
    });
    match fields {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

/// The change that brings back what an event's `fields` say was there before.
pub fn inverse(fields: &Map<String, Json>) -> Option<TaskChange> {
    let before: Map<String, Json> = fields.iter().map(|(field, sides)| (field.clone(), sides["before"].clone())).collect();
    serde_json::from_value(Json::Object(before)).ok()
}

/// Whether the task is still as the event's `fields` left it.
pub fn still_there(task: &Task, fields: &Map<String, Json>) -> bool {
    let now = snapshot(task);
    fields.iter().all(|(field, sides)| now.get(field) == sides.get("after"))
}
