//! The topics that can be subscribed, what they become, and the names they had before.

use atlas_connect::Topic;

use crate::scopes::{READ_CONVERSATIONS, READ_PEOPLE};

/// Names of API 1.x (and one of 2.5) with today's.
const OLD_NAMES: &[(&str, &str)] = &[
    ("user.created", "contact.user.created"),
    ("contact.created", "contact.lead.created"),
    ("contact.signed_up", "contact.lead.signed_up"),
    ("contact.added_email", "contact.lead.added_email"),
    ("user.email.updated", "contact.email.updated"),
    ("user.deleted", "contact.deleted"),
    ("user.unsubscribed", "contact.unsubscribed"),
    ("user.tag.created", "contact.user.tag.created"),
    ("user.tag.deleted", "contact.user.tag.deleted"),
    ("contact.tag.created", "contact.lead.tag.created"),
    ("contact.tag.deleted", "contact.lead.tag.deleted"),
    ("contact.archive", "contact.archived"),
];

/// Today's name of a topic.
pub fn canonical_topic(topic: &str) -> &str {
    OLD_NAMES.iter().find(|(old, _)| *old == topic).map_or(topic, |(_, new)| new)
}

/// The topics, those that set-up asks for first, in the order of the documentation page's events.
pub fn topics() -> Vec<Topic> {
    let mut topics = required();
    topics.extend(useful());
    topics
}

fn required() -> Vec<Topic> {
    vec![
        conversation("conversation.user.created", "A conversation on the customer’s timeline").required(),
        conversation("conversation.user.replied", "The customer’s message on the timeline").required(),
        conversation("conversation.admin.replied", "Your team’s reply on the timeline").required(),
        contact("contact.user.created", "A contact in Growth").feeding("contact.created").required(),
        contact("contact.lead.created", "A lead in Growth").feeding("contact.created").required(),
        conversation("conversation.admin.noted", "A note on the timeline, and a task where a rule says so").required(),
    ]
    .into_iter()
    .map(|entry| entry.0)
    .collect()
}

fn useful() -> Vec<Topic> {
    vec![
        conversation("conversation.admin.single.created", "A conversation that your team began"),
        conversation("conversation.admin.closed", "Closed, on the timeline"),
        conversation("conversation.admin.opened", "Opened again, on the timeline"),
        conversation("conversation.admin.assigned", "The new assignee, on the timeline"),
        conversation("conversation.admin.snoozed", "Snoozed, on the timeline"),
        conversation("conversation.admin.unsnoozed", "No longer snoozed, on the timeline"),
        conversation("conversation.operator.replied", "A bot’s reply on the timeline"),
        conversation("conversation_part.redacted", "The message’s words are removed here too"),
        conversation("conversation.deleted", "The conversation is removed here too").covered("conversations_deleted"),
        contact("contact.user.updated", "Changed fields of the contact"),
        contact("contact.lead.updated", "Changed fields of the lead"),
        contact("contact.lead.signed_up", "A lead that became a user"),
        contact("contact.merged", "Two contacts become one").covered(""),
        contact("contact.deleted", "The contact is no longer kept up to date").covered(""),
        company("company.created", "A company in Growth"),
        company("company.updated", "Changed fields of the company"),
        company("company.deleted", "The company is no longer kept up to date"),
    ]
    .into_iter()
    .map(|entry| entry.0)
    .collect()
}

/// A topic while its line is written.
struct Entry(Topic);

impl Entry {
    fn required(self) -> Self {
        Self(Topic { required: true, ..self.0 })
    }
    fn feeding(self, event: &'static str) -> Self {
        Self(Topic { event, ..self.0 })
    }
    /// Another stream than its kind's, or none: searches do not show who was deleted or merged away, the audit asks after them.
    fn covered(self, covered_by: &'static str) -> Self {
        Self(Topic { covered_by, ..self.0 })
    }
}

fn conversation(name: &'static str, becomes: &'static str) -> Entry {
    Entry(Topic { name, event: name, scope: READ_CONVERSATIONS, becomes, required: false, covered_by: "conversations" })
}

fn contact(name: &'static str, becomes: &'static str) -> Entry {
    Entry(Topic { name, event: name, scope: READ_PEOPLE, becomes, required: false, covered_by: "contacts" })
}

fn company(name: &'static str, becomes: &'static str) -> Entry {
    Entry(Topic { name, event: name, scope: READ_PEOPLE, becomes, required: false, covered_by: "companies" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_four_events_come_first_in_its_order() {
        let mut events: Vec<_> = topics().iter().map(|topic| topic.event).collect();
        events.dedup();
        assert_eq!(
            events[..4],
            ["conversation.user.created", "conversation.user.replied", "conversation.admin.replied", "contact.created"]
        );
    }

    #[test]
    fn names_are_todays_and_said_once() {
        let mut names: Vec<_> = topics().iter().map(|topic| topic.name).collect();
        assert!(names.iter().all(|name| canonical_topic(name) == *name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn old_names_lead_to_todays_in_one_step() {
        for (_, new) in OLD_NAMES {
            assert_eq!(canonical_topic(new), *new);
        }
        assert_eq!(canonical_topic("conversation.user.created"), "conversation.user.created");
    }
}
