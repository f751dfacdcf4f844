//! One step of the sweep: the place of one task that was touched.

use std::sync::Arc;

use super::refill::Order;
use super::{Manner, Sweep, holds};
use crate::board::place::Bounds;
use crate::board::{Board, Choice, Job, JobRules, NOBODY, Spot, Standing};
use crate::plan::Cause;
use crate::time::{Range, Slot, slots_of};

/// A place that a task could take.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub person: u32,
    pub pieces: Vec<Range>,
    pub finish: Slot,
    /// Whether less urgent tasks have to make room.
    pub ejects: bool,
}

/// What the step knows about its task.
pub(super) struct Case {
    pub job: Job,
    pub rules: Arc<JobRules>,
    /// Its pieces as they are now, perhaps damaged.
    pub pieces: Vec<Range>,
    pub person: u32,
    /// Finishing by this slot is good enough.
    pub enough: Slot,
    pub calm: u32,
    /// The first slot that it held before and holds no more, or its old finish.
    pub lost: Slot,
}

impl Sweep {
    /// Places one task: where it is if that holds, around the obstacle, elsewhere in free time, or at the expense of
    /// less urgent tasks, in this order.
    pub(super) fn settle(&mut self, board: &mut Board, job: Job) {
        let touched = &self.touched[&job];
        let (urgent, pull, before) = (touched.urgent, touched.pull, touched.spot.clone());
        let rules = Arc::clone(&board.jobs[job as usize]);
        if rules.standing != Standing::Active {
            board.lift(job);
            return;
        }
        let latest = board.late_finish[job as usize].clamp(0, i64::from(board.grid.slots)) as Slot;
        let enough = match before.is_placed() && !urgent {
            true if matches!(self.manner, Manner::Tight | Manner::Slide) => before.finish,
            true => latest.max(before.finish),
            false => latest,
        };
        let current_finish = board.spots[job as usize].finish;
        if holds(board, job) && !pull && (!urgent || current_finish <= enough) {
            return;
        }
        let intact = holds(board, job).then(|| board.spots[job as usize].clone());
        let spot = board.lift(job);
        let calm = slots_of(i64::from(board.settings.calm_minutes));
        let lost = first_lost(&before.chunks, &spot.chunks).unwrap_or(before.finish);
        let case = Case { job, rules, pieces: spot.chunks, person: spot.person, enough, calm, lost };
        let offer = if pull { self.earliest_offer(board, &case) } else { self.offer(board, &case) };
        match (offer, intact) {
            (Some(offer), Some(intact)) if offer.finish + calm > intact.finish => board.put(job, intact),
            (Some(offer), _) => self.accept(board, &case, offer),
            (None, Some(intact)) => board.put(job, intact),
            (None, None) => {}
        }
    }

    /// Puts the task where the offer says; whoever is in the way is damaged and queued.
    fn accept(&mut self, board: &mut Board, case: &Case, offer: Offer) {
        let cause = Cause::TimeTaken(board.tasks[case.job as usize].id);
        if offer.ejects {
            self.make_room(board, &offer, &cause);
        }
        let spot: Spot = board.finished_spot(case.job, offer.person, &offer.pieces);
        board.put(case.job, spot);
        if offer.ejects {
            for piece in &offer.pieces {
                let calendar = Arc::clone(&board.calendars[offer.person as usize]);
                let day = calendar.day_of(piece.start);
                self.respect_caps(board, offer.person, day..day + 1, &cause);
            }
        }
    }

    /// The place to take, by the order of the sweep's rules; `None` when there is no room at all.
    fn offer(&mut self, board: &Board, case: &Case) -> Option<Offer> {
        let own = case.rules.choice(case.person);
        let mut best: Option<Offer> = None;
        if let Some(choice) = own {
            let around = self.around(board, case, choice, Slot::MAX);
            if around.as_ref().is_some_and(|offer| offer.finish <= case.enough) {
                return around;
            }
            best = around;
            let anew = self.around(board, case, choice, board.frozen(choice.person));
            better(&mut best, anew, case.calm);
            if best.as_ref().is_some_and(|offer| offer.finish <= case.enough) {
                return best;
            }
        }
        let keeps_frozen = case.pieces.iter().any(|piece| piece.start < board.frozen(case.person));
        if own.is_none() || !keeps_frozen {
            let margin = if own.is_some() { slots_of(i64::from(board.settings.person_change_minutes)) } else { 0 };
            let others = self.others(board, case, own);
            better(&mut best, others, margin.max(u32::from(own.is_some())));
            if best.as_ref().is_some_and(|offer| offer.finish <= case.enough) {
                return best;
            }
        }
        if self.manner == Manner::Gentle {
            self.hurt = true;
            return best;
        }
        let ejecting = self.ejecting_offer(board, case, best.as_ref());
        better(&mut best, ejecting, case.calm);
        best
    }

