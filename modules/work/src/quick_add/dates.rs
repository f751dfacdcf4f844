//! Dates and times as people write them, read where the writer is.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{Span, ToSpan};

use super::words::Word;

/// A date, a time, or both, found in consecutive words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Index of the first word.
    pub first: usize,
    /// Index of the last word.
    pub last: usize,
    /// The day.
    pub date: Option<Date>,
    /// The time of day.
    pub time: Option<Time>,
    /// Whether it says when to start.
    pub start: bool,
}

/// Everything in these words that reads as a date or time, left to right, none overlapping.
pub(super) fn scan(words: &[Word<'_>], now: DateTime) -> Vec<Found> {
    let plain: Vec<String> = words.iter().map(Word::plain).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < plain.len() {
        match phrase(&plain[at..], now) {
            Some((length, date, time, start)) => {
                found.push(Found { first: at, last: at + length - 1, date, time, start });
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

type Phrase = (usize, Option<Date>, Option<Time>, bool);

/// The longest phrase at the beginning of `words`: `by fri 15:00`, `starting mon`, `15:00`.
fn phrase(words: &[String], now: DateTime) -> Option<Phrase> {
    let lead = usize::from(matches!(words[0].as_str(), "by" | "on" | "due" | "at" | "until"));
    if matches!(words[0].as_str(), "starting" | "starts") {
        let (length, day) = day(&words[1..], now, None)?;
        return Some((1 + length, Some(day), None, true));
    }
    if let Some(text) = words[0].strip_prefix("start:") {
        let (_, day) = day(&[text.to_owned()], now, None)?;
        return Some((1, Some(day), None, true));
    }
    let rest = &words[lead..];
    if let Some((length, time)) = clock(rest) {
        let joined = usize::from(rest.get(length).is_some_and(|word| word == "on"));
        let after = &rest[length + joined..];
        return match day(after, now, Some(time)) {
            // A day between two times goes with the later one.
            Some((more, day)) if !begins_with_clock(&after[more..]) => Some((lead + length + joined + more, Some(day), Some(time), false)),
            _ => Some((lead + length, None, Some(time), false)),
        };
    }
    let (length, whole_day) = day(rest, now, None)?;
    let joined = usize::from(rest.get(length).is_some_and(|word| word == "at"));
    match rest.get(length + joined..).and_then(clock) {
        Some((more, clock)) => {
            let day = day(rest, now, Some(clock)).map_or(whole_day, |(_, day)| day);
            Some((lead + length + joined + more, Some(day), Some(clock), false))
        }
        None => Some((lead + length, Some(whole_day), None, false)),
    }
}

fn begins_with_clock(words: &[String]) -> bool {
    clock(words).is_some() || (words.first().is_some_and(|word| word == "at") && clock(&words[1..]).is_some())
}

/// A day at the beginning of `words`, with how many of them it takes.
fn day(words: &[String], now: DateTime, time: Option<Time>) -> Option<(usize, Date)> {
    let today = now.date();
    let first = words.first()?.as_str();
    let second = words.get(1).map(String::as_str);
    match first {
        "today" => return Some((1, today)),
        "tomorrow" | "tmr" | "tmrw" => return Some((1, plus(today, 1)?)),
        "next" => return next(second?, today).map(|day| (2, day)),
        "in" => return distance(second?, words.get(2)?, today).map(|day| (3, day)),
        _ => {}
    }
    if let Some(weekday) = weekday(first) {
        return Some((1, coming(weekday, now, time)?));
    }
    if let Some(date) = numbers(first, today) {
        return Some((1, date));
    }
    let (number, month) = match (ordinal(first), month(first)) {
        (Some(number), _) => (number, month(second?)?),
        (_, Some(month)) => (ordinal(second?)?, month),
        _ => return None,
    };
    match words.get(2).and_then(|word| year(word)) {
        Some(year) => Some((3, Date::new(year, month, number).ok()?)),
        None => Some((2, this_or_next_year(number, month, today)?)),
    }
}

/// The next such weekday; today's own name means in a week, unless its time is still to come.
fn coming(weekday: Weekday, now: DateTime, time: Option<Time>) -> Option<Date> {
    let ahead = i64::from(now.date().weekday().until(weekday));
    let later_today = time.is_some_and(|time| time > now.time());
    plus(now.date(), if ahead == 0 && !later_today { 7 } else { ahead })
}

/// `next mon`: that day of the week after this one; `next week`: its Monday; `next month`: its first.
fn next(word: &str, today: Date) -> Option<Date> {
    let monday = plus(today, 7 - i64::from(today.weekday().to_monday_zero_offset()))?;
    match word {
        "week" => Some(monday),
        "month" => today.first_of_month().checked_add(1.month()).ok(),
        _ => plus(monday, i64::from(weekday(word)?.to_monday_zero_offset())),
    }
}

/// `in 3 days`, `in a week`, `in 2 months`.
fn distance(count: &str, unit: &str, today: Date) -> Option<Date> {
    let count = match count {
        "a" | "an" | "one" => 1,
        _ => number(count, 3)?,
    };
    let span = match unit {
        "day" | "days" => Span::new().try_days(count),
        "week" | "weeks" => Span::new().try_weeks(count),
        "month" | "months" => Span::new().try_months(count),
        _ => return None,
    };
    today.checked_add(span.ok()?).ok()
}

/// `2026-11-24`, `24/11`, `24/11/2026`, `24.11.2026`.
fn numbers(word: &str, today: Date) -> Option<Date> {
    if let [y, m, d] = word.split('-').collect::<Vec<_>>()[..] {
        let exact = y.len() == 4 && m.len() == 2 && d.len() == 2;
        return exact.then(|| Date::new(year(y)?, small(m)?, small(d)?).ok()).flatten();
    }
    let slash = word.contains('/');
    match word.split(if slash { '/' } else { '.' }).collect::<Vec<_>>()[..] {
        // Around the clock, not the twenty-fourth of July.
        ["24", "7"] => None,
        [d, m] if slash => this_or_next_year(small(d)?, small(m)?, today),
        [d, m, y] => Date::new(year(y)?, small(m)?, small(d)?).ok(),
        _ => None,
    }
}

fn this_or_next_year(day: i8, month: i8, today: Date) -> Option<Date> {
    (0..=8).filter_map(|ahead| Date::new(today.year() + ahead, month, day).ok()).find(|date| *date >= today)
}

/// `15:00`, `9:05`, `3pm`, `3:30pm`, `3 pm`.
fn clock(words: &[String]) -> Option<(usize, Time)> {
    let first = words.first()?.as_str();
    let half = |text: &str| matches!(text, "am" | "pm");
    let (digits, suffix, length) = match first.len().checked_sub(2).and_then(|at| first.split_at_checked(at)) {
        Some((digits, suffix)) if half(suffix) => (digits, Some(suffix), 1),
        _ => match words.get(1).map(String::as_str) {
            Some(suffix) if half(suffix) => (first, Some(suffix), 2),
            _ => (first, None, 1),
        },
    };
    let (hour, minute) = match digits.split_once(':') {
        Some((hour, minute)) if minute.len() == 2 => (number(hour, 2)?, number(minute, 2)?),
        Some(_) => return None,
        None if suffix.is_some() => (number(digits, 2)?, 0),
        None => return None,
    };
    let hour = match suffix {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some("am") => hour % 12,
        Some(_) => hour % 12 + 12,
    };
    Some((length, Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?))
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tues" | "tuesday" => Weekday::Tuesday,
        "wed" | "wednesday" => Weekday::Wednesday,
        "thu" | "thur" | "thurs" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    let place = MONTHS.iter().position(|name| *name == word || name[..3] == *word || (*name == "september" && word == "sept"))?;
    i8::try_from(place + 1).ok()
}

/// `24`, `1st`, `22nd`, `3rd`, `24th`.
fn ordinal(word: &str) -> Option<i8> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    small(digits)
}

fn year(word: &str) -> Option<i16> {
    (word.len() == 4)
        .then(|| number(word, 4))
        .flatten()
        .filter(|year| (1970..=2199).contains(year))
        .and_then(|year| i16::try_from(year).ok())
}

fn small(text: &str) -> Option<i8> {
    number(text, 2).and_then(|n| i8::try_from(n).ok())
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let fits = (1..=digits).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// `date` and so many days.
pub(super) fn plus(date: Date, days: i64) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}
