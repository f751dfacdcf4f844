//! Readings of clocks turned into moments: by the world's list of zones, by the calendar's own description, or the reader's.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::expand::{Patience, days_of, seconds, with_until};
use super::read::{Turn, When, Zone};

/// Names that Windows and Outlook give to zones, for calendars that name one without describing it.
const WINDOWS: [(&str, &str); 24] = [
    ("UTC", "UTC"),
    ("GMT Standard Time", "Europe/London"),
    ("Greenwich Standard Time", "Atlantic/Reykjavik"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("E. Europe Standard Time", "Europe/Chisinau"),
    ("FLE Standard Time", "Europe/Kyiv"),
    ("GTB Standard Time", "Europe/Bucharest"),
    ("Turkey Standard Time", "Europe/Istanbul"),
    ("Russian Standard Time", "Europe/Moscow"),
    ("Israel Standard Time", "Asia/Jerusalem"),
    ("India Standard Time", "Asia/Kolkata"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("Eastern Standard Time", "America/New_York"),
    ("Central Standard Time", "America/Chicago"),
    ("Mountain Standard Time", "America/Denver"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("Arabian Standard Time", "Asia/Dubai"),
];

/// The zones of a calendar, as its reader sees them.
pub struct Zones {
    own: TimeZone,
    described: Vec<(String, Clock)>,
}

/// How a named zone's clock is read.
enum Clock {
    Known(TimeZone),
    /// Ascending: from this reading of the clock before, by these seconds east of UTC, before and after.
    Described(Vec<(DateTime, i32, i32)>),
}

impl Zones {
    /// The zones that a calendar describes, for a reader in this zone; `years` are those that matter.
    pub(super) fn new(own: TimeZone, zones: &[Zone], years: std::ops::RangeInclusive<i16>, patience: &Patience) -> Self {
        let clock = |zone: &Zone| {
            let known = known(&zone.id).or_else(|| zone.location.as_deref().and_then(known));
            known.map_or_else(|| Clock::Described(turns(&zone.turns, &years, patience)), Clock::Known)
        };
        Self { own, described: zones.iter().map(|zone| (zone.id.clone(), clock(zone))).collect() }
    }

    /// Whether the name means a zone.
    pub fn knows(&self, name: &str) -> bool {
        self.described.iter().any(|(id, _)| id == name) || known(name).is_some()
    }

    /// The moment; of a day its first, in the reader's own zone.
    pub fn moment(&self, when: &When) -> Timestamp {
        match when {
            When::Utc(at) => *at,
            When::Day(day) => in_zone(day.to_datetime(jiff::civil::Time::midnight()), &self.own),
            When::Local(at, None) => in_zone(*at, &self.own),
            When::Local(at, Some(name)) => match self.described.iter().find(|(id, _)| id == name) {
                Some((_, Clock::Known(zone))) => in_zone(*at, zone),
                Some((_, Clock::Described(turns))) => by_turns(*at, turns),
                None => in_zone(*at, &known(name).unwrap_or_else(|| self.own.clone())),
            },
        }
    }

    /// What the clock of `like` reads at this moment: repeating meetings repeat by it.
    pub fn reading(&self, at: Timestamp, like: &When) -> DateTime {
        // The clocks of a described zone are asked the other way round: a few guesses meet.
        let mut reading = at.to_zoned(TimeZone::UTC).datetime();
        for _ in 0..3 {
            let guess = match like {
                When::Local(_, zone) => self.moment(&When::Local(reading, zone.clone())),
                When::Day(_) => in_zone(reading, &self.own),
                When::Utc(_) => return reading,
            };
            reading = reading.saturating_add(at.duration_since(guess));
        }
        reading
    }
}

fn in_zone(at: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_zoned(at).compatible().map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// `Europe/Dublin`, `/mozilla.org/20050126_1/Europe/Dublin`, `GMT Standard Time`.
fn known(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    if let Some((_, found)) = WINDOWS.iter().find(|(windows, _)| windows.eq_ignore_ascii_case(name)) {
        return TimeZone::get(found).ok();
    }
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    let tails = [3, 2, 1].into_iter().filter(|many| *many <= parts.len()).map(|many| parts[parts.len() - many..].join("/"));
    tails.filter(|tail| tail.contains('/') || tail == "UTC" || tail == "GMT").find_map(|tail| TimeZone::get(&tail).ok())
}

fn turns(rules: &[Turn], years: &std::ops::RangeInclusive<i16>, patience: &Patience) -> Vec<(DateTime, i32, i32)> {
    let mut all = Vec::new();
    for rule in rules {
        let mut starts = vec![rule.start];
        starts.extend(&rule.also);
        if let Some(text) = &rule.rule {
            let edge = |year: i16| DateTime::new(year, 1, 1, 0, 0, 0, 0).unwrap_or(rule.start);
            let text = with_until(text, |when| match when {
                When::Utc(at) => at.to_zoned(TimeZone::UTC).datetime().saturating_add(SignedDuration::from_secs(i64::from(rule.from))),
                When::Local(at, _) => *at,
                When::Day(day) => day.to_datetime(jiff::civil::time(23, 59, 59, 0)),
            });
            starts.extend(days_of(&text, rule.start, edge(*years.start()), edge(*years.end()), patience).unwrap_or_default().0);
        }
        all.extend(starts.into_iter().map(|start| (start, rule.from, rule.to)));
    }
    all.sort();
    all.dedup();
    all
}

/// A reading that a change of clocks skips is read by the clock before it; one that it repeats is the first.
fn by_turns(at: DateTime, turns: &[(DateTime, i32, i32)]) -> Timestamp {
    let offset = match turns.iter().rev().find(|(start, _, _)| *start <= at) {
        Some((start, from, to)) if seconds(at) - seconds(*start) < i64::from(to - from) => *from,
        Some((_, _, to)) => *to,
        None => turns.first().map_or(0, |(_, from, _)| *from),
    };
    Timestamp::from_second(seconds(at))
        .and_then(|utc| utc.checked_sub(SignedDuration::from_secs(i64::from(offset))))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
