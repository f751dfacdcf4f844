//! Why late: from the late task back along what each start waits for, to a moment that nobody can move.

use super::DelayLink;
use crate::board::{Job, NOBODY};
use crate::plan::Reason;
use crate::planner::Planner;
use crate::time::{Range, minutes_of};
use crate::{TaskId, WorldError};

impl Planner {
    /// The chain of tasks that leads to this task's finish, the task itself first: the critical path that also runs
    /// through people. Each link says what its start waits for and how many working minutes it adds.
    ///
    /// # Errors
    /// When the task is not in the world.
    pub fn why_late(&self, task: TaskId) -> Result<Vec<DelayLink>, WorldError> {
        let board = &self.board;
        let mut links = Vec::new();
        let mut seen: Vec<Job> = Vec::new();
        let mut at = Some(self.job(task)?);
        let mut until = board.spots[self.job(task)? as usize].finish;
        while let Some(job) = at.filter(|job| !seen.contains(job) && board.spots[*job as usize].person != NOBODY) {
            seen.push(job);
            let spot = &board.spots[job as usize];
            let why = self.not_earlier(job);
            let reason = why.as_ref().and_then(|why| why.binding.first().copied()).unwrap_or_else(|| self.reason(job));
            let span = Range::new(spot.start.min(until), until);
            let minutes = minutes_of(board.calendars[spot.person as usize].work.between(span.start, span.end));
            links.push(DelayLink { task: board.tasks[job as usize].id, reason, span: board.grid.to_span(span), minutes });
            until = span.start;
            at = match reason {
                Reason::Predecessor(other) | Reason::Busy(other) => Some(self.job(other)?),
                _ => None,
            };
        }
        Ok(links)
    }
}
