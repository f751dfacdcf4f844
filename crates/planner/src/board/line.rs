//! One person's line: which slots are free, how much of each day is left, and who holds what.

use std::sync::Arc;

use crate::calendar::{Bitmap, Calendar};
use crate::time::{Range, Slot};

/// Index of a task on the board.
pub(crate) type Job = u32;

/// What one person's time is taken by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Slots that may hold tasks at all; shared by all states of the line until the person's calendar changes.
    pub open: Arc<Bitmap>,
    /// Open slots that hold none.
    pub free: Bitmap,
    /// Slots of each day that may still be taken; below 0 when fixed pieces exceed the cap.
    pub left: Vec<i32>,
    /// The pieces by start.
    pub held: Vec<Hold>,
}

/// One piece on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub range: Range,
    pub job: Job,
    pub fixed: bool,
}

impl Line {
    pub fn new(open: Bitmap, calendar: &Calendar) -> Self {
        Self { free: open.clone(), open: Arc::new(open), left: calendar.cap.clone(), held: Vec::new() }
    }

    /// Takes this range for the task.
    pub fn occupy(&mut self, calendar: &Calendar, range: Range, job: Job, fixed: bool) {
        self.take(calendar, range);
        let at = self.held.partition_point(|hold| (hold.range.start, hold.job) < (range.start, job));
        self.held.insert(at, Hold { range, job, fixed });
    }

    /// Takes slots and day's allowance without a name; for trials.
    pub fn take(&mut self, calendar: &Calendar, range: Range) {
        self.free.clear(range);
        for (day, slots) in calendar.by_day(range) {
            self.left[day] -= slots as i32;
        }
    }

    /// Gives this piece of the task back.
    pub fn release(&mut self, calendar: &Calendar, range: Range, job: Job) {
        let from = self.held.partition_point(|hold| (hold.range.start, hold.job) < (range.start, job));
        if self.held.get(from).is_some_and(|hold| hold.range == range && hold.job == job) {
            self.held.remove(from);
        }
        self.free.set_where(range, &self.open);
        self.give_day(calendar, range);
        // Only fixed pieces may overlap others; whoever still holds the time keeps it.
        for index in self.overlapping(range) {
            let hold = self.held[index];
            if hold.range.overlaps(range) {
                self.free.clear(hold.range);
            }
        }
    }

    /// Gives slots that a task held, and day's allowance, back without a name; for trials.
    pub fn give(&mut self, calendar: &Calendar, range: Range) {
        self.free.set(range);
        self.give_day(calendar, range);
    }

    fn give_day(&mut self, calendar: &Calendar, range: Range) {
        for (day, slots) in calendar.by_day(range) {
            self.left[day] += slots as i32;
        }
    }

    /// Indices of pieces that may overlap the range; fixed pieces can be long, so look a little further back.
    pub fn overlapping(&self, range: Range) -> std::ops::Range<usize> {
        let end = self.held.partition_point(|hold| hold.range.start < range.end);
        let mut start = self.held.partition_point(|hold| hold.range.start < range.start);
        while start > 0 && (self.held[start - 1].range.end > range.start || self.held[start - 1].fixed) {
            start -= 1;
        }
        start..end
    }

    /// Becomes a copy of what trials within this range need of `other`: its free time and allowances.
    ///
    /// What is found must end within the range; free time outside it is of no meaning.
    pub fn copy_room_from(&mut self, other: &Self, within: Range) {
        self.free.copy_within_from(&other.free, within);
        self.left.clone_from(&other.left);
    }

    /// The task that holds this slot.
    pub fn holder(&self, slot: Slot) -> Option<Hold> {
        let slot = Range::new(slot, slot + 1);
        self.overlapping(slot).map(|index| self.held[index]).find(|hold| hold.range.overlaps(slot))
    }
}
