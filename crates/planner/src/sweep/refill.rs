//! Flowing around an obstacle: pieces that still hold stay, only the lost minutes are placed again.

use crate::board::fit::{self, BREAK};
use crate::board::place::Bounds;
use crate::board::{Board, Choice, Line, Pieces, Room};
use crate::calendar::{Calendar, RankedBitmap, Within};
use crate::time::{Range, Slot, total};

/// What a task needs on one line, whatever lies there already.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a> {
    pub calendar: &'a Calendar,
    pub pieces: Pieces,
    pub need: u32,
    pub bounds: Bounds,
    hours: Option<&'a RankedBitmap>,
}

impl<'a> Order<'a> {
    /// What a task that is cut so needs of this candidate.
    pub fn of(board: &'a Board, pieces: Pieces, choice: Choice, bounds: Bounds) -> Self {
        let calendar = &board.calendars[choice.person as usize];
        Self { calendar, pieces, need: choice.need, bounds, hours: board.hours(choice) }
    }

    /// Where the task may look for room on this line.
    pub fn room<'b>(self, line: &'b Line) -> Room<'b>
    where
        'a: 'b,
    {
        Room { line, calendar: self.calendar, hours: self.hours }
    }

    fn free<'b>(self, line: &'b Line) -> Within<'b>
    where
        'a: 'b,
    {
        Within::new(&line.free, self.hours)
    }

    /// Those pieces, or parts of them, that still stand in this room; they are taken from it.
    pub fn keep(self, line: &mut Line, old: &[Range]) -> Vec<Range> {
        let shortest = self.pieces.shortest(self.need);
        let mut kept = Vec::with_capacity(old.len());
        for piece in old {
            let mut at = piece.start.max(self.bounds.start);
            while at < piece.end {
                let free = self.free(line);
                let start = free.next_one(at);
                let end = free.next_zero(start).min(piece.end);
                let left = line.left[self.calendar.day_of(piece.start)].max(0) as u32;
                let part = Range::new(start, end.min(start.saturating_add(left)));
                if start < end && part.len() >= shortest && (self.pieces.splittable || part.len() == self.need) {
                    line.take(self.calendar, part);
                    kept.push(part);
                }
                at = end.max(at + 1);
            }
        }
        kept
    }

    /// Shortens the kept pieces, last first, when they hold more than is needed; `false` when that leaves a stump.
    pub fn shorten(self, line: &mut Line, kept: &mut Vec<Range>) -> bool {
        let shortest = self.pieces.shortest(self.need);
        let mut surplus = total(kept).saturating_sub(self.need);
        while surplus > 0 {
            let Some(last) = kept.pop() else { return false };
            line.give(self.calendar, last);
            if last.len() <= surplus {
                surplus -= last.len();
                continue;
            }
            let rest = Range::new(last.start, last.end - surplus);
            if rest.len() < shortest {
                // The missing minutes of the stump come from growing what is left.
                return true;
            }
            line.take(self.calendar, rest);
            kept.push(rest);
            surplus = 0;
        }
        true
    }

    /// Adds what is missing to the kept pieces: first by growing them, then in new pieces that end by `limit`.
    ///
    /// The kept pieces must be taken from the line already.
    pub fn fill(self, line: &mut Line, kept: &mut Vec<Range>, limit: Slot, found: &mut Vec<Range>) -> bool {
        let missing = self.grow_all(line, kept, limit);
        if missing > 0 {
            if !self.add(line, kept, missing, limit, found) {
                return false;
            }
            kept.extend_from_slice(found);
        }
        fit::tidy(self.calendar, kept);
        self.is_right(kept)
    }

    /// The kept pieces as they are, with new ones for all that is missing.
    pub fn beside(self, line: &Line, mut kept: Vec<Range>, found: &mut Vec<Range>) -> Option<Vec<Range>> {
        let missing = self.need.saturating_sub(total(&kept));
        let room = self.room(line);
        if !room.earliest(missing, self.pieces, self.bounds.start, line.free.len(), found) {
            return None;
        }
        kept.extend_from_slice(found);
        self.finish(kept)
    }

    /// Grows the kept pieces into free time beside them; returns what is still missing, enough for a piece or nothing.
    pub fn grow_all(self, line: &mut Line, kept: &mut Vec<Range>, limit: Slot) -> u32 {
        if !self.pieces.splittable && !kept.is_empty() && total(kept) != self.need {
            kept.drain(..).for_each(|piece| line.give(self.calendar, piece));
        }
        let mut missing = self.need.saturating_sub(total(kept));
        for index in 0..kept.len() {
            missing -= self.grow(line, kept, index, missing, limit);
        }
        while missing > 0 && missing < self.pieces.min {
            let Some(last) = kept.pop() else { break };
            line.give(self.calendar, last);
            missing += last.len();
        }
        missing
    }

    /// New pieces for what is missing, in time that is free now.
    pub fn add(self, line: &Line, kept: &[Range], missing: u32, limit: Slot, found: &mut Vec<Range>) -> bool {
        let room = self.room(line);
        room.earliest(missing, self.pieces, self.bounds.start, limit, found) && kept.iter().all(|piece| piece.end <= limit)
    }

    /// The pieces in order, if they are right.
    pub fn finish(self, mut pieces: Vec<Range>) -> Option<Vec<Range>> {
        fit::tidy(self.calendar, &mut pieces);
        self.is_right(&pieces).then_some(pieces)
    }

    fn is_right(self, pieces: &[Range]) -> bool {
        let shortest = self.pieces.shortest(self.need);
        let max = self.pieces.max;
        total(pieces) == self.need
            && pieces.iter().all(|piece| piece.len() >= shortest && piece.len() <= max)
            && (self.pieces.splittable || pieces.len() <= 1)
            && pieces.last().is_none_or(|piece| piece.end >= self.bounds.finish)
    }

    /// Lengthens one kept piece into free time beside it, on its own day; returns by how much.
    fn grow(self, line: &mut Line, kept: &mut [Range], index: usize, missing: u32, limit: Slot) -> u32 {
        let piece = kept[index];
        let day = self.calendar.day_of(piece.start);
        let (day_range, left) = (self.calendar.day(day), line.left[day].max(0) as u32);
        let most = missing.min(left).min(self.pieces.max.saturating_sub(piece.len()));
        let gap = if self.pieces.max == u32::MAX { 0 } else { BREAK };
        let next = kept.get(index + 1).map_or(Slot::MAX, |next| next.start.saturating_sub(gap));
        let free = self.free(line);
        let ahead = free.next_zero(piece.end).min(day_range.end).min(limit).min(next).saturating_sub(piece.end).min(most);
        let previous = if index == 0 { 0 } else { kept[index - 1].end + gap };
        let floor = free.previous_zero(piece.start).max(day_range.start).max(self.bounds.start).max(previous);
        let back = piece.start.saturating_sub(floor).min(most - ahead);
        let grown = Range::new(piece.start - back, piece.end + ahead);
        line.take(self.calendar, Range::new(piece.end, grown.end));
        line.take(self.calendar, Range::new(grown.start, piece.start));
        kept[index] = grown;
        ahead + back
    }
}
