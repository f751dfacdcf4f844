//! What the start of a task waits for, read off its person's line.

use super::Planner;
use crate::board::{Board, Job};
use crate::plan::Reason;
use crate::time::Slot;

impl Planner {
    /// The last obstacle before the start of a placed task.
    pub(crate) fn reason(&self, job: Job) -> Reason {
        let (board, spot, rules) = (&self.board, &self.board.spots[job as usize], &self.board.jobs[job as usize]);
        if rules.fixed.first().is_some_and(|fixed| fixed.start <= spot.start) {
            return Reason::Fixed;
        }
        match bound_at(board, job, spot.start) {
            Some(reason) => reason,
            None => obstacle_before(board, job),
        }
    }
}

/// The bound that the start meets exactly, if any.
fn bound_at(board: &Board, job: Job, start: Slot) -> Option<Reason> {
    let (spot, rules) = (&board.spots[job as usize], &board.jobs[job as usize]);
    let bounds = board.bounds(job, spot.person)?;
    if start <= board.now {
        return Some(Reason::Now);
    }
    if start > bounds.start && (bounds.finish == 0 || spot.finish > bounds.finish) {
        return None;
    }
    if start == rules.release {
        return Some(Reason::EarliestStart);
    }
    binding_predecessor(board, job).map(Reason::Predecessor)
}

/// The task waited for whose end is the latest bound.
pub(crate) fn binding_predecessor(board: &Board, job: Job) -> Option<crate::TaskId> {
    use crate::world::Link;
    let spot = &board.spots[job as usize];
    let edge = board.graph.before(job).iter().filter(|edge| board.spots[edge.other as usize].is_placed()).max_by_key(|edge| {
        let before = &board.spots[edge.other as usize];
        let from = if matches!(edge.link, Link::StartStart | Link::StartFinish) { before.start } else { before.finish };
        board.after_lag(from, edge.lag, spot.person)
    })?;
    Some(board.tasks[edge.other as usize].id)
}

/// What lies just before the start, skipping time that nobody works.
fn obstacle_before(board: &Board, job: Job) -> Reason {
    let (spot, rules) = (&board.spots[job as usize], &board.jobs[job as usize]);
    let (line, calendar) = (&board.lines[spot.person as usize], &board.calendars[spot.person as usize]);
    let earliest = board.bounds(job, spot.person).map_or(board.now, |bounds| bounds.start);
    let worked = calendar.work.bits().previous_one(spot.start);
    if worked <= earliest {
        return Reason::Calendar;
    }
    let slot = worked - 1;
    if let Some(hold) = line.holder(slot) {
        return Reason::Busy(board.tasks[hold.job as usize].id);
    }
    if !line.open.get(slot) {
        let (person, minute) = (&board.people[spot.person as usize], board.grid.minute(slot));
        let covers =
            |span: &crate::Span| board.grid.outward(*span).start <= slot && slot < board.grid.outward(*span).end && minute < span.until;
        let meeting = person.meetings.iter().find(|meeting| covers(&meeting.span));
        return meeting.map_or(Reason::NoTaskBlock, |meeting| Reason::Meeting(meeting.id));
    }
    let Some(choice) = rules.choice(spot.person) else { return Reason::KeptForCalm };
    let free = board.room(choice).free();
    if !free.get(slot) {
        return Reason::TaskHours;
    }
    let shortest = rules.pieces.shortest(choice.need);
    let day = calendar.day_of(slot);
    let run = worked - free.previous_zero(worked).max(earliest).max(calendar.day_starts[day]);
    if line.left[day] < shortest as i32 {
        Reason::DailyCap
    } else if run < shortest {
        Reason::MinimumChunk
    } else {
        Reason::KeptForCalm
    }
}
