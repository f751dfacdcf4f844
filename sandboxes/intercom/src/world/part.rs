//! One entry of a conversation: a message, a note, or something that happened to it.

use super::Slot;

/// A conversation part.
#[derive(Clone, Debug)]
pub struct Part {
    pub id: u64,
    /// The provider's `part_type`.
    pub kind: &'static str,
    pub body: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub author: Author,
    /// Place in `World::admins`.
    pub assigned_to: Option<u32>,
    pub state: State,
    pub redacted: bool,
}

/// Who wrote a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    Contact(Slot),
    /// Place in `World::admins`.
    Admin(u32),
    Bot,
}

/// State of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Open,
    Closed,
    Snoozed,
}

impl State {
    /// The provider's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Snoozed => "snoozed",
        }
    }
}

/// Part types that only admins see.
pub const NOTES: [&str; 3] = ["note", "note_and_reopen", "note_and_unsnooze"];

impl Part {
    /// Whether this is a note for admins.
    pub fn is_note(&self) -> bool {
        NOTES.contains(&self.kind)
    }

    /// Drops the content and keeps the place.
    pub fn redact(&mut self) {
        self.redacted = true;
        self.body = Some("<p><i>This message was deleted</i></p>".to_owned());
    }
}
