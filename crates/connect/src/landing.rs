//! Landing records: what connectors bring, in common kinds that modules understand without knowing the provider.

use std::sync::Arc;

use atlas_kernel::{Actor, ConnectionId, Ref, Result, Timestamp, WorkspaceId};
use atlas_store::Tx;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::two_way::Rules;

/// One record as a provider has it, mapped by pure functions of its connector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Landing {
    /// A customer, or somebody who may become one.
    Person(Person),
    /// The customer's company.
    Company(Company),
    /// A conversation with the messages that the answer carried.
    Conversation(Conversation),
    /// A colleague on the provider's side.
    Teammate(Teammate),
    /// The provider says that this is gone for good.
    Gone {
        /// `person`, `company`, `conversation` or `message`.
        what: What,
        /// The provider's id.
        external_id: String,
    },
    /// What the provider did not find before is there after all: it answered for it by its id, later.
    Back {
        /// `person`, `company` or `conversation`.
        what: What,
        /// The provider's id.
        external_id: String,
    },
    /// The provider merged one person into another.
    Merged {
        /// The id that is no more.
        from: String,
        /// The id that stays.
        into: String,
    },
    /// The content of this message must go, the message stays as a line.
    Redacted {
        /// The provider's id of the message.
        external_id: String,
    },
}

/// The kinds of landing records that can be gone, mapped and counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A person.
    Person,
    /// A company.
    Company,
    /// A conversation.
    Conversation,
    /// One message of a conversation.
    Message,
    /// A colleague on the provider's side.
    Teammate,
}

impl What {
    /// The word stored in mappings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Company => "company",
            Self::Conversation => "conversation",
            Self::Message => "message",
            Self::Teammate => "teammate",
        }
    }
}

/// A customer as the provider has them. `None` means "the provider says nothing", and never blanks anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The provider's id.
    pub external_id: String,
    /// The customer's own id for this person, if it was set at the provider.
    pub own_id: Option<String>,
    /// Whether the provider knows them only as a lead.
    pub lead: bool,
    /// Full name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number as written there.
    pub phone: Option<String>,
    /// Where they are, such as `Dublin, Ireland`.
    pub location: Option<String>,
    /// The teammate who owns them there (provider's id).
    pub owner: Option<String>,
    /// The companies they belong to (provider's ids), all of them when `companies_complete`.
    pub companies: Vec<String>,
    /// Whether `companies` is the whole list.
    pub companies_complete: bool,
    /// Tag names, all of them when `tags_complete`.
    pub tags: Vec<String>,
    /// Whether `tags` is the whole list.
    pub tags_complete: bool,
    /// Archived at the provider.
    pub archived: bool,
    /// The provider's custom attributes.
    pub attributes: Map<String, Value>,
    /// When the provider first knew them.
    pub created_at: Option<Timestamp>,
    /// The version: when the provider last changed the record.
    pub updated_at: Option<Timestamp>,
    /// When they were last seen.
    pub last_seen_at: Option<Timestamp>,
}

/// A company as the provider has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Company {
    /// The provider's id.
    pub external_id: String,
    /// The customer's own id for this company.
    pub own_id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Web site.
    pub website: Option<String>,
    /// Industry.
    pub industry: Option<String>,
    /// Number of people.
    pub size: Option<i64>,
    /// The plan they are on.
    pub plan: Option<String>,
    /// Tag names.
    pub tags: Vec<String>,
    /// The provider's custom attributes.
    pub attributes: Map<String, Value>,
    /// When the provider first knew it.
    pub created_at: Option<Timestamp>,
    /// The version: when the provider last changed the record.
    pub updated_at: Option<Timestamp>,
}

/// A conversation as the provider has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// The provider's id.
    pub external_id: String,
    /// Title or subject, if any.
    pub title: Option<String>,
    /// `open`, `closed` or `snoozed`.
    pub state: String,
    /// Where people open it at the provider.
    pub url: Option<String>,
    /// The people in it (provider's ids).
    pub people: Vec<String>,
    /// The teammate it is assigned to (provider's id).
    pub assignee: Option<String>,
    /// Tag names.
    pub tags: Vec<String>,
    /// When it began.
    pub created_at: Option<Timestamp>,
    /// The version: when the provider last changed it.
    pub updated_at: Option<Timestamp>,
    /// The messages the answer carried, the opening one first; a set keyed by id, never "all there are".
    pub messages: Vec<Message>,
    /// How many messages (parts) the provider says there are, the opening one not counted.
    pub stated_parts: Option<i64>,
}

