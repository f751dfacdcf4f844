//! Events turned into the time they take from somebody, repeating ones occurrence by occurrence.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chrono::TimeZone as _;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rrule::{RRule, Tz, Unvalidated};

use super::read::{Event, Length, Text, When};
use super::zone::Zones;

/// So many occurrences of one event are looked at.
const MOST_OCCURRENCES: u16 = 2_000;
/// So many meetings of one calendar are kept.
pub const MOST_MEETINGS: usize = 3_000;
/// Working out a calendar's repeating events takes so long at most; those that are left by then are named as unread.
const LONGEST: Duration = Duration::from_secs(2);

/// How long a calendar may still be worked on.
pub(super) struct Patience(Instant);

impl Patience {
    fn begin() -> Self {
        Self(Instant::now())
    }

    /// Whether another rule may be worked out.
    pub fn lasts(&self) -> bool {
        self.0.elapsed() < LONGEST
    }
}

/// Time that a calendar takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The same for the same occurrence of the same event, however often it is read.
    pub key: String,
    /// What people read.
    pub title: String,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub finish: Timestamp,
    /// Whether its people are not at work at all.
    pub away: bool,
}

/// What was kept of a calendar, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What takes time, by start.
    pub taken: Vec<Taken>,
    /// Events that take nobody's time.
    pub free: usize,
    /// Events that were called off.
    pub cancelled: usize,
    /// Events the member declined.
    pub declined: usize,
    /// Meetings beyond what one calendar may bring.
    pub beyond: usize,
    /// What could not be read, and why.
    pub unreadable: Vec<String>,
}

/// What of a calendar takes a member's time between two moments; `mine` are the member's addresses.
pub fn expand(text: &Text, own: &TimeZone, mine: &[String], from: Timestamp, until: Timestamp) -> Reading {
    let year = |at: Timestamp| at.to_zoned(TimeZone::UTC).year();
    let patience = Patience::begin();
    let zones = Zones::new(own.clone(), &text.zones, year(from) - 2..=year(until) + 2, &patience);
    let mut reading = Reading { unreadable: text.unreadable.clone(), beyond: text.beyond, ..Reading::default() };
    let mut strange: BTreeSet<&str> = BTreeSet::new();
    for (master, others) in families(&text.events) {
        for event in master.iter().chain(&others) {
            if let When::Local(_, Some(name)) = &event.start
                && !zones.knows(name)
            {
                strange.insert(name);
            }
        }
        Family { zones: &zones, mine, from, until, others: &others, patience: &patience }.add(master, &mut reading);
        if reading.taken.len() > 4 * MOST_MEETINGS {
            reading.keep_the_first();
        }
    }
    for name in strange {
        reading.unreadable.push(format!("The time zone “{name}” is not described; its meetings are read by your own clock"));
    }
    reading.keep_the_first();
    reading
}

impl Reading {
    /// Keeps the meetings that start first, in order, as many as a calendar may bring.
    fn keep_the_first(&mut self) {
        self.taken.sort_by(|a, b| (a.start, &a.key).cmp(&(b.start, &b.key)));
        self.taken.dedup_by(|a, b| a.key == b.key);
        let kept = self.taken.len().min(MOST_MEETINGS);
        self.beyond += self.taken.len() - kept;
        self.taken.truncate(kept);
    }
}

/// Each repeating event with its changed occurrences; of two copies the later.
fn families(events: &[Event]) -> Vec<(Option<&Event>, Vec<&Event>)> {
    let mut latest: BTreeMap<(String, String), &Event> = BTreeMap::new();
    for (n, event) in events.iter().enumerate() {
        let uid = if event.uid.is_empty() { format!("#{n}") } else { event.uid.clone() };
        let place = event.instead_of.as_ref().map_or_else(String::new, |when| format!("{when:?}"));
        let kept = latest.entry((uid, place)).or_insert(event);
        if event.sequence >= kept.sequence {
            *kept = event;
        }
    }
    let mut families: BTreeMap<String, (Option<&Event>, Vec<&Event>)> = BTreeMap::new();
    for ((uid, _), event) in latest {
        let family = families.entry(uid).or_default();
        match event.instead_of {
            None => family.0 = Some(event),
            Some(_) => family.1.push(event),
        }
    }
    families.into_values().collect()
}

