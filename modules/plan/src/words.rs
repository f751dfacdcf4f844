//! The plan in words: reasons, moves, fixes, alarms. Fact first, short, and true.

use atlas_kernel::{Timestamp, UserId};
use atlas_planner::{Action, Alarm, Minute, Reason, TaskId, UnplacedReason};
use atlas_web::ui::{date_label, minutes_label};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::facts::{Facts, minute, moment, user_id};
use crate::plan::{Bodies, Body, Moved};

/// Whose clock and day words are written for.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Their zone.
    pub zone: TimeZone,
    /// Their today.
    pub today: Date,
}

impl Reader {
    /// `Tomorrow 14:00`; for the end of a day the day alone.
    pub fn when(&self, at: Minute) -> String {
        self.when_at(moment(at))
    }

    /// The same for a timestamp.
    pub fn when_at(&self, at: Timestamp) -> String {
        let local = at.to_zoned(self.zone.clone());
        format!("{} {}", date_label(local.date(), self.today), local.strftime("%H:%M"))
    }

    /// A due moment: midnight belongs to the day before.
    pub fn due(&self, at: Minute) -> String {
        let local = moment(at).to_zoned(self.zone.clone());
        if local.hour() == 0 && local.minute() == 0 {
            return date_label(local.date().yesterday().unwrap_or(local.date()), self.today);
        }
        self.when(at)
    }

    /// How late a task is that ends after its due date. Working minutes are known from today on only.
    pub fn lateness(&self, due: Minute, minutes: u32) -> String {
        if self.day(due - 1) < self.today { "Overdue".to_owned() } else { format!("{} late", minutes_label(i64::from(minutes))) }
    }

    /// `14:00`.
    pub fn clock(&self, at: Minute) -> String {
        moment(at).to_zoned(self.zone.clone()).strftime("%H:%M").to_string()
    }

    /// The local day of a minute.
    pub fn day(&self, at: Minute) -> Date {
        moment(at).to_zoned(self.zone.clone()).date()
    }
}

/// A fact to lead with, and the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// The fact.
    pub lead: String,
    /// More; may be empty.
    pub rest: String,
}

/// As it stands within a sentence: names of days keep their capital, `Tomorrow` does not.
pub fn lower(text: &str) -> String {
    match ["Today", "Tomorrow", "Yesterday"].iter().find(|word| text.starts_with(**word)) {
        Some(word) => format!("{}{}", word.to_lowercase(), &text[word.len()..]),
        None => text.to_owned(),
    }
}

/// Why a task lies where it lies: what is at stake first, then what its start waits for.
pub fn why_here(body: &Body, facts: &Facts, reader: &Reader) -> Note {
    let Some(place) = &body.place else {
        return Note { lead: "Not in the plan.".into(), rest: body.unplaced.as_ref().map(|why| unplaced(why, facts)).unwrap_or_default() };
    };
    let binding = reason(place.reason, place.task, facts);
    let mut lead = match (&body.facts.due, place.late_minutes) {
        (Some(due), 0) => format!("Due {}.", lower(&reader.due(due.at))),
        (Some(due), late) => format!("{}: due {}.", reader.lateness(due.at, late), lower(&reader.due(due.at))),
        (None, _) => String::new(),
    };
    let mut rest = binding;
    if place.estimate_is_default {
        rest.push_str(" No estimate: planned as 1 h.");
    }
    if lead.is_empty() {
        (lead, rest) = match rest.split_once(". ") {
            Some((first, more)) => (format!("{first}."), more.to_owned()),
            None => (rest, String::new()),
        };
    }
    Note { lead, rest }
}

