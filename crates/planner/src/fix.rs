//! What would help a late task: single changes, each tried by sweep and undone, ranked by what they bring and cost.

mod options;
mod simulate;

use serde::{Deserialize, Serialize};

use crate::id::{MeetingId, PersonId, TaskId};
use crate::planner::Planner;
use crate::time::Minute;
use crate::world::{Event, WorldError};

/// A change that makes a task less late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What to do.
    pub action: Action,
    /// The same as events: applying them in order brings what is promised here.
    pub events: Vec<Event>,
    /// Working minutes late before.
    pub late_before: u32,
    /// Working minutes late after; 0 when it is in time.
    pub late_after: u32,
    /// When the task then finishes.
    pub finish: Minute,
    /// Tasks that move, this one included.
    pub moved: usize,
    /// Weighted working minutes late over all tasks, after minus before; below 0 when everybody gains.
    pub tardiness_change: i64,
    /// Other tasks that become later than their due date, or later than they were.
    pub harmed: Vec<TaskId>,
}

/// One single change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Let this person do the task, or a task it waits for.
    GiveTo {
        /// Which task.
        task: TaskId,
        /// Who.
        person: PersonId,
    },
    /// Drop this meeting.
    DropMeeting {
        /// Whose.
        person: PersonId,
        /// Which.
        meeting: MeetingId,
    },
    /// Do this many minutes less.
    Cut {
        /// Of which task.
        task: TaskId,
        /// Minutes less.
        minutes: u32,
    },
    /// Put the task before less important ones.
    Prioritise(TaskId),
    /// Let this other task wait until the late one is finished.
    Postpone(TaskId),
    /// Move the due date to the planned finish.
    ShiftDue(Minute),
    /// Let the task be done at any working time, not only within its own hours.
    AnyHours(TaskId),
    /// Let the task be done in pieces.
    Split(TaskId),
    /// Let this person's days be planned full.
    LiftCap(PersonId),
    /// Take up time that has become free.
    PullForward(TaskId),
}

impl Planner {
    /// Changes that make this task less late, the best first; empty when it is not late or nothing helps.
    ///
    /// The plan is the same afterwards. Give `limit` for the number of fixes to return.
    ///
    /// # Errors
    /// When the task is not in the world.
    pub fn fixes(&mut self, task: TaskId, limit: usize) -> Result<Vec<Fix>, WorldError> {
        let job = self.job(task)?;
        let mut fixes = Vec::new();
        if self.board.spots[job as usize].late > 0 {
            for (action, events) in self.options(job) {
                fixes.extend(self.simulate(job, action, events));
            }
        }
        fixes.sort_by_key(|fix| (fix.late_after > 0, fix.harmed.len().min(1), fix.tardiness_change, fix.moved, fix.late_after));
        fixes.truncate(limit);
        Ok(fixes)
    }
}
