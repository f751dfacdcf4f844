//! Hours of the week as one line that people read and write: `Tue–Thu 10:00–16:00; Fri 09:00–12:00, 13:00–15:00`.

use atlas_kernel::{Error, Result};

use crate::calendar::{Hours, Week};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The week in words; days in a row with the same hours stand together.
pub fn written(week: &Week) -> String {
    let mut parts = Vec::new();
    let mut day = 0;
    while day < 7 {
        let until = (day..7).take_while(|next| week[*next] == week[day]).last().unwrap_or(day);
        if !week[day].is_empty() {
            let days = if until > day { format!("{}–{}", DAYS[day], DAYS[until]) } else { DAYS[day].to_owned() };
            parts.push(format!("{days} {}", Hours::written(&week[day])));
        }
        day = until + 1;
    }
    parts.join("; ")
}

/// The week that this line means.
pub fn read(text: &str) -> Result<Week> {
    let wrong = || Error::field("week", "invalid", "days and hours such as Tue–Thu 10:00–16:00; Fri 09:00–12:00");
    let mut week = Week::default();
    for part in text.split([';', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        let hours = part.find(|c: char| c.is_ascii_digit()).ok_or_else(wrong)?;
        let (days, hours) = part.split_at(hours);
        let hours = Hours::read(hours).map_err(|_| wrong())?;
        for days in days.trim().trim_end_matches([':', ',']).split(',') {
            for day in days_of(days).ok_or_else(wrong)? {
                week[day].extend(hours.iter().copied());
            }
        }
    }
    week.iter_mut().for_each(|day| day.sort_unstable());
    Ok(week)
}

/// The days that `Tue` or `Fri–Mon` means.
fn days_of(text: &str) -> Option<Vec<usize>> {
    let mut ends = text.split(['–', '—', '-']).map(day_of);
    let first = ends.next()??;
    let last = match ends.next() {
        Some(last) => last?,
        None => first,
    };
    if ends.next().is_some() {
        return None;
    }
    Some((0..7).map(|ahead| (first + ahead) % 7).take((last + 7 - first) % 7 + 1).collect())
}

/// Monday is 0. A day may be written out, but not shorter than three letters.
fn day_of(name: &str) -> Option<usize> {
    const LONG: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let name = name.trim().trim_end_matches('.').to_lowercase();
    (name.len() >= 3).then(|| LONG.iter().position(|day| day.starts_with(&name)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let week = read(text).unwrap();
        assert_eq!(written(&week), expect);
        assert_eq!(read(expect).unwrap(), week);
    }

    #[test]
    fn a_week_reads_back_as_it_is_written() {
        check("Tue-Thu 10-16", "Tue–Thu 10:00–16:00");
        check("friday 9:00-12:30, 13-15; Mon 8–9", "Mon 08:00–09:00; Fri 09:00–12:30, 13:00–15:00");
        check("Sat–Mon 10–12", "Mon 10:00–12:00; Sat–Sun 10:00–12:00");
        check("Mon, Wed: 8-10", "Mon 08:00–10:00; Wed 08:00–10:00");
        check("", "");
        for wrong in ["Tue", "10-16", "Noday 10-16", "Mon-Tue-Wed 1-2", "T 10-12", "Mon ten to noon"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
