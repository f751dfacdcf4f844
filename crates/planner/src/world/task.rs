//! Tasks: what is left to do, by when, by whom, in what pieces and after what.

use serde::{Deserialize, Serialize};

use super::WeeklyHours;
use crate::id::{PersonId, SkillId, TaskId};
use crate::time::{Minute, Span};

/// Something to be done by one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The caller's id.
    pub id: TaskId,
    /// Minutes of work left; `None` when nobody has estimated it, and then the settings' default is taken.
    pub remaining: Option<u32>,
    /// Not before this moment.
    #[serde(default)]
    pub earliest_start: Option<Minute>,
    /// When it should, or must, be finished.
    #[serde(default)]
    pub due: Option<Due>,
    /// How much a late minute counts, from the priority; 0 counts as 1.
    pub weight: u32,
    /// No piece is shorter than this many minutes, unless the whole task is.
    pub min_chunk: u32,
    /// No piece is longer than this many minutes.
    #[serde(default)]
    pub max_chunk: Option<u32>,
    /// Whether it may be done in several pieces.
    pub splittable: bool,
    /// Who may do it; more than one leaves the choice to the planner.
    pub candidates: Vec<PersonId>,
    /// Only within these hours of the week, by the clock of whoever does it; at any working time when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<WeeklyHours>,
    /// What the person must be able to do.
    #[serde(default)]
    pub skill: Option<SkillId>,
    /// Pieces that stay where they are: pinned by somebody, or already begun.
    #[serde(default)]
    pub fixed: Vec<FixedChunk>,
    /// What it waits for. A task that is not in the world holds nobody up.
    #[serde(default)]
    pub after: Vec<Dependency>,
    /// Whether it is finished; then nothing waits for it any more.
    #[serde(default)]
    pub done: bool,
}

/// When a task should be finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The moment.
    pub at: Minute,
    /// A hard deadline counts a thousandfold; it is still reported, not hidden, when it cannot be met.
    pub hard: bool,
}

/// A piece of a task that the planner may not touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedChunk {
    /// Whose calendar it is in.
    pub person: PersonId,
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// Why it may not move.
    pub kind: FixedKind,
}

/// Why a piece may not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixedKind {
    /// Somebody put it there. It stands also outside working hours and over meetings.
    Pinned,
    /// The work has begun.
    Started,
}

/// One task waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The one it waits for.
    pub task: TaskId,
    /// Which ends are tied.
    pub link: Link,
    /// How long after, or before when negative.
    pub lag: Lag,
}

/// Which end of the task that waits is tied to which end of the one it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// It starts after the other's finish.
    FinishStart,
    /// It starts after the other's start.
    StartStart,
    /// It finishes after the other's finish.
    FinishFinish,
    /// It finishes after the other's start.
    StartFinish,
}

/// Time between the two ends of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lag {
    /// Minutes by the wall clock; negative lets the two overlap.
    Elapsed(i64),
    /// Working minutes of the person who does the task that waits.
    Working(u32),
}

impl Dependency {
    /// The usual one: start once the other is finished.
    pub const fn on(task: TaskId) -> Self {
        Self { task, link: Link::FinishStart, lag: Lag::Elapsed(0) }
    }
}

impl Task {
    /// A splittable task of this many minutes for one person, in pieces of at least half an hour.
    pub fn new(id: TaskId, person: PersonId, minutes: u32) -> Self {
        Self {
            id,
            remaining: Some(minutes),
            earliest_start: None,
            due: None,
            weight: 1,
            min_chunk: 30,
            max_chunk: None,
            splittable: true,
            candidates: vec![person],
            hours: None,
            skill: None,
            fixed: Vec::new(),
            after: Vec::new(),
            done: false,
        }
    }
}
