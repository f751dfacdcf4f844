//! Topic names of API 2.x, the permission each needs, and what they were called in 1.x.

use std::collections::BTreeSet;

use crate::app::Scope;

/// Permissions of which one is enough.
type Any = &'static [Scope];

const TALKS: Any = &[Scope::ReadConversations];
const PEOPLE: Any = &[Scope::ReadUsersCompanies, Scope::ReadWriteUsers, Scope::ReadSingleUser];
const FIRMS: Any = &[Scope::ReadUsersCompanies, Scope::ReadSingleUser];

/// The topics this sandbox sends: name in 2.x, permissions, name in 1.x when it was another one.
pub const TOPICS: [(&str, Any, Option<&str>); 35] = [
    ("conversation.user.created", TALKS, None),
    ("conversation.user.replied", TALKS, None),
    ("conversation.admin.replied", TALKS, None),
    ("conversation.admin.noted", TALKS, None),
    ("conversation.admin.closed", TALKS, None),
    ("conversation.admin.opened", TALKS, None),
    ("conversation.admin.assigned", TALKS, None),
    ("conversation.admin.snoozed", TALKS, None),
    ("conversation.admin.unsnoozed", TALKS, None),
    ("conversation.admin.single.created", TALKS, None),
    ("conversation.operator.replied", TALKS, None),
    ("conversation.deleted", TALKS, None),
    ("conversation.rating.added", TALKS, None),
    ("conversation_part.redacted", TALKS, None),
    ("contact.user.created", PEOPLE, Some("user.created")),
    ("contact.user.updated", PEOPLE, None),
    ("contact.lead.created", PEOPLE, Some("contact.created")),
    ("contact.lead.updated", PEOPLE, None),
    ("contact.lead.signed_up", PEOPLE, Some("contact.signed_up")),
    ("contact.lead.added_email", PEOPLE, Some("contact.added_email")),
    ("contact.email.updated", PEOPLE, Some("user.email.updated")),
    ("contact.merged", PEOPLE, None),
    ("contact.archived", PEOPLE, Some("contact.archive")),
    ("contact.unarchive", PEOPLE, None),
    ("contact.deleted", FIRMS, Some("user.deleted")),
    ("contact.user.tag.created", PEOPLE, Some("user.tag.created")),
    ("contact.user.tag.deleted", PEOPLE, Some("user.tag.deleted")),
    ("contact.lead.tag.created", PEOPLE, Some("contact.tag.created")),
    ("contact.lead.tag.deleted", PEOPLE, Some("contact.tag.deleted")),
    ("company.created", FIRMS, None),
    ("company.updated", FIRMS, None),
    ("company.deleted", FIRMS, None),
    ("company.contact.attached", FIRMS, None),
    ("company.contact.detached", FIRMS, None),
    ("ping", &[], None),
];

/// Topics the provider offers and this sandbox has no cause to send; they can be chosen all the same.
const QUIET: [&str; 17] = [
    "conversation.admin.open.assigned",
    "conversation.priority.updated",
    "conversation.company.updated",
    "conversation.contact.attached",
    "conversation.contact.detached",
    "conversation.read",
    "conversation_part.tag.created",
    "contact.subscribed",
    "contact.unsubscribed",
    "admin.added_to_workspace",
    "admin.removed_from_workspace",
    "admin.away_mode_updated",
    "admin.logged_in",
    "admin.logged_out",
    "admin.activity_log_event.created",
    "visitor.signed_up",
    "conversation.admin.replied.translated",
];

/// All names that are sent, but `ping`, which is always subscribed.
pub fn names() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|t| t.0).filter(|&name| name != "ping")
}

/// The topic as a constant, when the provider offers it.
pub fn known(name: &str) -> Option<&'static str> {
    names().chain(QUIET).find(|&n| n == name)
}

/// Whether an app with these scopes gets the topic.
pub fn allowed(name: &str, scopes: &BTreeSet<Scope>) -> bool {
    let any = TOPICS.iter().find(|t| t.0 == name).map_or(&[][..], |t| t.1);
    any.is_empty() || any.iter().any(|s| scopes.contains(s))
}

/// The name of a 2.x topic in 1.x.
pub fn first_name(name: &str) -> Option<&'static str> {
    TOPICS.iter().find(|t| t.0 == name).map(|t| t.2.unwrap_or(t.0))
}

/// Whether 1.x knew a topic of that name.
pub fn of_first(name: &str) -> bool {
    TOPICS.iter().any(|t| t.2.unwrap_or(t.0) == name)
}
