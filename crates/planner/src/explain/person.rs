//! Why this person: how each candidate would do.

use super::Candidate;
use crate::board::Board;
use crate::planner::Planner;
use crate::time::minutes_of;
use crate::{TaskId, WorldError};

impl Planner {
    /// How each candidate of a task would do in time that is free now, in the order they were given.
    ///
    /// # Errors
    /// When the task is not in the world.
    pub fn why_this_person(&self, task: TaskId) -> Result<Vec<Candidate>, WorldError> {
        let job = self.job(task)?;
        let mut board = self.board.clone();
        let current = board.lift(job).person;
        let rules = board.jobs[job as usize].clone();
        let mut pieces = Vec::new();
        let candidates = rules.choices.iter().map(|choice| {
            let finish = board
                .bounds(job, choice.person)
                .and_then(|bounds| board.fit(job, *choice, board.room(*choice), bounds, board.grid.slots, &mut pieces));
            let start = pieces.iter().chain(&rules.fixed).map(|piece| piece.start).min().filter(|_| finish.is_some());
            let late = |board: &Board| rules.due.zip(finish).map_or(0, |(due, finish)| board.late_slots(choice.person, due, finish));
            Candidate {
                person: board.people[choice.person as usize].id,
                start: start.map(|slot| board.grid.minute(slot)),
                finish: finish.map(|slot| board.grid.minute(slot)),
                late_minutes: minutes_of(late(&board)) as u32,
                chosen: choice.person == current,
            }
        });
        Ok(candidates.collect())
    }
}