/// One message, note or change of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The provider's id, unique within the connection and `source_kind`.
    pub external_id: String,
    /// The provider's kind of thing: for Intercom `conversation` (the opening) or `conversation_part`.
    pub source_kind: String,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// Who wrote it.
    pub author: Author,
    /// What happened besides the words, such as `comment`, `note`, `close`, `assignment`; the provider's word.
    pub action: String,
    /// For colleagues only.
    pub internal: bool,
    /// The words, as HTML or plain text from outside: sanitise before showing.
    pub body: Option<String>,
    /// The provider removed the content.
    pub redacted: bool,
    /// Names of attached files.
    pub attachments: Vec<String>,
}

/// Who wrote a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Author {
    /// Which side.
    pub side: Side,
    /// The provider's id.
    pub external_id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// Which side of a conversation somebody is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The customer.
    Customer,
    /// A colleague.
    Teammate,
    /// A bot or workflow of ours at the provider.
    #[default]
    Bot,
}

/// A colleague on the provider's side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Teammate {
    /// The provider's id.
    pub external_id: String,
    /// Name.
    pub name: Option<String>,
    /// E-mail address, by which they are matched to members.
    pub email: Option<String>,
}

/// One landing record on its way into the modules, inside the engine's transaction.
#[derive(Clone)]
pub struct Arrival {
    /// The connection, acting.
    pub actor: Actor,
    /// The connection's id.
    pub connection: ConnectionId,
    /// The provider, such as `intercom`.
    pub provider: &'static str,
    /// Imported history: no notification, no automation, no task by rule.
    pub history: bool,
    /// What was chosen for its fields.
    pub rules: Arc<Rules>,
    /// The record.
    pub landing: Landing,
}

/// What applying a landing record came to, counted for sync logs and dry runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Records made.
    pub created: u32,
    /// Records changed.
    pub updated: u32,
    /// Records taken away.
    pub removed: u32,
    /// Messages added to timelines.
    pub messages: u32,
}

impl std::ops::AddAssign for Applied {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.removed += other.removed;
        self.messages += other.messages;
    }
}

/// Records that are about to be applied in one transaction.
#[derive(Clone, Debug)]
pub struct Coming<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The connection that brings them.
    pub connection: ConnectionId,
    /// The records, in their order.
    pub landings: Vec<&'a Landing>,
}

/// For modules that look nothing up ahead.
pub fn unprepared<'a>(_: &'a Tx, _: &'a Coming<'a>) -> BoxFuture<'a, Result<()>> {
    Box::pin(std::future::ready(Ok(())))
}

/// A module's door for landing records; each intake sees every arrival and ignores kinds it does not take.
#[derive(Clone, Copy)]
pub struct Intake {
    /// The module.
    pub module: &'static str,
    /// Lower runs first: records before what hangs on them.
    pub order: i32,
    /// Before several records are applied in one transaction: what each would look up by itself can be looked up for all, and
    /// kept in the transaction ([`Tx::keep`]). Not all of them need be applied then.
    pub prepare: for<'a> fn(&'a Tx, &'a Coming<'a>) -> BoxFuture<'a, Result<()>>,
    /// Applies one record. Idempotent: the same record twice changes nothing the second time.
    pub apply: for<'a> fn(&'a Tx, &'a Arrival) -> BoxFuture<'a, Result<Applied>>,
    /// Removes up to `limit` things that the connection brought, and the provider's words in what stays.
    /// Answers what was removed by kind; all zero when nothing is left.
    pub purge: for<'a> fn(&'a Tx, WorkspaceId, ConnectionId, usize) -> BoxFuture<'a, Result<Vec<Purged>>>,
}

/// How many things of one kind a purge step removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// What, such as `contacts`, `messages`, `timeline events`, `search entries`.
    pub what: String,
    /// How many.
    pub count: u64,
}

/// The Atlas record behind a provider's record.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// The provider's id.
    pub external_id: String,
    /// The record in Atlas.
    pub record: Ref,
}
