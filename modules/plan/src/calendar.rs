//! When members can work: weekly hours, the daily cap, meetings, time kept free, absences.

pub mod api;
pub mod import;
pub mod store;
pub mod verbs;

use atlas_kernel::{Error, Result, Timestamp, UserId, text_enum};
use serde::{Deserialize, Serialize};

use crate::BusyId;

/// A member works between a tenth and all of a day on planned tasks.
pub const CAP_LIMITS: std::ops::RangeInclusive<u8> = 10..=100;

text_enum! {
    /// What takes somebody's time.
    pub enum BusyKind {
        /// A meeting or appointment.
        Meeting = "meeting",
        /// Working time that is kept free of tasks.
        KeptFree = "kept_free",
        /// Not at work at all.
        Absence = "absence",
    }
}
atlas_store::text_column!(BusyKind);

impl BusyKind {
    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Meeting => "Meeting",
            Self::KeptFree => "Kept free",
            Self::Absence => "Absence",
        }
    }
}

atlas_store::row! {
    /// A stretch of time that is taken.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Busy {
        /// Its id.
        pub id: BusyId,
        /// Whose time.
        pub user_id: UserId,
        /// What takes it.
        pub kind: BusyKind,
        /// What people read.
        pub title: String,
        /// From this moment.
        pub start_at: Timestamp,
        /// Until this moment.
        pub finish_at: Timestamp,
        /// The calendar it was read from; none when it was entered here.
        pub source: Option<String>,
    }
}

impl Busy {
    /// Checks what must hold of every busy block.
    ///
    /// # Errors
    /// A field error on `end` or `title`.
    pub fn check(&self) -> Result<()> {
        if self.finish_at <= self.start_at {
            return Err(Error::field("end", "before_start", "after the start"));
        }
        if self.finish_at.duration_since(self.start_at).as_hours() > 24 * 400 {
            return Err(Error::field("end", "too_long", "at most 400 days after the start"));
        }
        if self.title.chars().count() > 200 {
            return Err(Error::field("title", "too_long", "at most 200 characters"));
        }
        Ok(())
    }
}

/// Hours of a week: for each day, Monday first, pairs of minutes after midnight.
pub type Week = [Vec<(u16, u16)>; 7];

/// When a member works, by their own clock, and how much of it may be planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The working hours.
    pub week: Week,
    /// How much of a day may hold tasks, per cent.
    pub cap: u8,
}

impl Default for Hours {
    fn default() -> Self {
        let day = vec![(9 * 60, 13 * 60), (14 * 60, 18 * 60)];
        let mut week: [Vec<(u16, u16)>; 7] = Default::default();
        week[..5].fill(day);
        Self { week, cap: 75 }
    }
}

impl Hours {
    /// Checks that each day's pairs are in order, do not overlap and lie within the day.
    ///
    /// # Errors
    /// A field error on `week` or `dailyCapPercent`.
    pub fn check(&self) -> Result<()> {
        check_week(&self.week)?;
        if !CAP_LIMITS.contains(&self.cap) {
            return Err(Error::field("dailyCapPercent", "out_of_range", "between 10 and 100"));
        }
        Ok(())
    }

    /// A day as people write it: `09:00–13:00, 14:00–18:00`.
    pub fn written(day: &[(u16, u16)]) -> String {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        day.iter().map(|(from, until)| format!("{}–{}", clock(*from), clock(*until))).collect::<Vec<_>>().join(", ")
    }

    /// A day read back from what people write.
    ///
    /// # Errors
    /// A field error on `week`.
    pub fn read(text: &str) -> Result<Vec<(u16, u16)>> {
        let wrong = || Error::field("week", "invalid", "hours such as 09:00–13:00, 14:00–18:00; nothing for a day off");
        let minute = |text: &str| -> Option<u16> {
            let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let mut day = Vec::new();
        for part in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
            let (from, until) = part.split_once(['–', '-', '—']).ok_or_else(wrong)?;
            day.push((minute(from).ok_or_else(wrong)?, minute(until).ok_or_else(wrong)?));
        }
        Ok(day)
    }
}

/// Checks that each day's pairs are in order, do not overlap and lie within the day.
///
/// # Errors
/// A field error on `week`.
pub fn check_week(week: &Week) -> Result<()> {
    for day in week {
        let edges: Vec<u16> = day.iter().flat_map(|(from, until)| [*from, *until]).collect();
        let ordered = edges.chunks(2).all(|pair| pair[0] < pair[1]) && edges.windows(2).all(|pair| pair[0] <= pair[1]);
        if !ordered || edges.last().is_some_and(|last| *last > 24 * 60) {
            return Err(Error::field("week", "invalid", "hours such as 09:00–13:00, 14:00–18:00, one after the other"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_read_back_as_they_are_written() {
        let hours = Hours::default();
        assert!(hours.check().is_ok());
        for day in &hours.week {
            assert_eq!(&Hours::read(&Hours::written(day)).unwrap(), day);
        }
        assert_eq!(Hours::read("9-12:30").unwrap(), vec![(540, 750)]);
        assert!(Hours::read("nine").is_err());
        let wrong = Hours { week: [vec![(600, 540)], vec![], vec![], vec![], vec![], vec![], vec![]], cap: 75 };
        assert!(wrong.check().is_err() && Hours { cap: 5, ..hours }.check().is_err());
    }
}
