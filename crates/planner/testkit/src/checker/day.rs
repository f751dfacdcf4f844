//! One person's minutes: hours by the local clock, absences, meetings, and the cap of each local day.

use std::collections::BTreeMap;

use atlas_planner::{Minute, Person, PersonId, TaskId, WeeklyHours, World};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::Violation;

/// Asks the time zone database about single minutes.
pub(super) struct Clock {
    person: Person,
    zone: TimeZone,
}

impl Clock {
    pub fn of(person: &Person) -> Self {
        Self { person: person.clone(), zone: TimeZone::get(&person.zone).expect("the world names known zones") }
    }

    /// The local day of this minute.
    pub fn day(&self, minute: Minute) -> Date {
        self.local(minute).date()
    }

    fn local(&self, minute: Minute) -> jiff::civil::DateTime {
        self.zone.to_datetime(Timestamp::from_second(minute * 60).expect("plans lie in this millennium"))
    }

    /// Whether the person works at this minute, meetings included.
    pub fn works(&self, minute: Minute) -> bool {
        self.is_within(&self.person.hours, minute) && !self.person.absences.iter().any(|span| span.from <= minute && minute < span.until)
    }

    /// Whether the person's clock reads a time within these hours of the week.
    pub fn is_within(&self, hours: &WeeklyHours, minute: Minute) -> bool {
        let local = self.local(minute);
        let weekday = local.weekday().to_monday_zero_offset() as usize;
        let clock = i64::from(local.hour()) * 60 + i64::from(local.minute());
        hours.0[weekday].iter().any(|(from, until)| i64::from(*from) <= clock && clock < i64::from(*until))
    }

    /// Working minutes in this span, counted one by one.
    pub fn working_minutes(&self, from: Minute, until: Minute) -> i64 {
        (from..until).filter(|minute| self.works(*minute)).count() as i64
    }

    /// Working minutes of the local day that holds this minute.
    fn day_minutes(&self, minute: Minute) -> i64 {
        let day = self.day(minute);
        let around = minute - 26 * 60..minute + 26 * 60;
        around.filter(|minute| self.day(*minute) == day && self.works(*minute)).count() as i64
    }
}

/// Checks one line against its person's time and daily cap.
pub(super) fn check_line(
    world: &World,
    id: PersonId,
    line: &BTreeMap<Minute, (TaskId, bool)>,
    clock: Option<&Clock>,
    found: &mut Vec<Violation>,
) {
    let (Some(person), Some(clock)) = (world.people.iter().find(|person| person.id == id), clock) else {
        found.extend(line.values().map(|(task, _)| Violation::WrongPerson(*task)));
        return;
    };
    let mut days: BTreeMap<Date, (i64, i64, Minute)> = BTreeMap::new();
    for (minute, (task, fixed)) in line {
        let day = days.entry(clock.day(*minute)).or_insert((0, 0, *minute));
        if *fixed {
            day.1 += 1;
            continue;
        }
        day.0 += 1;
        let in_it = |span: &atlas_planner::Span| span.from <= *minute && *minute < span.until;
        if !clock.works(*minute) {
            found.push(Violation::OutsideHours(*task, *minute));
        }
        if person.meetings.iter().any(|meeting| in_it(&meeting.span)) {
            found.push(Violation::OnMeeting(*task, *minute));
        }
        if person.no_task.iter().any(in_it) {
            found.push(Violation::OnNoTask(*task, *minute));
        }
    }
    for (planned, fixed, minute) in days.values() {
        let cap = clock.day_minutes(*minute) * i64::from(person.daily_cap_percent) / 100;
        if *planned > 0 && planned + fixed > cap {
            found.push(Violation::OverCap(id, *minute));
        }
    }
}
