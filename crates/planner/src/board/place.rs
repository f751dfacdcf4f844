//! Placing one task: what bounds its start, and the candidate who finishes it first.

use super::{Board, Choice, Job, Line, Room, Spot, Standing};
use crate::time::{Range, Slot, slots_of};
use crate::world::{Lag, Link};

/// Memory that trials write into, so that none is asked for again and again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    pub pieces: Vec<Range>,
    pub best: Vec<Range>,
    pub line: Line,
}

/// What a task's start and finish have to respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub start: Slot,
    pub finish: Slot,
}

impl Board {
    /// The bounds of a task done by this person; `None` while something it waits for has no place.
    pub fn bounds(&self, job: Job, person: u32) -> Option<Bounds> {
        let rules = &self.jobs[job as usize];
        let mut bounds = Bounds { start: rules.release.max(self.now), finish: 0 };
        for edge in self.graph.before(job) {
            if self.jobs[edge.other as usize].standing == Standing::Over {
                continue;
            }
            let before = &self.spots[edge.other as usize];
            if !before.is_placed() {
                return None;
            }
            let (from, to_start) = match edge.link {
                Link::FinishStart => (before.finish, true),
                Link::StartStart => (before.start, true),
                Link::FinishFinish => (before.finish, false),
                Link::StartFinish => (before.start, false),
            };
            let bound = self.after_lag(from, edge.lag, person);
            let target = if to_start { &mut bounds.start } else { &mut bounds.finish };
            *target = (*target).max(bound);
        }
        Some(bounds)
    }

    /// The moment that lies this lag after `from`; one that nothing on the grid can meet when it lies beyond it.
    pub fn after_lag(&self, from: Slot, lag: Lag, person: u32) -> Slot {
        let beyond = self.grid.slots + 1;
        match lag {
            Lag::Elapsed(minutes) if minutes >= 0 => from.saturating_add(slots_of(minutes)).min(beyond),
            Lag::Elapsed(minutes) => from.saturating_sub((-minutes / 5) as u32),
            Lag::Working(minutes) => self.calendars[person as usize].work.add(from, slots_of(i64::from(minutes))).unwrap_or(beyond),
        }
    }

    /// The earliest pieces of the task in this room that respect the bounds; returns the finish.
    pub fn fit(&self, job: Job, choice: Choice, room: Room, bounds: Bounds, limit: Slot, out: &mut Vec<Range>) -> Option<Slot> {
        let rules = &self.jobs[job as usize];
        let fixed_end = rules.fixed.last().map_or(0, |piece| piece.end);
        let mut from = bounds.start;
        for attempt in 0..8 {
            if !room.earliest(choice.need, rules.pieces, from, limit, out) {
                return None;
            }
            let finish = out.last().map_or(0, |piece| piece.end).max(fixed_end).max(if choice.need == 0 && rules.fixed.is_empty() {
                from
            } else {
                0
            });
            if finish >= bounds.finish || choice.need == 0 {
                return Some(finish);
            }
            let missing = room.calendar.work.between(finish, bounds.finish).max(1);
            from = room.calendar.work.add(from, missing).unwrap_or(bounds.finish).max(from + 1);
            if attempt >= 6 {
                from = bounds.finish;
            }
        }
        None
    }

    /// The spot of the candidate who finishes first, the first listed one among equals; `None` when nobody has room.
    pub fn best_spot(&self, job: Job, scratch: &mut Scratch) -> Option<Spot> {
        let mut best: Option<(Slot, u32)> = None;
        for choice in &self.jobs[job as usize].choices {
            let bounds = self.bounds(job, choice.person)?;
            let limit = best.map_or(self.grid.slots, |(finish, _)| finish.saturating_sub(1));
            let found = self.fit(job, *choice, self.room(*choice), bounds, limit, &mut scratch.pieces);
            if let Some(finish) = found
                && best.is_none_or(|(earliest, _)| finish < earliest)
            {
                best = Some((finish, choice.person));
                std::mem::swap(&mut scratch.pieces, &mut scratch.best);
            }
        }
        best.map(|(_, person)| self.finished_spot(job, person, &scratch.best))
    }

    /// The spot with these pieces; a task without work left lies at its bound.
    pub fn finished_spot(&self, job: Job, person: u32, pieces: &[Range]) -> Spot {
        let mut spot = self.spot(job, person, pieces.to_vec());
        if pieces.is_empty() && self.jobs[job as usize].fixed.is_empty() {
            let at = self.bounds(job, person).map_or(self.now, |bounds| bounds.start.max(bounds.finish));
            (spot.start, spot.finish) = (at, at);
            spot.late = self.jobs[job as usize].due.map_or(0, |due| self.late_slots(person, due, at));
        }
        spot
    }
}
