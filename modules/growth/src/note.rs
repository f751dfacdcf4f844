//! A note: what a person wrote about a contact, company or deal, in Markdown.

use atlas_kernel::{Ref, Timestamp, UserId};

use crate::ids::NoteId;

pub mod api;
pub mod store;
pub mod verbs;
pub mod web;

/// A note is at most this many characters long.
pub const MOST_CHARACTERS: usize = 50_000;

atlas_store::row! {
    /// What a person wrote about a record.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Note {
        /// The note's id.
        pub id: NoteId,
        /// The contact, company or deal it is about.
        pub subject: Ref,
        /// Markdown.
        pub body: String,
        /// The member who wrote it.
        pub author_id: Option<UserId>,
        /// Their name when they wrote it.
        pub author_name: String,
        /// When it was deleted; it can be taken back.
        pub deleted_at: Option<Timestamp>,
        /// Goes up by one with each change.
        pub version: i64,
        /// When it was written.
        pub created_at: Timestamp,
        /// When it changed last.
        pub updated_at: Timestamp,
    }
}

impl Note {
    /// The first words, to name it by.
    pub fn label(&self) -> String {
        let plain = atlas_web::ui::plain_text(atlas_web::ui::markdown(&self.body).as_str());
        let line = plain.lines().next().unwrap_or_default();
        match line.char_indices().nth(80) {
            Some((cut, _)) => format!("{}…", line[..cut].trim_end()),
            None => line.to_owned(),
        }
    }
}

/// The kinds of records that notes are about.
pub const SUBJECTS: [&str; 3] = ["contact", "company", "deal"];
