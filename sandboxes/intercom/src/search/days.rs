//! Calendar days of the workspace: contact search compares dates by day, not by second.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// First second of the day that holds `seconds`, and first second of the next day.
pub fn day_around(seconds: i64, zone: &TimeZone) -> (i64, i64) {
    let Ok(at) = Timestamp::from_second(seconds) else { return (seconds, seconds + 1) };
    let start = at.to_zoned(zone.clone()).start_of_day();
    let end = start.as_ref().ok().and_then(|s| s.checked_add(1.day()).ok()).and_then(|s| s.start_of_day().ok());
    match (start, end) {
        (Ok(start), Some(end)) => (start.timestamp().as_second(), end.timestamp().as_second()),
        _ => (seconds, seconds + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::day_around;
    use jiff::tz::TimeZone;

    #[test]
    fn days_follow_the_zone_and_its_clock_changes() {
        let zone = TimeZone::get("Europe/Dublin").expect("a known zone");
        // 2026-03-29: the clock goes forward, the day has 23 hours.
        let (start, end) = day_around(1_774_785_600, &zone);
        assert_eq!((start, end - start), (1_774_742_400, 23 * 3600));
        let (start, end) = day_around(1_577_869_200, &TimeZone::UTC);
        assert_eq!((start, end), (1_577_836_800, 1_577_923_200));
    }
}
