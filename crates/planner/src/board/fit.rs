//! Finding room on a line: the earliest or the latest pieces that hold a given amount of work.

use super::Line;
use crate::calendar::{Calendar, RankedBitmap, Within};
use crate::time::{Range, Slot};

/// Slots between two pieces of one task when its pieces have a greatest length.
pub(crate) const BREAK: u32 = 3;

/// How a task may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pieces {
    pub min: u32,
    pub max: u32,
    pub splittable: bool,
}

impl Pieces {
    /// The shortest piece when this much is to be placed.
    pub fn shortest(self, need: u32) -> u32 {
        if self.splittable { self.min.min(need) } else { need }
    }

    /// How much of a run of `room` to take when `need` is left; 0 when none.
    fn take(self, room: u32, need: u32) -> u32 {
        if !self.splittable {
            return if room >= need { need } else { 0 };
        }
        let shortest = self.shortest(need);
        let take = room.min(need).min(self.max);
        let rest = need - take;
        let take = if rest > 0 && rest < self.min { take.saturating_sub(self.min - rest) } else { take };
        if take < shortest { 0 } else { take }
    }
}

/// Where to look for room.
#[derive(Clone, Copy)]
pub(crate) struct Room<'a> {
    pub line: &'a Line,
    pub calendar: &'a Calendar,
    /// Only within these hours.
    pub hours: Option<&'a RankedBitmap>,
}

impl<'a> Room<'a> {
    /// Free time as the task sees it.
    pub fn free(self) -> Within<'a> {
        Within::new(&self.line.free, self.hours)
    }

    /// The earliest pieces that hold `need` slots from `from` on and end before `limit`; `out` is theirs when found.
    pub fn earliest(self, need: u32, pieces: Pieces, from: Slot, limit: Slot, out: &mut Vec<Range>) -> bool {
        out.clear();
        let free = self.free();
        let (mut left, mut at, mut used) = (need, from, 0);
        let mut day = self.calendar.day_of(from);
        let days = self.calendar.days();
        while left > 0 {
            let shortest = pieces.shortest(left) as i32;
            while day < days && (self.line.left[day] - used < shortest || self.calendar.day_starts[day + 1] <= at) {
                (day, used) = (day + 1, 0);
            }
            if day >= days {
                return false;
            }
            at = at.max(self.calendar.day_starts[day]);
            let start = free.next_one(at);
            if start + left.min(shortest as u32) > limit || start >= free.len() {
                return false;
            }
            if start >= self.calendar.day_starts[day + 1] {
                at = start;
                continue;
            }
            let end = free.next_zero(start).min(self.calendar.day_starts[day + 1]);
            let room = (end - start).min((self.line.left[day] - used) as u32);
            let take = pieces.take(room, left);
            if take == 0 {
                at = end;
                continue;
            }
            out.push(Range::new(start, start + take));
            left -= take;
            used += take as i32;
            at = if take == pieces.max {
                start + take + BREAK
            } else if take < room {
                end
            } else {
                start + take
            };
        }
        out.last().is_none_or(|last| last.end <= limit)
    }

    /// The latest pieces that hold `need` slots between `from` and `until`; `out` is theirs, ascending, when found.
    pub fn latest(self, need: u32, pieces: Pieces, from: Slot, until: Slot, out: &mut Vec<Range>) -> bool {
        out.clear();
        let free = self.free();
        let (mut left, mut at, mut used, mut used_day) = (need, until, 0, usize::MAX);
        while left > 0 {
            let end = free.previous_one(at);
            if end <= from {
                return false;
            }
            let day = self.calendar.day_of(end - 1);
            if day != used_day {
                (used_day, used) = (day, 0);
            }
            let day_start = self.calendar.day_starts[day].max(from);
            let allowed = self.line.left[day] - used;
            if allowed < pieces.shortest(left) as i32 {
                at = day_start;
                continue;
            }
            let start = free.previous_zero(end).max(day_start);
            let room = (end - start).min(allowed as u32);
            let take = pieces.take(room, left);
            if take == 0 {
                at = start;
                continue;
            }
            out.push(Range::new(end - take, end));
            left -= take;
            used += take as i32;
            at = if take == pieces.max {
                (end - take).saturating_sub(BREAK)
            } else if take < room {
                start
            } else {
                end - take
            };
        }
        out.reverse();
        true
    }
}

/// The pieces in order, those that touch on one day made one.
pub(crate) fn tidy(calendar: &Calendar, pieces: &mut Vec<Range>) {
    pieces.sort_unstable();
    let mut kept: Vec<Range> = Vec::with_capacity(pieces.len());
    for piece in pieces.drain(..) {
        match kept.last_mut() {
            Some(last) if last.end == piece.start && calendar.day_of(last.start) == calendar.day_of(piece.start) => last.end = piece.end,
            _ => kept.push(piece),
        }
    }
    *pieces = kept;
}
