//! What people do in conversations: start, reply, note, close, assign, rate, redact, delete.

use super::{
    Slot, World,
    conversation::{Conversation, Rating, Source},
    event::Subject,
    office::as_html,
    part::{Author, Part, State},
    refusal::Refusal,
};
use crate::seed::history::Beat;

/// An opening message.
#[derive(Clone, Debug)]
pub struct Opening {
    pub contact: Slot,
    pub author: Author,
    /// `conversation` or `email`.
    pub kind: &'static str,
    pub subject: String,
    pub body: String,
}

impl World {
    /// Starts a conversation; the opening message becomes its `source`.
    pub fn start_conversation(&mut self, opening: Opening) -> Slot {
        let (now, slot) = (self.now(), self.conversations.len() as Slot);
        let by_contact = matches!(opening.author, Author::Contact(_));
        let mut conversation = Conversation {
            id: self.next.conversation,
            created_at: now,
            updated_at: now,
            waiting_since: by_contact.then_some(now),
            source: Source {
                id: self.next.source,
                kind: opening.kind,
                subject: opening.subject,
                body: as_html(&opening.body),
                author: Some(opening.author),
                url: None,
                redacted: false,
            },
            contacts: vec![opening.contact],
            ..Conversation::default()
        };
        if let Author::Admin(place) = opening.author {
            conversation.teammates.push(place);
        } else {
            conversation.tally.first_contact_reply_at = Some(now);
            conversation.tally.last_contact_reply_at = Some(now);
        }
        self.next.conversation += 1;
        self.next.source += 1;
        self.conversation_by_id.insert(conversation.id, slot);
        self.conversations.push(conversation);
        self.conversations_by_creation.insert(now, slot);
        self.conversations_by_update.insert(now, slot);
        self.note_exchange(opening.contact, by_contact);
        let topic = if by_contact { "conversation.user.created" } else { "conversation.admin.single.created" };
        self.emit(topic, Subject::Conversation(slot, None));
        slot
    }

    /// A reply; a customer's reply to a closed or snoozed conversation opens it again.
    pub fn reply(&mut self, slot: Slot, author: Author, body: &str) -> Part {
        let settled = self.conversations[slot as usize].state != State::Open;
        let (kind, topic) = match author {
            Author::Contact(_) if settled => ("open", "conversation.user.replied"),
            Author::Contact(_) => ("comment", "conversation.user.replied"),
            Author::Admin(_) => ("comment", "conversation.admin.replied"),
            Author::Bot => ("comment", "conversation.operator.replied"),
        };
        if let Some(&contact) = self.conversations[slot as usize].contacts.first() {
            self.note_exchange(contact, matches!(author, Author::Contact(_)));
        }
        self.add_part(slot, kind, topic, author, Some(body), None)
    }

    /// A note for admins.
    pub fn note(&mut self, slot: Slot, admin: u32, body: &str) -> Part {
        self.add_part(slot, "note", "conversation.admin.noted", Author::Admin(admin), Some(body), None)
    }

    /// Closes a conversation, with an optional last word.
    pub fn close(&mut self, slot: Slot, admin: u32, body: Option<&str>) -> Part {
        self.add_part(slot, "close", "conversation.admin.closed", Author::Admin(admin), body, None)
    }

    /// Opens a conversation again.
    pub fn open(&mut self, slot: Slot, admin: u32) -> Part {
        let snoozed = self.conversations[slot as usize].state == State::Snoozed;
        let (kind, topic) = if snoozed { ("unsnoozed", "conversation.admin.unsnoozed") } else { ("open", "conversation.admin.opened") };
        self.add_part(slot, kind, topic, Author::Admin(admin), None, None)
    }

    /// Puts a conversation aside until a time (Unix seconds).
    pub fn snooze(&mut self, slot: Slot, admin: u32, until: i64) -> Part {
        let part = self.add_part(slot, "snoozed", "conversation.admin.snoozed", Author::Admin(admin), None, None);
        self.conversations[slot as usize].snoozed_until = Some(until);
        part
    }

