//! Tasks: the atomic unit of work, what one is and the rules it keeps.

pub mod api;
pub mod blockers;
pub mod change;
pub mod entry;
pub mod from_record;
pub mod links;
pub mod list;
pub mod position;
pub mod store;
pub mod undo;
pub mod verbs;
pub mod web;

use atlas_kernel::{ConnectionId, Error, FieldError, Permission, Ref, Result, Timestamp, UserId, text_enum};
use jiff::civil::{Date, Time};

use crate::{LabelId, ProjectId, TaskId};

/// Seeing tasks, their labels and links.
pub const TASKS_READ: Permission = Permission::read("tasks:read");
/// Making and changing tasks.
pub const TASKS_WRITE: Permission = Permission::write("tasks:write");

/// Titles are at most this many characters.
pub const TITLE_LIMIT: usize = 500;
/// Descriptions are at most this many characters.
pub const DESCRIPTION_LIMIT: usize = 100_000;
/// Estimates are at most this many minutes: about half a year of full days.
pub const ESTIMATE_LIMIT: i64 = 60_000;
/// Pieces of a task are at least and at most this many minutes: the planning grid, and a full day.
pub const BLOCK_LIMITS: std::ops::RangeInclusive<i64> = 5..=1440;
/// A task has at most this many assignees, labels, and links each.
pub const MANY_LIMIT: usize = 50;

text_enum! {
    /// Where a task stands.
    pub enum Status {
        /// Noted, not yet meant to be done.
        Backlog = "backlog",
        /// To do.
        Todo = "todo",
        /// Somebody is at it.
        InProgress = "in_progress",
        /// Done as far as its doer is concerned; somebody looks at it.
        InReview = "in_review",
        /// Done.
        Done = "done",
        /// Not going to be done.
        Cancelled = "cancelled",
    }
}
atlas_store::text_column!(Status);

impl Status {
    /// The lanes of the board, left to right; what is in the backlog is not on the board yet.
    pub const LANES: [Status; 4] = [Self::Todo, Self::InProgress, Self::InReview, Self::Done];
    /// The groups of the list, what is under way first.
    pub const GROUPS: [Status; 6] = [Self::InProgress, Self::InReview, Self::Todo, Self::Backlog, Self::Done, Self::Cancelled];
    /// What is still to be done.
    pub const OPEN: [Status; 4] = [Self::Backlog, Self::Todo, Self::InProgress, Self::InReview];

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Backlog => "Backlog",
            Self::Todo => "To do",
            Self::InProgress => "In progress",
            Self::InReview => "In review",
            Self::Done => "Done",
            Self::Cancelled => "Cancelled",
        }
    }

    /// The glyph's name in the sprite.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Backlog => "g-backlog",
            Self::Todo => "g-todo",
            Self::InProgress => "g-progress",
            Self::InReview => "g-review",
            Self::Done => "g-done",
            Self::Cancelled => "g-cancelled",
        }
    }

    /// Whether nothing more is to be done.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

text_enum! {
    /// How pressing a task is, weakest first.
    pub enum Priority {
        /// Nobody has said.
        None = "none",
        /// When there is time.
        Low = "low",
        /// As planned.
        Medium = "medium",
        /// Before other things.
        High = "high",
        /// Before everything.
        Urgent = "urgent",
    }
}

impl Priority {
    /// The number stored, so that lists sort by it: 0 for none, 4 for urgent.
    pub fn rank(self) -> i64 {
        self as i64
    }

    /// The priority of a stored number; unknown numbers are none.
    pub fn from_rank(rank: i64) -> Self {
        usize::try_from(rank).ok().and_then(|rank| Self::ALL.get(rank)).copied().unwrap_or(Self::None)
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Urgent => "Urgent",
        }
    }

    /// The glyph's name in the sprite.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::None => "g-p0",
            Self::Low => "g-p1",
            Self::Medium => "g-p2",
            Self::High => "g-p3",
            Self::Urgent => "g-p4",
        }
    }
}

/// A word that groups tasks across projects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Its id.
    pub id: LabelId,
    /// The word.
    pub name: String,
}

/// A task that must be done before another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blocker {
    /// Its id.
    pub id: TaskId,
    /// Its key.
    pub key: String,
}

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// What people call it, such as `ACME-12`.
    pub key: String,
    /// Its project.
    pub project: ProjectId,
    /// What is to be done, one line.
    pub title: String,
    /// More about it, Markdown; may be empty.
    pub description: String,
    /// Where it stands.
    pub status: Status,
    /// How pressing it is.
    pub priority: Priority,
    /// Not before this day.
    pub start: Option<Date>,
    /// By this day.
    pub due: Option<Date>,
    /// By this time of the due day, where its people are.
    pub due_time: Option<Time>,
    /// Whether the due date is a deadline that must be met rather than one that should be.
    pub hard_deadline: bool,
    /// How long it takes, minutes.
    pub estimate: Option<i64>,
    /// Whether it may be done in several pieces.
    pub splittable: bool,
    /// No piece is shorter than this many minutes, unless the whole task is.
    pub min_block: Option<i64>,
    /// No piece is longer than this many minutes.
    pub max_block: Option<i64>,
    /// Who may do it when nobody is assigned.
    pub candidates: Vec<UserId>,
    /// What must be done before it.
    pub blocked_by: Vec<Blocker>,
    /// Its place among others; compared byte by byte.
    pub position: String,
    /// Who does it.
    pub assignees: Vec<UserId>,
    /// Its labels, by name.
    pub labels: Vec<Label>,
    /// The records it is linked to.
    pub links: Vec<Ref>,
    /// What the linked records belong to: the task shows on their timelines too.
    pub around: Vec<Ref>,
    /// The provider whose note or message it came from, such as `intercom`.
    pub origin: Option<String>,
    /// The connection whose words the title still is.
    pub title_from: Option<ConnectionId>,
    /// The connection whose words the description still is.
    pub description_from: Option<ConnectionId>,
    /// Who made it; none when a rule did.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was done or cancelled.
    pub completed_at: Option<Timestamp>,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// Counts changes, for `If-Match`.
    pub version: i64,
}

