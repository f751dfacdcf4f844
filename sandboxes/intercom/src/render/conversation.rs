//! Conversations as the API shows them: without parts in lists, with the newest ones when read singly.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Lens, Reference,
    company::{CompanyView, TagList},
    contact::ContactReference,
    part::{AuthorView, Empty, PartView},
    version::Version,
};
use crate::world::{
    Slot,
    conversation::{Conversation, Tally},
    part::{Author, Part, State},
};

/// A conversation object.
#[derive(Serialize)]
pub struct ConversationView<'a> {
    r#type: &'static str,
    id: String,
    title: Option<&'a str>,
    created_at: i64,
    updated_at: i64,
    waiting_since: Option<i64>,
    snoozed_until: Option<i64>,
    source: SourceView<'a>,
    contacts: ContactList<'a>,
    first_contact_reply: Option<FirstReply<'a>>,
    admin_assignee_id: Option<u64>,
    team_assignee_id: Option<u64>,
    company: Option<CompanyView<'a>>,
    open: bool,
    state: &'static str,
    read: bool,
    tags: TagList<'a>,
    priority: &'static str,
    sla_applied: Option<()>,
    statistics: Statistics,
    conversation_rating: Option<RatingView<'a>>,
    teammates: Teammates,
    custom_attributes: &'a Map<String, Value>,
    topics: Empty,
    ticket: Option<()>,
    linked_objects: LinkedObjects,
    channel: Channel,
    external_references: [(); 0],
    ai_agent: Option<()>,
    ai_agent_participated: bool,
    sales_agent: Option<()>,
    sales_agent_participated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_parts: Option<PartList<'a>>,
}

#[derive(Serialize)]
struct SourceView<'a> {
    r#type: &'static str,
    id: String,
    delivered_as: &'static str,
    subject: String,
    body: String,
    author: AuthorView<'a>,
    attachments: [(); 0],
    url: Option<&'a str>,
    redacted: bool,
}

#[derive(Serialize)]
struct ContactList<'a> {
    r#type: &'static str,
    contacts: Vec<ContactReference<'a>>,
}

#[derive(Serialize)]
struct FirstReply<'a> {
    created_at: i64,
    r#type: &'static str,
    url: Option<&'a str>,
}

/// Durations and times for reporting; `count_conversation_parts` counts also parts beyond the cap.
#[derive(Serialize)]
struct Statistics {
    r#type: &'static str,
    time_to_assignment: Option<i64>,
    time_to_admin_reply: Option<i64>,
    time_to_first_close: Option<i64>,
    time_to_last_close: Option<i64>,
    median_time_to_reply: Option<i64>,
    first_contact_reply_at: Option<i64>,
    first_assignment_at: Option<i64>,
    first_admin_reply_at: Option<i64>,
    first_close_at: Option<i64>,
    last_assignment_at: Option<i64>,
    last_assignment_admin_reply_at: Option<i64>,
    last_contact_reply_at: Option<i64>,
    last_admin_reply_at: Option<i64>,
    last_close_at: Option<i64>,
    last_closed_by_id: Option<String>,
    count_reopens: u32,
    count_assignments: u32,
    count_conversation_parts: u32,
}

#[derive(Serialize)]
struct RatingView<'a> {
    rating: u8,
    remark: Option<String>,
    created_at: i64,
    updated_at: i64,
    contact: Option<ContactReference<'a>>,
    teammate: Option<Reference>,
}

#[derive(Serialize)]
struct Teammates {
    r#type: &'static str,
    teammates: Vec<Reference>,
}

#[derive(Serialize)]
struct LinkedObjects {
    r#type: &'static str,
    data: [(); 0],
    total_count: u32,
    has_more: bool,
}

#[derive(Serialize)]
struct Channel {
    initial: &'static str,
    current: &'static str,
}

#[derive(Serialize)]
struct PartList<'a> {
    r#type: &'static str,
    conversation_parts: Vec<PartView<'a>>,
    total_count: usize,
}