/// What the start of this task waits for.
pub fn reason(reason: Reason, of: TaskId, facts: &Facts) -> String {
    match reason {
        Reason::Now => "Nothing stands before it.".into(),
        Reason::EarliestStart => "It may not start before.".into(),
        Reason::Predecessor(task) => format!("After {}, which it waits for.", facts.key(task)),
        Reason::Fixed => "You put it here.".into(),
        Reason::Calendar => "The first working time there is.".into(),
        Reason::Meeting(meeting) => match facts.busy.get(&meeting) {
            Some(busy) => format!("After “{}”.", busy.title),
            None => "After a meeting.".into(),
        },
        Reason::TaskHours => match facts.hours_of(of) {
            Some(set) => format!("Only within “{}”: {}.", set.name, set.in_words()),
            None => "Only within its own hours.".into(),
        },
        Reason::NoTaskBlock => "After time kept free.".into(),
        Reason::Busy(task) => format!("After {}, which is planned before it.", facts.key(task)),
        Reason::DailyCap => "The day before is planned up to its cap.".into(),
        Reason::MinimumChunk => "Earlier gaps are too short for it.".into(),
        Reason::KeptForCalm => "Time came free earlier; left here for calm.".into(),
    }
}

/// Why a task has no place.
pub fn unplaced(why: &UnplacedReason, facts: &Facts) -> String {
    match why {
        UnplacedReason::NoCandidate => "Nobody is assigned, and nobody may do it.".into(),
        UnplacedReason::Cycle(tasks) => {
            format!("It waits for itself, through {}.", tasks.iter().map(|task| facts.key(*task)).collect::<Vec<_>>().join(", "))
        }
        UnplacedReason::WaitsFor(task) => format!("It waits for {}, which has no place.", facts.key(*task)),
        UnplacedReason::PinsDisagree => "It was put into several people’s calendars.".into(),
        UnplacedReason::OutsideItsHours => "Nobody who may do it works within its hours for long enough.".into(),
        UnplacedReason::NoRunLongEnough => "Nobody ever has that much time in one piece.".into(),
        UnplacedReason::BeyondHorizon => "All time of the next 40 weeks is taken.".into(),
    }
}

/// `moved 2 tasks, none today`.
pub fn moved_words(moves: &[(TaskId, Moved)], zone: &dyn Fn(UserId) -> TimeZone, now: Timestamp) -> String {
    let today = |spot: &Option<(UserId, Timestamp)>| {
        spot.as_ref().is_some_and(|(user, at)| at.to_zoned(zone(*user)).date() == now.to_zoned(zone(*user)).date())
    };
    let count = moves.iter().filter(|(_, moved)| today(&moved.from) || today(&moved.to)).count();
    match moves.len() {
        0 => "nothing moved".to_owned(),
        all => {
            let tasks = if all == 1 { "task" } else { "tasks" };
            let of_today = if count == 0 { "none today".to_owned() } else { format!("{count} today") };
            format!("moved {all} {tasks}, {of_today}")
        }
    }
}

/// What moved a task, and who pushed it.
pub fn who_moved(moved: &Moved, facts: &Facts, reader: &Reader) -> String {
    let mut words = format!("{}.", moved.said);
    if !moved.by.is_empty() {
        let chain: Vec<&str> = moved.by.iter().map(|task| facts.key(*task)).collect();
        words.push_str(&format!(" Pushed by {}.", chain.join(", then ")));
    }
    match (&moved.from, &moved.to) {
        (Some((before, from)), Some((after, to))) if (before, from) == (after, to) => words.push_str(" It still begins then."),
        (Some((before, from)), Some((after, to))) => {
            words.push_str(&format!(" From {} to {}", lower(&reader.when_at(*from)), lower(&reader.when_at(*to))));
            if before != after {
                words.push_str(&format!(", from {} to {}", facts.name(*before), facts.name(*after)));
            }
            words.push('.');
        }
        (None, Some((_, to))) => words.push_str(&format!(" It got a place: {}.", lower(&reader.when_at(*to)))),
        (_, None) => words.push_str(" It lost its place."),
    }
    words
}