impl Task {
    /// Where it opens.
    pub fn url(&self) -> String {
        format!("/tasks/{}", self.key)
    }

    /// Every record whose timeline shows what happens to it.
    pub fn subjects(&self) -> Vec<Ref> {
        self.links.iter().chain(&self.around).cloned().collect()
    }

    /// What the title is without the provider's words.
    pub fn without_words(&self) -> String {
        removed_title(self.origin.as_deref())
    }

    /// Puts the task where `status` says, keeping the time of completion true.
    pub fn stand(&mut self, status: Status, now: Timestamp) {
        self.completed_at = match (self.status.is_closed(), status.is_closed()) {
            (true, true) => self.completed_at,
            (false, true) => Some(now),
            (_, false) => None,
        };
        self.status = status;
    }

    /// Checks what must hold of every task.
    ///
    /// # Errors
    /// [`Error::Invalid`] with a line for each field that does not fit.
    pub fn check(&self) -> Result<()> {
        let mut wrong = Vec::new();
        let mut say = |field: &str, code: &str, message: &str| {
            wrong.push(FieldError { field: field.into(), code: code.into(), message: message.into() });
        };
        if self.title.is_empty() {
            say("title", "required", "a few words on what is to be done");
        }
        if self.title.chars().count() > TITLE_LIMIT {
            say("title", "too_long", "at most 500 characters; the rest belongs into the description");
        }
        if self.description.chars().count() > DESCRIPTION_LIMIT {
            say("description", "too_long", "at most 100,000 characters");
        }
        if self.estimate.is_some_and(|minutes| !(1..=ESTIMATE_LIMIT).contains(&minutes)) {
            say("estimateMinutes", "out_of_range", "between 1 minute and 1,000 hours");
        }
        for (field, minutes) in [("minBlockMinutes", self.min_block), ("maxBlockMinutes", self.max_block)] {
            if minutes.is_some_and(|minutes| !BLOCK_LIMITS.contains(&minutes)) {
                say(field, "out_of_range", "between 5 minutes and 24 hours");
            }
        }
        if let (Some(least), Some(most)) = (self.min_block, self.max_block)
            && least > most
        {
            say("minBlockMinutes", "above_maximum", "at most the longest piece");
        }
        if self.hard_deadline && self.due.is_none() {
            say("hardDeadline", "without_date", "a deadline needs a due date");
        }
        if let (Some(start), Some(due)) = (self.start, self.due)
            && start > due
        {
            say("startDate", "after_due", "on or before the due date");
        }
        if self.due.is_none() && self.due_time.is_some() {
            say("dueTime", "without_date", "a time needs a due date");
        }
        let many = [("candidates", self.candidates.len()), ("blockedBy", self.blocked_by.len())];
        for (field, count) in
            many.into_iter().chain([("assignees", self.assignees.len()), ("labels", self.labels.len()), ("links", self.links.len())])
        {
            if count > MANY_LIMIT {
                say(field, "too_many", "at most 50");
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }
}

/// A title fit to be kept: one line, single spaces.
pub fn tidy_title(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(|word| word.chars().filter(|c| !c.is_control()).collect()).collect();
    words.iter().filter(|word| !word.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// A description fit to be kept: lines end one way, and there is no NUL, which no database keeps alike.
pub fn tidy_description(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\0', "").trim().to_owned()
}

/// The title of a task whose words from `provider` were removed.
pub fn removed_title(provider: Option<&str>) -> String {
    format!("Task from a removed {} note", provider.map(provider_name).unwrap_or_else(|| "provider's".to_owned()))
}

/// The name people read for a provider's word: `intercom` is Intercom.
pub fn provider_name(provider: &str) -> String {
    let mut letters = provider.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What tasks sort by when sorted by due date: undated ones last, a whole day after its times.
pub fn due_rank(due: Option<Date>, time: Option<Time>) -> String {
    match (due, time) {
        (None, _) => "9999".to_owned(),
        (Some(day), None) => format!("{day}T99"),
        (Some(day), Some(time)) => format!("{day}T{}", time.strftime("%H:%M")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_keep_their_rank_and_providers_their_name() {
        for priority in Priority::ALL {
            assert_eq!(Priority::from_rank(priority.rank()), *priority);
        }
        assert_eq!((Priority::from_rank(9), Priority::from_rank(-1)), (Priority::None, Priority::None));
        assert_eq!(removed_title(Some("intercom")), "Task from a removed Intercom note");
    }

    #[test]
    fn due_ranks_sort_times_before_the_whole_day_and_no_date_last() {
        let day = |text: &str| Some(text.parse::<Date>().unwrap());
        let at = |h, m| Some(Time::constant(h, m, 0, 0));
        let ranks = [due_rank(day("2026-11-24"), at(9, 0)), due_rank(day("2026-11-24"), at(15, 0)), due_rank(day("2026-11-24"), None)];
        assert!(ranks.is_sorted() && ranks[2] < due_rank(day("2026-11-25"), at(0, 0)) && ranks[2] < due_rank(None, None));
    }
}
