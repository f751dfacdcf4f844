//! Rules to bitmaps: local weekly hours become UTC slots, day by day.

use super::{Bitmap, Calendar, RankedBitmap, ZoneClock};
use crate::time::{DAY_MINUTES, Grid, Range, Slot, Span};
use crate::world::{Person, WeeklyHours};

/// The calendar of this person, whose zone has these clocks.
pub(crate) fn compile(person: &Person, clock: &ZoneClock, grid: Grid) -> Calendar {
    let mut work = weekly_time(&person.hours, clock, grid);
    let mut day_starts: Vec<Slot> = Vec::new();
    let mut last_day = i64::MIN;
    for day in local_days(clock).filter(|day| day.number > std::mem::replace(&mut last_day, day.number)) {
        day_starts.push(grid.floor(day.midnight.max(day.span.from)));
    }
    day_starts.push(grid.slots);
    for absence in &person.absences {
        work.clear(grid.outward(*absence));
    }
    let percent = u32::from(person.daily_cap_percent.min(100));
    let cap = day_starts.windows(2).map(|day| (work.count(Range::new(day[0], day[1])) * percent / 100) as i32).collect();
    Calendar { work: RankedBitmap::new(work), day_starts, cap, cap_percent: percent }
}

/// The time within these hours of the week by these clocks.
pub(crate) fn weekly_time(hours: &WeeklyHours, clock: &ZoneClock, grid: Grid) -> Bitmap {
    let mut time = Bitmap::zeros(grid.slots);
    for day in local_days(clock) {
        for (from, until) in &hours.0[weekday(day.number)] {
            let from = (day.midnight + i64::from(*from)).max(day.span.from);
            let until = (day.midnight + i64::from((*until).min(1440))).min(day.span.until);
            // Rounded inward: what is only half within the hours is not planned.
            time.set(Range::new(grid.ceil(from), grid.floor(until)));
        }
    }
    time
}

/// A local day, or the part of it before or after a clock change.
struct LocalDay {
    /// Days since 1970.
    number: i64,
    /// Its midnight by the offset of this part.
    midnight: i64,
    /// The stretch with that offset.
    span: Span,
}

fn local_days(clock: &ZoneClock) -> impl Iterator<Item = LocalDay> + '_ {
    clock.stretches.iter().flat_map(|(span, offset)| {
        let first = (span.from + offset).div_euclid(DAY_MINUTES);
        let last = (span.until - 1 + offset).div_euclid(DAY_MINUTES);
        (first..=last).map(move |number| LocalDay { number, midnight: number * DAY_MINUTES - offset, span: *span })
    })
}

/// Working time that may hold tasks: without meetings, blocks kept free, and the past.
pub(crate) fn open_time(person: &Person, calendar: &Calendar, grid: Grid, now: Slot) -> Bitmap {
    let mut open = calendar.work.bits().clone();
    open.clear(Range::new(0, now));
    for meeting in &person.meetings {
        open.clear(grid.outward(meeting.span));
    }
    for block in &person.no_task {
        open.clear(grid.outward(*block));
    }
    open
}

/// Monday is 0. Day 0 of the count, 1 January 1970, was a Thursday.
fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PersonId;

    /// Working minutes of the local day that holds this moment.
    fn day_minutes(zone: &str, hours: &[(u16, u16)], day: &str) -> i64 {
        let start: jiff::Timestamp = format!("{day}T12:00:00Z").parse().unwrap();
        let noon = start.as_second() / 60;
        let grid = Grid::starting(noon - 3 * DAY_MINUTES, 2);
        let mut person = Person::new(PersonId(1), zone);
        person.hours = WeeklyHours(std::array::from_fn(|_| hours.to_vec()));
        let clock = ZoneClock::named(zone, grid.span()).unwrap();
        let calendar = compile(&person, &clock, grid);
        let range = calendar.day(calendar.day_of(grid.floor(noon)));
        i64::from(calendar.work.bits().count(range)) * 5
    }

    #[test]
    fn clock_changes_and_leap_days_have_their_true_length() {
        let all_day = [(0, 1440)];
        assert_eq!(day_minutes("Europe/Madrid", &all_day, "2026-03-28"), 24 * 60);
        assert_eq!(day_minutes("Europe/Madrid", &all_day, "2026-03-29"), 23 * 60);
        assert_eq!(day_minutes("Europe/Madrid", &all_day, "2026-10-25"), 25 * 60);
        assert_eq!(day_minutes("America/New_York", &all_day, "2026-03-08"), 23 * 60);
        assert_eq!(day_minutes("Australia/Lord_Howe", &all_day, "2026-10-04"), 23 * 60 + 30);
        assert_eq!(day_minutes("UTC", &all_day, "2028-02-29"), 24 * 60);
        // The hour that is skipped, and the one that happens twice.
        assert_eq!(day_minutes("Europe/Madrid", &[(120, 180)], "2026-03-29"), 0);
        assert_eq!(day_minutes("Europe/Madrid", &[(120, 180)], "2026-10-25"), 120);
        assert_eq!(day_minutes("Europe/Madrid", &[(540, 1020)], "2026-03-29"), 480);
    }
}
