//! Answers to "why": read off the plan on demand, and checked by trying before they are given.

mod chain;
mod earlier;
mod person;

use serde::{Deserialize, Serialize};

use crate::id::{PersonId, TaskId};
use crate::plan::Reason;
use crate::time::{Minute, Span};

/// Why a task does not start earlier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyNotEarlier {
    /// When it starts.
    pub start: Minute,
    /// When it could start if its person had nothing else to do: its earliest start and what it waits for allow it.
    pub earliest: Minute,
    /// What would have to go so that it could start earlier; tried out, as few as possible. Empty when nothing that
    /// could go stands in its way: the person simply does not work before, or the task could start earlier already
    /// and was kept where it is for calm.
    pub binding: Vec<Reason>,
    /// Everything between `earliest` and `start`, in order, neighbours of one owner made one.
    pub blockers: Vec<Blocker>,
}

/// A stretch of time and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// What takes the time.
    pub reason: Reason,
    /// From the first to the last minute of it.
    pub span: Span,
    /// Minutes of it.
    pub minutes: i64,
}

/// How one candidate would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub person: PersonId,
    /// When they could start, in time that is free now; `None` when they have no room.
    pub start: Option<Minute>,
    /// When they could finish.
    pub finish: Option<Minute>,
    /// How late that would be, in working minutes.
    pub late_minutes: u32,
    /// Whether it is theirs in the plan.
    pub chosen: bool,
}

/// One step of the chain that makes a task late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelayLink {
    /// Which task.
    pub task: TaskId,
    /// What its start waits for: the next link, or where the chain ends.
    pub reason: Reason,
    /// From its start to the start of the link before, or to its own finish for the first.
    pub span: Span,
    /// Working minutes of its person in that span.
    pub minutes: i64,
}
