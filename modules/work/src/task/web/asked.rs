//! What the address of the task list says: view, filters, order, the task beside it; and the addresses made from it.

use atlas_kernel::{Error, Result, Timestamp};
use atlas_web::{Ctx, ui};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::Deserialize;

use super::view::Names;
use crate::task::api::assigned;
use crate::task::list::{Filter, Order};
use crate::task::{Priority, Status};

/// The query of `/tasks`. Everything is text: an address that somebody edited by hand still opens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// `list` or `board`.
    pub view: String,
    /// Words in key or title.
    pub q: String,
    /// A status, or `open`.
    pub status: String,
    /// `me`, `none` or a member's id.
    pub assignee: String,
    /// A project's key.
    pub project: String,
    /// A label's name.
    pub label: String,
    /// A priority.
    pub priority: String,
    /// `overdue`, `today` or `week`.
    pub due: String,
    /// `1` for archived tasks.
    pub archived: String,
    /// The order within one status.
    pub sort: String,
    /// Where the page of one status starts.
    pub cursor: String,
    /// The task shown beside the list, by key.
    pub open: String,
    /// Only this part of the page: `list` or `board`.
    pub part: String,
}

/// A filter that is set, as a chip.
pub(crate) struct Chip {
    pub icon: &'static str,
    pub what: &'static str,
    pub value: String,
    pub without: String,
}

impl Chip {
    pub fn icon(&self) -> ui::Safe {
        ui::icon12(self.icon)
    }
}

/// The filters, in the order of their chips: name, icon, words.
const FILTERS: [(&str, &str, &str); 7] = [
    ("status", "circle-check", "Status is"),
    ("assignee", "user-round", "Assignee is"),
    ("project", "layers", "Project is"),
    ("label", "tag", "Label is"),
    ("priority", "flag", "Priority is"),
    ("due", "calendar", "Due"),
    ("archived", "archive", "Archived"),
];

impl Asked {
    pub fn is_board(&self) -> bool {
        self.view == "board"
    }

    fn get(&self, name: &str) -> &str {
        match name {
            "view" => &self.view,
            "q" => &self.q,
            "status" => &self.status,
            "assignee" => &self.assignee,
            "project" => &self.project,
            "label" => &self.label,
            "priority" => &self.priority,
            "due" => &self.due,
            "archived" => &self.archived,
            "sort" => &self.sort,
            "open" => &self.open,
            _ => "",
        }
    }

    /// The address with these parts changed; empty ones are left out, and so is where the page starts.
    pub fn url(&self, changes: &[(&str, &str)]) -> String {
        const PARTS: [&str; 11] = ["view", "q", "status", "assignee", "project", "label", "priority", "due", "archived", "sort", "open"];
        let mut pairs: Vec<String> = Vec::new();
        let mut push = |name: &str, value: &str| {
            if !value.is_empty() {
                pairs.push(format!("{name}={}", ui::url_encode(value)));
            }
        };
        for name in PARTS {
            let value = changes.iter().find(|(changed, _)| *changed == name).map_or(self.get(name), |(_, value)| value);
            push(name, value);
        }
        for (name, value) in changes.iter().filter(|(name, _)| !PARTS.contains(name)) {
            push(name, value);
        }
        if pairs.is_empty() { "/tasks".to_owned() } else { format!("/tasks?{}", pairs.join("&")) }
    }

    /// The filters that are set.
    pub fn chips(&self, names: &Names) -> Vec<Chip> {
        let set = FILTERS.iter().filter(|(name, ..)| !self.get(name).is_empty());
        set.map(|(name, icon, what)| Chip { icon, what, value: self.said(name, names), without: self.url(&[(name, "")]) }).collect()
    }

    /// A filter's value in words.
    fn said(&self, name: &str, names: &Names) -> String {
        let value = self.get(name);
        match name {
            "status" if value == "open" => "open".to_owned(),
            "status" => value.parse::<Status>().map_or(value.to_owned(), |status| status.label().to_owned()),
            "priority" => value.parse::<Priority>().map_or(value.to_owned(), |priority| priority.label().to_owned()),
            "assignee" if value == "me" => "me".to_owned(),
            "assignee" if value == "none" => "nobody".to_owned(),
            "assignee" => value.parse().map_or(value.to_owned(), |id| names.people.name(id).to_owned()),
            "due" if value == "week" => "in a week".to_owned(),
            "archived" => "only".to_owned(),
            _ => value.to_owned(),
        }
    }

    /// Whether nothing narrows the list.
    pub fn is_plain(&self) -> bool {
        self.q.trim().is_empty() && FILTERS.iter().all(|(name, ..)| self.get(name).is_empty())
    }

    /// The one status that is asked for, when there is exactly one.
    pub fn one_status(&self) -> Option<Status> {
        self.status.parse().ok()
    }

    /// The order within one status.
    pub fn order(&self) -> Order {
        self.sort.parse().unwrap_or(Order::Position)
    }

    /// The filter behind the address.
    ///
    /// # Errors
    /// A field error for values that mean nothing.
    pub fn filter(&self, ctx: &Ctx, names: &Names) -> Result<Filter> {
        let mut filter = Filter { archived: self.archived == "1", ..Filter::default() };
        filter.q = Some(self.q.clone()).filter(|q| !q.trim().is_empty());
        filter.label = Some(self.label.clone()).filter(|label| !label.is_empty());
        match self.status.as_str() {
            "" => {}
            "open" => filter.status = Status::OPEN.to_vec(),
            one => filter.status = vec![one.parse()?],
        }
        if !self.priority.is_empty() {
            filter.priority = vec![self.priority.parse()?];
        }
        if !self.assignee.is_empty() {
            filter.assigned = Some(assigned(&self.assignee, ctx.actor.user)?);
        }
        if !self.project.is_empty() {
            let project = names.projects.iter().find(|project| project.key.eq_ignore_ascii_case(&self.project));
            filter.project = Some(project.ok_or(Error::NotFound("project"))?.id);
        }
        self.due_days(names.today, &mut filter)?;
        if self.status.is_empty() && !filter.archived {
            filter.closed_since = Some(week_ago(ctx.now()));
        }
        Ok(filter)
    }

    fn due_days(&self, today: Date, filter: &mut Filter) -> Result<()> {
        let days = |count: i64| today.checked_add(jiff::Span::new().days(count)).unwrap_or(today);
        match self.due.as_str() {
            "" => {}
            "overdue" => filter.due_before = Some(days(-1)),
            "today" => (filter.due_after, filter.due_before) = (Some(today), Some(today)),
            "week" => (filter.due_after, filter.due_before) = (Some(today), Some(days(6))),
            _ => return Err(Error::field("due", "unknown", "one of overdue, today, week")),
        }
        if self.due == "overdue" && filter.status.is_empty() {
            filter.status = Status::OPEN.to_vec();
        }
        Ok(())
    }
}

/// Closed tasks stay on the board and at the list's end for a week.
pub(crate) fn week_ago(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(7 * 24)).unwrap_or(now)
}
