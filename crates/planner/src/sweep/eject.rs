//! Taking time from less urgent tasks: from as few as possible, least urgent first.

use super::refill::Order;
use super::settle::{Case, Offer, better};
use super::{Manner, Sweep};
use crate::board::{Board, Choice, Hold, Job, Line};
use crate::plan::Cause;
use crate::time::{Range, Slot, slots_of};

/// Victims tried one by one before several are taken together.
const SINGLES: usize = 24;

impl Sweep {
    /// A place at the expense of less urgent tasks; `None` when free time is as good.
    ///
    /// Others than the task's own person are asked when that person cannot end it in time.
    pub(super) fn ejecting_offer(&mut self, board: &Board, case: &Case, free: Option<&Offer>) -> Option<Offer> {
        let by = free.map_or(board.grid.slots, |free| free.finish.saturating_sub(case.calm.max(1)));
        let own = case.rules.choice(case.person);
        let Some(own) = own else {
            let settled = free.and_then(|free| case.rules.choice(free.person));
            return self.eject_on_any(board, case, |choice| settled.is_none_or(|settled| settled == choice), by);
        };
        let mut best = self.eject_on(board, case, own, by);
        let keeps_frozen = case.pieces.iter().any(|piece| piece.start < board.frozen(case.person));
        if !keeps_frozen && best.as_ref().is_none_or(|offer| offer.finish > case.enough) {
            let margin = slots_of(i64::from(board.settings.person_change_minutes));
            let least = best.as_ref().or(free).map_or(board.grid.slots, |offer| offer.finish.saturating_sub(margin));
            let others = self.eject_on_any(board, case, |choice| choice != own, least.min(by));
            better(&mut best, others, margin);
        }
        best
    }

    /// The ejecting place that ends first, among these candidates; the first listed one among equals.
    fn eject_on_any(&mut self, board: &Board, case: &Case, who: impl Fn(Choice) -> bool, by: Slot) -> Option<Offer> {
        let (mut best, mut by): (Option<Offer>, Slot) = (None, by);
        for choice in case.rules.choices.iter().copied().filter(|choice| who(*choice)) {
            if let Some(offer) = self.eject_on(board, case, choice, by) {
                by = offer.finish.saturating_sub(1);
                best = Some(offer);
            }
        }
        best
    }

    /// The best ejecting place on one line that ends by a slot: the lost minutes from one victim, or from more, or
    /// everything anew.
    fn eject_on(&mut self, board: &Board, case: &Case, choice: Choice, by: Slot) -> Option<Offer> {
        let bounds = self.bounds_of(board, case, choice.person).filter(|bounds| bounds.start < by)?;
        let victims = less_urgent(board, case.job, choice.person, Range::new(bounds.start, by));
        if victims.is_empty() {
            return None;
        }
        let calendar = &board.calendars[choice.person as usize];
        let within = Range::new(bounds.start, by);
        self.trial.line.copy_room_from(&board.lines[choice.person as usize], within);
        victims.iter().for_each(|hold| self.trial.line.give(calendar, hold.range));
        let room = board.room_on(choice, &self.trial.line);
        // With all of that time the task could end here; nothing ends earlier, so less is only tried within that.
        let finish = board.fit(case.job, choice, room, bounds, by, &mut self.scratch.pieces)?;
        let anew = Offer { person: choice.person, pieces: self.scratch.pieces.clone(), finish, ejects: true };
        let order = Order::of(board, case.rules.pieces, choice, bounds);
        if self.manner == Manner::Slide && choice.person == case.person {
            return self.slide(board, case, order, &victims, by).or(Some(anew));
        }
        if finish > case.enough {
            return Some(anew);
        }
        let Some(pieces) = self.lost_minutes(board, case, order, choice, victims) else { return Some(anew) };
        let mut offer = self.priced(board, case, choice.person, pieces, bounds);
        offer.ejects = true;
        if offer.finish <= by { Some(offer) } else { Some(anew) }
    }

