//! The plan as it is kept: where each task lies, why, what was accepted, and how it changed.

pub mod api;
pub mod eta;
pub mod explain;
pub mod history;
pub mod notice;
pub mod offer;
pub mod quiet;
pub mod store;
pub mod verbs;

use std::collections::BTreeMap;
use std::sync::Arc;

use atlas_kernel::{Actor, EventId, Role, Timestamp, UserId};
use atlas_planner::{Placement, Span, Task, TaskId, UnplacedReason};
use serde::{Deserialize, Serialize};

use crate::calendar::{Busy, Hours};
use crate::hours_set::HoursSet;
use crate::{BusyId, HoursSetId, RevisionId};

/// One task in the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The facts it was planned by, before anything was worked.
    pub facts: Task,
    /// Where it lies; none when it has no place.
    pub place: Option<Placement>,
    /// Why it has no place.
    pub unplaced: Option<UnplacedReason>,
    /// The blocks somebody accepted, ascending.
    #[serde(default)]
    pub accepted: Vec<Span>,
    /// How it last moved.
    #[serde(default)]
    pub moved: Option<Moved>,
}

/// The tasks of a plan; what a change leaves alone is shared by the plan before it and the one after.
pub type Bodies = BTreeMap<TaskId, Arc<Body>>;

/// How a task moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// By which change of the plan.
    pub revision: i64,
    /// When.
    pub at: Timestamp,
    /// What caused it, in words.
    pub said: String,
    /// The tasks that pushed it, from the last to the one the cause hit.
    pub by: Vec<TaskId>,
    /// From whom and when.
    pub from: Option<(UserId, Timestamp)>,
    /// To whom and when.
    pub to: Option<(UserId, Timestamp)>,
}

/// What people said about one task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// Pieces that stay where somebody put them.
    pub pins: Vec<Pin>,
    /// Not before this moment.
    pub not_before: Option<Timestamp>,
    /// The day it was put off from, for bringing it back.
    pub put_off: Option<jiff::civil::Date>,
    /// Minutes more than estimated.
    pub extra: i64,
    /// Only within the hours of this set; a set that is gone restricts nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<HoursSetId>,
    /// How much a late minute counts, when a fix said so.
    pub weight: Option<u32>,
}

/// A piece of a task that somebody put somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// In whose calendar.
    pub user: UserId,
    /// From this moment.
    pub start: Timestamp,
    /// Until this moment.
    pub finish: Timestamp,
}

/// How to take one step of a change back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// A busy block as it was; none when there was none.
    Busy(BusyId, Option<Busy>),
    /// A wish as it was.
    Wish(TaskId, Option<Wish>),
    /// An hours set as it was.
    HoursSet(HoursSet),
    /// A member's hours as they were.
    Hours(UserId, Option<Hours>),
    /// The accepted blocks of a task as they were.
    Accepted(TaskId, Vec<Span>),
    /// Blocks alone; they come back by themselves.
    Offer,
    /// A change of the work itself, in the module that owns it.
    Work(String, EventId),
}

/// One change of the plan.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its id.
    pub id: RevisionId,
    /// Its number, counting from 1.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who caused it; none when Atlas did.
    pub by: Option<UserId>,
    /// What happened, in words.
    pub said: String,
    /// Which facts the plan before it answered.
    pub digest_before: String,
    /// The tasks it changed, as they were in the plan; none for those that were not in it.
    pub before: BTreeMap<TaskId, Option<Body>>,
    /// How to take it back, step by step.
    pub undo: Vec<Undo>,
    /// The tasks that moved.
    pub moves: Vec<TaskId>,
    /// Whether it was taken back.
    pub undone: bool,
}

/// The plan's own row.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// How often it was planned anew.
    pub revision: i64,
    /// When it was last planned.
    pub planned_at: Option<Timestamp>,
    /// By which rule.
    pub rule: atlas_planner::Rule,
    /// Which facts it answers.
    pub digest: String,
    /// What cannot be.
    pub alarms: Vec<atlas_planner::Alarm>,
}

impl Revision {
    /// Whether it is the actor's to take back: their own, or anybody's as an admin.
    pub fn is_of(&self, actor: &Actor) -> bool {
        self.by == actor.user || actor.role >= Role::Admin
    }

    /// Whether the actor may take it back and there is something left to take back.
    pub fn may_be_taken_back_by(&self, actor: &Actor) -> bool {
        self.is_of(actor) && !self.undo.is_empty() && !self.undone
    }
}

impl Body {
    /// First and last minute; none without a place or pieces.
    pub fn span(&self) -> Option<Span> {
        let place = self.place.as_ref().filter(|place| !place.chunks.is_empty())?;
        Some(Span::new(place.start(), place.finish()))
    }

    /// Whether the piece was accepted.
    pub fn is_accepted(&self, piece: Span) -> bool {
        self.accepted.contains(&piece)
    }
}
