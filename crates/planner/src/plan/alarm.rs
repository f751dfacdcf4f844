//! What is known to be impossible before anything is placed.

use serde::{Deserialize, Serialize};

use crate::id::{PersonId, TaskId};
use crate::time::{Minute, Span};

/// Something the caller should say aloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// A person has more work due by a moment than free time until then.
    Overload {
        /// Who.
        person: PersonId,
        /// By when.
        by: Minute,
        /// By how many minutes.
        over_minutes: i64,
        /// The work that is due by then and that only this person does, most urgent first.
        tasks: Vec<TaskId>,
    },
    /// A due date that could not be met even if nobody had anything else to do.
    Impossible {
        /// Whose due date.
        task: TaskId,
        /// Working minutes that are missing at least.
        short_minutes: i64,
        /// What it waits for, first to last; the task itself is last.
        chain: Vec<ChainLink>,
    },
    /// Two fixed pieces of one person overlap; both were left as given.
    PinsOverlap {
        /// In whose calendar.
        person: PersonId,
        /// One task.
        task: TaskId,
        /// The other; the same when it overlaps itself.
        other: TaskId,
        /// Where they overlap.
        span: Span,
    },
    /// A fixed piece lies before the end of what its task waits for; it was left as given.
    PinBreaksOrder {
        /// The fixed task.
        task: TaskId,
        /// What it waits for.
        waits_for: TaskId,
    },
}

/// One step of a chain of tasks that wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainLink {
    /// Which task.
    pub task: TaskId,
    /// From its earliest possible start to its earliest possible finish, or as planned when it explains a plan.
    pub span: Span,
    /// Minutes of work in it.
    pub work_minutes: i64,
}