    /// Keeps what stands and takes the rest from whoever holds the time after what was lost.
    fn slide(&mut self, board: &Board, case: &Case, order: Order, victims: &[Hold], by: Slot) -> Option<Offer> {
        let line = &mut self.trial.line;
        let within = Range::new(order.bounds.start, case.pieces.last().map_or(by, |last| last.end.max(by)));
        line.copy_room_from(&board.lines[case.person as usize], within);
        let mut kept = order.keep(line, &case.pieces);
        if !order.shorten(line, &mut kept) {
            return None;
        }
        let from = case.lost.max(order.bounds.start);
        victims.iter().filter(|hold| hold.range.start >= from).for_each(|hold| line.give(order.calendar, hold.range));
        let missing = order.grow_all(line, &mut kept, by);
        if missing > 0 {
            let room = order.room(line);
            if !room.earliest(missing, order.pieces, from, by, &mut self.scratch.pieces) {
                return None;
            }
            kept.extend_from_slice(&self.scratch.pieces);
        }
        let pieces = order.finish(kept)?;
        let mut offer = self.priced(board, case, case.person, pieces, order.bounds);
        offer.ejects = true;
        (offer.finish <= by).then_some(offer)
    }

    /// Keeps what stands and finds room for the rest in time to be good enough: time of one victim, or of the fewest
    /// victims in their order.
    fn lost_minutes(&mut self, board: &Board, case: &Case, order: Order, choice: Choice, victims: Vec<Hold>) -> Option<Vec<Range>> {
        let line = &mut self.trial.line;
        let own: &[Range] = if choice.person == case.person { &case.pieces } else { &[] };
        let end = own.iter().chain(victims.iter().map(|hold| &hold.range)).map(|piece| piece.end).fold(case.enough, Slot::max);
        line.copy_room_from(&board.lines[choice.person as usize], Range::new(order.bounds.start, end));
        let mut kept = order.keep(line, own);
        if !order.shorten(line, &mut kept) {
            return None;
        }
        let limit = case.enough;
        let missing = order.grow_all(line, &mut kept, limit);
        if missing == 0 {
            return order.finish(kept).filter(|pieces| pieces.last().is_none_or(|last| last.end <= limit));
        }
        let victims = in_manner(board, self.manner, victims);
        let groups: Vec<&[Hold]> =
            victims.chunk_by(|a, b| a.job == b.job).filter(|holds| holds.iter().any(|hold| hold.range.start < limit)).collect();
        let found = &mut self.scratch.pieces;
        let one = groups.iter().take(SINGLES).any(|group| {
            group.iter().for_each(|hold| line.give(order.calendar, hold.range));
            let fits = order.add(line, &kept, missing, limit, found);
            group.iter().for_each(|hold| line.take(order.calendar, hold.range));
            fits
        });
        if !one && !fewest(order, line, &groups, |line| order.add(line, &kept, missing, limit, found)) {
            return None;
        }
        kept.extend_from_slice(found);
        order.finish(kept)
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

/// Gives the time of the fewest victims, in their order, for which it fits; found by halving, since more time is never
/// worse but for the least lengths of pieces. `false` when it fits with none.
fn fewest(order: Order, line: &mut Line, groups: &[&[Hold]], mut fits: impl FnMut(&Line) -> bool) -> bool {
    let (mut given, mut low, mut high) = (0, 1, groups.len());
    let mut set = |line: &mut Line, count: usize| {
        let both = |line: &mut Line, hold: &Hold, give: bool| {
            if give { line.give(order.calendar, hold.range) } else { line.take(order.calendar, hold.range) }
        };
        for group in &groups[given.min(count)..given.max(count)] {
            group.iter().for_each(|hold| both(line, hold, count > given));
        }
        given = count;
    };
    while low < high {
        let middle = usize::midpoint(low, high);
        set(line, middle);
        if fits(line) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    set(line, high);
    high > 0 && fits(line)
}

/// The victims in the order of the sweep's manner; pieces of one task stand together.
fn in_manner(board: &Board, manner: Manner, mut victims: Vec<Hold>) -> Vec<Hold> {
    if !matches!(manner, Manner::Tight | Manner::Slide) {
        victims.sort_by_cached_key(|hold| (std::cmp::Reverse(board.rank(hold.job)), hold.range));
    }
    victims
}

/// What less urgent tasks hold on this line within this range, outside the person's frozen zone.
fn less_urgent(board: &Board, job: Job, person: u32, within: Range) -> Vec<Hold> {
    let (rank, frozen) = (board.rank(job), board.frozen(person));
    let line = &board.lines[person as usize];
    let may = |hold: &&Hold| !hold.fixed && hold.range.start >= frozen && hold.range.end > within.start && board.rank(hold.job) > rank;
    line.held[line.overlapping(within)].iter().filter(may).copied().collect()
}
