//! Where one task lies.

use super::{Board, Job};
use crate::time::{Range, Slot};

/// The person of a task that has no place.
pub(crate) const NOBODY: u32 = u32::MAX;

/// One task's person and pieces. Fixed pieces are not repeated here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub person: u32,
    pub chunks: Vec<Range>,
    pub start: Slot,
    pub finish: Slot,
    /// Working slots late.
    pub late: u32,
}

impl Spot {
    /// No place.
    pub const NONE: Self = Self { person: NOBODY, chunks: Vec::new(), start: 0, finish: 0, late: 0 };

    pub fn is_placed(&self) -> bool {
        self.person != NOBODY
    }
}

impl Board {
    /// The spot of a task with these pieces on this person's line.
    pub fn spot(&self, job: Job, person: u32, chunks: Vec<Range>) -> Spot {
        let rules = &self.jobs[job as usize];
        let all = || chunks.iter().chain(&rules.fixed);
        let start = all().map(|piece| piece.start).min().unwrap_or(self.now);
        let finish = all().map(|piece| piece.end).max().unwrap_or(self.now);
        let late = rules.due.map_or(0, |due| self.late_slots(person, due, finish));
        Spot { person, chunks, start, finish, late }
    }

    /// Working slots of the person between due and finish; at least one when it is late at all.
    pub fn late_slots(&self, person: u32, due: Slot, finish: Slot) -> u32 {
        if finish <= due { 0 } else { self.calendars[person as usize].work.between(due, finish).max(1) }
    }

    /// Puts a task that lies nowhere at this spot.
    pub fn put(&mut self, job: Job, spot: Spot) {
        debug_assert!(!self.spots[job as usize].is_placed());
        let (line, calendar) = self.line_mut(spot.person);
        for piece in &spot.chunks {
            line.occupy(calendar, *piece, job, false);
        }
        self.set_spot(job, spot);
    }

    /// Takes a task off its line and returns where it was.
    pub fn lift(&mut self, job: Job) -> Spot {
        let spot = self.set_spot(job, Spot::NONE);
        if spot.is_placed() {
            let (line, calendar) = self.line_mut(spot.person);
            for piece in &spot.chunks {
                line.release(calendar, *piece, job);
            }
        }
        spot
    }

    /// Corrects what a spot says of itself; its person and pieces stay.
    pub fn reprice(&mut self, job: Job, fresh: Spot) {
        let spot = &self.spots[job as usize];
        debug_assert_eq!((spot.person, &spot.chunks), (fresh.person, &fresh.chunks));
        if *spot != fresh {
            self.set_spot(job, fresh);
        }
    }

    fn set_spot(&mut self, job: Job, spot: Spot) -> Spot {
        self.forget_score(job);
        let old = std::mem::replace(&mut self.spots[job as usize], spot);
        self.journal.spot(job, &old);
        self.count_score(job);
        old
    }
}