/// What a fix does.
pub fn action(action: &Action, facts: &Facts, reader: &Reader) -> String {
    match action {
        Action::GiveTo { task, person } => format!("Give {} to {}", facts.key(*task), facts.name(user_id(*person))),
        Action::DropMeeting { meeting, .. } => match facts.busy.get(meeting) {
            Some(busy) => format!("Drop “{}” on {}", busy.title, lower(&reader.when(minute(busy.start_at)))),
            None => "Drop a meeting".into(),
        },
        Action::Cut { task, minutes } => format!("Do {} less of {}", minutes_label(i64::from(*minutes)), facts.key(*task)),
        Action::Prioritise(task) => format!("Put {} before less important tasks", facts.key(*task)),
        Action::Postpone(task) => format!("Let {} wait until it is finished", facts.key(*task)),
        Action::ShiftDue(at) => format!("Move the due date to {}", lower(&reader.when(*at))),
        Action::AnyHours(task) => match facts.hours_of(*task) {
            Some(set) => format!("Let {} be done outside “{}” too", facts.key(*task), set.name),
            None => format!("Let {} be done at any working time", facts.key(*task)),
        },
        Action::Split(task) => format!("Let {} be done in pieces", facts.key(*task)),
        Action::LiftCap(person) => format!("Plan {}’s days full", facts.name(user_id(*person))),
        Action::PullForward(task) => format!("Take up free time before {}", facts.key(*task)),
    }
}

/// What cannot be, and for whom.
pub fn alarm(alarm: &Alarm, facts: &Facts, reader: &Reader) -> Note {
    let keys = |tasks: &[TaskId]| {
        let shown: Vec<&str> = tasks.iter().take(5).map(|task| facts.key(*task)).collect();
        let more = tasks.len().saturating_sub(5);
        if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
    };
    match alarm {
        Alarm::Overload { person, by, over_minutes, tasks } => Note {
            lead: format!("{} is {} over by {}.", facts.name(user_id(*person)), minutes_label(*over_minutes), lower(&reader.due(*by))),
            rest: format!("Due by then: {}.", keys(tasks)),
        },
        Alarm::Impossible { task, short_minutes, chain } => {
            let chain: Vec<TaskId> = chain.iter().map(|link| link.task).collect();
            let behind = if chain.len() > 1 {
                format!("First {}.", chain.iter().map(|task| facts.key(*task)).collect::<Vec<_>>().join(", then "))
            } else {
                String::new()
            };
            Note {
                lead: format!("{} cannot be on time: {} are missing at least.", facts.key(*task), minutes_label(*short_minutes)),
                rest: behind,
            }
        }
        Alarm::PinsOverlap { task, other, span, .. } => Note {
            lead: format!("{} and {} were put at the same time.", facts.key(*task), facts.key(*other)),
            rest: format!("{}. Both were left there.", reader.when(span.from)),
        },
        Alarm::PinBreaksOrder { task, waits_for } => Note {
            lead: format!("{} was put before {} ends.", facts.key(*task), facts.key(*waits_for)),
            rest: "It waits for it, and was left there.".into(),
        },
    }
}

/// Whose an alarm is: the person it names or the people of its task.
pub fn alarm_of(alarm: &Alarm, bodies: &Bodies) -> Option<UserId> {
    match alarm {
        Alarm::Overload { person, .. } | Alarm::PinsOverlap { person, .. } => Some(user_id(*person)),
        Alarm::Impossible { task, .. } | Alarm::PinBreaksOrder { task, .. } => {
            bodies.get(task).and_then(|body| body.place.as_ref()).map(|place| user_id(place.person))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::minute;

    #[test]
    fn work_that_was_due_before_today_is_overdue_and_not_some_minutes_late() {
        let reader = Reader { zone: TimeZone::get("Asia/Tokyo").unwrap(), today: jiff::civil::date(2026, 11, 23) };
        let at = |text: &str| minute(text.parse().unwrap());
        assert_eq!(reader.lateness(at("2026-11-23T01:00:00Z"), 90), "1 h 30 late");
        // The end of yesterday in Tokyo.
        assert_eq!(reader.lateness(at("2026-11-22T15:00:00Z"), 90), "Overdue");
        assert_eq!(reader.lateness(at("2026-10-01T09:00:00Z"), 90), "Overdue");
    }
}
