//! Taking time from less urgent tasks: from as few as possible, least urgent first.

use super::refill::Order;
use super::settle::{Case, Offer};
use super::{Manner, Sweep};
use crate::board::{Board, Choice, Hold, Job, Room};
use crate::plan::Cause;
use crate::time::{Range, Slot};

/// Victims tried one by one before several are taken together.
const SINGLES: usize = 24;

impl Sweep {
    /// A place at the expense of less urgent tasks; `None` when free time is as good.
    pub(super) fn ejecting_offer(&mut self, board: &Board, case: &Case, free: Option<&Offer>) -> Option<Offer> {
        let own = case.rules.choice(case.person);
        let choices: Vec<Choice> = match (own, free) {
            (Some(own), _) => vec![own],
            (None, Some(free)) => case.rules.choice(free.person).into_iter().collect(),
            (None, None) => case.rules.choices.clone(),
        };
        choices.into_iter().filter_map(|choice| self.eject_on(board, case, choice)).min_by_key(|offer| offer.finish)
    }

    /// The best ejecting place on one line: the lost minutes from one victim, or from more, or everything anew.
    fn eject_on(&mut self, board: &Board, case: &Case, choice: Choice) -> Option<Offer> {
        let bounds = self.bounds_of(board, case, choice.person)?;
        let calendar = &board.calendars[choice.person as usize];
        let order = Order { calendar, pieces: case.rules.pieces, need: choice.need, bounds };
        let victims = self.victims(board, case.job, choice.person, bounds.start);
        if victims.is_empty() {
            return None;
        }
        if let Some(pieces) = self.lost_minutes(board, case, order, choice, &victims) {
            let mut offer = self.priced(board, case, choice.person, pieces, bounds);
            offer.ejects = true;
            return Some(offer);
        }
        self.trial.line.copy_room_from(&board.lines[choice.person as usize]);
        victims.iter().for_each(|hold| self.trial.line.give(calendar, hold.range));
        let room = Room { line: &self.trial.line, calendar };
        let finish = board.fit(case.job, choice, room, bounds, board.grid.slots, &mut self.scratch.pieces)?;
        Some(Offer { person: choice.person, pieces: self.scratch.pieces.clone(), finish, ejects: true })
    }

    /// Keeps what stands and finds room for the rest in time to be good enough.
    fn lost_minutes(&mut self, board: &Board, case: &Case, order: Order, choice: Choice, victims: &[Hold]) -> Option<Vec<Range>> {
        let line = &mut self.trial.line;
        line.copy_room_from(&board.lines[choice.person as usize]);
        let mut kept = order.keep(line, &case.pieces);
        if !order.shorten(line, &mut kept) {
            return None;
        }
        let limit = case.enough;
        let missing = order.grow_all(line, &mut kept, limit);
        if missing == 0 {
            return order.finish(kept).filter(|pieces| pieces.last().is_none_or(|last| last.end <= limit));
        }
        for single in [true, false] {
            let groups = victims.chunk_by(|a, b| a.job == b.job).filter(|holds| holds.iter().any(|hold| hold.range.start < limit));
            for victim in groups.take(if single { SINGLES } else { usize::MAX }) {
                victim.iter().for_each(|hold| line.give(order.calendar, hold.range));
                if order.add(line, &kept, missing, limit, &mut self.scratch.pieces) {
                    let mut pieces = kept;
                    pieces.extend_from_slice(&self.scratch.pieces);
                    return order.finish(pieces);
                }
                if single {
                    victim.iter().for_each(|hold| line.take(order.calendar, hold.range));
                }
            }
        }
        None
    }

    /// Whose time may be taken, in the order of the sweep's manner; pieces of one task stand together.
    fn victims(&self, board: &Board, job: Job, person: u32, from: Slot) -> Vec<Hold> {
        let mut holds = less_urgent(board, job, person, from);
        if self.manner != Manner::Tight {
            holds.sort_by_cached_key(|hold| (std::cmp::Reverse(board.rank(hold.job)), hold.range));
        }
        holds
    }

    /// Damages every less urgent piece that the offer overlaps.
    pub(super) fn make_room(&mut self, board: &mut Board, offer: &Offer, cause: &Cause) {
        for piece in &offer.pieces {
            let line = &board.lines[offer.person as usize];
            let holds: Vec<Hold> =
                line.overlapping(*piece).map(|index| line.held[index]).filter(|hold| hold.range.overlaps(*piece)).collect();
            for hold in holds {
                self.damage(board, hold.job, *piece, cause);
            }
        }
    }
}

/// What less urgent tasks hold on this line outside the frozen zone.
fn less_urgent(board: &Board, job: Job, person: u32, from: Slot) -> Vec<Hold> {
    let rank = board.rank(job);
    let line = &board.lines[person as usize];
    let may = |hold: &&Hold| !hold.fixed && hold.range.start >= board.frozen && hold.range.end > from && board.rank(hold.job) > rank;
    line.held.iter().filter(may).copied().collect()
}
