//! Which fields can be searched, of what type they are, and what a row holds in them.

use std::borrow::Cow;

use super::Table;
use crate::seed::places::PLACES;
use crate::world::{Slot, World, office::as_text, part::Author};

/// Type of a field; it decides which operators and values are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Date,
    Boolean,
    /// Only `=` and `!=` are allowed.
    TagId,
}

/// What a row holds in a field.
pub enum Held<'a> {
    Text(Option<Cow<'a, str>>),
    /// Several values of which one has to match.
    Texts(Vec<String>),
    Number(Option<i64>),
    Flag(bool),
}

const CONTACT_TEXT: &str = "id role name avatar owner_id email email_domain phone formatted_phone external_id language_override browser \
    browser_language os location.country location.region location.city ios_app_version ios_device ios_app_device ios_os_version ios_app_name \
    ios_sdk_version android_app_version android_device android_app_name andoid_sdk_version segment_id";
const CONTACT_DATES: &str = "created_at signed_up_at updated_at last_seen_at last_contacted_at last_replied_at last_email_opened_at \
    last_email_clicked_at ios_last_seen_at android_last_seen_at";
const CONTACT_FLAGS: &str = "unsubscribed_from_emails marked_email_as_spam has_hard_bounced";
const TALK_TEXT: &str = "id source.type source.id source.delivered_as source.subject source.body source.author.id source.author.type \
    source.author.name source.author.email source.url contact_ids teammate_ids channel_initiated state tag_ids priority statistics.last_closed_by_id \
    conversation_rating.remark conversation_rating.contact_id conversation_rating.admin_d ai_agent.resolution_state ai_agent.last_answer_type \
    ai_agent.rating_remark ai_agent.source_type ai_agent.source_title";
const TALK_DATES: &str = "created_at updated_at waiting_since snoozed_until statistics.first_contact_reply_at statistics.first_assignment_at \
    statistics.first_admin_reply_at statistics.first_close_at statistics.last_assignment_at statistics.last_assignment_admin_reply_at \
    statistics.last_contact_reply_at statistics.last_admin_reply_at statistics.last_close_at conversation_rating.requested_at \
    conversation_rating.replied_at";
const TALK_NUMBERS: &str = "admin_assignee_id team_assignee_id statistics.time_to_assignment statistics.time_to_admin_reply \
    statistics.time_to_first_close statistics.time_to_last_close statistics.median_time_to_reply statistics.count_reopens \
    statistics.count_assignments statistics.count_conversation_parts conversation_rating.score ai_agent.rating";
const TALK_FLAGS: &str = "open read ai_agent_participated";

impl Table {
    /// Type of a field, or `None` when it cannot be searched.
    pub fn kind(self, field: &str) -> Option<Kind> {
        let within = |list: &str| list.split_whitespace().any(|f| f == field);
        match self {
            Self::Contacts if field == "tag_id" => Some(Kind::TagId),
            Self::Contacts if within(CONTACT_TEXT) || field.starts_with("custom_attributes.") => Some(Kind::Text),
            Self::Contacts if within(CONTACT_DATES) => Some(Kind::Date),
            Self::Contacts if within(CONTACT_FLAGS) => Some(Kind::Boolean),
            Self::Conversations if within(TALK_TEXT) || field.starts_with("custom_attributes.") => Some(Kind::Text),
            Self::Conversations if within(TALK_DATES) => Some(Kind::Date),
            Self::Conversations if within(TALK_NUMBERS) => Some(Kind::Integer),
            Self::Conversations if within(TALK_FLAGS) => Some(Kind::Boolean),
            _ => None,
        }
    }

    /// What a row holds; fields this sandbox has no data for are empty.
    pub fn held<'a>(self, world: &'a World, slot: Slot, field: &str) -> Held<'a> {
        match self {
            Self::Contacts => contact(world, slot, field),
            Self::Conversations => conversation(world, slot, field),
        }
    }
}

fn contact<'a>(world: &'a World, slot: Slot, field: &str) -> Held<'a> {
    let c = &world.contacts[slot as usize];
    let place = &PLACES[c.place as usize];
    let text = |value: Option<&'a str>| Held::Text(value.map(Cow::Borrowed));
    match field {
        "id" => text(Some(&c.id)),
        "role" => text(Some(if c.lead { "lead" } else { "user" })),
        "name" => text(c.name.as_deref()),
        "avatar" => text(c.avatar.as_deref()),
        "owner_id" => Held::Text(c.owner.map(|id| id.to_string().into())),
        "email" => Held::Text(c.email.as_ref().map(|e| e.to_lowercase().into())),
        "email_domain" => text(c.email.as_deref().and_then(|e| e.rsplit_once('@')).map(|(_, host)| host)),
        "phone" | "formatted_phone" => text(c.phone.as_deref()),
        "external_id" => text(c.external_id.as_deref()),
        "browser" => text(Some(place.browser)),
        "browser_language" => text(Some(place.language)),
        "os" => text(Some(place.os)),
        "location.country" => text(Some(place.country)),
        "location.region" => text(Some(place.region)),
        "location.city" => text(Some(place.city)),
        "created_at" => Held::Number(Some(c.created_at)),
        "updated_at" => Held::Number(Some(c.updated_at)),
        "signed_up_at" => Held::Number(c.signed_up_at),
        "last_seen_at" => Held::Number(c.last_seen_at),
        "last_contacted_at" => Held::Number(c.last_contacted_at),
        "last_replied_at" => Held::Number(c.last_replied_at),
        "unsubscribed_from_emails" => Held::Flag(c.unsubscribed),
        "marked_email_as_spam" | "has_hard_bounced" => Held::Flag(false),
        "tag_id" => Held::Texts(c.tags.iter().map(|t| world.tags[t.tag as usize].id.to_string()).collect()),
        _ => match field.strip_prefix("custom_attributes.").and_then(|name| c.custom.get(name)) {
            Some(serde_json::Value::String(value)) => text(Some(value)),
            Some(value) => Held::Text(Some(value.to_string().into())),
            None if Table::Contacts.kind(field) == Some(Kind::Date) => Held::Number(None),
            None => Held::Text(None),
        },
    }
}

