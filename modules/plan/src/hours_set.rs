//! Hours sets: named hours of the week, such as calls from Tuesday to Thursday, that tasks may be restricted to.

pub mod api;
pub mod store;
mod text;
pub mod verbs;

use atlas_kernel::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::HoursSetId;
use crate::calendar::{Week, check_week};

/// A workspace has at most this many.
pub const LIMIT: usize = 50;
/// Names are at most this many characters.
pub const NAME_LIMIT: usize = 60;

/// Named hours of the week, by the clock of whoever does a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoursSet {
    /// Its id.
    pub id: HoursSetId,
    /// What people call it.
    pub name: String,
    /// For each day, Monday first, pairs of minutes after midnight.
    pub week: Week,
}

impl HoursSet {
    /// Checks what must hold of every hours set.
    ///
    /// # Errors
    /// A field error on `name` or `week`.
    pub fn check(&self) -> Result<()> {
        if self.name.is_empty() {
            return Err(Error::field("name", "required", "a name such as Calls"));
        }
        if self.name.chars().count() > NAME_LIMIT {
            return Err(Error::field("name", "too_long", "at most 60 characters"));
        }
        if self.week.iter().all(Vec::is_empty) {
            return Err(Error::field("week", "required", "hours on at least one day"));
        }
        check_week(&self.week)
    }

    /// What tells names apart: case does not.
    pub(crate) fn name_key(&self) -> String {
        self.name.to_lowercase()
    }

    /// The week as people write it: `Tue–Thu 10:00–16:00; Fri 09:00–12:00`.
    pub fn in_words(&self) -> String {
        text::written(&self.week)
    }
}

/// A week read back from what people write.
///
/// # Errors
/// A field error on `week`.
pub fn read_week(text: &str) -> Result<Week> {
    text::read(text)
}

/// A name fit to be kept: one line, single spaces.
pub(crate) fn tidy_name(name: &str) -> String {
    name.split_whitespace().map(|word| word.chars().filter(|c| !c.is_control()).collect::<String>()).collect::<Vec<_>>().join(" ")
}
