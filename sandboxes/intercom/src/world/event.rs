//! What happened in the workspace, before it becomes a notice.

use super::{Slot, part::Part};

/// One happening: the topic it is sent under, when, and what it is about.
#[derive(Clone, Debug)]
pub struct Event {
    /// Name of the topic in API 2.x.
    pub topic: &'static str,
    /// Unix seconds.
    pub at: i64,
    pub subject: Subject,
}

/// The thing a notice carries.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A conversation with only the part that caused the event.
    Conversation(Slot, Option<Part>),
    /// Identification only: the id of a deleted conversation.
    ConversationDeleted(u64),
    /// A single part.
    Part(Part),
    Contact(Slot),
    /// Identification only: id and external id of a deleted contact.
    ContactDeleted(String, Option<String>),
    /// The surviving contact, and the id that was merged into it.
    ContactMerged(Slot, String),
    /// A contact and the place of a tag.
    ContactTag(Slot, usize),
    Company(Slot),
    /// Identification only: Intercom's id and our own id of a deleted company.
    CompanyDeleted(String, Option<String>),
    /// A company and the contact that joined or left it.
    CompanyContact(Slot, Slot),
}
