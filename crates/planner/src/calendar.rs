//! One person's time as bitmaps: what is working time, and how much of each local day may be planned.

mod bitmap;
mod compile;
mod ranked;
mod restrictions;
mod within;
mod zone;

pub(crate) use bitmap::Bitmap;
pub(crate) use compile::{compile, open_time};
pub(crate) use ranked::RankedBitmap;
pub(crate) use restrictions::{ANY_HOURS, Restrictions};
pub(crate) use within::Within;
pub(crate) use zone::{ZoneClock, Zones};

use crate::time::{Range, Slot};

/// Working time and local days of one person over the whole grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calendar {
    /// Weekly hours without absences.
    pub work: RankedBitmap,
    /// First slot of each local day, ascending, and the end of the grid last.
    pub day_starts: Vec<Slot>,
    /// Slots of each day that tasks may take.
    pub cap: Vec<i32>,
    /// The cap in percent, for estimates of how long work takes.
    pub cap_percent: u32,
}

impl Calendar {
    /// Index of the local day that holds this slot.
    pub fn day_of(&self, slot: Slot) -> usize {
        let last = self.day_starts.len().saturating_sub(2);
        let mut day = (slot / 288) as usize;
        day = day.min(last);
        while day < last && self.day_starts[day + 1] <= slot {
            day += 1;
        }
        while day > 0 && self.day_starts[day] > slot {
            day -= 1;
        }
        day
    }

    /// The slots of this local day.
    pub fn day(&self, day: usize) -> Range {
        Range::new(self.day_starts[day], self.day_starts[day + 1])
    }

    /// Number of local days on the grid.
    pub fn days(&self) -> usize {
        self.cap.len()
    }

    /// The range cut at local midnights, with the day of each piece.
    pub fn by_day(&self, range: Range) -> impl Iterator<Item = (usize, u32)> + '_ {
        let mut at = range.start;
        let mut day = self.day_of(range.start);
        std::iter::from_fn(move || {
            if at >= range.end {
                return None;
            }
            while self.day_starts[day + 1] <= at {
                day += 1;
            }
            let end = range.end.min(self.day_starts[day + 1]);
            let piece = (day, end - at);
            at = end;
            Some(piece)
        })
    }
}