    /// The earliest finish in free time, on the task's own line.
    fn earliest_offer(&mut self, board: &Board, case: &Case) -> Option<Offer> {
        let choice = case.rules.choice(case.person)?;
        let keep_until = board.frozen(choice.person);
        self.around(board, case, choice, keep_until)
    }

    /// Keeps pieces that start before `keep_until` as far as they hold, and places the rest in free time.
    pub(super) fn around(&mut self, board: &Board, case: &Case, choice: Choice, keep_until: Slot) -> Option<Offer> {
        let bounds = self.bounds_of(board, case, choice.person)?;
        let order = Order::of(board, case.rules.pieces, choice, bounds);
        let old: Vec<Range> = case.pieces.iter().copied().filter(|piece| piece.start < keep_until).collect();
        if !old.is_empty() || choice.need == 0 {
            let line = &mut self.scratch.line;
            line.copy_room_from(&board.lines[choice.person as usize], Range::new(bounds.start, board.grid.slots));
            let mut kept = order.keep(line, &old);
            if order.shorten(line, &mut kept) {
                let loose = order.beside(line, kept.clone(), &mut self.scratch.pieces);
                let whole = order.fill(line, &mut kept, board.grid.slots, &mut self.scratch.pieces);
                let mut best = whole.then(|| self.priced(board, case, choice.person, kept, bounds));
                if best.as_ref().is_none_or(|offer| offer.finish > case.enough) {
                    better(&mut best, loose.map(|pieces| self.priced(board, case, choice.person, pieces, bounds)), 1);
                }
                if best.is_some() {
                    return best;
                }
            }
        }
        if keep_until == Slot::MAX {
            return None;
        }
        let finish = board.fit(case.job, choice, board.room(choice), bounds, board.grid.slots, &mut self.scratch.pieces)?;
        Some(Offer { person: choice.person, pieces: self.scratch.pieces.clone(), finish, ejects: false })
    }

    /// The best place in free time on another candidate's line.
    fn others(&mut self, board: &Board, case: &Case, own: Option<Choice>) -> Option<Offer> {
        let mut best: Option<Offer> = None;
        for choice in &case.rules.choices {
            if own.is_some_and(|own| own.person == choice.person) {
                continue;
            }
            let Some(bounds) = self.bounds_of(board, case, choice.person) else { continue };
            let limit = best.as_ref().map_or(board.grid.slots, |offer| offer.finish.saturating_sub(1));
            if let Some(finish) = board.fit(case.job, *choice, board.room(*choice), bounds, limit, &mut self.scratch.pieces)
                && best.as_ref().is_none_or(|offer| finish < offer.finish)
            {
                best = Some(Offer { person: choice.person, pieces: self.scratch.pieces.clone(), finish, ejects: false });
            }
        }
        best
    }

    pub(super) fn bounds_of(&self, board: &Board, case: &Case, person: u32) -> Option<Bounds> {
        if case.rules.choice(person).is_some_and(|choice| choice.need == 0) && !case.rules.fixed.is_empty() {
            return Some(Bounds { start: board.now, finish: 0 });
        }
        board.bounds(case.job, person)
    }

    pub(super) fn priced(&self, board: &Board, case: &Case, person: u32, pieces: Vec<Range>, bounds: Bounds) -> Offer {
        let ends = pieces.iter().chain(&case.rules.fixed).map(|piece| piece.end);
        let finish = ends.max().unwrap_or(bounds.start.max(bounds.finish).max(board.now));
        debug_assert_ne!(person, NOBODY);
        Offer { person, pieces, finish, ejects: false }
    }
}

/// The first slot of the old pieces that the new ones leave out.
fn first_lost(old: &[Range], new: &[Range]) -> Option<Slot> {
    old.iter().find_map(|piece| {
        let mut at = piece.start;
        for kept in new.iter().filter(|kept| kept.overlaps(*piece)) {
            if kept.start > at {
                break;
            }
            at = at.max(kept.end);
        }
        (at < piece.end).then_some(at)
    })
}

/// Replaces the best offer by one that finishes earlier by at least this margin.
pub(super) fn better(best: &mut Option<Offer>, other: Option<Offer>, margin: u32) {
    let Some(other) = other else { return };
    if best.as_ref().is_none_or(|best| other.finish + margin <= best.finish && other.finish < best.finish) {
        *best = Some(other);
    }
}
