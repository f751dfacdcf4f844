//! Conversations over REST: read only, since connectors bring them.

use atlas_api::{Ctx, IdPath, Input, Operation};
use atlas_kernel::{Error, Page, Result, Timestamp, WorkspaceId};
use atlas_store::Executor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conversation, Message, store};
use crate::access::CONVERSATIONS_READ;
use crate::ids::{ContactId, ConversationId, MessageId};
use crate::wire::limit;

/// The operations on conversations.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::read("conversations.list", "/v1/conversations", CONVERSATIONS_READ, list)
            .summary("List conversations")
            .describe("The one with the newest message first; of one contact with `contact`.")
            .tool(),
        Operation::read("conversations.get", "/v1/conversations/{id}", CONVERSATIONS_READ, get).summary("Read a conversation").tool(),
        Operation::read("conversations.messages", "/v1/conversations/{id}/messages", CONVERSATIONS_READ, messages)
            .summary("List a conversation's messages")
            .describe("Newest first."),
    ]
    .into_iter()
    .map(|operation| operation.tag("Conversations"))
    .collect()
}

/// Where something at a provider comes from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Source")]
pub struct SourceJson {
    /// The provider, such as `intercom`.
    pub provider: String,
    /// The provider's kind of thing, such as `conversation_part`.
    pub kind: String,
    /// The provider's id of it.
    pub external_id: String,
}

/// A talk with a customer at a provider.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Conversation")]
pub struct ConversationJson {
    /// The conversation's id.
    pub id: ConversationId,
    /// Title or subject, if any.
    pub title: Option<String>,
    /// `open`, `closed` or `snoozed`.
    pub state: String,
    /// The contacts in it.
    pub contact_ids: Vec<ContactId>,
    /// How many messages there are here.
    pub message_count: i64,
    /// How many the provider says there are, the opening one not counted.
    pub stated_parts: Option<i64>,
    /// Since when the customer waits for an answer.
    pub waiting_since: Option<Timestamp>,
    /// Where people open it at the provider.
    pub provider_url: Option<String>,
    /// The provider's thing behind it.
    pub source: SourceJson,
    /// Where the page is, on this host.
    pub url: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When the last message was written.
    pub last_message_at: Timestamp,
}

/// One message, internal note or change of a conversation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Message")]
pub struct MessageJson {
    /// The message's id.
    pub id: MessageId,
    /// The conversation it belongs to.
    pub conversation_id: ConversationId,
    /// When it was written.
    pub at: Timestamp,
    /// `customer`, `teammate` or `bot`.
    pub side: String,
    /// Who wrote it.
    pub author: String,
    /// The provider's word for what happened, such as `comment`, `note`, `close`.
    pub action: String,
    /// For colleagues only.
    pub internal: bool,
    /// The words as plain text.
    pub text: Option<String>,
    /// The words as sanitised HTML.
    pub html: Option<String>,
    /// The provider removed the content.
    pub redacted: bool,
    /// Names of attached files.
    pub attachments: Vec<String>,
    /// The provider's thing behind it.
    pub source: SourceJson,
}

async fn wire(on: &dyn Executor, workspace: WorkspaceId, all: Vec<Conversation>) -> Result<Vec<ConversationJson>> {
    let ids: Vec<ConversationId> = all.iter().map(|c| c.id).collect();
    let people = store::people(on, workspace, &ids).await?;
    let one = |c: Conversation| ConversationJson {
        contact_ids: people.iter().filter(|(of, _)| *of == c.id).map(|(_, contact)| *contact).collect(),
        url: c.page(),
        id: c.id,
        title: c.title,
        state: c.state,
        message_count: c.message_count,
        stated_parts: c.stated_parts,
        waiting_since: c.waiting_since,
        provider_url: c.url,
        source: SourceJson { provider: c.provider, kind: "conversation".to_owned(), external_id: c.external_id },
        created_at: c.created_at,
        last_message_at: c.last_message_at,
    };
    Ok(all.into_iter().map(one).collect())
}

/// Which conversations.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListConversations {
    /// A contact's id.
    contact: Option<ContactId>,
    /// `open`, `closed` or `snoozed`.
    state: Option<String>,
    /// Rows a page, 1 to 200; 50 unless said.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

async fn list(ctx: Ctx, input: Input<(), ListConversations>) -> Result<Page<ConversationJson>> {
    let (workspace, query) = (ctx.actor.workspace, input.query);
    let page = store::page(&ctx.db, workspace, query.contact, query.state.as_deref(), limit(query.limit)?, query.cursor.as_deref()).await?;
    Ok(Page { data: wire(&ctx.db, workspace, page.data).await?, next_cursor: page.next_cursor })
}

async fn get(ctx: Ctx, input: Input<IdPath<ConversationId>>) -> Result<ConversationJson> {
    let found = store::find(&ctx.db, ctx.actor.workspace, input.path.id).await?.ok_or(Error::NotFound("conversation"))?;
    wire(&ctx.db, ctx.actor.workspace, vec![found]).await?.pop().ok_or(Error::NotFound("conversation"))
}

/// Which messages.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListMessages {
    /// Rows a page, 1 to 200; 50 unless said.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

async fn messages(ctx: Ctx, input: Input<IdPath<ConversationId>, ListMessages>) -> Result<Page<MessageJson>> {
    let workspace = ctx.actor.workspace;
    let conversation = store::find(&ctx.db, workspace, input.path.id).await?.ok_or(Error::NotFound("conversation"))?;
    let page = store::messages(&ctx.db, workspace, conversation.id, limit(input.query.limit)?, input.query.cursor.as_deref()).await?;
    let one = |m: Message| MessageJson {
        author: m.author().to_owned(),
        attachments: m.attachments(),
        source: SourceJson { provider: conversation.provider.clone(), kind: m.source_kind, external_id: m.external_id },
        id: m.id,
        conversation_id: m.conversation_id,
        at: m.at,
        side: m.side,
        action: m.action,
        internal: m.internal,
        text: m.words,
        html: m.html,
        redacted: m.redacted,
    };
    Ok(page.map(one))
}
