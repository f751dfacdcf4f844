//! The door to the crate: plan a world, apply events to it, ask why, try out what would help.

mod adopt;
mod apply;
mod change;
mod export;
mod reason;

use crate::board::{Board, Job};
use crate::construct::construct;
use crate::id::TaskId;
use crate::plan::{Cause, Changes, Plan, Rule, Score, Trigger};
use crate::sweep::Sweep;
use crate::world::{World, WorldError};

/// A world with its plan, kept in memory to answer events in well under a millisecond.
///
/// Everything is a function of the arguments: no clock, no randomness of its own, no threads.
#[derive(Clone, Debug)]
pub struct Planner {
    pub(crate) board: Board,
    /// Why each task last moved, since this planner was made.
    pub(crate) moved: std::collections::BTreeMap<TaskId, Cause>,
}

/// A what-if copy of a planner: it shares what does not change and never touches the original.
pub type Branch = Planner;

impl Planner {
    /// Plans this world from nothing.
    ///
    /// # Errors
    /// When an id appears twice, a time zone is unknown, or the horizon is out of bounds.
    pub fn new(world: World) -> Result<Self, WorldError> {
        let mut board = Board::load(world, Rule::default())?;
        construct(&mut board);
        Ok(Self { board, moved: Default::default() })
    }

    /// Takes up an earlier plan for what may be a newer world. What still holds stays; the rest is swept.
    ///
    /// # Errors
    /// As for [`Planner::new`].
    pub fn resume(world: World, plan: &Plan) -> Result<(Self, Changes), WorldError> {
        let board = Board::load(world, plan.rule)?;
        let mut planner = Self { board, moved: Default::default() };
        let changes = planner.adopt(plan);
        Ok((planner, changes))
    }

    /// Plans everything anew, as if there were no plan, by the rule that is best now. Moves are reported as improvements.
    pub fn replan_from_scratch(&mut self) -> Changes {
        let mut sweep = Sweep::default();
        for job in 0..self.board.spots.len() as Job {
            sweep.remember(&self.board, job, &Cause::Improved);
        }
        let before = self.board.score;
        construct(&mut self.board);
        self.report(sweep, before)
    }

    /// A copy to try something out on.
    pub fn branch(&self) -> Branch {
        self.clone()
    }

    /// What the plan costs now.
    pub fn score(&self) -> Score {
        self.board.score
    }

    /// Why this task last moved since the planner was made; `None` when it has not.
    pub fn last_cause(&self, task: TaskId) -> Option<&Cause> {
        self.moved.get(&task)
    }

    /// Who moved this task: the tasks from the one that pushed it back to the one the event hit, and that event.
    pub fn who_moved(&self, task: TaskId) -> (Vec<TaskId>, Option<Trigger>) {
        let (mut chain, mut at) = (Vec::new(), task);
        loop {
            match self.moved.get(&at) {
                Some(Cause::TimeTaken(by) | Cause::PushedBack(by) | Cause::NeededBy(by)) if !chain.contains(by) && *by != task => {
                    chain.push(*by);
                    at = *by;
                }
                Some(Cause::Event(trigger)) => return (chain, Some(trigger.clone())),
                _ => return (chain, None),
            }
        }
    }

    pub(crate) fn job(&self, task: TaskId) -> Result<Job, WorldError> {
        self.board.task_index.get(&task).copied().ok_or(WorldError::NoSuchTask(task))
    }
}