struct Family<'a> {
    zones: &'a Zones,
    mine: &'a [String],
    from: Timestamp,
    until: Timestamp,
    others: &'a [&'a Event],
    patience: &'a Patience,
}

impl Family<'_> {
    fn add(&self, master: Option<&Event>, reading: &mut Reading) {
        if let Some(master) = master
            && self.counts(master, reading)
        {
            match self.occurrences(master) {
                Ok((starts, cut)) => {
                    reading.beyond += usize::from(cut);
                    let replaced: BTreeSet<Timestamp> =
                        self.others.iter().filter_map(|other| other.instead_of.as_ref()).map(|when| self.zones.moment(when)).collect();
                    let (days, moments) = self.exceptions(master);
                    for at in starts {
                        let start = self.moment(master, at);
                        if !replaced.contains(&start) && !days.contains(&at.date()) && !moments.contains(&start) {
                            let place = if master.rule.is_none() && master.also.is_empty() { String::new() } else { start.to_string() };
                            self.take(reading, master, place, start, self.finish(master, at, start));
                        }
                    }
                }
                Err(why) => reading.unreadable.push(format!("“{}”: {why}", master.title)),
            }
        }
        for other in self.others {
            if !self.counts(other, reading) {
                continue;
            }
            let place = other.instead_of.as_ref().map_or_else(String::new, |when| self.zones.moment(when).to_string());
            let at = local(&other.start);
            let start = self.moment(other, at);
            self.take(reading, other, place, start, self.finish(other, at, start));
        }
    }

    /// Whether an event takes the member's time.
    fn counts(&self, event: &Event, reading: &mut Reading) -> bool {
        let why_not = if event.cancelled {
            &mut reading.cancelled
        } else if event.free {
            &mut reading.free
        } else if event.declined.iter().any(|who| self.mine.contains(who)) {
            &mut reading.declined
        } else {
            return true;
        };
        *why_not += 1;
        false
    }

    fn take(&self, reading: &mut Reading, event: &Event, place: String, start: Timestamp, finish: Timestamp) {
        if finish > start && finish > self.from && start < self.until {
            let away = event.away || matches!(event.start, When::Day(_));
            reading.taken.push(Taken { key: format!("{}|{place}", event.uid), title: event.title.clone(), start, finish, away });
        }
    }

    /// When the clock of the event's zone reads this.
    fn moment(&self, event: &Event, at: DateTime) -> Timestamp {
        self.zones.moment(&like(&event.start, at))
    }

    /// The end of the occurrence that starts then: by the clock, unless a length of time was said.
    fn finish(&self, event: &Event, at: DateTime, start: Timestamp) -> Timestamp {
        match &event.length {
            Length::Until(end) => {
                let same = matches!((&event.start, end), (When::Local(_, a), When::Local(_, b)) if a == b)
                    || matches!((&event.start, end), (When::Day(_), When::Day(_)));
                if same {
                    let long = SignedDuration::from_secs(seconds(local(end)) - seconds(local(&event.start)));
                    return self.moment(event, at.saturating_add(long));
                }
                let long = self.zones.moment(end).duration_since(self.zones.moment(&event.start));
                start.checked_add(long).unwrap_or(Timestamp::MAX)
            }
            Length::For(long) => self.moment(event, at).to_zoned(TimeZone::UTC).saturating_add(*long).timestamp(),
            Length::Unsaid if matches!(event.start, When::Day(_)) => self.moment(event, at.saturating_add(jiff::Span::new().days(1))),
            Length::Unsaid => start,
        }
    }

    /// The days and the moments at which the event does not take place.
    fn exceptions(&self, event: &Event) -> (BTreeSet<Date>, BTreeSet<Timestamp>) {
        let day = |when: &When| if let When::Day(day) = when { Some(*day) } else { None };
        let moments = event.except.iter().filter(|when| day(when).is_none()).map(|when| self.zones.moment(when)).collect();
        (event.except.iter().filter_map(day).collect(), moments)
    }

    /// When the event's clock reads at each of its starts, and whether there are more than are looked at.
    fn occurrences(&self, event: &Event) -> Result<(Vec<DateTime>, bool), String> {
        let first = local(&event.start);
        let Some(rule) = &event.rule else {
            let also = event.also.iter().map(|when| self.zones.reading(self.zones.moment(when), &event.start));
            return Ok((std::iter::once(first).chain(also).collect(), false));
        };
        let rule = with_until(rule, |when| match when {
            When::Day(day) if matches!(event.start, When::Day(_)) => day.to_datetime(jiff::civil::Time::midnight()),
            When::Day(day) => day.to_datetime(jiff::civil::time(23, 59, 59, 0)),
            When::Local(at, _) => *at,
            When::Utc(at) => self.zones.reading(*at, &event.start),
        });
        let long = match &event.length {
            Length::Until(end) => self.zones.moment(end).duration_since(self.zones.moment(&event.start)),
            _ => SignedDuration::from_hours(24),
        };
        let edge = SignedDuration::from_hours(48);
        let utc = |at: Timestamp| at.to_zoned(TimeZone::UTC).datetime();
        let (from, until) = (utc(self.from).saturating_sub(edge).saturating_sub(long), utc(self.until).saturating_add(edge));
        let (mut starts, cut) = days_of(&rule, first, from, until, self.patience)?;
        starts.extend(event.also.iter().map(|when| self.zones.reading(self.zones.moment(when), &event.start)));
        starts.sort();
        starts.dedup();
        Ok((starts, cut))
    }
}

