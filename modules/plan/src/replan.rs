//! Planning a workspace anew: by a job after every change of the facts, or within the change itself.
//!
//! Three steps: a [`Question`] is everything that is read, an [`Answer`](answer::Answer) is computed from it without the database, and
//! saving writes what differs. The job reads and plans outside of any write and saves only onto the plan it read.

mod answer;
mod difference;
mod draft;
mod job;
mod known;
mod question;
mod save;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use atlas_kernel::{Actor, Error, Result, UserId, WorkspaceId};
use atlas_planner::{Event, Place, Placement, Proposal, Span, TaskId, WorldError};
use atlas_store::{Db, Tx};

pub use self::draft::Moves;
pub use self::job::{job, outside, schedule, tick};
pub(crate) use self::known::{Cache, all_work};
pub use self::known::{Known, Seen, Turn};
use self::question::Question;
use crate::facts::{Facts, moment, user_id};
use crate::plan::{Bodies, State, Undo};
use crate::{Planning, RevisionId};

/// Why the plan is made anew.
#[derive(Clone, Debug, Default)]
pub struct Why {
    /// What happened, in words; read off the facts when empty.
    pub said: String,
    /// What happened, for the planner, before the facts are compared.
    pub events: Vec<Event>,
    /// How to take it back.
    pub undo: Vec<Undo>,
    /// Blocks that are accepted with it.
    pub accept: Vec<(TaskId, Vec<Span>)>,
    /// The change that is taken back: what was before it is taken up where the facts are the same again.
    pub back_to: Option<i64>,
    /// Where tasks are to lie, of an offer that is taken.
    pub places: Vec<Placement>,
    /// What is known of the plan and the work already; everything is read when nothing is.
    pub turn: Turn,
}

/// What planning anew did.
#[derive(Clone, Debug)]
pub struct Replanned {
    /// The change; none when nothing differed.
    pub revision: Option<RevisionId>,
    /// The tasks that moved, with where from and where to.
    pub moves: Moves,
    /// The facts it was planned by.
    pub facts: Arc<Facts>,
    /// The tasks as they lie now.
    pub bodies: Arc<Bodies>,
    /// How long each step took.
    pub took: Took,
}

/// How long the steps of planning anew took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Took {
    /// Reading facts and plan.
    pub reading: Duration,
    /// Planning.
    pub planning: Duration,
    /// Writing what differs.
    pub writing: Duration,
}

/// What cannot happen with facts that were read carefully.
pub(crate) fn impossible(error: WorldError) -> Error {
    Error::internal(error.to_string())
}

/// Plans the workspace anew in the caller's transaction: one change of the plan with its event, or nothing.
///
/// # Errors
/// Whatever the database answers.
pub async fn replan(planning: &Planning, tx: &Tx, actor: &Actor, why: Why) -> Result<Replanned> {
    let begun = Instant::now();
    let state = crate::plan::store::lock(tx, actor.workspace).await?;
    let question = Question::read(planning, tx, actor.workspace, tx.now(), state, &why).await?;
    let read = Instant::now();
    let answer = question.answer(why)?;
    let planned = Instant::now();
    let took = Took { reading: read - begun, planning: planned - read, writing: Duration::ZERO };
    let mut replanned = answer.save(planning, tx, actor).await?;
    replanned.took = Took { writing: planned.elapsed(), ..took };
    Ok(replanned)
}

/// The tasks that are late, and a better plan when so many trials find one; nothing is written.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn improved(
    planning: &Planning,
    db: &Db,
    workspace: WorkspaceId,
    state: State,
    trials: u32,
) -> Result<(HashSet<TaskId>, Option<Proposal>)> {
    let why = Why::default();
    let question = Question::read(planning, db, workspace, db.clock().now(), state, &why).await?;
    let search = move || {
        let (planner, _) = question.plan(&why)?;
        let late = planner.plan().placements.iter().filter(|place| place.late_minutes > 0).map(|place| place.task).collect();
        Ok((late, planner.improved(trials, 1)))
    };
    tokio::task::spawn_blocking(search).await.map_err(Error::internal)?
}

/// Where a task is going, for a what-if.
pub fn place_of(place: &Option<Place>) -> Option<(UserId, jiff::Timestamp)> {
    let place = place.as_ref()?;
    Some((user_id(place.person), moment(place.chunks.first()?.span.from)))
}
