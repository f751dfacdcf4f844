//! The question: who works when, what is to be done, and the rules it is planned by. Plain data.

mod event;
mod person;
mod task;

use serde::{Deserialize, Serialize};

pub use event::Event;
pub use person::{Meeting, Person, Skill, WeeklyHours};
pub use task::{Dependency, Due, FixedChunk, FixedKind, Lag, Link, Task};

use crate::time::Minute;

/// Everything a plan is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// The present: nothing is planned before it. The planner has no clock of its own.
    pub now: Minute,
    /// How to plan.
    #[serde(default)]
    pub settings: Settings,
    /// The people, in any order.
    pub people: Vec<Person>,
    /// The tasks, in any order.
    pub tasks: Vec<Task>,
}

/// The rules of planning that hold for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How far ahead is planned, in weeks from the UTC day of `now`.
    pub horizon_weeks: u32,
    /// Minutes taken for a task that nobody has estimated.
    pub default_estimate: u32,
    /// A plan that holds is not changed for a gain below this many working minutes.
    pub calm_minutes: u32,
    /// A task changes its person only when that finishes it earlier by this many minutes.
    pub person_change_minutes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { horizon_weeks: 40, default_estimate: 60, calm_minutes: 30, person_change_minutes: 24 * 60 }
    }
}

impl World {
    /// A world at this moment, with nobody in it.
    pub fn new(now: Minute) -> Self {
        Self { now, settings: Settings::default(), people: Vec::new(), tasks: Vec::new() }
    }
}

/// Why a world cannot be planned at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// The time zone's name is not in the time zone database.
    #[error("person {person} has the unknown time zone `{zone}`")]
    UnknownZone {
        /// Whose zone it is.
        person: crate::PersonId,
        /// The name as given.
        zone: String,
    },
    /// Two people have the same id.
    #[error("person {0} appears twice")]
    PersonTwice(crate::PersonId),
    /// Two tasks have the same id.
    #[error("task {0} appears twice")]
    TaskTwice(crate::TaskId),
    /// An event names a person who is not in the world.
    #[error("person {0} is not in the world")]
    NoSuchPerson(crate::PersonId),
    /// An event names a task that is not in the world.
    #[error("task {0} is not in the world")]
    NoSuchTask(crate::TaskId),
    /// The planning grid holds between one week and ten years.
    #[error("a horizon of {0} weeks is not between 1 and 520")]
    Horizon(u32),
}