impl<'a> Lens<'a> {
    /// The conversation as lists show it.
    pub fn conversation(&self, slot: Slot) -> ConversationView<'a> {
        let c = &self.world.conversations[slot as usize];
        let unassigned = (self.version >= Version::V2_16).then_some(0);
        let mail = c.source.kind == "email";
        let channel = if mail { "email" } else { "messenger" };
        ConversationView {
            r#type: "conversation",
            id: c.id.to_string(),
            title: c.title.as_deref(),
            created_at: c.created_at,
            updated_at: c.updated_at,
            waiting_since: c.waiting_since,
            snoozed_until: c.snoozed_until,
            source: self.source(c),
            contacts: ContactList { r#type: "contact.list", contacts: self.people_in(c) },
            first_contact_reply: c.tally.first_contact_reply_at.map(|created_at| FirstReply {
                created_at,
                r#type: c.source.kind,
                url: c.source.url.as_deref(),
            }),
            admin_assignee_id: c.assignee.map(|p| self.world.admins[p as usize].id).or(unassigned),
            team_assignee_id: c.team.or(unassigned),
            company: c.company.filter(|&s| !self.world.companies[s as usize].deleted).map(|s| self.company(s)),
            open: c.state != State::Closed,
            state: c.state.word(),
            read: c.read,
            tags: self.tagged_list(&c.tags),
            priority: self.priority(c.priority),
            sla_applied: None,
            statistics: self.statistics(c),
            conversation_rating: self.rating(c),
            teammates: Teammates { r#type: "admin.list", teammates: c.teammates.iter().map(|&p| self.admin_reference(p)).collect() },
            custom_attributes: &c.custom,
            topics: Empty {},
            ticket: None,
            linked_objects: LinkedObjects { r#type: "list", data: [], total_count: 0, has_more: false },
            channel: Channel { initial: channel, current: channel },
            external_references: [],
            ai_agent: None,
            ai_agent_participated: false,
            sales_agent: None,
            sales_agent_participated: false,
            conversation_parts: None,
        }
    }

    /// The conversation with its newest parts; `total_count` counts all of them.
    pub fn conversation_with_parts(&self, slot: Slot) -> ConversationView<'a> {
        let parts = self.world.parts(slot);
        let shown = &parts[parts.len().saturating_sub(self.part_cap)..];
        self.with(slot, shown, parts.len())
    }

    /// The conversation with just the part that caused a notice.
    pub fn conversation_in_notice(&self, slot: Slot, part: Option<&Part>) -> ConversationView<'a> {
        let shown = part.map(std::slice::from_ref).unwrap_or_default();
        self.with(slot, shown, shown.len())
    }

    fn with(&self, slot: Slot, parts: &[Part], total_count: usize) -> ConversationView<'a> {
        let conversation_parts = parts.iter().map(|part| self.part(part)).collect();
        let list = PartList { r#type: "conversation_part.list", conversation_parts, total_count };
        ConversationView { conversation_parts: Some(list), ..self.conversation(slot) }
    }

    fn source(&self, c: &'a Conversation) -> SourceView<'a> {
        let author = c.source.author.unwrap_or(Author::Bot);
        let delivered_as = match author {
            Author::Contact(_) => "customer_initiated",
            Author::Admin(_) => "admin_initiated",
            Author::Bot => "operator_initiated",
        };
        SourceView {
            r#type: c.source.kind,
            id: c.source.id.to_string(),
            delivered_as,
            subject: self.body(&c.source.subject),
            body: self.body(&c.source.body),
            author: self.author(author),
            attachments: [],
            url: c.source.url.as_deref(),
            redacted: c.source.redacted,
        }
    }

    fn people_in(&self, c: &Conversation) -> Vec<ContactReference<'a>> {
        let there = c.contacts.iter().filter(|&&s| !self.world.contacts[s as usize].deleted);
        there.map(|&s| self.contact_reference(s)).collect()
    }

    fn admin_reference(&self, place: u32) -> Reference {
        Reference { r#type: "admin", id: self.world.admins[place as usize].id.to_string() }
    }

    fn priority(&self, high: bool) -> &'static str {
        match (self.version >= Version::V2_16, high) {
            (true, true) => "high",
            (true, false) => "none",
            (false, true) => "priority",
            (false, false) => "not_priority",
        }
    }

    fn rating(&self, c: &Conversation) -> Option<RatingView<'a>> {
        c.rating.as_ref().map(|r| RatingView {
            rating: r.score,
            remark: r.remark.clone(),
            created_at: r.at,
            updated_at: r.at,
            contact: c.contacts.first().map(|&s| self.contact_reference(s)),
            teammate: c.teammates.last().map(|&p| self.admin_reference(p)),
        })
    }

    fn statistics(&self, c: &Conversation) -> Statistics {
        let Tally { first_assignment_at, first_admin_reply_at, first_close_at, last_close_at, .. } = c.tally;
        let since = |at: Option<i64>| at.map(|at| at - c.created_at);
        Statistics {
            r#type: "conversation_statistics",
            time_to_assignment: since(first_assignment_at),
            time_to_admin_reply: since(first_admin_reply_at),
            time_to_first_close: since(first_close_at),
            time_to_last_close: since(last_close_at),
            median_time_to_reply: since(first_admin_reply_at),
            first_contact_reply_at: c.tally.first_contact_reply_at,
            first_assignment_at,
            first_admin_reply_at,
            first_close_at,
            last_assignment_at: c.tally.last_assignment_at,
            last_assignment_admin_reply_at: c.tally.last_assignment_at.and(c.tally.last_admin_reply_at),
            last_contact_reply_at: c.tally.last_contact_reply_at,
            last_admin_reply_at: c.tally.last_admin_reply_at,
            last_close_at,
            last_closed_by_id: c.tally.last_closed_by.map(|p| self.world.admins[p as usize].id.to_string()),
            count_reopens: c.tally.reopens,
            count_assignments: c.tally.assignments,
            count_conversation_parts: c.tally.parts,
        }
    }
}
