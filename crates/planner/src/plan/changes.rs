//! What an event did to the plan: which tasks moved, and who pushed whom.

use serde::{Deserialize, Serialize};

use super::Chunk;
use crate::id::{PersonId, TaskId};

/// The difference between two plans, with causes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// The tasks whose person or pieces changed, most urgent first.
    pub moves: Vec<Move>,
    /// Tasks that were looked at; each at most once for each sweep.
    pub handled: usize,
    /// Weight times hours of change of start, less for the far future (instability after Lambrechts et al. 2008, decaying).
    pub instability: u64,
    /// Tasks that changed their person.
    pub person_changes: usize,
    /// Working minutes late times weight, after minus before.
    pub tardiness_change: i64,
}

/// One task that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Which task.
    pub task: TaskId,
    /// Where it was; `None` when it is new or had no place.
    pub before: Option<Place>,
    /// Where it is; `None` when it has no place now.
    pub after: Option<Place>,
    /// Why it moved.
    pub cause: Cause,
}

/// Who does a task, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Who.
    pub person: PersonId,
    /// The pieces, ascending.
    pub chunks: Vec<Chunk>,
}

/// Why a task moved. Following the pushers leads back to the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The event hit it.
    Event(Trigger),
    /// A more urgent task took its time.
    TimeTaken(TaskId),
    /// It waits for a task that now ends later.
    PushedBack(TaskId),
    /// It is waited for by a task that became urgent.
    NeededBy(TaskId),
    /// The improver found a better place.
    Improved,
}

/// What kind of event hit a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The task itself changed, or was pinned, moved or delayed by somebody.
    Task(TaskId),
    /// A meeting, an absence or new hours of this person.
    Person(PersonId),
    /// Time went by, or the world was loaded anew.
    Time,
}