fn conversation<'a>(world: &'a World, slot: Slot, field: &str) -> Held<'a> {
    let c = &world.conversations[slot as usize];
    let text = |value: Option<&'a str>| Held::Text(value.map(Cow::Borrowed));
    let since = |at: Option<i64>| Held::Number(at.map(|at| at - c.created_at));
    let admins = |places: &[u32]| Held::Texts(places.iter().map(|&p| world.admins[p as usize].id.to_string()).collect());
    match field {
        "id" => Held::Text(Some(c.id.to_string().into())),
        "created_at" => Held::Number(Some(c.created_at)),
        "updated_at" => Held::Number(Some(c.updated_at)),
        "waiting_since" => Held::Number(c.waiting_since),
        "snoozed_until" => Held::Number(c.snoozed_until),
        "open" => Held::Flag(c.state.word() != "closed"),
        "read" => Held::Flag(c.read),
        "ai_agent_participated" => Held::Flag(false),
        "state" => text(Some(c.state.word())),
        "priority" => text(Some(if c.priority { "high" } else { "none" })),
        "source.type" | "channel_initiated" => text(Some(c.source.kind)),
        "source.id" => Held::Text(Some(c.source.id.to_string().into())),
        "source.subject" => text(Some(&c.source.subject)),
        "source.body" => Held::Texts(as_text(&c.source.body).split_whitespace().map(str::to_owned).collect()),
        "source.url" => text(c.source.url.as_deref()),
        "source.author.id" | "source.author.type" | "source.author.name" | "source.author.email" | "source.delivered_as" => {
            author(world, c.source.author, field)
        }
        "contact_ids" => Held::Texts(c.contacts.iter().map(|&s| world.contacts[s as usize].id.clone()).collect()),
        "teammate_ids" => admins(&c.teammates),
        "tag_ids" => Held::Texts(c.tags.iter().map(|t| world.tags[t.tag as usize].id.to_string()).collect()),
        "admin_assignee_id" => Held::Number(Some(c.assignee.map_or(0, |p| world.admins[p as usize].id as i64))),
        "team_assignee_id" => Held::Number(Some(c.team.unwrap_or(0) as i64)),
        "conversation_rating.score" => Held::Number(c.rating.as_ref().map(|r| i64::from(r.score))),
        "conversation_rating.replied_at" | "conversation_rating.requested_at" => Held::Number(c.rating.as_ref().map(|r| r.at)),
        "statistics.count_conversation_parts" => Held::Number(Some(i64::from(c.tally.parts))),
        "statistics.count_reopens" => Held::Number(Some(i64::from(c.tally.reopens))),
        "statistics.count_assignments" => Held::Number(Some(i64::from(c.tally.assignments))),
        "statistics.first_contact_reply_at" => Held::Number(c.tally.first_contact_reply_at),
        "statistics.last_contact_reply_at" => Held::Number(c.tally.last_contact_reply_at),
        "statistics.first_assignment_at" => Held::Number(c.tally.first_assignment_at),
        "statistics.last_assignment_at" => Held::Number(c.tally.last_assignment_at),
        "statistics.first_admin_reply_at" => Held::Number(c.tally.first_admin_reply_at),
        "statistics.last_admin_reply_at" | "statistics.last_assignment_admin_reply_at" => Held::Number(c.tally.last_admin_reply_at),
        "statistics.first_close_at" => Held::Number(c.tally.first_close_at),
        "statistics.last_close_at" => Held::Number(c.tally.last_close_at),
        "statistics.last_closed_by_id" => admins(c.tally.last_closed_by.as_slice()),
        "statistics.time_to_assignment" => since(c.tally.first_assignment_at),
        "statistics.time_to_admin_reply" | "statistics.median_time_to_reply" => since(c.tally.first_admin_reply_at),
        "statistics.time_to_first_close" => since(c.tally.first_close_at),
        "statistics.time_to_last_close" => since(c.tally.last_close_at),
        _ if Table::Conversations.kind(field) == Some(Kind::Integer) => Held::Number(None),
        _ => Held::Text(None),
    }
}

fn author<'a>(world: &'a World, author: Option<Author>, field: &str) -> Held<'a> {
    let (kind, id, name, email, delivered) = match author {
        Some(Author::Contact(slot)) => {
            let c = &world.contacts[slot as usize];
            (if c.lead { "lead" } else { "user" }, c.id.clone(), c.name.as_deref(), c.email.as_deref(), "customer_initiated")
        }
        Some(Author::Admin(place)) => {
            let a = &world.admins[place as usize];
            ("admin", a.id.to_string(), Some(a.name.as_str()), Some(a.email.as_str()), "admin_initiated")
        }
        Some(Author::Bot) | None => ("bot", String::new(), None, None, "operator_initiated"),
    };
    Held::Text(match field {
        "source.author.id" => Some(Cow::Owned(id)),
        "source.author.type" => Some(Cow::Borrowed(kind)),
        "source.author.name" => name.map(Cow::Borrowed),
        "source.author.email" => email.map(Cow::Borrowed),
        _ => Some(Cow::Borrowed(delivered)),
    })
}
