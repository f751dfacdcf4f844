//! Tasks from notes: which notes of a connection become tasks, and how.

pub mod api;
pub mod intake;
pub mod panel;
pub mod purge;
pub mod store;
pub mod text;
pub mod verbs;

use atlas_kernel::{ConnectionId, Error, FieldError, Permission, Result, Timestamp, UserId, text_enum};

use crate::ProjectId;
use crate::task::Priority;

/// Seeing a connection's rule.
pub const RULE_READ: Permission = Permission::read("connections:read");
/// Changing a connection's rule.
pub const RULE_WRITE: Permission = Permission::admin("connections:write");

text_enum! {
    /// Which notes become tasks.
    pub enum Which {
        /// Only those with a line that starts with `/task`.
        Command = "command",
        /// Those, and every note that contains the rule's word.
        Containing = "containing",
        /// Every note.
        All = "all",
    }
}
atlas_store::text_column!(Which);

impl Which {
    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Command => "Only notes with /task",
            Self::Containing => "Notes with /task, or containing a word",
            Self::All => "All notes",
        }
    }
}

/// How the notes of one connection become tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The connection.
    pub connection: ConnectionId,
    /// Whether any do.
    pub enabled: bool,
    /// Which do.
    pub which: Which,
    /// The word of [`Which::Containing`].
    pub word: String,
    /// Where the tasks go; the default project when none, or when it is archived.
    pub project: Option<ProjectId>,
    /// Who does them, unless the note says.
    pub assignee: Option<UserId>,
    /// Due so many days after the note, unless the note says; 0 is the same day.
    pub due_days: Option<i64>,
    /// How pressing they are, unless the note says.
    pub priority: Priority,
    /// Notes written before this never become tasks by rule.
    pub since: Timestamp,
    /// Counts changes, for `If-Match`.
    pub version: i64,
}

impl Rule {
    /// What holds until somebody says otherwise: `/task` works, everything else is left alone.
    pub fn usual(connection: ConnectionId, since: Timestamp) -> Self {
        Self {
            connection,
            enabled: true,
            which: Which::Command,
            word: String::new(),
            project: None,
            assignee: None,
            due_days: None,
            priority: Priority::None,
            since,
            version: 0,
        }
    }

    /// Checks what must hold of a rule.
    ///
    /// # Errors
    /// [`Error::Invalid`] by field.
    pub fn check(&self) -> Result<()> {
        let mut wrong = Vec::new();
        let mut say = |field: &str, code: &str, message: &str| {
            wrong.push(FieldError { field: field.into(), code: code.into(), message: message.into() });
        };
        let letters = self.word.chars().count();
        if self.which == Which::Containing && letters == 0 {
            say("word", "required", "the word that notes must contain");
        }
        if letters > 60 {
            say("word", "too_long", "at most 60 characters");
        }
        if self.due_days.is_some_and(|days| !(0..=365).contains(&days)) {
            say("dueDays", "out_of_range", "between 0 and 365 days");
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }
}
