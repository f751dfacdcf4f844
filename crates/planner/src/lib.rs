#![doc = include_str!("../README.md")]

mod alarms;
mod board;
mod calendar;
mod construct;
mod explain;
mod fix;
mod id;
mod improve;
pub mod makespan;
mod plan;
mod planner;
pub mod random;
mod sweep;
mod time;
mod world;

pub use alarms::alarms;
pub use explain::{Blocker, Candidate, DelayLink, WhyNotEarlier};
pub use fix::{Action, Fix};
pub use id::{MeetingId, PersonId, SkillId, TaskId};
pub use improve::Proposal;
pub use plan::{
    Alarm, Cause, ChainLink, Changes, Chunk, Move, Place, Placement, Plan, Reason, Rule, Score, Trigger, Unplaced, UnplacedReason,
};
pub use planner::{Branch, Planner};
pub use time::{Minute, SLOT_MINUTES, Span};
pub use world::{
    Dependency, Due, Event, FixedChunk, FixedKind, Lag, Link, Meeting, Person, Settings, Skill, Task, WeeklyHours, World, WorldError,
};
