//! Minutes, spans of them, and the grid of five-minute slots that planning happens on.

use serde::{Deserialize, Serialize};

/// A moment: minutes since 1 January 1970, 00:00 UTC.
pub type Minute = i64;

/// Index of a five-minute slot on a [`Grid`].
pub(crate) type Slot = u32;

/// Minutes in one slot of the planning grid.
pub const SLOT_MINUTES: i64 = 5;

/// Minutes in a day of 24 hours.
pub(crate) const DAY_MINUTES: i64 = 24 * 60;

/// A stretch of time: `from` is in it, `until` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First minute.
    pub from: Minute,
    /// First minute after.
    pub until: Minute,
}

impl Span {
    /// The span of these two moments; empty when `until` is not after `from`.
    pub const fn new(from: Minute, until: Minute) -> Self {
        Self { from, until }
    }

    /// Its length in minutes; 0 when empty.
    pub fn minutes(self) -> i64 {
        (self.until - self.from).max(0)
    }
}

/// A stretch of slots: `start` is in it, `end` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Range {
    pub start: Slot,
    pub end: Slot,
}

impl Range {
    pub fn new(start: Slot, end: Slot) -> Self {
        Self { start, end }
    }

    pub fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// Slots summed over the pieces.
pub(crate) fn total(pieces: &[Range]) -> u32 {
    pieces.iter().map(|piece| piece.len()).sum()
}

/// Where slot 0 lies and how many slots there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    origin: Minute,
    pub slots: Slot,
}

impl Grid {
    /// A grid that lasts this many weeks from the UTC day of `now`.
    ///
    /// It starts a day before, so that today is whole by everybody's clock.
    pub fn starting(now: Minute, weeks: u32) -> Self {
        let origin = (now.div_euclid(DAY_MINUTES) - 1) * DAY_MINUTES;
        Self { origin, slots: (weeks * 7 + 1) * (DAY_MINUTES / SLOT_MINUTES) as u32 }
    }

    /// The slot that holds this minute, kept within the grid.
    pub fn floor(self, minute: Minute) -> Slot {
        self.clamp((minute - self.origin).div_euclid(SLOT_MINUTES))
    }

    /// The first slot that starts at or after this minute, kept within the grid.
    pub fn ceil(self, minute: Minute) -> Slot {
        self.clamp((minute - self.origin + SLOT_MINUTES - 1).div_euclid(SLOT_MINUTES))
    }

    /// The moment at which this slot starts.
    pub fn minute(self, slot: Slot) -> Minute {
        self.origin + i64::from(slot) * SLOT_MINUTES
    }

    /// The slots that this span touches: meetings are rounded outward.
    pub fn outward(self, span: Span) -> Range {
        Range::new(self.floor(span.from), self.ceil(span.until))
    }

    /// The whole grid as a span.
    pub fn span(self) -> Span {
        Span::new(self.origin, self.minute(self.slots))
    }

    pub fn to_span(self, range: Range) -> Span {
        Span::new(self.minute(range.start), self.minute(range.end))
    }

    fn clamp(self, slot: i64) -> Slot {
        slot.clamp(0, i64::from(self.slots)) as Slot
    }
}

/// Minutes as slots, rounded up.
pub(crate) fn slots_of(minutes: i64) -> u32 {
    (minutes.max(0) + SLOT_MINUTES - 1).div_euclid(SLOT_MINUTES) as u32
}

/// Slots as minutes.
pub(crate) fn minutes_of(slots: u32) -> i64 {
    i64::from(slots) * SLOT_MINUTES
}
