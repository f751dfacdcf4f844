//! Everything the imitated workspace holds: people, companies, conversations, tags, notes and their indexes.

pub mod attach;
pub mod attribute;
pub mod company;
pub mod contact;
pub mod conversation;
pub mod event;
pub mod index;
pub mod merge;
pub mod office;
pub mod part;
pub mod refusal;
pub mod talk;

use std::collections::{HashMap, VecDeque};

use attribute::Attribute;
use company::Company;
use contact::Contact;
use conversation::Conversation;
use event::{Event, Subject};
use index::Index;
use office::{Admin, Note, Tag, Team, Workspace};
use refusal::Refusal;

use crate::random::Random;

/// Place of a thing in its table; tables never shrink, deleted things stay as tombstones.
pub type Slot = u32;

/// The imitated workspace. Methods that change it queue what happened in `outbox`.
#[derive(Debug)]
pub struct World {
    /// Seed of all generated data.
    pub seed: u64,
    pub workspace: Workspace,
    pub admins: Vec<Admin>,
    pub teams: Vec<Team>,
    pub tags: Vec<Tag>,
    pub attributes: Vec<Attribute>,
    pub notes: Vec<Note>,
    pub contacts: Vec<Contact>,
    pub companies: Vec<Company>,
    pub conversations: Vec<Conversation>,
    pub contact_by_id: HashMap<String, Slot>,
    pub contact_by_external_id: HashMap<String, Slot>,
    pub user_by_email: HashMap<String, Slot>,
    pub company_by_id: HashMap<String, Slot>,
    pub company_by_company_id: HashMap<String, Slot>,
    pub conversation_by_id: HashMap<u64, Slot>,
    /// Conversations in the order they were deleted: id and time.
    pub deleted_conversations: Vec<(u64, i64)>,
    pub contacts_of_company: HashMap<Slot, Vec<Slot>>,
    pub contacts_by_creation: Index,
    /// What contact search sees; it lags behind by the search delay.
    pub found_by_creation: Index,
    pub found_by_update: Index,
    pub conversations_by_creation: Index,
    pub conversations_by_update: Index,
    /// Companies with at least one contact, by `last_request_at`.
    pub companies_by_request: Index,
    /// Contact index changes that the search does not show yet: due time in milliseconds, contact.
    pub unindexed: VecDeque<(i64, Slot)>,
    /// Milliseconds until a contact's change reaches search.
    pub search_delay_ms: i64,
    /// The sandbox's present in milliseconds, set at the start of each change.
    pub now_ms: i64,
    pub outbox: Vec<Event>,
    pub next: NextIds,
    pub random: Random,
}

/// The ids given out next.
#[derive(Clone, Debug)]
pub struct NextIds {
    pub conversation: u64,
    pub part: u64,
    pub source: u64,
    pub note: u64,
    pub tag: u64,
    pub attribute: u64,
}

impl World {
    /// Unix seconds of the change being made.
    pub fn now(&self) -> i64 {
        self.now_ms.div_euclid(1000)
    }

    /// Queues a notice about something that just happened.
    pub fn emit(&mut self, topic: &'static str, subject: Subject) {
        let at = self.now();
        self.outbox.push(Event { topic, at, subject });
    }

    /// A contact that can be read: neither deleted nor merged away.
    pub fn contact(&self, id: &str) -> Result<Slot, Refusal> {
        let slot = *self.contact_by_id.get(id).ok_or(Refusal::NoContact)?;
        let contact = &self.contacts[slot as usize];
        match contact.merged_into {
            _ if contact.deleted => Err(Refusal::NoContact),
            Some(into) => Err(Refusal::Merged(self.canonical(into))),
            None => Ok(slot),
        }
    }

    /// Id of the contact that a chain of merges ends at, at most three hops further.
    fn canonical(&self, mut slot: Slot) -> String {
        for _ in 0..3 {
            match self.contacts[slot as usize].merged_into {
                Some(next) => slot = next,
                None => break,
            }
        }
        self.contacts[slot as usize].id.clone()
    }

    /// A company by Intercom's id.
    pub fn company(&self, id: &str) -> Result<Slot, Refusal> {
        self.company_by_id.get(id).copied().filter(|&s| !self.companies[s as usize].deleted).ok_or(Refusal::NoCompany)
    }

    /// A conversation by the digits of its id; a deleted one is told apart, because its 404 looks different.
    pub fn conversation(&self, id: &str) -> Result<Slot, Refusal> {
        let number: u64 = id.parse().map_err(|_| Refusal::NoConversation)?;
        let slot = *self.conversation_by_id.get(&number).ok_or(Refusal::NoConversation)?;
        if self.conversations[slot as usize].deleted { Err(Refusal::DeletedConversation) } else { Ok(slot) }
    }

    /// A tag by the digits of its id.
    pub fn tag(&self, id: &str) -> Result<usize, Refusal> {
        let number: u64 = id.parse().map_err(|_| Refusal::NoTag)?;
        self.tags.iter().position(|t| t.id == number && !t.deleted).ok_or(Refusal::NoTag)
    }

    /// An admin by the digits of their id.
    pub fn admin(&self, id: &str) -> Result<usize, Refusal> {
        let number: u64 = id.parse().map_err(|_| Refusal::NoAdmin)?;
        self.admins.iter().position(|a| a.id == number).ok_or(Refusal::NoAdmin)
    }
}
