//! Meetings read from a member's other calendar: from a file, or from an address that is read again by a job.

pub mod api;
mod expand;
mod fetch;
mod guard;
pub mod job;
mod read;
pub mod store;
pub mod verbs;
mod zone;

use atlas_connect::Transport;
use atlas_identity::Vault;
use atlas_kernel::{Error, Timestamp, UserId};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use self::expand::{MOST_MEETINGS, Reading, Taken, expand};
pub use self::read::{Text, read};
use crate::CalendarId;

/// The largest calendar that is read, in bytes.
pub const MOST_BYTES: usize = 5 * 1024 * 1024;
/// So many calendars a member may have.
pub const MOST_CALENDARS: usize = 10;
/// How often an address is read.
pub const EVERY: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);
/// Meetings are kept so far ahead: as far as is planned, and a week.
const AHEAD: jiff::SignedDuration = jiff::SignedDuration::from_hours(41 * 7 * 24);
/// Meetings are kept for so long after they ended.
const BEHIND: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);

/// How calendars at addresses are reached.
#[derive(Clone)]
pub struct Reach {
    /// Seals the addresses, which are secrets.
    pub vault: Vault,
    /// Whether addresses of the local network may be called, and plain HTTP: whoever may write a plan may name one.
    pub allow_private: bool,
    /// Over the network, or inside this process under test.
    pub transport: Transport,
}

/// A calendar that a member's meetings are read from.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Its id.
    pub id: CalendarId,
    /// Whose meetings.
    pub user_id: UserId,
    /// What it is called.
    pub name: String,
    /// The member's e-mail address in it, when it is not the one in Atlas.
    pub own_address: Option<String>,
    /// The sealed address; none for a file.
    pub address: Option<Vec<u8>>,
    /// The host it is read from.
    pub host: Option<String>,
    /// What the host said of the version that was read.
    pub etag: Option<String>,
    /// The same, by date.
    pub changed: Option<String>,
    /// What was read.
    pub content: Option<String>,
    /// What was kept of it.
    pub summary: Summary,
    /// Why it could not be read the last time.
    pub problem: Option<String>,
    /// When it was last read.
    pub read_at: Option<Timestamp>,
    /// When that was last tried.
    pub tried_at: Timestamp,
}

/// What was kept of a calendar, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Summary {
    /// Meetings that are planned around, occurrence by occurrence.
    pub meetings: usize,
    /// Events that take nobody's time.
    pub free: usize,
    /// Events that were called off.
    pub cancelled: usize,
    /// Events the member declined.
    pub declined: usize,
    /// Meetings beyond what one calendar may bring.
    pub beyond: usize,
    /// Events that could not be read, and why; the first of them.
    pub unreadable: Vec<String>,
    /// How many could not be read.
    pub unreadable_count: usize,
}

impl Summary {
    fn of(reading: &Reading) -> Self {
        Self {
            meetings: reading.taken.len(),
            free: reading.free,
            cancelled: reading.cancelled,
            declined: reading.declined,
            beyond: reading.beyond,
            unreadable: reading.unreadable.iter().take(5).cloned().collect(),
            unreadable_count: reading.unreadable.len(),
        }
    }

    /// What was kept and what was not, in a sentence or three.
    pub fn words(&self) -> String {
        let plural = |count: usize, one: &str, many: &str| atlas_web::ui::plural(count, one, many);
        let mut words = format!("{}.", plural(self.meetings, "meeting", "meetings"));
        let left = [(self.free, "free"), (self.cancelled, "called off"), (self.declined, "declined")];
        let left: Vec<String> = left.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if !left.is_empty() {
            words.push_str(&format!(" Left out: {}.", left.join(", ")));
        }
        if self.beyond > 0 {
            words.push_str(&format!(" {} beyond the first {MOST_MEETINGS} were not taken.", self.beyond));
        }
        if self.unreadable_count > 0 {
            words.push_str(&format!(
                " {}: {}.",
                plural(self.unreadable_count, "could not be read", "could not be read"),
                self.unreadable.join("; ")
            ));
        }
        words
    }
}

/// The field error of a text that is no calendar.
fn no_calendar() -> Error {
    Error::field("calendar", "not_a_calendar", "an iCalendar file (.ics): it begins with BEGIN:VCALENDAR")
}

impl Calendar {
    /// What of a text takes the member's time now and later; `email` is the member's address in Atlas.
    fn reading(&self, text: &Text, own: &TimeZone, email: &str, now: Timestamp) -> Reading {
        let named = text.name.iter().filter(|name| name.contains('@')).map(|name| name.to_lowercase());
        let mine: Vec<String> = named.chain(self.own_address.clone()).chain([email.to_lowercase()]).collect();
        expand(text, own, &mine, now - BEHIND, now + AHEAD)
    }
}
