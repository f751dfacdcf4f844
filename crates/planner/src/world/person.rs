//! People: hours in their own time zone, absences, meetings, and how much of a day may be planned.

use serde::{Deserialize, Serialize};

use crate::id::{MeetingId, PersonId, SkillId};
use crate::time::{Minute, Span};

/// Somebody who works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The caller's id.
    pub id: PersonId,
    /// Name of the time zone in the IANA database, such as `Europe/Madrid`.
    pub zone: String,
    /// Working hours by that zone's clocks.
    pub hours: WeeklyHours,
    /// Time off: no working time at all.
    #[serde(default)]
    pub absences: Vec<Span>,
    /// Meetings: working time, but not for tasks.
    #[serde(default)]
    pub meetings: Vec<Meeting>,
    /// Working time that the person keeps free of tasks.
    #[serde(default)]
    pub no_task: Vec<Span>,
    /// How much of a day's working time may hold tasks, in percent. The rest is left for what nobody planned.
    pub daily_cap_percent: u8,
    /// Speed in percent: at 200 an estimate of two hours takes one.
    pub speed_percent: u32,
    /// What the person can do, each with its own speed.
    #[serde(default)]
    pub skills: Vec<Skill>,
    /// Their work planned to start before this moment stays where it is unless an event hits it; `None` freezes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_until: Option<Minute>,
}

/// Something a person can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// What.
    pub id: SkillId,
    /// How fast, in percent; it replaces the person's own speed.
    pub speed_percent: u32,
}

/// A meeting of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// The caller's id, so that a meeting can be removed or named as a reason.
    pub id: MeetingId,
    /// First minute.
    #[serde(flatten)]
    pub span: Span,
}

/// Working hours of a week: for each day, Monday first, pairs of minutes after local midnight.
///
/// A minute is working time when the local clock's reading lies in one of the day's pairs. So an hour that a
/// clock change skips is not worked, and an hour that it repeats is worked twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WeeklyHours(pub [Vec<(u16, u16)>; 7]);

impl WeeklyHours {
    /// The same pairs on each day from Monday to Friday.
    pub fn weekdays(pairs: &[(u16, u16)]) -> Self {
        let mut week = Self::default();
        for day in &mut week.0[..5] {
            *day = pairs.to_vec();
        }
        week
    }
}

impl Person {
    /// A person in this zone who works Monday to Friday from 9:00 to 13:00 and from 14:00 to 18:00,
    /// of which three quarters may be planned, and nothing is frozen.
    pub fn new(id: PersonId, zone: &str) -> Self {
        Self {
            id,
            zone: zone.to_owned(),
            hours: WeeklyHours::weekdays(&[(9 * 60, 13 * 60), (14 * 60, 18 * 60)]),
            absences: Vec::new(),
            meetings: Vec::new(),
            no_task: Vec::new(),
            daily_cap_percent: 75,
            speed_percent: 100,
            skills: Vec::new(),
            frozen_until: None,
        }
    }

    /// Minutes that this person needs for `estimate` minutes of work; `None` without the skill.
    pub fn minutes_for(&self, estimate: u32, skill: Option<SkillId>) -> Option<i64> {
        let speed = match skill {
            None => self.speed_percent,
            Some(wanted) => self.skills.iter().find(|skill| skill.id == wanted)?.speed_percent,
        };
        let (work, speed) = (i64::from(estimate) * 100, i64::from(speed.max(1)));
        Some((work + speed - 1).div_euclid(speed))
    }
}
