//! A conversation, its running totals and its parts, of which the generated ones are made anew at each reading.

use std::collections::BTreeSet;

use super::{
    Slot, World,
    office::Tagged,
    part::{Author, NOTES, Part, State},
};
use crate::seed::history::{self, Beat, History};

/// Seconds a snooze lasts.
const SNOOZE: i64 = 24 * 3600;

/// A conversation without its parts.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    pub id: u64,
    pub title: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub waiting_since: Option<i64>,
    pub snoozed_until: Option<i64>,
    pub source: Source,
    pub contacts: Vec<Slot>,
    pub company: Option<Slot>,
    /// Place in `World::admins`.
    pub assignee: Option<u32>,
    pub team: Option<u64>,
    pub state: State,
    pub read: bool,
    pub priority: bool,
    pub tags: Vec<Tagged>,
    /// Places in `World::admins`.
    pub teammates: Vec<u32>,
    pub rating: Option<Rating>,
    pub custom: serde_json::Map<String, serde_json::Value>,
    pub tally: Tally,
    /// How to make the generated parts again.
    pub history: Option<History>,
    pub added: Vec<Part>,
    pub redacted: BTreeSet<u64>,
    pub deleted: bool,
}

/// The opening message, which the provider does not count as a part.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub id: u64,
    pub kind: &'static str,
    pub subject: String,
    pub body: String,
    pub author: Option<Author>,
    pub url: Option<String>,
    pub redacted: bool,
}

/// The customer's verdict.
#[derive(Clone, Debug)]
pub struct Rating {
    pub score: u8,
    pub remark: Option<String>,
    pub at: i64,
}

/// Running totals for `statistics`.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub parts: u32,
    pub reopens: u32,
    pub assignments: u32,
    pub first_contact_reply_at: Option<i64>,
    pub last_contact_reply_at: Option<i64>,
    pub first_assignment_at: Option<i64>,
    pub last_assignment_at: Option<i64>,
    pub first_admin_reply_at: Option<i64>,
    pub last_admin_reply_at: Option<i64>,
    pub first_close_at: Option<i64>,
    pub last_close_at: Option<i64>,
    pub last_closed_by: Option<u32>,
}

impl Conversation {
    /// Keeps state and totals in step with one more part.
    pub fn track(&mut self, beat: &Beat) {
        let at = beat.at;
        self.tally.parts += 1;
        self.updated_at = self.updated_at.max(at);
        match beat.author {
            Author::Contact(_) if beat.talks => self.customer_spoke(at),
            Author::Admin(place) => self.admin_acted(place, beat),
            Author::Contact(_) | Author::Bot => {}
        }
        match beat.kind {
            "close" => self.close(at, beat.author),
            "open" | "note_and_reopen" => {
                self.tally.reopens += u32::from(self.state == State::Closed);
                self.state = State::Open;
                self.snoozed_until = None;
            }
            "snoozed" => {
                self.state = State::Snoozed;
                self.snoozed_until = Some(at + SNOOZE);
            }
            "unsnoozed" | "timer_unsnooze" => {
                self.state = State::Open;
                self.snoozed_until = None;
            }
            "assignment" => {
                self.assignee = beat.assigned_to;
                self.tally.assignments += 1;
                self.tally.first_assignment_at.get_or_insert(at);
                self.tally.last_assignment_at = Some(at);
            }
            _ => {}
        }
    }

    fn customer_spoke(&mut self, at: i64) {
        self.waiting_since.get_or_insert(at);
        self.read = false;
        self.tally.first_contact_reply_at.get_or_insert(at);
        self.tally.last_contact_reply_at = Some(at);
    }

    fn admin_acted(&mut self, place: u32, beat: &Beat) {
        if !self.teammates.contains(&place) {
            self.teammates.push(place);
        }
        self.read = true;
        if beat.talks && !NOTES.contains(&beat.kind) {
            self.waiting_since = None;
            self.tally.first_admin_reply_at.get_or_insert(beat.at);
            self.tally.last_admin_reply_at = Some(beat.at);
        }
    }

    fn close(&mut self, at: i64, by: Author) {
        self.state = State::Closed;
        self.waiting_since = None;
        self.snoozed_until = None;
        self.tally.first_close_at.get_or_insert(at);
        self.tally.last_close_at = Some(at);
        self.tally.last_closed_by = if let Author::Admin(place) = by { Some(place) } else { None };
    }
}

impl World {
    /// All parts of a conversation, oldest first, also those beyond the provider's cap.
    pub fn parts(&self, slot: Slot) -> Vec<Part> {
        let conversation = &self.conversations[slot as usize];
        let mut parts = history::parts(self, conversation);
        parts.extend(conversation.added.iter().cloned());
        for part in parts.iter_mut().filter(|p| conversation.redacted.contains(&p.id)) {
            part.redact();
        }
        parts
    }
}
