//! The hours that single tasks are restricted to, as bitmaps: one for each week and zone, whatever the number of tasks.

use std::collections::HashMap;
use std::sync::Arc;

use super::compile::weekly_time;
use super::{RankedBitmap, Zones};
use crate::time::Grid;
use crate::world::WeeklyHours;

/// The index of a task that may be done at any working time.
pub(crate) const ANY_HOURS: u32 = u32::MAX;

/// All restrictions of a world. They only grow while it lives: a week that no task has any more is a few kilobytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Restrictions {
    bitmaps: Vec<Arc<RankedBitmap>>,
    index: HashMap<(String, WeeklyHours), u32>,
}

impl Restrictions {
    /// The index of these hours by the clock of this zone.
    pub fn index_of(&mut self, hours: &WeeklyHours, zone: &str, zones: &mut Zones, grid: Grid) -> u32 {
        let key = (zone.to_owned(), hours.clone());
        if let Some(index) = self.index.get(&key) {
            return *index;
        }
        let Some(clock) = zones.clock(zone, grid.span()) else { return ANY_HOURS };
        let index = self.bitmaps.len() as u32;
        self.bitmaps.push(Arc::new(RankedBitmap::new(weekly_time(hours, clock, grid))));
        self.index.insert(key, index);
        index
    }

    /// The time of this index; `None` for any working time.
    pub fn get(&self, index: u32) -> Option<&RankedBitmap> {
        self.bitmaps.get(index as usize).map(|bitmap| &**bitmap)
    }
}
