//! The plan as it is written over REST.

use atlas_api::Ctx;
use atlas_kernel::{Ref, Timestamp, UserId};
use atlas_planner::TaskId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::calendar::api::BusyOut;
use crate::facts::{Facts, moment, user_id};
use crate::plan::explain::reader;
use crate::plan::{Body, Moved, store};
use crate::replan::Replanned;
use crate::{RevisionId, words};

/// A piece of a task in somebody's time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockOut {
    /// The task.
    pub task_id: String,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Whose time.
    pub member: UserId,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub end: Timestamp,
    /// `proposed`, `accepted` or `locked`.
    pub state: &'static str,
    /// Why it is there, in words.
    pub why: String,
    /// Working minutes the task ends after its due date; of a due date before today, those from today on.
    pub late_minutes: u32,
    /// Whether nobody has estimated the task and the default was taken.
    pub estimate_is_default: bool,
}

/// A task without a place.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnplacedOut {
    /// The task.
    pub task_id: String,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Why, in words.
    pub why: String,
}

/// Something that cannot be.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlarmOut {
    /// In words.
    pub words: String,
    /// Its kind and figures; ids are the planner's.
    pub alarm: serde_json::Value,
}

/// Somebody's plan.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanOut {
    /// Whose.
    pub member: UserId,
    /// When the workspace was last planned.
    pub planned_at: Option<Timestamp>,
    /// How often it was planned anew.
    pub revision: i64,
    /// The blocks, by start.
    pub blocks: Vec<BlockOut>,
    /// Busy time that has not ended.
    pub busy: Vec<BusyOut>,
    /// Tasks of the workspace that have no place.
    pub unplaced: Vec<UnplacedOut>,
    /// What cannot be, of this member.
    pub alarms: Vec<AlarmOut>,
}

/// A task's id as it is written.
pub(super) fn task_ref(id: TaskId, facts: &Facts) -> String {
    facts.work.get(&id).map_or_else(|| Ref::new("task", store::row_id(id)).to_string(), |work| work.record.to_string())
}

pub(super) fn blocks_of(body: &Body, member: UserId, facts: &Facts, reader: &words::Reader) -> Vec<BlockOut> {
    let Some(place) = body.place.as_ref().filter(|place| user_id(place.person) == member) else { return vec![] };
    let why = words::why_here(body, facts, reader);
    let why = format!("{} {}", why.lead, why.rest).trim().to_owned();
    let out = |chunk: &atlas_planner::Chunk| BlockOut {
        task_id: task_ref(place.task, facts),
        key: facts.key(place.task).to_owned(),
        title: facts.work.get(&place.task).map(|work| work.title.clone()).unwrap_or_default(),
        member,
        start: moment(chunk.span.from),
        end: moment(chunk.span.until),
        state: if chunk.fixed {
            "locked"
        } else if body.is_accepted(chunk.span) {
            "accepted"
        } else {
            "proposed"
        },
        why: why.clone(),
        late_minutes: place.late_minutes,
        estimate_is_default: place.estimate_is_default,
    };
    place.chunks.iter().map(out).collect()
}

pub(super) fn unplaced_out(id: TaskId, body: &Body, facts: &Facts) -> Option<UnplacedOut> {
    let why = words::unplaced(body.unplaced.as_ref()?, facts);
    let work = facts.work.get(&id)?;
    Some(UnplacedOut { task_id: work.record.to_string(), key: work.key.clone(), title: work.title.clone(), why })
}

/// One task that moved, or would.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MoveOut {
    /// Its key.
    pub key: String,
    /// Its first block before; null when it had no place.
    pub from: Option<Timestamp>,
    /// Its first block after; null when it has no place now.
    pub to: Option<Timestamp>,
    /// Who does it after.
    pub member: Option<UserId>,
    /// Why it moved, in words.
    pub why: String,
}

/// What a change did to the plan.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeOut {
    /// The change, for taking it back; null when nothing differed.
    pub change: Option<RevisionId>,
    /// In words, such as `moved 2 tasks, none today`.
    pub words: String,
    /// The tasks that moved.
    pub moves: Vec<MoveOut>,
}

/// What planning anew did, for a caller.
pub(crate) fn change_out(replanned: &Replanned, ctx: &Ctx) -> ChangeOut {
    let now = ctx.db.clock().now();
    let reader = reader(&ctx.actor, now);
    let facts = &replanned.facts;
    let moved = |(task, moved): &(TaskId, Moved)| MoveOut {
        key: facts.key(*task).to_owned(),
        from: moved.from.map(|(_, at)| at),
        to: moved.to.map(|(_, at)| at),
        member: moved.to.map(|(user, _)| user),
        why: words::who_moved(moved, facts, &reader),
    };
    ChangeOut {
        change: replanned.revision,
        words: words::moved_words(&replanned.moves, &|user| facts.zone(user), now),
        moves: replanned.moves.iter().map(moved).collect(),
    }
}
