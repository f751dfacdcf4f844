//! The answer: where each task lies and why, what could not be placed, and what moved. Plain data.

mod alarm;
mod changes;

use serde::{Deserialize, Serialize};

pub use alarm::{Alarm, ChainLink};
pub use changes::{Cause, Changes, Move, Place, Trigger};

use crate::id::{MeetingId, PersonId, TaskId};
use crate::time::{Minute, Span};

/// Where everything lies. Serialise it to keep it, and resume from it with a newer world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The placed tasks by ascending id.
    pub placements: Vec<Placement>,
    /// The tasks that have no place, by ascending id, each with the reason. None is ever left out.
    pub unplaced: Vec<Unplaced>,
    /// Which rule ordered the tasks.
    pub rule: Rule,
    /// What the plan costs.
    pub score: Score,
}

/// Where one task lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Which task.
    pub task: TaskId,
    /// Who does it.
    pub person: PersonId,
    /// Its pieces from now on, ascending; fixed ones stand as the caller gave them.
    pub chunks: Vec<Chunk>,
    /// What its start waits for.
    pub reason: Reason,
    /// Working minutes of the person between the due date and the finish.
    pub late_minutes: u32,
    /// Whether nobody has estimated it and the default was taken.
    pub estimate_is_default: bool,
}

/// One piece of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// Whether the caller fixed it.
    pub fixed: bool,
}

/// What the start of a task waits for: the last obstacle before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It starts now.
    Now,
    /// Its own earliest start.
    EarliestStart,
    /// The task it waits for.
    Predecessor(TaskId),
    /// It is pinned or has begun.
    Fixed,
    /// Outside the person's working hours, or absent.
    Calendar,
    /// Outside the hours that the task itself is restricted to.
    TaskHours,
    /// A meeting of the person.
    Meeting(MeetingId),
    /// A block the person keeps free of tasks.
    NoTaskBlock,
    /// The person works on this task before.
    Busy(TaskId),
    /// The person's day is planned up to its cap.
    DailyCap,
    /// There is free time, but too little in one piece.
    MinimumChunk,
    /// Free time came up later; the task was left where it is.
    KeptForCalm,
}

/// A task without a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// Which task.
    pub task: TaskId,
    /// Why.
    pub reason: UnplacedReason,
    /// Whether nobody has estimated it and the default was taken.
    pub estimate_is_default: bool,
}

/// Why a task has no place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnplacedReason {
    /// Nobody may do it: no candidate is in the world, or none has the skill.
    NoCandidate,
    /// It waits for itself, through these tasks.
    Cycle(Vec<TaskId>),
    /// It waits for a task that has no place.
    WaitsFor(TaskId),
    /// Its pins lie in several people's calendars.
    PinsDisagree,
    /// No candidate works within the hours that it is restricted to, or not for long enough.
    OutsideItsHours,
    /// No candidate ever has that much time in one piece.
    NoRunLongEnough,
    /// All free time before the planning horizon is taken.
    BeyondHorizon,
}

/// How tasks are ordered before they are placed one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Latest start by working time, earlier for heavier tasks.
    #[default]
    WeightedLatestStart,
    /// Latest start by working time alone.
    LatestStart,
    /// Latest finish, earlier for heavier tasks.
    WeightedLatestFinish,
    /// Weight against work, fading with slack (apparent tardiness cost, Vepsalainen and Morton 1987).
    ApparentTardiness,
    /// Latest start, much earlier for heavier tasks.
    StronglyWeightedLatestStart,
}

/// What a plan costs; smaller is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Weights of tasks that have no place.
    pub unplaced: i64,
    /// Working minutes late times weight; hard deadlines a thousandfold.
    pub tardiness: i64,
    /// Hours from now to the finish times weight.
    pub weighted_finish: i64,
    /// Pieces times weight.
    pub chunks: i64,
}

impl Score {
    /// The one figure plans are compared by: a task without a place counts as ten million weighted minutes, a late
    /// weighted minute as a thousand, a weighted hour of finish as one, a weighted piece as ten.
    pub fn total(self) -> i64 {
        let unplaced = self.unplaced.saturating_mul(10_000_000);
        unplaced.saturating_add(self.tardiness).saturating_mul(1000).saturating_add(self.weighted_finish).saturating_add(self.chunks * 10)
    }
}

impl Placement {
    /// First minute of the first piece.
    pub fn start(&self) -> Minute {
        self.chunks.iter().map(|chunk| chunk.span.from).min().unwrap_or(Minute::MAX)
    }

    /// First minute after the last piece.
    pub fn finish(&self) -> Minute {
        self.chunks.iter().map(|chunk| chunk.span.until).max().unwrap_or(Minute::MIN)
    }
}

impl Plan {
    /// Where this task lies; `None` when it has no place.
    pub fn placement(&self, task: TaskId) -> Option<&Placement> {
        self.placements.binary_search_by_key(&task, |placement| placement.task).ok().map(|index| &self.placements[index])
    }
}
