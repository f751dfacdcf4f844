//! A conversation: a talk with a customer at a provider, mirrored message by message.

use atlas_kernel::{ConnectionId, Ref, Timestamp};
use serde_json::Value;

use crate::ids::{ConversationId, MessageId};

pub mod api;
pub(crate) mod panel;
pub mod store;
pub mod web;

atlas_store::row! {
    /// A talk with a customer at a provider.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Conversation {
        /// The conversation's id.
        pub id: ConversationId,
        /// The connection that brought it.
        pub connection_id: ConnectionId,
        /// The provider, such as `intercom`.
        pub provider: String,
        /// The provider's id of it.
        pub external_id: String,
        /// Title or subject, if any.
        pub title: Option<String>,
        /// `open`, `closed` or `snoozed`.
        pub state: String,
        /// Where people open it at the provider.
        pub url: Option<String>,
        /// The colleague at the provider it is assigned to (the provider's id).
        pub assignee: Option<String>,
        /// How many messages the provider says there are, the opening one not counted.
        pub stated_parts: Option<i64>,
        /// How many messages there are here.
        pub message_count: i64,
        /// Since when the customer waits for an answer, while it is open.
        pub waiting_since: Option<Timestamp>,
        /// The version: the provider's time of change, microseconds since 1970.
        pub said_at: i64,
        /// When it began.
        pub created_at: Timestamp,
        /// When the last message was written.
        pub last_message_at: Timestamp,
    }
}

atlas_store::row! {
    /// One message, internal note or change of a conversation.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Message {
        /// The message's id.
        pub id: MessageId,
        /// The conversation it belongs to.
        pub conversation_id: ConversationId,
        /// The connection that brought it.
        pub connection_id: ConnectionId,
        /// The provider's kind of thing.
        pub source_kind: String,
        /// The provider's id of it.
        pub external_id: String,
        /// When it was written.
        pub at: Timestamp,
        /// `customer`, `teammate` or `bot`.
        pub side: String,
        /// Who wrote it.
        pub author_name: Option<String>,
        /// The provider's id of who wrote it.
        pub author_external_id: Option<String>,
        /// What happened besides the words, such as `comment`, `note`, `close`; the provider's word.
        pub action: String,
        /// For colleagues only.
        pub internal: bool,
        /// The words as sanitised HTML.
        pub html: Option<String>,
        /// The words as plain text.
        pub words: Option<String>,
        /// The provider removed the content.
        pub redacted: bool,
        /// Names of attached files, a list of texts.
        pub attachments: Value,
        /// The version of the conversation that last stated it, microseconds since 1970.
        pub said_at: i64,
    }
}

impl Conversation {
    /// What people call it: the title, else whose it is.
    pub fn label(&self) -> String {
        match self.title.as_deref().map(str::trim).filter(|title| !title.is_empty()) {
            Some(title) => title.to_owned(),
            None => format!("{} conversation", crate::words::provider(&self.provider)),
        }
    }

    /// Where its page is.
    pub fn page(&self) -> String {
        format!("/growth/conversations/{}", self.id)
    }
}

impl Message {
    /// Who wrote it, in words.
    pub fn author(&self) -> &str {
        match (self.author_name.as_deref().filter(|name| !name.trim().is_empty()), self.side.as_str()) {
            (Some(name), _) => name,
            (None, "customer") => "Customer",
            (None, "teammate") => "Teammate",
            (None, _) => "Automation",
        }
    }

    /// Names of attached files.
    pub fn attachments(&self) -> Vec<String> {
        crate::provenance::from_json(self.attachments.clone()).unwrap_or_default()
    }

    /// What was done, as the words between author and conversation.
    pub fn verb(&self) -> &str {
        let said = self.words.is_some() || self.redacted;
        match (self.action.as_str(), self.internal, said) {
            (_, true, true) => "wrote an internal note in",
            ("close" | "closed", ..) => "closed",
            ("open" | "reopened" | "opened", ..) => "reopened",
            ("snoozed", ..) => "snoozed",
            ("unsnoozed" | "timer_unsnooze", ..) => "took up again",
            ("assignment" | "assigned" | "assign_and_reopen" | "default_assignment" | "assign_and_unsnooze", ..) => "assigned",
            ("participant_added", ..) => "added somebody to",
            ("participant_removed", ..) => "removed somebody from",
            (_, _, true) => "wrote in",
            _ => "changed",
        }
    }

    /// The record it is, for events and links.
    pub fn record(&self) -> Ref {
        self.id.to_ref()
    }
}
