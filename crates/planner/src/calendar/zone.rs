//! Time zones as a short list of stretches with one offset each, so that a clock change costs nothing extra.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use crate::time::Span;

/// A zone's clocks over the grid: each stretch of UTC minutes with the minutes to add for local time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ZoneClock {
    pub stretches: Vec<(Span, i64)>,
}

impl ZoneClock {
    /// The clocks of the zone of this name; `None` when the database has no such zone.
    pub fn named(name: &str, grid: Span) -> Option<Self> {
        let zone = TimeZone::get(name).ok()?;
        let start = Timestamp::from_second(grid.from * 60).ok()?;
        let mut stretches = Vec::new();
        let (mut from, mut offset) = (grid.from, zone.to_offset(start).seconds());
        for change in zone.following(start) {
            let at = change.timestamp().as_second().div_euclid(60);
            if at >= grid.until {
                break;
            }
            stretches.push((Span::new(from, at), i64::from(offset.div_euclid(60))));
            (from, offset) = (at, change.offset().seconds());
        }
        stretches.push((Span::new(from, grid.until), i64::from(offset.div_euclid(60))));
        Some(Self { stretches })
    }
}

/// The zones of a world, each worked out once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zones(BTreeMap<String, ZoneClock>);

impl Zones {
    /// The clocks of this zone; `None` when the database has no such zone.
    pub fn clock(&mut self, name: &str, grid: Span) -> Option<&ZoneClock> {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), ZoneClock::named(name, grid)?);
        }
        self.0.get(name)
    }
}