/// What the clock reads.
fn local(when: &When) -> DateTime {
    match when {
        When::Day(day) => day.to_datetime(jiff::civil::Time::midnight()),
        When::Local(at, _) => *at,
        When::Utc(at) => at.to_zoned(TimeZone::UTC).datetime(),
    }
}

/// Another reading of the same clock.
fn like(when: &When, at: DateTime) -> When {
    match when {
        When::Day(_) => When::Day(at.date()),
        When::Local(_, zone) => When::Local(at, zone.clone()),
        When::Utc(_) => When::Utc(Timestamp::from_second(seconds(at)).unwrap_or(Timestamp::UNIX_EPOCH)),
    }
}

/// Seconds since 1970 by this clock.
pub(super) fn seconds(at: DateTime) -> i64 {
    at.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second())
}

/// The rule with its end as the event's own clock reads it.
pub(super) fn with_until(rule: &str, read: impl Fn(&When) -> DateTime) -> String {
    let part = |part: &str| {
        let until = part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("UNTIL"));
        match until.and_then(|(_, text)| super::read::moment(text, None).ok()) {
            Some(when) => format!("UNTIL={}Z", read(&when).strftime("%Y%m%dT%H%M%S")),
            None => part.to_owned(),
        }
    };
    rule.split(';').filter(|part| !part.is_empty()).map(part).collect::<Vec<_>>().join(";")
}

/// The readings of the clock at which a rule that begins at `first` repeats between two others, and whether there are more.
pub(super) fn days_of(
    rule: &str,
    first: DateTime,
    from: DateTime,
    until: DateTime,
    patience: &Patience,
) -> Result<(Vec<DateTime>, bool), String> {
    let unreadable = || "its rule of repeating could not be read".to_owned();
    if is_more_often_than_daily(rule) {
        return Err("it repeats more often than daily".to_owned());
    }
    if !patience.lasts() {
        return Err("working out the repeating events before it took too long".to_owned());
    }
    // The library counts in UTC; that the readings are of another clock makes no difference to it.
    let utc = |at: DateTime| Tz::UTC.timestamp_opt(seconds(at), 0).single().ok_or_else(unreadable);
    let rule: RRule<Unvalidated> = rule.parse().map_err(|_| unreadable())?;
    let set = rule.build(utc(first)?).map_err(|_| unreadable())?;
    let found = set.after(utc(from)?).before(utc(until)?).all(MOST_OCCURRENCES);
    let read = |at: chrono::DateTime<Tz>| Timestamp::from_second(at.timestamp()).ok().map(|at| at.to_zoned(TimeZone::UTC).datetime());
    Ok((found.dates.into_iter().filter_map(read).collect(), found.limited))
}

/// Whether a rule repeats several times a day: by how often it says, or by several times of the day.
fn is_more_often_than_daily(rule: &str) -> bool {
    rule.to_ascii_uppercase().split(';').filter_map(|part| part.trim().split_once('=')).any(|(name, value)| match name.trim() {
        "FREQ" => ["SECONDLY", "MINUTELY", "HOURLY"].contains(&value.trim()),
        "BYHOUR" | "BYMINUTE" | "BYSECOND" => value.contains(','),
        _ => false,
    })
}