    /// Gives a conversation to an admin, or to nobody.
    pub fn assign(&mut self, slot: Slot, admin: u32, to: Option<u32>, body: Option<&str>) -> Part {
        self.add_part(slot, "assignment", "conversation.admin.assigned", Author::Admin(admin), body, to)
    }

    /// Keeps the customer's verdict.
    pub fn rate(&mut self, slot: Slot, score: u8, remark: Option<String>) {
        let at = self.now();
        self.conversations[slot as usize].rating = Some(Rating { score, remark, at });
        self.touch_conversation(slot);
        self.emit("conversation.rating.added", Subject::Conversation(slot, None));
    }

    /// Takes the content of one part away for good.
    pub fn redact_part(&mut self, slot: Slot, part: u64) -> Result<(), Refusal> {
        let mut found = self.parts(slot).into_iter().find(|p| p.id == part && p.body.is_some()).ok_or(Refusal::NoPart)?;
        self.conversations[slot as usize].redacted.insert(part);
        found.redact();
        self.touch_conversation(slot);
        found.updated_at = self.now();
        self.emit("conversation_part.redacted", Subject::Part(found));
        Ok(())
    }

    /// Takes the content of the opening message away for good.
    pub fn redact_source(&mut self, slot: Slot, source: u64) -> Result<(), Refusal> {
        let opening = &mut self.conversations[slot as usize].source;
        if opening.id != source {
            return Err(Refusal::NoPart);
        }
        opening.redacted = true;
        opening.body = "<p><i>This message was deleted</i></p>".to_owned();
        self.touch_conversation(slot);
        Ok(())
    }

    /// Deletes a conversation; its id appears in the list of deleted ones.
    pub fn delete_conversation(&mut self, slot: Slot) {
        let now = self.now();
        let conversation = &mut self.conversations[slot as usize];
        conversation.deleted = true;
        let (id, created, updated) = (conversation.id, conversation.created_at, conversation.updated_at);
        self.conversations_by_creation.remove(created, slot);
        self.conversations_by_update.remove(updated, slot);
        self.deleted_conversations.push((id, now));
        self.emit("conversation.deleted", Subject::ConversationDeleted(id));
    }

    /// Sets `updated_at` to now, or to a given time, and moves the conversation in its index.
    pub fn touch_conversation(&mut self, slot: Slot) {
        let now = self.now();
        self.date_conversation(slot, now);
    }

    /// Sets `updated_at` to a given time.
    pub fn date_conversation(&mut self, slot: Slot, at: i64) {
        let conversation = &mut self.conversations[slot as usize];
        self.conversations_by_update.remove(conversation.updated_at, slot);
        conversation.updated_at = at;
        self.conversations_by_update.insert(at, slot);
    }

    fn add_part(
        &mut self,
        slot: Slot,
        kind: &'static str,
        topic: &'static str,
        author: Author,
        body: Option<&str>,
        assigned_to: Option<u32>,
    ) -> Part {
        let now = self.now();
        let body = body.filter(|b| !b.trim().is_empty()).map(as_html);
        let id = self.next.part;
        self.next.part += 1;
        let conversation = &mut self.conversations[slot as usize];
        self.conversations_by_update.remove(conversation.updated_at, slot);
        conversation.track(&Beat { kind, at: now, author, assigned_to, talks: body.is_some() });
        self.conversations_by_update.insert(conversation.updated_at, slot);
        let state = conversation.state;
        let part = Part { id, kind, body, created_at: now, updated_at: now, author, assigned_to, state, redacted: false };
        conversation.added.push(part.clone());
        self.emit(topic, Subject::Conversation(slot, Some(part.clone())));
        part
    }

    /// Remembers on the contact when they last wrote or were written to.
    fn note_exchange(&mut self, contact: Slot, by_contact: bool) {
        let now = Some(self.now());
        let person = &mut self.contacts[contact as usize];
        if !person.listed() {
            return;
        }
        if by_contact {
            person.last_replied_at = now;
            person.last_seen_at = now;
        } else {
            person.last_contacted_at = now;
        }
        self.touch_contact(contact);
    }
}
